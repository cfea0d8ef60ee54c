import itertools

import numpy as np
import pytest
from scipy.stats import chisquare

from skhnm.common import _threads
from skhnm.neighbors import _copies, _sides, _tiling
from skhnm.neighbors._candidates import Candidates
from skhnm.neighbors._padded import trim
from tests import cases, naive

MOST = [(case, pools) for case in cases.CASES for pools in cases.POOLS]


def make(case, pools=cases.with_batch, seed=0, n_jobs=1):
    Z, y, pool, pool_y, own = pools(*cases.CASES[case])
    return Candidates(Z, y, pool, pool_y, own, np.random.default_rng(seed), n_jobs=n_jobs)


def rows_of(c, side):
    """Each anchor's allowed rows, by the oracle."""
    return [
        naive.side(code, c.pool_codes, own, side) for code, own in zip(c.codes, c.own, strict=True)
    ]


def assert_drawn(found, rows, k):
    """Each row of `found` holds k different ones of `rows`, or all if there are fewer."""
    assert len(found) == len(rows)
    for drawn, choices in zip(found, rows, strict=True):
        kept = cases.without_padding(drawn)
        assert set(kept) <= set(choices)
        assert len(kept) == len(set(kept)) == min(k, len(choices))


@pytest.mark.parametrize(("case", "pools"), MOST)
@pytest.mark.parametrize("side", ["own", "other"])
def test_every_lists_each_side_by_index(case, pools, side):
    c = make(case, pools)
    assert [cases.without_padding(row) for row in c.every(side)] == rows_of(c, side)


@pytest.mark.parametrize(("case", "pools"), MOST)
@pytest.mark.parametrize("side", ["own", "other"])
def test_a_sample_has_k_different_rows_of_the_side_and_never_the_anchor(case, pools, side):
    for k in (1, 3, 100):
        c = make(case, pools)
        assert_drawn(c.sample(k, side), rows_of(c, side), k)


def test_every_set_of_k_negatives_is_equally_likely():
    pool_y = np.array([1, 0, 2, 1, 1, 2])
    c = Candidates(
        np.zeros((3000, 1)), np.zeros(3000, dtype=int), np.zeros((6, 1)), pool_y,
        np.full(3000, -1), np.random.default_rng(0),
    )  # fmt: skip
    drawn = [tuple(sorted(row)) for row in c.sample(3).tolist()]
    possible = list(itertools.combinations([0, 2, 3, 4, 5], 3))
    assert chisquare([drawn.count(s) for s in possible]).pvalue > 0.01


def test_every_other_row_of_the_class_is_equally_likely_as_positive():
    Z, y = np.zeros((6, 1)), np.array([0, 1, 0, 0, 0, 0])
    random = np.random.default_rng(0)
    c = Candidates(Z, y, Z, y, np.arange(6), random)
    drawn = np.concatenate([c.sample(1, "own") for _ in range(500)], axis=1)
    for anchor in (0, 2, 5):
        counts = [np.sum(drawn[anchor] == j) for j in (0, 2, 3, 4, 5) if j != anchor]
        assert sum(counts) == 500
        assert chisquare(counts).pvalue > 0.01


def test_a_draw_from_a_window_is_uniform():
    Z = np.zeros((3000, 1))
    pool = np.array([[0.1], [5.0], [0.2], [0.3], [0.4]])
    c = Candidates(
        Z, np.zeros(3000, dtype=int), pool, np.array([1, 1, 2, 0, 2]),
        np.full(3000, -1), np.random.default_rng(0),
    )  # fmt: skip
    drawn = c.within(np.full((3000, 1), 1.0), 2)
    possible = [(0, 2), (0, 4), (2, 4)]
    found = [tuple(row) for row in drawn.tolist()]
    assert set(found) == set(possible)
    assert chisquare([found.count(s) for s in possible]).pvalue > 0.01


@pytest.mark.parametrize(("case", "pools"), MOST)
def test_within_lists_the_rows_of_each_open_window_by_index(case, pools):
    c = make(case, pools)
    lower, upper = np.tile([[0.0, -np.inf]], (len(c), 1)), np.tile([[2.0, 4.0]], (len(c), 1))
    expected = [
        [j for j in rows if low < d[j] < high]
        for d, rows in zip(naive.distances(c.Z, c.pool), rows_of(c, "other"), strict=True)
        for low, high in [(0.0, 2.0), (-np.inf, 4.0)]
    ]
    found = c.within(upper, lower=lower)
    assert [cases.without_padding(row) for row in found] == expected
    assert_drawn(c.within(upper, 2, lower), expected, 2)


@pytest.mark.parametrize(
    ("case", "pools"),
    [(c, p) for c, p in MOST if c in ("repeated rows", "identical rows", "ties", "no rows")],
)
def test_without_copies_no_question_is_answered_with_a_copy(case, pools):
    c = make(case, pools).at_unit_length()
    c.positives = trim(c.every("own")[:, :2]) if len(c.pool) else np.empty((len(c), 0), np.intp)
    originals = [
        [a, *(c.pool[p] for p in known if p >= 0)]
        for a, known in zip(c.Z, c.positives, strict=True)
    ]
    eps = np.finfo(float).eps
    expected = [
        [j for j in rows if not any(naive.is_copy(a, c.pool[j], eps) for a in several)]
        for rows, several in zip(rows_of(c, "other"), originals, strict=True)
    ]
    everything, c = c, c.without_copies()
    assert case == "no rows" or expected != rows_of(everything, "other") or not len(c.pool)
    limit = np.full((len(c), 1), 1.0)
    d = naive.distances(c.Z, c.pool)
    near = [[j for j in rows if d[i][j] < 1.0] for i, rows in enumerate(expected)]
    assert [cases.without_padding(row) for row in c.every()] == expected
    assert [cases.without_padding(row) for row in c.within(limit)] == near
    assert_drawn(c.sample(3), expected, 3)
    assert_drawn(c.within(limit, 2), near, 2)
    for farthest, prefer in ((False, naive.nearest), (True, naive.farthest)):
        found, _ = c.nearest(4, farthest=farthest)
        assert [cases.without_padding(row) for row in found] == [
            prefer(d[i], rows, 4) for i, rows in enumerate(expected)
        ]
    columns, measured = c.choices(slice(0, len(c)))
    columns = np.broadcast_to(columns, measured.shape)
    chosen = [row[~np.isnan(m)].tolist() for row, m in zip(columns, measured, strict=True)]
    assert chosen == expected
    admitted = c.admitted(everything.every())
    assert [[j for j in row if j >= 0] for row in admitted] == expected


def test_too_many_copies_are_refused_with_what_to_do(monkeypatch):
    monkeypatch.setattr(_copies, "MAX_ENTRIES", 50)
    c = make("identical rows")
    c.positives = c.every("own")
    with pytest.raises(ValueError, match=r"drop_copies finds .* copies .* drop repeated rows"):
        c.without_copies()


def test_a_window_with_nan_holds_nothing_and_takes_no_room():
    c = make("uneven")
    upper = np.full((25, 2), np.nan)
    assert (c.within(upper) == -1).all()
    upper[:, 0] = 2.0
    np.testing.assert_array_equal(c.within(upper)[::2], c.within(upper[:, :1]))
    assert c.within(upper).shape[1] == c.within(upper[:, :1]).shape[1]


def test_a_sample_of_found_rows_leaves_out_padding():
    c = make("uneven")
    found = np.array([[7, 3, 9, -1], [-1, -1, -1, -1], [5, -1, -1, -1]])
    assert_drawn(c.sample_of(found, 2), [[7, 3, 9], [], [5]], 2)
    assert_drawn(c.sample_of(found, 9), [[7, 3, 9], [], [5]], 9)


@pytest.mark.parametrize("pools", cases.POOLS[:2])
def test_distances_equal_naive_with_padding_where_there_is_no_row(pools):
    c = make("uneven", pools)
    others = np.random.default_rng(0).integers(-1, len(c.pool), size=(len(c), 3))
    d = naive.distances(c.Z, c.pool)
    expected = [[d[i][j] if j >= 0 else np.nan for j in row] for i, row in enumerate(others)]
    np.testing.assert_allclose(c.distances(others), expected, rtol=1e-12)
    assert np.isneginf(c.distances(others, -np.inf)[others < 0]).all()


def test_tuples_by_anchor_leave_out_anchors_without_positive_or_negative():
    c = make("uneven")
    c.positives = np.full((25, 2), -1)
    c.positives[[3, 4, 8]] = [[1, 2], [5, -1], [6, 7]]
    negatives = np.full((25, 3), -1)
    negatives[[3, 8, 9]] = [[10, -1, -1], [11, 12, -1], [13, 14, 15]]
    tuples = c.by_anchor(negatives)
    assert cases.as_lists(tuples) == [(3, [1, 2], [10]), (8, [6, 7], [11, 12])]
    assert tuples.negatives.shape == (2, 2)


def test_tuples_by_pair_have_one_row_for_each_positive_with_a_negative():
    c = make("uneven")
    c.positives = np.full((25, 2), -1)
    c.positives[[3, 4]] = [[1, 2], [5, -1]]
    negatives = np.full((50, 3), -1)
    negatives[[6, 7, 8, 9]] = [[10, -1, -1], [-1, -1, -1], [11, 12, -1], [13, 14, 15]]
    tuples = c.by_pair(negatives)
    assert cases.as_lists(tuples) == [(3, [1], [10]), (4, [5], [11, 12])]


@pytest.mark.parametrize(
    ("rows", "width"),
    [([[1, -1, -1], [2, 3, -1]], 2), ([[-1, -1]], 1), ([[4, 5]], 2), (np.empty((0, 3)), 1)],
)
def test_trimming_cuts_columns_of_padding_but_the_first(rows, width):
    assert trim(np.array(rows)).shape[1] == width


@pytest.mark.parametrize("ask", ["nearest", "sample", "every", "within"])
def test_a_result_above_the_limit_raises_and_says_what_to_do(monkeypatch, ask):
    monkeypatch.setattr(_sides, "MAX_ENTRIES", 25 * 10)
    c = make("uneven")
    calls = {
        "nearest": lambda: (c.nearest(10), c.nearest(11)),
        "sample": lambda: (c.sample(10), c.sample(11)),
        "every": lambda: (c.every("own"), c.every("other")),
        "within": lambda: (c.within(np.full((25, 1), 1e9), 10), c.within(np.full((25, 1), 1e9))),
    }
    with pytest.raises(ValueError, match=r"limit of 2\.5e\+02.*n_negatives"):
        calls[ask]()


def test_the_limit_counts_what_exists_not_what_was_asked_for(monkeypatch):
    monkeypatch.setattr(_sides, "MAX_ENTRIES", 25 * 24)
    assert make("uneven").nearest(10**12)[0].shape == (25, 24)


@pytest.mark.parametrize("n_jobs", [2, 4])
def test_draws_do_not_depend_on_threads_or_tiles(monkeypatch, n_jobs):
    upper = np.full((25, 2), 3.0)
    expected = make("uneven").sample(4), make("uneven").within(upper, 2)
    monkeypatch.setattr(_threads, "_WORTH_A_THREAD", 0.0)
    monkeypatch.setattr(_tiling, "ROW_TILE", 3)
    monkeypatch.setattr(_tiling, "COLUMN_TILE", 5)
    np.testing.assert_array_equal(make("uneven", n_jobs=n_jobs).sample(4), expected[0])
    np.testing.assert_array_equal(make("uneven", n_jobs=n_jobs).within(upper, 2), expected[1])


@pytest.mark.parametrize("case", cases.CASES)
def test_hints_never_change_what_is_found(case):
    c, hinted = make(case), make(case)
    hinted.hints = make(case, seed=1).sample(4)  # rows of other classes, mostly not the nearest
    for k in (1, 3, 20):
        for farthest in (False, True):
            found, expected = (side.nearest(k, farthest=farthest) for side in (hinted, c))
            np.testing.assert_array_equal(found[0], expected[0])
            np.testing.assert_array_equal(found[1], expected[1])
        np.testing.assert_array_equal(hinted.nearest(k, "own")[0], c.nearest(k, "own")[0])


def test_hints_bound_the_search(monkeypatch):
    c = make("uneven")
    c.hints = c.nearest(3)[0]
    asked = []
    monkeypatch.setattr(
        type(c._search), "nearest", lambda self, *a, upper, **kw: asked.append(upper) or (0, 0)
    )
    c.nearest(2)
    second = c.distances(c.hints)[:, 1:2]
    assert (asked[0] > second).all()
    np.testing.assert_allclose(asked[0], second)
