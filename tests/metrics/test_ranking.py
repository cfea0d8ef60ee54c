"""Rankings by tiles: the same as plain loops, whichever way and in whatever tiles."""

import numpy as np
import pytest

from skhnm.metrics import _ranking
from skhnm.metrics._ranking import rank_matches
from skhnm.neighbors import _tiling
from tests import naive

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


@pytest.fixture(params=["shared tiles", "tiles of queries"])
def tiles(request, monkeypatch):
    """Tiles that serve their rows and their columns, or their rows alone."""
    if request.param == "tiles of queries":
        monkeypatch.setattr(_ranking, "_MOST_ENTRIES", 0)


@pytest.fixture(params=["all rows", "a sample"])
def way(request, tiles, monkeypatch):
    """Each way to find the places that count, on data of any size."""
    monkeypatch.setattr(_ranking, "_SAMPLE", 16 if request.param == "a sample" else 1024)


def by_loops(Z, y, reference, reference_y, own, cap):
    """Rows of (R, first, hits, R-hits, average precision) of each judged query."""
    rows = []
    for matches in naive.rankings(Z, y, reference, reference_y, own):
        n_matches = sum(matches)
        places = min(n_matches, cap or n_matches)
        hits = [sum(matches[:k]) for k in KS]
        precisions = [sum(matches[: i + 1]) / (i + 1) for i in range(places) if matches[i]]
        first = matches.index(True) + 1
        rows.append(
            [n_matches, first, *hits, sum(matches[:places]), sum(precisions) / places, len(matches)]
        )
    return np.array(rows)


def by_tiles(Z, y, reference, reference_y, own, cap, **options):
    r = rank_matches(
        Z, y, reference, reference_y, own, ks=KS, cap=cap, find_first=True, n_jobs=1, **options
    )
    return np.column_stack(
        [r.n_matches, r.first, r.hits, r.r_hits, r.average_precision, r.n_ranked]
    )


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


@pytest.mark.parametrize("scale", [1e-30, 1e12, pytest.param(1e25, marks=pytest.mark.jit)])
def test_equals_plain_loops_for_queries_of_another_scale(way, scale):
    reference, reference_y = data("classes apart")
    Z, y = data("classes apart", n=40)
    asked = Z * scale, y, reference, reference_y, np.full(len(Z), -1), None
    np.testing.assert_allclose(by_tiles(*asked), by_loops(*asked))


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
