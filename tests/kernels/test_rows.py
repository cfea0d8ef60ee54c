import numpy as np
import pytest

from skhnm.kernels._rows import distinct_rows, project_rows


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_projections_equal_naive(dtype):
    random = np.random.default_rng(0)
    X, direction = random.normal(size=(6, 5)).astype(dtype), random.normal(size=5)
    out = np.empty(6)
    project_rows(X, direction, out)
    expected = [sum(float(x) * d for x, d in zip(row, direction, strict=True)) for row in X]
    np.testing.assert_allclose(out, expected, rtol=1e-13)


@pytest.mark.parametrize("m", [1, 3, 8, 17, 64])
def test_equal_rows_get_equal_numbers_wherever_they_stand(m):
    random = np.random.default_rng(0)
    X = np.tile(random.normal(size=m), (50, 1))
    out = np.empty(50)
    project_rows(X, random.normal(size=m), out)
    assert len(set(out)) == 1


@pytest.mark.parametrize("offset", [0.0, 1.7e18])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distinct_rows_come_in_one_order_and_every_row_is_one_of_them(offset, dtype):
    """A column so large that it swallows the others does not hide who is the same."""
    random = np.random.default_rng(0)
    X = np.column_stack([np.full(60, offset), random.integers(0, 3, (60, 3))]).astype(dtype)
    first, which = distinct_rows(X)
    assert np.array_equal(X[first][which], X)
    assert len(first) == len({tuple(row) for row in X.tolist()})
    assert all(not (X[:i] == X[i]).all(axis=1).any() for i in first)
    order = random.permutation(60)
    again, _ = distinct_rows(X[order])
    assert np.array_equal(X[order][again], X[first])
