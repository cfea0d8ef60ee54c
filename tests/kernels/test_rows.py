import numpy as np
import pytest

from skhnm.kernels._rows import project_rows


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
