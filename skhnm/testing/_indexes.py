"""What every index must do: the nearest rows of one's own, another, or any class."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.metrics import pairwise_distances

from skhnm.common._typing import FloatArray, IndexArray


def check_index(index: Any, *, recall: float = 1.0) -> None:
    """Run all checks of `index_checks`.

    Parameters
    ----------
    index : index
        An instance; it is cloned for each check. It answers ``nearest(queries, codes, k,
        side=…, own=…, groups=…)`` after ``fit(pool, codes, groups)``, as
        `skhnm.neighbors.ExactIndex` does.
    recall : float, default=1.0
        Share of the true nearest that must be found, in (0, 1]; 1 also asks that ties go
        to the lowest index.

    Raises
    ------
    AssertionError
        If a check fails; its name is in the traceback.

    Examples
    --------
    >>> from skhnm.neighbors import ExactIndex
    >>> from skhnm.testing import check_index
    >>> check_index(ExactIndex())
    """
    for check in index_checks(index, recall=recall):
        check()


def index_checks(index: Any, *, recall: float = 1.0) -> Iterator[Callable[[], None]]:
    """Yield the checks of an index, one function without arguments each.

    Parameters
    ----------
    index : index
        An instance; it is cloned for each check.
    recall : float, default=1.0
        As in `check_index`.

    Yields
    ------
    check : callable
        Raises an AssertionError if the index fails; ``check.func.__name__`` says what it asks.
    """
    for check in (
        the_nearest_of_each_side_are_found,
        a_row_never_finds_itself,
        rows_of_ones_group_are_never_found,
        rows_without_a_class_find_and_are_nobody,
        fewer_than_asked_are_padded,
        an_empty_pool_finds_nothing,
        rows_among_their_own_class_find_others,
        duplicates_are_rows_of_their_own,
        rows_far_from_the_origin_are_told_apart,
        a_few_far_rows_hide_no_others,
        rows_with_heavy_tails_are_told_apart,
        constant_columns_change_nothing,
        hundreds_of_equal_rows_hide_no_others,
        the_answer_is_the_same_twice_and_for_any_n_jobs,
        the_pool_and_the_queries_are_left_alone,
        it_can_be_cloned_and_pickled,
    ):
        yield partial(check, index, recall)


def _rows() -> tuple[FloatArray, IndexArray]:
    random = np.random.default_rng(0)
    codes = random.permutation(np.repeat([0, 1, 2, 3], [90, 60, 49, 1]))
    return random.normal(size=(200, 8)) + codes[:, None], codes


def _assert_found(
    found: tuple[Any, Any], D: FloatArray, allowed: Any, k: int, recall: float
) -> None:
    """Assert that the k nearest of the allowed rows were found, nearest first."""
    indices, distances = found
    assert np.shape(indices) == np.shape(distances) == (len(D), k)
    hits = total = 0
    for i in range(len(D)):
        rows = np.flatnonzero(allowed[i])
        true = rows[np.lexsort((rows, D[i, rows]))][:k]
        given = indices[i][indices[i] >= 0]
        assert np.isin(given, rows).all(), f"query {i} found rows that it may not"
        measured = distances[i][: len(given)]
        np.testing.assert_allclose(measured, D[i, given], rtol=1e-5, atol=1e-8)
        assert (np.diff(measured) >= 0).all(), f"query {i}: the nearest must come first"
        if recall == 1.0:
            assert given.tolist() == true.tolist(), f"query {i} found {given}, not {true}"
        hits += len(np.intersect1d(given, true))
        total += len(true)
    assert hits >= recall * total, f"recall is {hits / total:.3f}, less than {recall}"


def the_nearest_of_each_side_are_found(index: Any, recall: float) -> None:
    """Of the query's own class, of other classes, and of any."""
    pool, codes = _rows()
    queries, query_codes = pool[::3] + 0.01, codes[::3]
    D = pairwise_distances(queries, pool, "sqeuclidean")
    fitted = clone(index).fit(pool, codes)
    same = query_codes[:, None] == codes
    for side, allowed in (("own", same), ("other", ~same), ("any", same | ~same)):
        _assert_found(fitted.nearest(queries, query_codes, 5, side=side), D, allowed, 5, recall)


def a_row_never_finds_itself(index: Any, recall: float) -> None:
    """`own` names each query's own row, which is no neighbour of it."""
    pool, codes = _rows()
    rows = np.arange(len(pool))
    D = pairwise_distances(pool, pool, "sqeuclidean")
    found = clone(index).fit(pool, codes).nearest(pool, codes, 3, side="any", own=rows)
    _assert_found(found, D, rows[:, None] != rows, 3, recall)


def rows_of_ones_group_are_never_found(index: Any, recall: float) -> None:
    """Leave out the query's group, though it may be all that is near; -1 is no group."""
    pool, codes = _rows()
    near = np.argsort(pool[:, 0])  # a few large groups, or many small ones, of rows side by side
    for n_groups in (3, 40):
        groups = np.empty(200, dtype=np.intp)
        groups[near] = np.arange(200) * n_groups // 200
        groups[::7] = -1
        fitted = clone(index).fit(pool, codes, groups=groups)
        D = pairwise_distances(pool, pool, "sqeuclidean")
        mates = (groups[:, None] >= 0) & (groups[:, None] == groups)
        same, itself = codes[:, None] == codes, np.eye(200, dtype=bool)
        for side, allowed in (("own", same), ("other", ~same), ("any", same | ~same)):
            found = fitted.nearest(pool, codes, 4, side=side, own=np.arange(200), groups=groups)
            _assert_found(found, D, allowed & ~mates & ~itself, 4, recall)


def rows_without_a_class_find_and_are_nobody(index: Any, recall: float) -> None:
    """Code -1 is "no class"."""
    pool, codes = _rows()
    codes = np.where(np.arange(len(codes)) % 4 == 0, -1, codes)
    indices, _ = clone(index).fit(pool, codes).nearest(pool, codes, 3, side="any")
    assert (indices[codes < 0] == -1).all(), "a query without a class found somebody"
    assert (codes[indices[codes >= 0]] >= 0).all(), "a row without a class was found"


def fewer_than_asked_are_padded(index: Any, recall: float) -> None:
    """Pad indices with -1 and distances with NaN."""
    pool, _codes = _rows()
    indices, distances = (
        clone(index)
        .fit(pool[:6], np.array([0, 0, 1, 1, 1, 2]))
        .nearest(pool[:6], np.array([0, 0, 1, 1, 1, 2]), 4, side="own", own=np.arange(6))
    )
    assert (indices >= 0).sum(axis=1).tolist() == [1, 1, 2, 2, 2, 0]
    assert np.isnan(distances[indices < 0]).all(), "padding must have a distance of NaN"


def an_empty_pool_finds_nothing(index: Any, recall: float) -> None:
    """No rows, or no queries."""
    pool, codes = _rows()
    indices, _ = clone(index).fit(pool[:0], codes[:0]).nearest(pool[:4], codes[:4], 2, side="any")
    assert (indices == -1).all()
    indices, _ = clone(index).fit(pool, codes).nearest(pool[:0], codes[:0], 2, side="any")
    assert len(indices) == 0


def rows_among_their_own_class_find_others(index: Any, recall: float) -> None:
    """Clusters so far apart that hundreds of rows of a query's own class are nearer."""
    random = np.random.default_rng(1)
    codes = np.repeat([0, 1, 2], 300)
    pool = random.normal(size=(900, 4)) + 100.0 * np.eye(3, 4)[codes]
    rows = np.arange(len(pool))
    D = pairwise_distances(pool, pool, "sqeuclidean")
    found = clone(index).fit(pool, codes).nearest(pool, codes, 3, own=rows)
    assert (found[0] >= 0).all(), "rows of other classes were not found"
    _assert_found(found, D, codes[:, None] != codes, 3, recall)


def duplicates_are_rows_of_their_own(index: Any, recall: float) -> None:
    """Equal rows of three classes find each other, and not themselves."""
    pool = np.tile(_rows()[0][:60], (3, 1))
    codes, rows = np.repeat([0, 1, 2], 60), np.arange(180)
    indices, distances = clone(index).fit(pool, codes).nearest(pool, codes, 2, own=rows)
    assert (codes[indices] != codes[:, None]).all(), "a row of one's own class was found"
    assert (indices[:, 0] != indices[:, 1]).all(), "a row was found twice"
    assert np.mean(distances == 0.0) >= recall, "duplicates were not found"


def rows_far_from_the_origin_are_told_apart(index: Any, recall: float) -> None:
    """Distances do not cancel where all rows are far away."""
    pool, codes = _rows()
    pool = pool + 1e6
    D = pairwise_distances(pool - 1e6, pool - 1e6, "sqeuclidean")
    found = clone(index).fit(pool, codes).nearest(pool, codes, 3)
    _assert_found(found, D, codes[:, None] != codes, 3, recall)


def a_few_far_rows_hide_no_others(index: Any, recall: float) -> None:
    """One row that is far away, or one in each class, leaves the others their neighbours."""
    for far in (slice(1), slice(3)):
        pool, codes = _many_rows()
        pool[far] = 1e5 * (1.0 - 2.0 * np.eye(3, pool.shape[1])[far])
        _assert_others_found(index, pool, codes, recall)


def rows_with_heavy_tails_are_told_apart(index: Any, recall: float) -> None:
    """Features of a Student-t distribution with two degrees of freedom."""
    _pool, codes = _many_rows()
    pool = np.random.default_rng(2).standard_t(2, size=(len(codes), 8))
    _assert_others_found(index, pool, codes, recall)


def constant_columns_change_nothing(index: Any, recall: float) -> None:
    """Columns that say nothing, far from 0 and not."""
    pool, codes = _many_rows()
    _assert_others_found(index, np.hstack([pool, 0.0 * pool, 0.0 * pool + 1e3]), codes, recall)


def hundreds_of_equal_rows_hide_no_others(index: Any, recall: float) -> None:
    """Half of the rows, of every class, lie at the same place."""
    pool, codes = _many_rows()
    pool[::2] = pool[0]
    _assert_others_found(index, pool, codes, recall, np.arange(1, len(pool), 2))


def _many_rows() -> tuple[FloatArray, IndexArray]:
    return np.random.default_rng(2).normal(size=(900, 8)), np.arange(900) % 3


def _assert_others_found(
    index: Any,
    pool: FloatArray,
    codes: IndexArray,
    recall: float,
    asked: IndexArray | slice = slice(None),
) -> None:
    """Assert that some rows find rows of other classes, near and far rows alike."""
    D = pairwise_distances(pool[asked], pool, "sqeuclidean")
    found = clone(index).fit(pool, codes).nearest(pool[asked], codes[asked], 3)
    _assert_found(found, D, codes[asked][:, None] != codes, 3, recall)


def the_answer_is_the_same_twice_and_for_any_n_jobs(index: Any, recall: float) -> None:
    """Nothing depends on earlier questions, nor on threads."""
    pool, codes = _rows()
    answers = []
    for n_jobs in (1, 2):
        fitted = clone(index)
        if "n_jobs" in fitted.get_params():
            fitted.set_params(n_jobs=n_jobs)
        fitted.fit(pool, codes)
        answers += [fitted.nearest(pool, codes, 3), fitted.nearest(pool, codes, 3)]
    for answer in answers[1:]:
        np.testing.assert_array_equal(answer[0], answers[0][0])
        np.testing.assert_array_equal(answer[1], answers[0][1])


def the_pool_and_the_queries_are_left_alone(index: Any, recall: float) -> None:
    """Write to nothing that is passed in."""
    pool, codes = _rows()
    before = pool.copy(), codes.copy()
    for given in (pool, codes):
        given.flags.writeable = False
    clone(index).fit(pool, codes).nearest(pool, codes, 3, own=np.arange(len(pool)))
    np.testing.assert_array_equal(pool, before[0])
    np.testing.assert_array_equal(codes, before[1])


def it_can_be_cloned_and_pickled(index: Any, recall: float) -> None:
    """Keep the parameters in a clone, and the answers in a pickle."""
    pool, codes = _rows()
    fitted = clone(index).fit(pool, codes)
    assert clone(fitted).get_params() == index.get_params()
    answer, again = (
        f.nearest(pool, codes, 3) for f in (fitted, pickle.loads(pickle.dumps(fitted)))
    )
    np.testing.assert_array_equal(again[0], answer[0])
    np.testing.assert_array_equal(again[1], answer[1])
