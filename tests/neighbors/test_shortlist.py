import numpy as np
import pytest

from skhnm.miners import FilteredMiner, HardestMiner
from skhnm.miners._base import FunctionMiner, select_checked
from skhnm.neighbors._candidates import Candidates
from skhnm.neighbors._shortlist import Shortlist
from tests import cases, naive

MOST = [(case, pools) for case in cases.CASES for pools in cases.POOLS]
VARIANTS = cases.listed(cases.NEGATIVE_MINERS)
every_variant = pytest.mark.parametrize(("name", "miner"), VARIANTS, ids=lambda v: str(v))


def full_lists(c):
    """All rows that each anchor may have, in no order, padded with -1."""
    random = np.random.default_rng(5)
    rows = [
        random.permutation(naive.side(code, c.pool_codes, own, "other"))
        for code, own in zip(c.codes, c.own, strict=True)
    ]
    listed = np.full((len(c), max(map(len, rows), default=0)), -1)
    for i, several in enumerate(rows):
        listed[i, : len(several)] = several
    return listed


def make(case, pools=cases.with_batch, share=1.0, seed=0):
    """Candidates, and a shortlist of a share of what they allow."""
    Z, y, pool, pool_y, own = pools(*cases.CASES[case])
    positives = naive.mine_positives("nearest", {"n_positives": 2}, Z, y, pool, pool_y, own)
    padded = np.array([[*p, -1, -1][:2] for p in positives], dtype=np.intp).reshape(len(Z), 2)
    parts = [
        Candidates(Z, y, pool, pool_y, own, np.random.default_rng(seed), padded, n_jobs=1)
        for _ in range(2)
    ]
    listed = full_lists(parts[0])
    kept = np.random.default_rng(6).random(listed.shape) < share
    listed = np.where(kept, listed, -1)
    c = parts[1]
    short = Shortlist(
        c.Z, c.codes, c.pool, c.pool_codes, c.own, c.random, c.positives, n_jobs=1, listed=listed
    )
    return parts[0], short


def select(miner, candidates):
    """The miner's tuples, from a fresh start."""
    miner.reset()
    return cases.as_lists(select_checked(miner, candidates))


def draws(name, miner):
    return name in ("random", "distance_weighted", "curriculum") or (
        getattr(miner, "order", None) == "random"
    )


@every_variant
@pytest.mark.parametrize("pools", cases.POOLS)
@pytest.mark.parametrize("case", ["ties", "some unlabelled"])
def test_with_everything_on_the_lists_each_miner_selects_as_ever(name, miner, case, pools):
    whole, short = make(case, pools)
    expected, found = select(miner, whole), select(miner, short)
    if draws(name, miner):
        expected = [(a, p, len(n)) for a, p, n in expected]
        found = [(a, p, len(set(n))) for a, p, n in found]
    assert found == expected


@every_variant
@pytest.mark.parametrize("share", [0.0, 0.3])
@pytest.mark.parametrize("case", ["uneven", "ties"])
def test_nothing_that_is_not_on_the_list_is_ever_selected(name, miner, case, share):
    _, short = make(case, share=share)
    for anchor, _, negatives in select(miner, short):
        assert set(negatives) <= set(short.listed[anchor])


@pytest.mark.parametrize(("case", "pools"), MOST)
@pytest.mark.parametrize("farthest", [False, True])
def test_nearest_equals_naive_over_the_lists(case, pools, farthest):
    _, short = make(case, pools, share=0.5)
    rule = naive.farthest if farthest else naive.nearest
    lower, upper = (np.tile([w], (len(short), 1)) for w in ([0.0, -np.inf], [2.0, 4.0]))
    d = naive.distances(short.Z, short.pool)
    lists = [[j for j in row if j >= 0] for row in short.listed]
    expected = [
        rule(d[i], lists[i], 3, low, high)
        for i in range(len(short))
        for low, high in [(0.0, 2.0), (-np.inf, 4.0)]
    ]
    found, distances = short.nearest(3, lower=lower, upper=upper, farthest=farthest)
    assert [cases.without_padding(row) for row in found] == expected
    np.testing.assert_array_equal(np.isnan(distances), found < 0)


@pytest.mark.parametrize(("case", "pools"), MOST)
def test_every_and_sample_and_within_stay_on_the_lists(case, pools):
    _, short = make(case, pools, share=0.5)
    lists = [sorted(j for j in row if j >= 0) for row in short.listed]
    assert [cases.without_padding(row) for row in short.every()] == lists
    for drawn, rows in zip(short.sample(3), lists, strict=True):
        kept = cases.without_padding(drawn)
        assert set(kept) <= set(rows)
        assert len(set(kept)) == len(kept) == min(3, len(rows))
    upper = np.full((len(short), 1), 2.0)
    d = naive.distances(short.Z, short.pool)
    inside = [[j for j in rows if d[i][j] < 2.0] for i, rows in enumerate(lists)]
    assert [cases.without_padding(row) for row in short.within(upper)] == inside
    drawn = short.within(upper, 2)
    assert [len(cases.without_padding(r)) for r in drawn] == [min(2, len(r)) for r in inside]


def test_a_window_narrows_the_lists_for_every_question():
    _, short = make("uneven", share=0.7)
    d = naive.distances(short.Z, short.pool)
    n = len(short)
    narrowed = short.within_window(np.full((n, 1), 1.0), np.full((n, 1), 9.0))
    allowed = [
        [j for j in sorted(row) if j >= 0 and 1.0 < d[i][j] < 9.0]
        for i, row in enumerate(short.listed)
    ]
    assert [cases.without_padding(r) for r in narrowed.every()] == allowed
    found = narrowed.nearest(100)[0]
    assert [sorted(cases.without_padding(r)) for r in found] == allowed
    rows, distances = narrowed.choices(slice(0, n))
    choices = np.where(np.isnan(distances), -1, rows)
    assert [sorted(j for j in r if j >= 0) for r in choices] == allowed
    everything = np.tile(np.arange(len(short.pool)), (n, 1))
    assert [r[r >= 0].tolist() for r in narrowed.admitted(everything)] == allowed


def test_at_unit_length_the_lists_are_sorted_anew():
    Z, pool = np.array([[1.0, 0.0]]), np.array([[1.0, 1.0], [9.0, 0.0]])
    short = Shortlist(
        Z, np.array([0]), pool, np.array([1, 1]), np.array([-1]), np.random.default_rng(0),
        positives=np.empty((1, 0), dtype=int), needs_positive=False, listed=np.array([[0, 1]]),
    )  # fmt: skip
    assert short.nearest(1)[0].tolist() == [[0]]
    assert short.at_unit_length().nearest(1)[0].tolist() == [[1]]
    assert FilteredMiner(HardestMiner(1)).select(short).negatives.tolist() == [[1]]


def test_the_own_side_and_the_surroundings_are_those_of_the_whole_pool():
    whole, short = make("uneven", share=0.2)
    for ask in (
        lambda c: c.nearest(2, "own")[0],
        lambda c: c.every("own"),
        lambda c: c.around(np.array([3, 4]), 3),
    ):
        np.testing.assert_array_equal(ask(short), ask(whole))


def test_a_function_loses_what_is_not_on_the_list():
    def two_of_the_other_class(Z, y, positives, pool, pool_y, random_state):
        return np.array([[1, 2], [0, 0]])

    short = Shortlist(
        np.zeros((2, 1)), np.array([0, 1]), np.zeros((3, 1)), np.array([0, 1, 1]),
        np.array([-1, -1]), np.random.default_rng(0), np.empty((2, 0), dtype=int),
        needs_positive=False, listed=np.array([[2], [-1]]),
    )  # fmt: skip
    tuples = FunctionMiner(two_of_the_other_class).select(short)
    assert tuples.anchors.tolist() == [0]
    assert tuples.negatives.tolist() == [[-1, 2]]


def test_a_pair_is_admitted_only_if_it_is_on_that_anchors_list():
    _, short = make("uneven", share=0.5)
    rows = np.tile(np.arange(len(short.pool)), (3, 1))
    anchors = np.array([4, 0, 4])
    found = short.admitted(rows, anchors)
    for line, anchor in zip(found, anchors, strict=True):
        assert sorted(line[line >= 0]) == sorted(j for j in short.listed[anchor] if j >= 0)
