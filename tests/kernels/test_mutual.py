import numpy as np
import pytest

from skhnm.kernels._mutual import any_below, select_mutual_tile
from tests import naive

EMPTY = np.iinfo(np.intp).max
SLACK = 1e-3
N = 150


def select(k, sign, widths, noise=0.0, unit=1.0):
    """Rows of three classes, in sorted order, that all search each other by pairs of tiles."""
    random = np.random.default_rng(0)
    pool = np.round(random.normal(size=(N, 3)), 1)
    order = random.permutation(N)
    start = np.array([0, 40, 41, N])
    of_class = np.searchsorted(start, np.arange(N), side="right") - 1
    allowed = np.stack(
        [np.zeros(N), start[of_class], start[of_class + 1], np.full(N, N)], axis=1
    ).astype(np.intp)
    upper = sign * random.uniform(0.5, 9.0, N) if sign > 0 else np.full(N, -1.0)
    upper[7] = -np.inf
    groups = random.integers(-1, 4, N)
    distances, indices = np.full((N, k), np.inf), np.full((N, k), EMPTY)
    ends = np.cumsum([0, *widths])
    for i, row in enumerate(ends[:-1]):
        for j, column in enumerate(ends[:-1]):
            if i > j:
                continue
            rows, columns = order[row : ends[i + 1]], order[column : ends[j + 1]]
            tile = sign * np.array(naive.distances(pool[rows], pool[columns])) / unit
            tile += noise * SLACK * random.uniform(-1, 1, tile.shape)
            select_mutual_tile(
                tile.astype(np.float32), row, column, sign, unit, np.full(len(rows), SLACK),
                np.full(len(columns), SLACK), allowed, groups, upper, pool, order, distances,
                indices,
            )  # fmt: skip
    found = [
        [i for _, i in sorted(zip(ds, rows, strict=True)) if i != EMPTY]
        for ds, rows in zip(distances.tolist(), indices.tolist(), strict=True)
    ]
    return found, pool, order, of_class, groups, upper


@pytest.mark.parametrize("k", [1, 4, 200])
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("widths", [(N,), (1, 9, 140), (60, 60, 30)])
def test_both_sides_of_every_tile_select_as_naive_does(k, sign, widths):
    found, pool, order, of_class, groups, upper = select(k, sign, widths)
    for position, row in enumerate(order):
        d = [naive.squared_distance(pool[row], b) for b in pool]
        mates = (groups >= 0) & (groups == groups[position])
        others = order[(of_class != of_class[position]) & ~mates]
        if sign > 0:
            expected = naive.nearest(d, others, k, upper=upper[position])
        else:
            expected = naive.farthest(d, others, k, lower=-upper[position])
        assert found[position] == expected


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_rounding_within_the_slack_and_the_unit_change_nothing(sign):
    expected = select(5, sign, (60, 90))[0]
    assert select(5, sign, (60, 90), noise=0.99)[0] == expected
    assert select(5, sign, (60, 90), unit=37.0)[0] == expected


@pytest.mark.parametrize(
    ("limit", "limits", "expected"),
    [(1.0, [1.0, 1.0], False), (1.5, [0.0, 0.0], True), (0.0, [0.0, 2.0], True)],
)
def test_any_below_includes_the_limit_of_either_side(limit, limits, expected):
    values, limits = np.array([1.5, 2.0], dtype=np.float32), np.array(limits, dtype=np.float32)
    assert any_below(values, np.float32(limit), limits) == expected
