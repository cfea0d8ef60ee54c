import numpy as np
import pytest

from skhnm.kernels._select import (
    any_within,
    is_before,
    is_hidden,
    replace_worst,
    select_tile,
    window_tile,
)
from tests import naive

EMPTY = np.iinfo(np.intp).max
SLACK = 1e-3


class Scan:
    """Anchors, a sorted pool, and the tile of rough distances between them."""

    def __init__(self, sign=1.0, unit=1.0, noise=0.0, per_row=1):
        random = np.random.default_rng(0)
        self.queries = random.normal(size=(9, 3))
        self.pool = np.round(random.normal(size=(300, 3)), 1)
        self.order = random.permutation(300)
        self.rows = np.array([8, 2, 5, 0])
        self.own = np.array([-1, 17, 250, 3])
        self.pool_groups = random.integers(-1, 3, 300)
        self.groups = np.array([2, -1, 0, 1])
        self.hidden = [np.flatnonzero(random.random(300) < share) for share in [0.2] * 8 + [0.0]]
        self.lists = np.append(0, np.cumsum([len(h) for h in self.hidden])), np.hstack(self.hidden)
        self.allowed = np.array([[0, 300, 0, 0], [0, 90, 140, 300], [20, 30, 40, 41], [0] * 4])
        self.sign, self.unit, self.per_row = sign, unit, per_row
        d = np.array(naive.distances(self.queries[self.rows], self.pool[self.order]))
        self.tile = (sign * d / unit).astype(np.float32)
        self.tile += (noise * SLACK * random.uniform(-1, 1, self.tile.shape)).astype(np.float32)
        self.slack = np.full(4, SLACK)
        # Windows that begin and end so near a row that the rough distances mislead.
        d.sort(axis=1)
        self.lower = (d[:, [4, 0, 20][:per_row]] - SLACK / 10).ravel()
        self.upper = (d[:, [250, 40, 100][:per_row]] + SLACK / 10).ravel()

    def select(self, k, widths=(300,)):
        lower, upper = (self.lower, self.upper) if self.sign > 0 else (-self.upper, -self.lower)
        distances = np.full((len(lower), k), np.inf)
        indices = np.full(distances.shape, EMPTY)
        for column, tile in self.tiles(widths):
            select_tile(
                tile, column, self.sign, self.unit, self.slack, self.allowed,
                self.own, self.groups, self.pool_groups[self.order], *self.lists, lower, upper,
                self.queries, self.rows, self.pool, self.order, distances, indices,
            )  # fmt: skip
        return [
            [i for _, i in sorted(zip(ds, rows, strict=True)) if i != EMPTY]
            for ds, rows in zip(distances.tolist(), indices.tolist(), strict=True)
        ]

    def within(self, wanted, widths=(300,)):
        counts = np.zeros((len(self.lower), 2), dtype=np.intp)
        found = np.full(wanted.shape, -1)
        for column, tile in self.tiles(widths):
            window_tile(
                tile, column, self.unit, self.slack, self.allowed, *self.lists,
                self.lower, self.upper, self.queries, self.rows, self.pool,
                self.order, wanted, counts, found,
            )  # fmt: skip
        return counts, found

    def tiles(self, widths):
        start = 0
        for width in widths:
            yield start, np.ascontiguousarray(self.tile[:, start : start + width])
            start += width

    def eligible(self, select=True):
        """Distances and pool rows, allowed and not hidden, of each query, as the columns stand.

        To `select` from, less the anchor itself and its group.
        """
        for r, row in enumerate(self.rows):
            d = [naive.squared_distance(self.queries[row], b) for b in self.pool]
            a, b, c, e = self.allowed[r]
            seen = [j for j in [*self.order[a:b], *self.order[c:e]] if j not in self.hidden[row]]
            for _ in range(self.per_row):
                yield d, [j for j in seen if not (select and self.is_barred(r, j))]

    def is_barred(self, r, j):
        group = self.groups[r]
        return j == self.own[r] or (group >= 0 and group == self.pool_groups[j])


@pytest.mark.parametrize("k", [1, 2, 7, 400])
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("per_row", [1, 3])
def test_select_tile_equals_naive(k, sign, per_row):
    scan = Scan(sign, per_row=per_row)
    prefer = naive.nearest if sign > 0 else naive.farthest
    expected = [
        prefer(d, rows, k, scan.lower[q], scan.upper[q])
        for q, (d, rows) in enumerate(scan.eligible())
    ]
    assert scan.select(k) == expected
    assert not expected[-1], "the last row may look nowhere"


@pytest.mark.parametrize("widths", [(1,) * 300, (7, 200, 93), (128, 172)])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_select_tile_does_not_depend_on_how_the_columns_are_cut(widths, sign):
    assert Scan(sign).select(5, widths) == Scan(sign).select(5)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_select_tile_ignores_rounding_of_the_tile_within_the_slack(sign):
    assert Scan(sign, noise=0.99).select(5) == Scan(sign).select(5)


def test_select_tile_does_not_depend_on_the_unit():
    assert Scan(unit=37.0).select(5) == Scan().select(5)


def test_select_tile_finds_nothing_in_a_window_with_nan():
    scan = Scan()
    scan.lower[0], scan.upper[1] = np.nan, np.nan
    found = scan.select(3)
    assert found[:2] == [[], []]
    assert found[2]


@pytest.mark.parametrize("per_row", [1, 3])
@pytest.mark.parametrize("noise", [0.0, 0.99])
@pytest.mark.parametrize("widths", [(300,), (7, 200, 93)])
def test_window_tile_counts_and_takes_the_wanted_as_naive_does(per_row, noise, widths):
    scan = Scan(noise=noise, per_row=per_row)
    wanted = np.tile([0, 2, 3, 50, 200], (4 * per_row, 1))
    counts, found = scan.within(wanted, widths)
    for q, (d, rows) in enumerate(scan.eligible(select=False)):
        inside = [j for j in rows if scan.lower[q] < d[j] < scan.upper[q]]
        taken = [inside[w] for w in wanted[q] if w < len(inside)]
        assert counts[q].tolist() == [len(inside), len(taken)]
        assert found[q].tolist() == taken + [-1] * (5 - len(taken))


def test_window_tile_finds_nothing_in_a_window_with_nan():
    scan = Scan()
    scan.lower[0], scan.upper[1] = np.nan, np.nan
    counts, _ = scan.within(np.empty((4, 0), dtype=np.intp))
    assert counts[:2, 0].tolist() == [0, 0]
    assert counts[2, 0] > 0


@pytest.mark.parametrize(
    ("floor", "ceiling", "expected"),
    [
        (1.0, 2.0, True),
        (2.0, 9.0, True),
        (2.1, 9.0, False),
        (0.0, 0.5, False),
        (0.0, 1.5, True),
        (9, 0, False),
    ],
)
def test_any_within_includes_both_ends(floor, ceiling, expected):
    values = np.array([1.5, 2.0], dtype=np.float32)
    assert any_within(values, np.float32(floor), np.float32(ceiling)) == expected


def test_who_is_hidden_stands_on_the_querys_own_list():
    first, hidden = np.array([0, 0, 3, 4, 4]), np.array([1, 5, 8, 5])
    found = [[i for i in range(10) if is_hidden(first, hidden, q, i)] for q in range(4)]
    assert found == [[], [1, 5, 8], [5], []]


def test_rows_sort_by_distance_and_then_by_index():
    assert is_before(1.0, 9, 2.0, 0)
    assert is_before(1.0, 0, 1.0, 9)
    assert not is_before(1.0, 3, 1.0, 3)
    assert not is_before(2.0, 0, 1.0, 9)


def test_replacing_the_worst_keeps_the_best_of_all_that_came():
    random = np.random.default_rng(0)
    arrivals = list(zip(random.integers(0, 20, 200) / 4, random.permutation(200), strict=True))
    distances, indices = np.full((1, 11), np.inf), np.full((1, 11), EMPTY)
    for d, i in arrivals:
        if is_before(d, i, distances[0, 0], indices[0, 0]):
            replace_worst(distances, indices, 0, d, i)
    kept = sorted(zip(distances[0], indices[0], strict=True))
    assert kept == sorted(arrivals)[:11]
