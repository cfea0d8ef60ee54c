import numpy as np
import pytest

from skhnm.kernels._distances import augment_rows, pair_distances_tile, squared_distances_from
from skhnm.neighbors._search import ExactSearch
from tests import naive

DTYPES = [np.float32, np.float64]


def rows(n, m, dtype, seed=0):
    return (np.random.default_rng(seed).normal(size=(n, m)) * 3.0 + 1.0).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_pair_distances_equal_naive_with_padding_where_there_is_no_row(dtype):
    Z, pool = rows(5, 7, dtype), rows(9, 7, dtype, seed=1)
    anchors, others = np.array([4, 0, 4]), np.array([[8, -1], [0, 3], [-1, -1]])
    out = np.empty((3, 2))
    pair_distances_tile(Z, pool, anchors, others, np.inf, 0, 3, out)
    expected = [
        [naive.squared_distance(Z[a], pool[j]) if j >= 0 else np.inf for j in row]
        for a, row in zip(anchors, others, strict=True)
    ]
    np.testing.assert_allclose(out, expected, rtol=1e-14)


def test_pair_distances_of_a_tile_leave_other_tuples_alone():
    Z = rows(4, 3, np.float64)
    out = np.full((4, 1), -7.0)
    pair_distances_tile(Z, Z, np.arange(4), np.arange(4)[::-1, None], np.nan, 1, 3, out)
    assert out[0, 0] == out[3, 0] == -7.0
    assert (out[1:3] > 0).all()


@pytest.mark.parametrize("origin", [0.0, 1e4, 1e8])
def test_pair_distances_do_not_cancel_far_from_the_origin(origin):
    Z = np.arange(6.0).reshape(2, 3) + origin
    out = np.empty((1, 1))
    pair_distances_tile(Z, Z, np.array([0]), np.array([[1]]), np.nan, 0, 1, out)
    assert out[0, 0] == 27.0


def test_float32_rows_are_subtracted_and_squared_in_float64():
    Z = np.array([[1e30, 3.0], [0.0, 3.0]], dtype=np.float32)
    out = np.empty((1, 1))
    pair_distances_tile(Z, Z, np.array([0]), np.array([[1]]), np.nan, 0, 1, out)
    assert out[0, 0] == float(Z[0, 0]) ** 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_distances_from_a_point_equal_naive(dtype):
    Z, centre = rows(8, 5, dtype), rows(1, 5, np.float64, seed=1)
    found = np.empty(8)
    squared_distances_from(Z, centre, found)
    expected = [naive.squared_distance(row, centre[0]) for row in Z]
    np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_product_of_augmented_rows_is_the_signed_distance(dtype, sign):
    Z, pool, centre, scale = rows(4, 6, dtype), rows(5, 6, dtype, seed=1), np.full(6, 0.5), 0.25
    chosen = np.array([3, 0, 2])
    a, b = np.empty((3, 8), dtype=np.float32), np.empty((5, 8), dtype=np.float32)
    norms = augment_rows(Z, chosen, centre, scale, sign, a)
    augment_rows(pool, np.arange(5), centre, scale, 0.0, b)
    d = [[scale**2 * naive.squared_distance(Z[i], row) for row in pool] for i in chosen]
    np.testing.assert_allclose(sign * (a @ b.T), d, rtol=1e-5)
    moved = [scale**2 * naive.squared_distance(Z[i], centre) for i in chosen]
    np.testing.assert_allclose(norms, moved, rtol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("m", [*range(1, 36), 63, 64, 65, 100, 127, 128, 129])
def test_selection_reports_the_very_bits_of_pair_distances(dtype, m):
    Z, codes = rows(6, m, dtype), np.zeros(6, dtype=int)
    found, reported = ExactSearch(Z, codes).nearest(Z, codes, 6, side="any")
    out = np.empty(found.shape)
    pair_distances_tile(Z, Z, np.arange(6), found, np.nan, 0, 6, out)
    np.testing.assert_array_equal(reported, out)
    mirrored = np.empty((36, 1))
    pair_distances_tile(
        Z, Z, found.ravel(), np.repeat(np.arange(6), 6)[:, None], np.nan, 0, 36, mirrored
    )
    np.testing.assert_array_equal(mirrored.reshape(6, 6), out)
