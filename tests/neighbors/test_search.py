import itertools

import numpy as np
import pytest

from skhnm.common import _threads
from skhnm.neighbors import _search, _tiling
from skhnm.neighbors._search import ExactSearch
from tests import cases, naive

SIDES = ["own", "other", "any"]
WINDOWS = {
    "none": (None, None),
    "below": (None, [2.0]),
    "above": ([1.0], None),
    "several": ([0.0, 1.0, -np.inf, 5.0, -np.inf], [2.0, 4.0, 1.0, np.inf, 0.0]),
    "empty": ([3.0], [3.0]),
}


def limits(values, n):
    """The same windows for each of n queries."""
    return None if values is None else np.tile(np.array(values), (n, 1))


def padded(rows, k):
    return rows + [-1] * (k - len(rows))


@pytest.mark.parametrize("farthest", [False, True])
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("pools", cases.POOLS)
@pytest.mark.parametrize("case", cases.CASES)
def test_nearest_and_farthest_equal_naive(case, pools, side, farthest):
    Z, y, pool, pool_y, own = pools(*cases.CASES[case])
    search = ExactSearch(pool, pool_y)
    prefer = naive.farthest if farthest else naive.nearest
    d = naive.distances(Z, pool)
    everything = [prefer(d[i], naive.side(y[i], pool_y, own[i], side)) for i in range(len(Z))]
    for k in (1, 3, 100):
        found, reported = search.nearest(Z, y, k, side=side, own=own, farthest=farthest)
        width = max(1, min(k, len(search)))
        assert found.tolist() == [padded(rows[:width], width) for rows in everything]
        expected = [[d[i][j] if j >= 0 else np.nan for j in row] for i, row in enumerate(found)]
        np.testing.assert_allclose(reported, np.reshape(expected, found.shape), rtol=1e-12)


def groups_of(n, seed, n_groups=3):
    """Groups of n rows, across the classes; -1 is no group."""
    return np.random.default_rng(seed).integers(-1, n_groups, n)


@pytest.mark.parametrize("farthest", [False, True])
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("pools", cases.POOLS)
@pytest.mark.parametrize("case", cases.CASES)
def test_rows_of_the_querys_group_are_never_found(case, pools, side, farthest):
    Z, y, pool, pool_y, own = pools(*cases.CASES[case])
    pool_groups = groups_of(len(pool), 0)
    groups = pool_groups if pool is Z else groups_of(len(Z), 1)
    prefer = naive.farthest if farthest else naive.nearest
    d = naive.distances(Z, pool)
    allowed = [
        naive.side(y[i], pool_y, own[i], side, groups[i], pool_groups) for i in range(len(Z))
    ]
    search = ExactSearch(pool, pool_y, groups=pool_groups)
    for k in (1, 3, 100):
        found, _ = search.nearest(Z, y, k, side=side, own=own, groups=groups, farthest=farthest)
        width = max(1, min(k, len(search)))
        expected = [prefer(d[i], rows, width) for i, rows in enumerate(allowed)]
        assert found.tolist() == [padded(rows, width) for rows in expected]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("case", cases.CASES)
def test_groups_that_are_not_asked_about_change_nothing(case, side):
    Z, y = cases.CASES[case]
    search = ExactSearch(Z, y, groups=groups_of(len(Z), 0))
    assert_same(search.nearest(Z, y, 3, side=side), ExactSearch(Z, y).nearest(Z, y, 3, side=side))
    nobody = np.full(len(Z), -1)
    found = search.nearest(Z, y, 3, side=side, groups=nobody)
    assert_same(found, ExactSearch(Z, y).nearest(Z, y, 3, side=side))


@pytest.mark.parametrize("window", ["none", "several"])
@pytest.mark.parametrize("pools", cases.POOLS)
@pytest.mark.parametrize("case", cases.CASES)
def test_what_is_hidden_from_a_query_is_never_found_counted_taken_or_listed(case, pools, window):
    Z, y, pool, pool_y, own = pools(*cases.CASES[case])
    random = np.random.default_rng(0)
    hidden = [np.flatnonzero(random.random(len(pool)) < 0.3 * (i % 3)) for i in range(len(Z))]
    lists = (
        np.append(0, np.cumsum([len(h) for h in hidden])).astype(np.intp),
        np.concatenate([*hidden, np.empty(0, dtype=np.intp)]),
    )
    lows, highs = (
        values or [end] for values, end in zip(WINDOWS[window], (-np.inf, np.inf), strict=True)
    )
    ends = {"lower": limits(lows, len(Z)), "upper": limits(highs, len(Z)), "hidden": lists}
    search = ExactSearch(pool, pool_y)
    counts = search.count_within(Z, y, **ends)
    wanted = np.tile([0, 2, 11], (len(counts), 1))
    taken = search.take_within(Z, y, wanted, **ends)
    listed, first = search.list_within(Z, y, **ends)
    question = {"hidden": lists} if window == "none" else ends
    found = [search.nearest(Z, y, 3, own=own, farthest=f, **question)[0] for f in (False, True)]
    q = 0
    for i, d in enumerate(naive.distances(Z, pool)):
        rows = [j for j in naive.side(y[i], pool_y, -1, "other") if j not in hidden[i]]
        others = [j for j in rows if j != own[i]]
        for low, high in zip(lows, highs, strict=True):
            inside = sorted((j for j in rows if low < d[j] < high), key=lambda j: (pool_y[j], j))
            assert counts[q] == len(inside)
            assert taken[q].tolist() == padded(
                [inside[w] for w in (0, 2, 11) if w < len(inside)], 3
            )
            assert listed[first[q] : first[q + 1]].tolist() == sorted(inside)
            for prefer, given in zip((naive.nearest, naive.farthest), found, strict=True):
                k = given.shape[1]
                assert given[q].tolist() == padded(prefer(d, others, k, low, high), k)
            q += 1


@pytest.mark.parametrize("farthest", [False, True])
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("pools", cases.POOLS[:2])
@pytest.mark.parametrize("case", cases.CASES)
def test_open_windows_equal_naive(case, pools, window, farthest):
    Z, y, pool, pool_y, own = pools(*cases.CASES[case])
    lows, highs = WINDOWS[window]
    lower, upper = limits(lows, len(Z)), limits(highs, len(Z))
    found, _ = ExactSearch(pool, pool_y).nearest(
        Z, y, 4, own=own, lower=lower, upper=upper, farthest=farthest
    )
    prefer = naive.farthest if farthest else naive.nearest
    expected = []
    for i, d in enumerate(naive.distances(Z, pool)):
        rows = naive.side(y[i], pool_y, own[i], "other")
        for low, high in zip(lows or [-np.inf], highs or [np.inf], strict=True):
            expected.append(padded(prefer(d, rows, 4, low, high), found.shape[1]))
    assert found.tolist() == expected


@pytest.mark.parametrize("pools", cases.POOLS[:2])
@pytest.mark.parametrize("case", cases.CASES)
def test_windows_are_counted_and_taken_by_ordinal_in_the_order_of_the_sorted_pool(case, pools):
    Z, y, pool, pool_y, own = pools(*cases.CASES[case])
    lower, upper = (limits(values, len(Z)) for values in WINDOWS["several"])
    search = ExactSearch(pool, pool_y)
    wanted = np.tile([0, 2, 11], (lower.size, 1))
    counts = search.count_within(Z, y, lower=lower, upper=upper)
    taken = search.take_within(Z, y, wanted, lower=lower, upper=upper)
    question = 0
    for i, d in enumerate(naive.distances(Z, pool)):
        rows = naive.side(y[i], pool_y, own[i], "other")
        for low, high in zip(*WINDOWS["several"], strict=True):
            inside = sorted((j for j in rows if low < d[j] < high), key=lambda j: (pool_y[j], j))
            assert counts[question] == len(inside)
            assert taken[question].tolist() == padded(
                [inside[w] for w in (0, 2, 11) if w < len(inside)], 3
            )
            question += 1


@pytest.mark.parametrize("method", ["nearest", "within"])
def test_a_window_with_nan_holds_nothing(method):
    Z, y = cases.CASES["uneven"]
    search = ExactSearch(Z, y)
    for lower, upper in ([np.nan, np.inf], [-np.inf, np.nan], [np.nan, np.nan]):
        window = {"lower": np.full((25, 1), lower), "upper": np.full((25, 1), upper)}
        if method == "nearest":
            assert (search.nearest(Z, y, 1, **window)[0] == -1).all()
        else:
            assert (search.count_within(Z, y, **window) == 0).all()


@pytest.mark.parametrize("pools", cases.POOLS[:2])
@pytest.mark.parametrize("case", cases.CASES)
def test_windows_are_listed_by_index(case, pools):
    Z, y, pool, pool_y, own = pools(*cases.CASES[case])
    lower, upper = (limits(values, len(Z)) for values in WINDOWS["several"])
    listed, first = ExactSearch(pool, pool_y).list_within(Z, y, lower=lower, upper=upper)
    question = 0
    for i, d in enumerate(naive.distances(Z, pool)):
        rows = naive.side(y[i], pool_y, own[i], "other")
        for low, high in zip(*WINDOWS["several"], strict=True):
            inside = sorted(j for j in rows if low < d[j] < high)
            assert listed[first[question] : first[question + 1]].tolist() == inside
            question += 1
    assert first[-1] == len(listed)


@pytest.mark.parametrize("farthest", [False, True])
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("case", cases.CASES)
def test_rows_that_ask_about_each_other_find_what_they_find_one_by_one(case, side, farthest):
    Z, y = cases.CASES[case]
    own = np.arange(len(Z))
    upper = np.linspace(-1.0, 9.0, len(Z))[:, None]
    upper[::5] = np.nan
    groups = groups_of(len(Z), 0)
    search = ExactSearch(Z, y, groups=groups)
    for window, asked in itertools.product((None, upper), (None, groups)):
        question = {"side": side, "own": own, "farthest": farthest, "groups": asked}
        question |= {} if window is None else {"lower" if farthest else "upper": window}
        together = search.nearest(Z, y, 3, **question)
        assert_same(together, search.nearest(Z.copy(), y, 3, **question))


def answers(Z, y, n_jobs=1):
    """Everything that a search can be asked, as one list of arrays."""
    groups = groups_of(len(Z), 0)
    search = ExactSearch(Z, y, n_jobs, groups)
    own = np.arange(len(Z))
    lower, upper = (limits(values, len(Z)) for values in WINDOWS["several"])
    wanted = np.tile([0, 2, 11], (lower.size, 1))
    found = [search.count_within(Z, y, lower=lower, upper=upper)]
    found.append(search.take_within(Z, y, wanted, lower=lower, upper=upper))
    found += search.list_within(Z, y, lower=lower, upper=upper)
    for farthest in (False, True):
        for side in SIDES:
            found += search.nearest(Z, y, 3, side=side, own=own, farthest=farthest)
            found += search.nearest(Z, y, 3, side=side, own=own, farthest=farthest, groups=groups)
        found += search.nearest(Z, y, 3, lower=lower, upper=upper, farthest=farthest)
    return found


def assert_same(found, expected):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("case", ["uneven", "ties", "repeated rows", "some unlabelled"])
@pytest.mark.parametrize("row_tile", [1, 7, 256])
@pytest.mark.parametrize("column_tile", [1, 5, 1024])
def test_results_do_not_depend_on_the_tiles(monkeypatch, case, row_tile, column_tile):
    expected = answers(*cases.CASES[case])
    monkeypatch.setattr(_tiling, "ROW_TILE", row_tile)
    monkeypatch.setattr(_tiling, "COLUMN_TILE", column_tile)
    assert_same(answers(*cases.CASES[case]), expected)


@pytest.mark.parametrize("case", ["uneven", "float32", "ties", "some unlabelled", "no rows"])
@pytest.mark.parametrize("n_jobs", [2, 4, None])
def test_results_do_not_depend_on_the_threads(monkeypatch, case, n_jobs):
    monkeypatch.setattr(_tiling, "ROW_TILE", 4)
    monkeypatch.setattr(_threads, "_WORTH_A_THREAD", 0.0)
    expected = answers(*cases.CASES[case], n_jobs=1)
    assert_same(answers(*cases.CASES[case], n_jobs=n_jobs), expected)


@pytest.mark.parametrize("shift", [-3.0, 2.0**20, 2.0**40])
def test_results_do_not_depend_on_where_the_data_lie(shift):
    Z, y = cases.CASES["ties"]
    assert_same(answers(Z + shift, y), answers(Z, y))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("exponent", [-50, -10, 10, 50, 100])
def test_neighbours_do_not_depend_on_the_unit_of_the_data(exponent, dtype):
    Z, y = cases.uneven(dtype=dtype)
    found, _ = ExactSearch(Z, y).nearest(Z, y, 5)
    scaled = np.ldexp(Z, exponent)
    assert scaled.dtype == dtype
    np.testing.assert_array_equal(ExactSearch(scaled, y).nearest(scaled, y, 5)[0], found)


def test_rows_without_a_class_neither_ask_nor_are_found():
    Z, y = cases.CASES["some unlabelled"]
    for side in SIDES:
        found, distances = ExactSearch(Z, y).nearest(Z, y, 25, side=side)
        assert (found[y < 0] == -1).all()
        assert np.isnan(distances[y < 0]).all()
        assert not np.isin(found, np.flatnonzero(y < 0)).any()


def test_a_query_of_a_class_that_the_pool_lacks_finds_everything_on_the_other_side():
    Z, y = cases.CASES["uneven"]
    queries, codes = Z[:2], np.array([17, 17])
    search = ExactSearch(Z, y)
    assert (search.nearest(queries, codes, 25)[0] >= 0).all()
    assert (search.nearest(queries, codes, 25, side="own")[0] == -1).all()


@pytest.mark.parametrize("n_features", [1, 3, 64, 500])
@pytest.mark.parametrize("far", [1.0, 1e4])
def test_no_tile_is_further_from_the_truth_than_its_slack(n_features, far, monkeypatch):
    """The float32 tile may only pass over a row if it is certain."""
    random = np.random.default_rng(0)
    pool = random.normal(size=(300, n_features)) * 10.0 ** random.uniform(-2, 2, (300, 1))
    queries = far * random.normal(size=(40, n_features))
    codes, query_codes = np.zeros(300, dtype=int), np.ones(40, dtype=int)
    worst = []

    def measure(tile, column, sign, unit, slack, allowed, own, groups, column_groups,
                first, hidden, lower, upper, queries, rows, pool, order,
                distances, indices):  # fmt: skip
        P = pool[order[column : column + tile.shape[1]]].astype(np.longdouble)
        exact = ((queries[rows][:, None].astype(np.longdouble) - P) ** 2).sum(axis=2)
        error = np.abs(tile - exact / unit)
        error[np.isnan(tile)] = 0.0  # what is no number, for a far row, is looked at in any case
        worst.append(float((error / slack[:, None]).max()))

    monkeypatch.setattr(_search, "select_tile", measure)
    _search.ExactSearch(pool, codes).nearest(queries, query_codes, 3)
    assert 0.0 < max(worst) < 1.0


FAR = {
    "one": lambda Z, random: np.append(Z[:-1], [[1e4] * Z.shape[1]], axis=0),
    "several, near each other": lambda Z, random: np.append(Z[:-5], Z[:5] + 1e6, axis=0),
    "one that hides another": lambda Z, random: np.append(
        Z[:-2], [[1e30] * Z.shape[1], [-1e12] * Z.shape[1]], axis=0
    ),
    "heavy tails": lambda Z, random: random.standard_t(1, size=Z.shape),
    "half of them the same": lambda Z, random: np.append(Z[:90] * [0] * len(Z[0]), Z[90:] * 1e3, 0),
}


@pytest.mark.jit
@pytest.mark.parametrize("kind", FAR)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
class TestRowsFarFromAllOthers:
    """They are found as any others, and do not burden these."""

    @staticmethod
    def make(kind, dtype):
        random = np.random.default_rng(0)
        Z = FAR[kind](random.normal(size=(150, 3)), random)
        return Z.astype(dtype), random.integers(0, 3, 150)

    @pytest.mark.parametrize("farthest", [False, True])
    @pytest.mark.parametrize("side", ["own", "other", "any"])
    def test_nearest_and_farthest(self, kind, dtype, side, farthest):
        Z, y = self.make(kind, dtype)
        own = np.arange(len(Z))
        for queries, codes, rows in ((Z, y, own), (Z[20:].copy(), y[20:], own[20:])):
            found = ExactSearch(Z, y).nearest(
                queries, codes, 7, side=side, own=rows, farthest=farthest
            )
            choose = naive.farthest if farthest else naive.nearest
            for i, d in enumerate(naive.distances(queries, Z)):
                there = naive.side(codes[i], y, rows[i], side)
                assert found[0][i].tolist() == padded(choose(d, there, 7), 7)

    def test_what_lies_in_a_window(self, kind, dtype):
        Z, y = self.make(kind, dtype)
        search = ExactSearch(Z, y)
        middle = np.median(search.nearest(Z, y, 40)[1], axis=1)[:, None]
        lower, upper = 0.5 * middle, 4.0 * middle
        listed, first = search.list_within(Z, y, lower=lower, upper=upper)
        for i in range(len(Z)):
            d = np.array([naive.squared_distance(Z[i], row) for row in Z])
            inside = np.flatnonzero((y != y[i]) & (d > lower[i]) & (d < upper[i]))
            np.testing.assert_array_equal(listed[first[i] : first[i + 1]], inside)
        np.testing.assert_array_equal(
            search.count_within(Z, y, lower=lower, upper=upper), np.diff(first)
        )
