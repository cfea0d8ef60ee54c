import numpy as np
import pytest

from skhnm.kernels._scatter import anchor_gradient_tile, group_by_value, pool_gradient_tile
from tests import naive


@pytest.mark.parametrize("values", [[2, 0, 2, -1, 5, 0, 2], [-1, -1], []])
def test_positions_are_grouped_by_value_in_order_and_padding_belongs_to_nobody(values):
    start, members = group_by_value(np.array(values, dtype=np.intp), 6)
    groups = [members[start[v] : start[v + 1]].tolist() for v in range(6)]
    assert groups == [[i for i, value in enumerate(values) if value == v] for v in range(6)]


class Pairs:
    """Asymmetric pairs: repeated anchors, repeated others, padding, some zero slopes."""

    def __init__(self, dtype):
        random = np.random.default_rng(0)
        self.Z = random.normal(size=(7, 3)).astype(dtype)
        self.pool = random.normal(size=(11, 3)).astype(dtype)
        self.anchors = random.integers(0, 7, size=9)
        self.others = random.integers(-1, 11, size=(9, 4))
        self.G = random.normal(size=(9, 4)) * (self.others >= 0)
        self.G[2] = 0.0

    def by_anchor(self, tiles):
        out = np.zeros(self.Z.shape)
        groups = group_by_value(self.anchors, len(self.Z))
        for begin, end in tiles:
            anchor_gradient_tile(self.Z, self.pool, self.others, self.G, *groups, begin, end, out)
        return out

    def by_pool(self, tiles):
        out = np.zeros(self.pool.shape)
        groups = group_by_value(self.others.ravel(), len(self.pool))
        for begin, end in tiles:
            pool_gradient_tile(
                self.Z, self.pool, self.anchors, 4, self.G.ravel(), *groups, begin, end, out
            )
        return out


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradients_equal_naive(dtype):
    pairs = Pairs(dtype)
    by_anchor, by_pool = naive.pair_gradient(
        pairs.Z, pairs.pool, pairs.anchors, pairs.others, pairs.G
    )
    np.testing.assert_allclose(pairs.by_anchor([(0, 7)]), by_anchor, rtol=1e-12)
    np.testing.assert_allclose(pairs.by_pool([(0, 11)]), by_pool, rtol=1e-12)


def test_gradients_do_not_depend_on_how_the_rows_are_cut():
    pairs = Pairs(np.float64)
    np.testing.assert_array_equal(
        pairs.by_anchor([(0, 1), (5, 7), (1, 5)]), pairs.by_anchor([(0, 7)])
    )
    np.testing.assert_array_equal(pairs.by_pool([(6, 11), (0, 6)]), pairs.by_pool([(0, 11)]))


def test_gradients_are_added_to_what_is_there():
    pairs = Pairs(np.float64)
    out = np.ones(pairs.Z.shape)
    groups = group_by_value(pairs.anchors, 7)
    anchor_gradient_tile(pairs.Z, pairs.pool, pairs.others, pairs.G, *groups, 0, 7, out)
    np.testing.assert_allclose(out, 1.0 + pairs.by_anchor([(0, 7)]), rtol=1e-12)
