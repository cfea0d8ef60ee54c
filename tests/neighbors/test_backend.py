"""What the indexes around another library's structure do with classes."""

import numpy as np
import pytest

from skhnm.neighbors import ExactIndex, GraphIndex, LSHIndex, TreeIndex

pytestmark = pytest.mark.jit

every_index = pytest.mark.parametrize(
    "index", [TreeIndex(), LSHIndex(), GraphIndex()], ids=lambda i: type(i).__name__
)


def rows(n=120, dtype=np.float64):
    random = np.random.default_rng(0)
    return random.normal(size=(n, 5)).astype(dtype), random.integers(0, 3, size=n)


@every_index
def test_one_class_finds_nobody_of_another(index):
    pool, _ = rows()
    codes = np.zeros(len(pool), dtype=int)
    indices, distances = index.fit(pool, codes).nearest(pool, codes, 3)
    assert (indices == -1).all()
    assert np.isnan(distances).all()


@every_index
def test_a_pool_without_classes_finds_nobody(index):
    pool, codes = rows()
    indices, _ = index.fit(pool, np.full(len(pool), -1)).nearest(pool, codes, 3, side="any")
    assert (indices == -1).all()


@every_index
def test_every_row_a_class_of_its_own(index):
    pool, _ = rows()
    codes = np.arange(len(pool))
    found = index.fit(pool, codes).nearest(pool, codes, 3, own=codes)
    exact = ExactIndex().fit(pool, codes).nearest(pool, codes, 3, own=codes)
    np.testing.assert_array_equal(found[0], exact[0])


@every_index
@pytest.mark.parametrize("side", ["own", "other", "any"])
def test_more_than_there_are_finds_all(index, side):
    pool, codes = rows(30)
    asked = {"side": side, "own": np.arange(30)}
    found = index.fit(pool, codes).nearest(pool, codes, 50, **asked)
    exact = ExactIndex().fit(pool, codes).nearest(pool, codes, 50, **asked)
    np.testing.assert_array_equal(found[0], exact[0])
    np.testing.assert_array_equal(found[1], exact[1])


@every_index
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distances_are_those_of_the_exact_index(index, dtype):
    pool, codes = rows(dtype=dtype)
    found = index.fit(pool, codes).nearest(pool, codes, 3)
    exact = ExactIndex().fit(pool, codes).nearest(pool, codes, 3)
    same = found[0] == exact[0]
    assert same.mean() > 0.95
    np.testing.assert_array_equal(found[1][same], exact[1][same])


@every_index
@pytest.mark.parametrize("scale", [1e-100, 1e100])
def test_the_unit_of_the_features_does_not_matter(index, scale):
    pool, codes = rows()
    found, _ = index.fit(pool * scale, codes).nearest(pool * scale, codes, 3)
    assert (found >= 0).all()


@every_index
def test_identical_rows_find_each_other(index):
    pool, codes = np.full((400, 3), 0.1), np.arange(400) % 2
    indices, distances = index.fit(pool, codes).nearest(pool, codes, 3)
    assert (codes[indices] != codes[:, None]).all()
    assert (distances == 0.0).all()


@every_index
@pytest.mark.parametrize("side", ["other", "any"])
@pytest.mark.parametrize("n_copies", [3, 30, 300])
def test_who_is_among_its_group_asks_deeper(index, n_copies, side):
    """Groups of rows that are alike, over several classes and parts."""
    random = np.random.default_rng(0)
    n = 4200
    groups = np.arange(n) // n_copies
    pool = random.normal(size=(n, 3))[groups] + 0.1 * random.normal(size=(n, 3))
    codes, rows = random.integers(0, 9, n), np.arange(n)
    groups[rows % 9 == 0] = -1
    asked = {"side": side, "own": rows, "groups": groups}
    found = index.fit(pool, codes, groups).nearest(pool, codes, 3, **asked)[0]
    exact = ExactIndex().fit(pool, codes, groups).nearest(pool, codes, 3, **asked)[0]
    assert (found == exact).mean() >= (1.0 if isinstance(index, TreeIndex) else 0.9)
    assert not ((groups[found] == groups[:, None]) & (groups[:, None] >= 0)).any()


@every_index
def test_missing_values_are_refused(index):
    with pytest.raises(ValueError, match="pool contains NaN"):
        index.fit([[np.nan], [0.0]], [0, 1])


@every_index
def test_another_fit_forgets_the_first(index):
    pool, codes = rows(900)
    index.fit(pool + 100.0 * codes[:, None], codes).nearest(pool, codes, 3)
    again = index.fit(pool, codes).nearest(pool, codes, 3)
    np.testing.assert_array_equal(index.fit(pool, codes).nearest(pool, codes, 3)[0], again[0])
