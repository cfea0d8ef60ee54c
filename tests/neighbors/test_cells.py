import numpy as np
import pytest

from skhnm.neighbors._cells import Cells
from skhnm.neighbors._search import ExactSearch

pytestmark = pytest.mark.jit


@pytest.fixture
def search():
    random = np.random.default_rng(0)
    codes = np.concatenate([random.integers(0, 4, size=800), [4, 5], np.full(50, -1)])
    return ExactSearch(random.normal(size=(852, 3)), codes)


def ask(search, k, n_probe, side):
    own = np.arange(len(search.pool))
    found = Cells(search).nearest(search.pool, search.codes, k, n_probe, side, own)
    exact = search.nearest(search.pool, search.codes, k, side=side, own=own)
    return np.sort(found[0], axis=1), np.sort(exact[0], axis=1)


@pytest.mark.parametrize("side", ["other", "any"])
@pytest.mark.parametrize("k", [1, 7])
def test_who_visits_every_cell_misses_nobody(search, side, k):
    found, exact = ask(search, k, 10_000, side)
    np.testing.assert_array_equal(found, exact)


@pytest.mark.parametrize("k", [1, 30, 200])
def test_enough_cells_are_visited_to_find_as_many_as_were_asked_for(search, k):
    found, exact = ask(search, k, 1, "other")
    np.testing.assert_array_equal(found >= 0, exact >= 0)


def test_more_cells_find_more(search):
    shares = []
    for n_probe in (1, 4, 16):
        found, exact = ask(search, 3, n_probe, "other")
        shares.append(np.mean([np.isin(a, b).mean() for a, b in zip(exact, found, strict=True)]))
    assert shares[0] < shares[1] < shares[2]


def test_equal_rows_share_a_cell_and_leave_the_others_empty():
    search = ExactSearch(np.zeros((100, 2)), np.arange(100) % 2)
    found = Cells(search).nearest(search.pool, search.codes, 3, 1, "other", np.arange(100))
    assert (search.codes[found[0]] != search.codes[:, None]).all()
