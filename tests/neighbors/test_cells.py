import numpy as np
import pytest

from skhnm.neighbors import _cells
from skhnm.neighbors._cells import Cells
from skhnm.neighbors._search import ExactSearch

pytestmark = pytest.mark.jit


@pytest.fixture
def search(monkeypatch):
    monkeypatch.setattr(_cells, "CELL_ROWS", 25)
    random = np.random.default_rng(0)
    codes = np.concatenate([random.integers(0, 4, size=800), [4, 5], np.full(50, -1)])
    return ExactSearch(random.normal(size=(852, 3)), codes)


def ask(search, k, classes=(0, 6)):
    """What the cells of some classes give, and what there is, sorted by index."""
    hidden = np.where((search.codes >= classes[0]) & (search.codes < classes[1]), search.codes, -1)
    exact = ExactSearch(search.pool, hidden).nearest(search.pool, search.codes, k)[0]
    found = Cells(search).nearest(search.pool, search.codes, k, classes)[0]
    exact = np.pad(exact, ((0, 0), (0, k - exact.shape[1])), constant_values=-1)
    return np.sort(found, axis=1), np.sort(exact, axis=1)


@pytest.mark.parametrize("classes", [(0, 6), (1, 3), (4, 6)])
@pytest.mark.parametrize("k", [1, 7])
def test_who_visits_every_cell_misses_nobody(search, k, classes, monkeypatch):
    monkeypatch.setattr(_cells, "N_PROBE", 10_000)
    found, exact = ask(search, k, classes)
    np.testing.assert_array_equal(found, exact)


@pytest.mark.parametrize("k", [1, 30, 200])
def test_enough_cells_are_visited_to_find_as_many_as_were_asked_for(search, k, monkeypatch):
    monkeypatch.setattr(_cells, "N_PROBE", 1)
    found, exact = ask(search, k)
    np.testing.assert_array_equal(found >= 0, exact >= 0)


def test_more_cells_find_more(search, monkeypatch):
    shares = []
    for n_probe in (1, 4, 16):
        monkeypatch.setattr(_cells, "N_PROBE", n_probe)
        found, exact = ask(search, 3)
        shares.append(np.mean([np.isin(a, b).mean() for a, b in zip(exact, found, strict=True)]))
    assert shares[0] < shares[1] < shares[2]


def test_equal_rows_share_a_cell_and_leave_the_others_empty():
    search = ExactSearch(np.zeros((100, 2)), np.arange(100) % 2)
    found = Cells(search).nearest(search.pool, search.codes, 3, (0, 2))
    assert (search.codes[found[0]] != search.codes[:, None]).all()


@pytest.mark.parametrize("far", [1, 10])
def test_far_rows_leave_the_others_their_cells(far, search):
    pool, codes = search.pool.copy(), search.codes
    pool[:far] *= 1e6
    for rows in (slice(far), slice(far, None)):
        asked = pool[rows], codes[rows], 3
        exact = ExactSearch(pool, codes).nearest(*asked)[0]
        found = Cells(ExactSearch(pool, codes)).nearest(*asked, (0, 6))[0]
        assert np.mean([np.isin(*pair).mean() for pair in zip(exact, found, strict=True)]) > 0.98
