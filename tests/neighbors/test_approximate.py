"""Indexes on faiss: without it, in company, and where the nearest are all of one class."""

import multiprocessing
import os
import sys
import threading

import faiss
import numpy as np
import pytest
from threadpoolctl import threadpool_info

from skhnm.neighbors import ExactIndex, GraphIndex, LSHIndex, _approximate, _cells

pytestmark = pytest.mark.jit

every_index = pytest.mark.parametrize(
    "index", [LSHIndex(n_jobs=2), GraphIndex(n_jobs=2)], ids=lambda i: type(i).__name__
)


@pytest.fixture
def apart():
    """Three classes, so far apart that the nearest of every row are its own class."""
    codes = np.repeat([0, 1, 2], 400)
    return np.random.default_rng(0).normal(size=(1200, 4)) + 100.0 * np.eye(3, 4)[codes], codes


def answer(index, pool, codes):
    return index.fit(pool, codes).nearest(pool, codes, 3)


@every_index
def test_without_faiss_the_error_says_what_to_install(index, monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(ImportError, match=r"pip install 'skhnm\[ann\]'.*ExactIndex and TreeIndex"):
        index.fit([[0.0]], [0])


@every_index
@pytest.mark.parametrize("n_threads", [1, 2])
def test_thread_counts_are_left_as_found(index, apart, n_threads):
    before = faiss.omp_get_max_threads()
    try:
        faiss.omp_set_num_threads(n_threads)
        found = threadpool_info()
        answer(index, *apart)
        assert faiss.omp_get_max_threads() == n_threads
        assert threadpool_info() == found
    finally:
        faiss.omp_set_num_threads(before)


@every_index
def test_two_threads_at_once_get_the_answer_of_one(index, apart):
    alone = answer(index, *apart)[0]
    index.fit(*apart)
    results = []

    def ask():
        results.append(index.nearest(*apart, 3)[0])

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 3
    assert all(np.array_equal(result, alone) for result in results)


@every_index
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_child_that_was_forked_afterwards_gets_the_same_answer(index, apart):
    alone = answer(index, *apart)[0]
    with multiprocessing.get_context("fork").Pool(1) as pool:
        result = pool.apply_async(answer, (index, *apart)).get(timeout=60)[0]
    assert np.array_equal(result, alone)


@every_index
def test_cells_complete_what_many_queries_miss_in_a_large_part(index, apart, monkeypatch):
    monkeypatch.setattr(_approximate, "CELL_ROWS", 1)
    found, _ = answer(index, *apart)
    assert "_cells" in vars(index)
    assert "_cells" not in index.__getstate__()
    assert (apart[1][found] != apart[1][:, None]).all()
    exact, _ = ExactIndex().fit(*apart).nearest(*apart, 3)
    assert (np.sort(found) == np.sort(exact)).mean() > 0.9


@every_index
def test_cells_full_of_ones_group_leave_the_rest_to_the_exact_scan(index, apart, monkeypatch):
    """A group of all rows but every tenth, spread over the classes."""
    monkeypatch.setattr(_approximate, "CELL_ROWS", 1)
    monkeypatch.setattr(_cells, "CELL_ROWS", 5)
    monkeypatch.setattr(_cells, "N_PROBE", 2)
    rows = np.arange(1200)
    groups = np.where(rows % 10, 0, -1)
    found, _ = index.fit(*apart, groups=groups).nearest(*apart, 3, own=rows, groups=groups)
    assert "_cells" in vars(index)
    assert (found >= 0).all()
    assert (groups[found[groups == 0]] == -1).all()
    alone = index.nearest(apart[0][:1], apart[1][:1], 3, own=rows[:1], groups=groups[:1])[0]
    np.testing.assert_array_equal(alone, found[:1])


def recall(index, pool, codes, asked=slice(None)):
    """Share of the ten nearest of other classes that some rows find."""
    asked = pool[asked], codes[asked], 10
    found, exact = (i.fit(pool, codes).nearest(*asked)[0] for i in (index, ExactIndex()))
    return np.mean([np.isin(a, b).mean() for a, b in zip(exact, found, strict=True)])


def spoilt(kind):
    """Rows that are hard to code, and none of which hides the others from a good index."""
    random = np.random.default_rng(0)
    pool = random.normal(size=(5000, 16)).astype(np.float32)
    if kind == "one far row":
        pool[0] = 1e4
    elif kind == "ten far rows":
        pool[:10] *= 1e4
    elif kind == "very far rows":
        pool[:10] *= 1e12
    elif kind == "heavy tails":
        pool = random.standard_t(2, size=pool.shape)
    elif kind == "heavy-tailed lengths":
        pool = pool * random.standard_t(2, size=(5000, 1))
    elif kind == "constant columns":
        pool[:, ::2] = 5.0
    elif kind == "scales":
        pool *= (10.0 ** np.linspace(-3, 3, 16)).astype(np.float32)
    elif kind == "repeated rows":
        pool[::4] = pool[0]
    return pool, np.arange(5000) % 10


@every_index
@pytest.mark.parametrize(
    "kind",
    ["one far row", "ten far rows", "very far rows", "heavy tails", "constant columns",
     "scales", "repeated rows"],
)  # fmt: skip
def test_what_lies_elsewhere_hides_nobody(index, kind):
    apart = np.arange(1, 5000, 2)  # repeated rows have hundreds of nearest at one distance
    assert recall(index, *spoilt(kind), apart) > recall(index, *spoilt("plain"), apart) - 0.02


@every_index
@pytest.mark.parametrize("kind", ["ten far rows", "heavy-tailed lengths"])
def test_queries_on_the_outskirts_find_what_is_nearest(index, kind):
    pool, codes = spoilt(kind)
    farthest = np.argsort(-np.linalg.norm(pool - np.median(pool, axis=0), axis=1))[:10]
    assert recall(index, pool, codes, farthest) == 1.0
