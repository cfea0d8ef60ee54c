import numpy as np
import pytest

from skhnm.kernels._draw import draw_tile, fill_weights, mask_tile
from tests import naive


def log_inverse_density(x, dimensions):
    return -0.5 * (dimensions - 2) * np.log(x) - 0.5 * (dimensions - 3) * np.log(1 - x / 4)


@pytest.mark.parametrize("dimensions", [1, 2, 3, 4, 5, 8, 33, 64])
def test_weights_are_the_inverse_density_up_to_a_factor(dimensions):
    x = np.array([0.25, 0.0, 0.3, 1.0, 1.99, 3.9])
    weights, y = np.empty(6), x * (1 - x / 4)
    extreme = y[x > 0].min() if dimensions >= 3 else y.max()
    total = fill_weights(x, weights, extreme, dimensions - 3, np.empty(6))
    drawable = x > 0
    log_weights = log_inverse_density(x[drawable], dimensions)
    expected = np.exp(log_weights - log_weights[0])
    np.testing.assert_allclose(weights[drawable] / weights[0], expected, rtol=1e-12)
    assert weights[1] == 0.0
    assert total == pytest.approx(weights.sum(), rel=1e-12)


def test_weights_in_many_dimensions_neither_overflow_nor_vanish():
    x = np.array([0.25, 1.96, 1e-6])
    weights = np.empty(3)
    fill_weights(x, weights, (x * (1 - x / 4)).min(), 2045, np.empty(3))
    assert np.isfinite(weights).all()
    assert weights[2] > weights[0] >= weights[1] > 0.0


@pytest.mark.parametrize("error", [0.0, 5e-13])
def test_rounding_does_not_move_a_row_over_an_end_of_the_window(error):
    """The ends of the windows are the distances of two rows: both stay outside."""
    random = np.random.default_rng(0)
    pool = random.normal(size=(6, 4))
    pool /= np.linalg.norm(pool, axis=1, keepdims=True)
    d = np.array(naive.distances(pool, pool))
    lower, upper = np.sort(d[0, 1:])[[0, 4]]
    codes = np.arange(6)
    for sign in (-1.0, 1.0):
        D = d[:1] + sign * error
        mask_tile(D, pool[:1], pool, codes[:1], codes, np.array([lower]), np.array([upper]))
        inside = [j for j in range(1, 6) if lower < d[0, j] < upper]
        assert np.flatnonzero(~np.isnan(D[0])).tolist() == inside


@pytest.mark.parametrize("shared", [False, True])
def test_every_choice_is_drawn_once_and_nobody_else(shared):
    D = np.array([[0.5, np.nan, 1.0, 1.5], [np.nan, np.nan, 0.4, np.nan]])
    rows = np.array([[7, 3, 9, 5]] if shared else [[7, 3, 9, 5], [1, 2, 8, 0]])
    found = np.empty((2, 4), dtype=np.intp)
    draw_tile(rows, D, 0.1, 5, np.linspace(0, 0.99, 8).reshape(2, 4), found)
    assert sorted(found[0]) == [-1, 5, 7, 9]
    assert found[1].tolist() == [9 if shared else 8, -1, -1, -1]
