"""Rankings by tiles: the same as plain loops, whichever way and in whatever tiles."""

import math

import numpy as np
import pytest

from skhnm.metrics import _ranking
from skhnm.metrics._ranking import rank_matches
from skhnm.neighbors import _tiling
from tests import naive_metrics

DATA = {
    "classes apart": lambda random, y: random.normal(size=(len(y), 3)) + y[:, None],
    "classes mixed": lambda random, y: random.normal(size=(len(y), 4)),
    "ties": lambda random, y: random.integers(0, 3, size=(len(y), 3)).astype(float),
    "all the same": lambda random, y: np.ones((len(y), 2)),
    "all but one far away": lambda random, y: (
        np.eye(1, len(y)).T * 1e8 + random.random((len(y), 1))
    ),
}
KS = (5, 1, 40)


def data(name, n=150, classes=4, dtype=np.float64):
    random = np.random.default_rng(0)
    y = random.integers(-1, classes, n) ** 2  # of different sizes
    y[random.random(n) < 0.1] = -1
    return DATA[name](random, y).astype(dtype), y


@pytest.fixture(
    params=[
        "shared tiles", "tiles of queries", "shared tiles, a sample", "tiles of queries, a sample",
        "nearest rows",
    ]
)  # fmt: skip
def way(request, monkeypatch):
    """Each way to find the places that count, on data of any size."""
    monkeypatch.setattr(_ranking, "_FEW_PLACES", 10**6 if request.param == "nearest rows" else 0)
    monkeypatch.setattr(_ranking, "_SAMPLE", 16 if "a sample" in request.param else 1024)
    if "tiles of queries" in request.param:
        monkeypatch.setattr(_ranking, "_MOST_ENTRIES", 0)


def by_loops(Z, y, reference, reference_y, own, cap, groups=(None, None)):
    """Rows of what a ranking says of each judged query."""
    rows = []
    for runs in naive_metrics.rankings(Z, y, reference, reference_y, own, *groups):
        R = naive_metrics.n_matches(runs)
        places = min(R, cap or R)
        rows.append(
            [
                R,
                *[naive_metrics.mean_number_in(runs, k) for k in KS],
                *[naive_metrics.mean_any_in(runs, k) for k in KS],
                naive_metrics.mean_number_in(runs, places),
                naive_metrics.mean_precisions_in(runs, places) / places,
                naive_metrics.mean_reciprocal_in(runs, math.inf),
                naive_metrics.n_rows(runs),
            ]
        )
    return np.array(rows)


def by_tiles(Z, y, reference, reference_y, own, cap, **options):
    r = rank_matches(
        Z, y, reference, reference_y, own, ks=KS, cap=cap, find_first=True, n_jobs=1, **options
    )
    return np.column_stack(
        [
            r.n_matches, r.hits, r.found, r.r_hits, r.average_precision, r.reciprocal_rank,
            r.n_ranked,
        ]
    )  # fmt: skip


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("cap", [None, 3])
def test_equals_plain_loops(way, name, dtype, cap):
    Z, y = data(name, dtype=dtype)
    own = np.arange(len(Z))
    np.testing.assert_allclose(by_tiles(Z, y, Z, y, own, cap), by_loops(Z, y, Z, y, own, cap))


@pytest.mark.parametrize("name", DATA)
def test_equals_plain_loops_with_a_reference_apart(way, name):
    reference, reference_y = data(name)
    Z, y = data(name, n=40, classes=6)
    own = np.full(len(Z), -1)
    own[3] = 7  # one query stands in the reference
    Z[3], y[3] = reference[7], reference_y[7] = reference[7], 1
    asked = Z, y, reference, reference_y, own, None
    np.testing.assert_allclose(by_tiles(*asked), by_loops(*asked))


GROUPS = {
    "a few of two rows": lambda random, n: np.where(np.arange(n) < 40, np.arange(n) // 2, -1),
    "some large": lambda random, n: random.integers(-1, 3, n),
    "each its own": lambda random, n: np.arange(n),
    "nearly all in one": lambda random, n: np.where(random.random(n) < 0.9, 0, -1),
}


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("grouped", GROUPS)
def test_equals_plain_loops_where_rows_of_a_group_are_left_out(way, name, grouped):
    Z, y = data(name)
    own = np.arange(len(Z))
    groups = GROUPS[grouped](np.random.default_rng(1), len(Z))
    asked = Z, y, Z, y, own, None
    np.testing.assert_allclose(
        by_tiles(*asked, groups=(groups, groups)), by_loops(*asked, (groups, groups))
    )


@pytest.mark.parametrize("grouped", GROUPS)
def test_equals_plain_loops_with_groups_of_a_reference_apart(way, grouped):
    """Queries may have an own row in their group, out of it, or none."""
    random = np.random.default_rng(2)
    reference, reference_y = data("ties")
    own = np.where(np.arange(40) % 3 == 0, -1, random.permutation(150)[:40])
    y = np.where(own >= 0, reference_y[own], random.integers(-1, 6, 40))
    groups = GROUPS[grouped](random, 40), GROUPS[grouped](random, 150)
    asked = reference[own] + (own % 2)[:, None], y, reference, reference_y, own, None
    np.testing.assert_allclose(by_tiles(*asked, groups=groups), by_loops(*asked, groups))


def first_by_loops(*data):
    return [
        naive_metrics.mean_reciprocal_in(runs, math.inf) for runs in naive_metrics.rankings(*data)
    ]


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("grouped", GROUPS)
def test_first_matches_that_are_far_and_rows_of_the_group_before_them(name, grouped):
    Z, y = data(name, classes=6)
    own = np.arange(len(Z))
    groups = GROUPS[grouped](np.random.default_rng(1), len(Z))
    found = rank_matches(Z, y, Z, y, own, groups=(groups, groups), find_first=True, cap=1)
    np.testing.assert_allclose(
        found.reciprocal_rank, first_by_loops(Z, y, Z, y, own, groups, groups)
    )


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_far_first_matches_that_tie_with_rows_of_the_group_and_with_the_own_row(shift):
    """On a line, of its class and of others, of its group and not, before and beside the match."""
    places = np.repeat([0.0, 1.0, -1, 2, -2, 3], [1, 9, 8, 7, 6, 5])
    random = np.random.default_rng(0)
    for _ in range(20):
        y, groups = random.integers(0, 9, 36), random.integers(-1, 3, 36)
        reference_groups = np.where(random.random(36) < 0.5, groups, random.integers(-1, 3, 36))
        Z, own = places[:, None], np.arange(36)
        asked = Z + shift, y, Z, y, own
        given = groups, reference_groups
        found = rank_matches(*asked, groups=given, find_first=True, cap=1).reciprocal_rank
        np.testing.assert_allclose(found, first_by_loops(*asked, *given))


@pytest.mark.parametrize("scale", [1e-30, 1e12, pytest.param(1e25, marks=pytest.mark.jit)])
def test_equals_plain_loops_for_queries_of_another_scale(way, scale):
    reference, reference_y = data("classes apart")
    Z, y = data("classes apart", n=40)
    asked = Z * scale, y, reference, reference_y, np.full(len(Z), -1), None
    np.testing.assert_allclose(by_tiles(*asked), by_loops(*asked))


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_first_matches_that_are_far_and_tie_with_others(way, shift):
    """Rows on a line: many of other classes, and beyond them several of each equally far."""
    places = np.concatenate([[0.0], np.repeat([1, -1, 2, -2, 3, -3, 5.5], [9, 6, 3, 2, 1, 2, 1])])
    y = np.array([0] + 15 * [1] + [0, 1, 0, 2, 0] + [2, 0, 0] + [2])
    order = np.random.default_rng(0).permutation(25)
    Z, y, own = places[order, None], y[order], np.arange(25)
    np.testing.assert_allclose(by_tiles(Z, y, Z, y, own, 1), by_loops(Z, y, Z, y, own, 1))
    asked = Z + shift, y, Z, y, own, 1  # a query may lie apart from its own row
    np.testing.assert_allclose(by_tiles(*asked), by_loops(*asked))
    found = rank_matches(Z, y, Z, y, own, find_first=True, cap=1).reciprocal_rank
    expected = [
        naive_metrics.mean_reciprocal_in(r, math.inf)
        for r in naive_metrics.rankings(Z, y, Z, y, own)
    ]
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("name", DATA)
def test_the_nearest_rows_alone_settle_whoever_does_not_tie_beyond_them(name, monkeypatch):
    Z, y = data(name)
    own = np.arange(len(Z))
    with monkeypatch.context() as without:
        without.setattr(_ranking, "_FEW_PLACES", 0)
        expected = rank_matches(Z, y, Z, y, own, ks=(2, 1), cap=2, n_jobs=1)
    left = []

    def watch(self, asked):
        left.append(judge_nearest(self, asked))
        return left[-1]

    judge_nearest = _ranking._Ranker._judge_nearest
    monkeypatch.setattr(_ranking._Ranker, "_judge_nearest", watch)
    found = rank_matches(Z, y, Z, y, own, ks=(2, 1), cap=2, n_jobs=1)
    for field, value in vars(expected).items():
        np.testing.assert_array_equal(getattr(found, field), value)
    runs = naive_metrics.rankings(Z, y, Z, y, own)
    ends = [set(np.cumsum([len(run) for run in ranking])) for ranking in runs]
    assert left[0].tolist() == [q for q, end in enumerate(ends) if 2 not in end]


def test_where_all_rows_tie_lists_are_no_longer_than_the_reference_and_few_at_a_time(monkeypatch):
    sizes = []

    def watch(self, asked, queries, lists, listed=slice(None)):
        sizes.append((lists.values.shape, lists.counts.max()))
        judge_lists(self, asked, queries, lists, listed)

    judge_lists = _ranking._Ranker._judge_lists
    monkeypatch.setattr(_ranking._Ranker, "_judge_lists", watch)
    monkeypatch.setattr(_ranking._Ranker, "_room", lambda self, wanted: 20)
    monkeypatch.setattr(_ranking, "_ENTRIES", 2**13)
    monkeypatch.setattr(_ranking, "_FEW_PLACES", 0)
    Z, y = np.zeros((700, 2)), np.arange(700) % 50
    own = np.arange(700)
    found = rank_matches(Z, y, Z, y, own, ks=(1,), n_jobs=1)
    np.testing.assert_allclose(found.hits, 13 / 699)
    assert sum(height for (height, _), _ in sizes) == 700
    for (height, room), longest in sizes:
        assert longest == 700 < room <= 701
        assert height <= _ranking._LEAST_QUERIES or height * room <= 2 * _ranking._ENTRIES


def test_equals_plain_loops_with_tiles_of_any_size(way, monkeypatch):
    Z, y = data("ties")
    own = np.arange(len(Z))
    expected = by_loops(Z, y, Z, y, own, None)
    for height, width, entries in ((1, 256, 2**23), (7, 5, 64), (64, 13, 2**23)):
        monkeypatch.setattr(_ranking, "ROW_TILE", height)
        monkeypatch.setattr(_ranking, "_ENTRIES", entries)
        monkeypatch.setattr(_tiling, "COLUMN_TILE", width)
        np.testing.assert_allclose(by_tiles(Z, y, Z, y, own, None), expected)


@pytest.mark.parametrize("distance", [0.0, 1e-3, 0.05, 4.0])
def test_a_sample_that_misleads_is_found_out(way, distance, monkeypatch):
    def mislead(self, rows, wanted):
        return np.full(len(wanted), distance, dtype=np.float32)

    Z, y = data("classes mixed")
    own = np.arange(len(Z))
    monkeypatch.setattr(_ranking._Ranker, "_ceilings", mislead)
    np.testing.assert_allclose(by_tiles(Z, y, Z, y, own, None), by_loops(Z, y, Z, y, own, None))


def test_lists_without_room_are_found_out(way, monkeypatch):
    Z, y = data("classes mixed")
    own = np.arange(len(Z))
    for room in (1, 30):
        monkeypatch.setattr(_ranking._Ranker, "_room", lambda self, wanted, room=room: room)
        np.testing.assert_allclose(by_tiles(Z, y, Z, y, own, None), by_loops(Z, y, Z, y, own, None))


def test_lists_that_are_just_full_are_found_out(monkeypatch):
    """Whoever comes after the last entry for which there is room may take its place."""
    Z, y = data("classes mixed")
    own, full = np.arange(len(Z)), 60
    monkeypatch.setattr(_ranking, "_SAMPLE", 16)
    monkeypatch.setattr(_tiling, "ROW_TILE", 16)
    monkeypatch.setattr(_ranking._Ranker, "_room", lambda self, wanted: full)

    def so_many(self, rows, wanted):
        tile = np.sort(rows @ self._prepare_columns().T, axis=1)
        return tile[:, full - 1]

    monkeypatch.setattr(_ranking._Ranker, "_ceilings", so_many)
    np.testing.assert_allclose(by_tiles(Z, y, Z, y, own, 3), by_loops(Z, y, Z, y, own, 3))


@pytest.mark.parametrize("name", DATA)
def test_lists_cut_at_the_last_wanted_row_lose_nothing_to_rounding(way, name, monkeypatch):
    def at_the_last(self, rows, wanted):
        tile = np.sort(rows @ self._prepare_columns().T, axis=1)
        return tile[np.arange(len(tile)), wanted - 1]

    Z, y = data(name)
    own = np.arange(len(Z))
    monkeypatch.setattr(_ranking._Ranker, "_ceilings", at_the_last)
    np.testing.assert_allclose(by_tiles(Z, y, Z, y, own, None), by_loops(Z, y, Z, y, own, None))


@pytest.mark.parametrize("name", DATA)
def test_long_lists_that_are_cut_back_lose_nothing_to_rounding(way, name, monkeypatch):
    Z, y = data(name)
    own = np.arange(len(Z))
    monkeypatch.setattr(_tiling, "COLUMN_TILE", 13)
    monkeypatch.setattr(_ranking._Ranker, "_room", lambda self, wanted: wanted.max() + 14)
    monkeypatch.setattr(
        _ranking._Ranker,
        "_ceilings",
        lambda self, rows, wanted: np.full(len(wanted), np.inf, dtype=np.float32),
    )
    np.testing.assert_allclose(by_tiles(Z, y, Z, y, own, None), by_loops(Z, y, Z, y, own, None))


@pytest.mark.jit
@pytest.mark.parametrize("n_classes", [3, 700])
def test_many_rows_give_the_same_on_any_number_of_threads(n_classes):
    random = np.random.default_rng(0)
    y = random.integers(0, n_classes, 5000)
    Z = random.normal(size=(5000, 8)) + random.normal(size=(n_classes, 8))[y]
    own = np.arange(len(Z))
    one, two = (rank_matches(Z, y, Z, y, own, ks=(1, 30), n_jobs=n) for n in (1, 2))
    for name, found in vars(one).items():
        np.testing.assert_array_equal(found, getattr(two, name))
    some = random.choice(len(Z), 20, replace=False)
    few = rank_matches(Z[some], y[some], Z, y, some, ks=(1, 30), n_jobs=1)
    where = np.searchsorted(
        np.flatnonzero(np.bincount(y)[y] > 1), some[np.bincount(y)[y[some]] > 1]
    )
    np.testing.assert_array_equal(few.average_precision, one.average_precision[where])
    np.testing.assert_array_equal(few.hits, one.hits[where])
