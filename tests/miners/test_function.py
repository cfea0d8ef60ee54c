"""What a user's function is given as a miner, and what is said of an answer that cannot be."""

import operator
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from skhnm.miners import AdaptiveMiner, FilteredMiner, HardestMiner, OHEMMiner
from skhnm.miners._base import NEGATIVE_MINERS
from skhnm.miners._function import call_function
from skhnm.miners.positives import POSITIVE_MINERS
from skhnm.neighbors._candidates import Candidates
from skhnm.neighbors._shortlist import Shortlist
from tests import cases

Z = np.array([[0.0], [1.0], [3.0], [7.0], [8.0]])
Y = np.array([0, 0, 1, 1, 0])
OTHERS = np.array([[2], [2], [1], [4], [3]])
ROWS, POOL_ROWS = [50, 40, 30, 20, 10], [5, 4, 3, 2, 1]


def numbered():
    """Candidates of which somebody knows whose rows they are."""

    def row_numbers():
        return np.array(ROWS), np.array(POOL_ROWS)

    random = np.random.default_rng(0)
    return Candidates(Z, Y, Z, Y, np.arange(5), random, row_numbers=row_numbers, n_jobs=1)


# What it is given, and what it gives.


def function_miner(given):
    return NEGATIVE_MINERS.resolve(lambda *arguments: given)


def test_a_function_is_a_negative_miner():
    given = [[-1, 3], [2, 3], [-1, -1], [4, -1], [2, -1]]
    tuples = function_miner(given).mine(Z, Y, positives="nearest")
    assert tuples.anchors.tolist() == [0, 1, 3, 4]
    assert tuples.negatives.tolist() == [[-1, 3], [2, 3], [4, -1], [2, -1]]


def test_a_function_is_given_codes_positives_and_pool():
    seen = {}

    def negatives(Z, y, positives, pool, pool_y, random):
        seen.update(y=y.tolist(), positives=positives.tolist(), pool=pool, pool_y=pool_y.tolist())
        return np.full((5, 1), 1)

    NEGATIVE_MINERS.resolve(negatives).mine(
        Z, ["a"] * 5, pool=Z[:2] + 1, pool_y=["a", "c"], positives="nearest"
    )
    assert seen["y"] == [0] * 5
    assert seen["positives"] == [[0]] * 5
    assert seen["pool"].tolist() == [[1.0], [2.0]]
    assert seen["pool_y"] == [0, 1]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, r"must have shape \(5, k\)"),
        (3, r"must have shape \(5, k\), got \(\)"),
        ([0, 0, 0, 0, 0], r"must have shape \(5, k\), got \(5,\)"),
        ([[2]] * 4, r"must have shape \(5, k\), got \(4, 1\)"),
        ([[2.0]] * 5, "integer row indices"),
        ([["2"]] * 5, "integer row indices"),
        ([[True]] * 5, "integer row indices"),
        ([[5]] * 5, "rows of the pool, 0 to 4"),
        ([[-2]] * 5, "rows of the pool, 0 to 4"),
        ([[2], [2], [3], [4], [2]], "row 3 as a negative of anchor 2"),
        ([[2], [2], [-1], [3], [2]], "row 3 as a negative of anchor 3"),
    ],
)
def test_a_function_that_returns_no_negatives_is_told_so(given, message):
    with pytest.raises(ValueError, match=message):
        function_miner(given).mine(Z, Y)


def test_a_function_must_not_give_an_unlabelled_row():
    with pytest.raises(ValueError, match="row 4 as a negative of anchor 0"):
        function_miner([[4], [2], [0], [0], [0]]).mine(Z, [0, 0, 1, 1, -1], unlabelled=-1)


def test_a_function_of_positives_is_given_codes_and_the_generator():
    seen = {}

    def positives(Z, y, pool, pool_y, random):
        seen.update(y=y.tolist(), same=pool is Z, random=random)
        return [[1], [0], [-1], [-1], [-1]]

    tuples = HardestMiner(1).mine(Z, list("bbaa?"), unlabelled="?", positives=positives)
    assert seen["y"] == [1, 1, 0, 0, -1]
    assert seen["same"]
    assert isinstance(seen["random"], np.random.Generator)
    assert tuples.triplets().tolist() == [[0, 1, 2], [1, 0, 2]]


# Which functions are told whose rows they see.


class Mine:
    def __call__(self, one, two, *, pool_rows):
        return pool_rows.tolist()

    def method(self, one, two, rows):
        return rows.tolist()


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (lambda one, two: None, None),
        (lambda one, two, rows: rows.tolist(), ROWS),
        (lambda one, two, pool_rows: pool_rows.tolist(), POOL_ROWS),
        (lambda one, two, pool_rows, rows: [*pool_rows, *rows], POOL_ROWS + ROWS),
        (lambda one, two, more=None, rows=None: rows.tolist(), ROWS),
        (lambda *arguments, rows: rows.tolist(), ROWS),
        (lambda one, two, *, rows=None: rows.tolist(), ROWS),
        (Mine(), POOL_ROWS),
        (Mine().method, ROWS),
        (partial(lambda scale, one, two, rows: rows.tolist(), 3), ROWS),
        (partial(lambda one, two, rows, pool_rows: [rows, *pool_rows], rows=7), [7, *POOL_ROWS]),
    ],
)
def test_parameters_of_these_names_are_given_the_users_rows(function, told):
    assert call_function(function, numbered(), 1, 2) == told


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda rows, pool_rows: (rows, pool_rows), (1, 2)),  # what it calls its embeddings
        (lambda one, two, rows=3, /: rows, 3),
        (lambda one, two, **others: others, {}),
        (lambda *rows: rows, (1, 2)),
        (partial(lambda one, two, rows: rows, rows=3), 3),
        (operator.add, 3),
        (max, 2),  # tells nobody what parameters it has
    ],
)
def test_other_functions_are_called_as_ever(function, expected):
    assert call_function(function, numbered(), 1, 2) == expected


def test_in_mine_they_are_the_rows_in_order():
    seen = []

    def negatives(Z, y, positives, pool, pool_y, random_state, rows, pool_rows):
        seen.append((rows.tolist(), pool_rows.tolist(), rows.dtype, pool_rows.dtype))
        return np.where(y[:, None] == 0, 2, 0)

    def positives(Z, y, pool, pool_y, random_state, rows, pool_rows):
        seen.append((rows.tolist(), pool_rows.tolist(), rows.dtype, pool_rows.dtype))
        return [[1], [0], [-1], [-1], [-1]]

    miner = NEGATIVE_MINERS.resolve(negatives)
    miner.mine(Z, Y, positives=positives)
    assert seen == 2 * [([0, 1, 2, 3, 4], [0, 1, 2, 3, 4], np.intp, np.intp)]
    miner.mine(Z, Y, pool=Z[:3], pool_y=Y[:3])
    assert seen[2][:2] == ([0, 1, 2, 3, 4], [0, 1, 2])
    POSITIVE_MINERS.resolve(positives).mine(Z, Y, pool=Z[:3], pool_y=Y[:3])
    assert seen[3][:2] == ([0, 1, 2, 3, 4], [0, 1, 2])


def test_miners_around_a_function_pass_on_whose_rows_it_sees():
    seen = []

    def function(Z, y, positives, pool, pool_y, random_state, rows, pool_rows):
        seen.append((rows.tolist(), pool_rows.tolist()))
        return OTHERS

    candidates = numbered()
    candidates.positives = np.array([[1], [0], [3], [2], [0]])
    inner = FilteredMiner(function, max_similarity=1.0)
    for miner in (inner, OHEMMiner(1.0, miner=inner), AdaptiveMiner([inner])):
        miner.select(candidates)
    assert seen == 3 * [(ROWS, POOL_ROWS)]


def test_so_do_shortlists():
    c = numbered()
    known = {name: getattr(c, name) for name in ("codes", "pool", "pool_codes", "own", "random")}
    short = Shortlist(Z, **known, row_numbers=c.row_numbers, listed=OTHERS)
    assert short.at_unit_length().pool_rows.tolist() == POOL_ROWS
    assert short.within_window(np.zeros((5, 1)), np.ones((5, 1))).rows.tolist() == ROWS


@pytest.mark.parametrize(("name", "miner"), cases.listed(cases.NEGATIVE_MINERS))
def test_nobody_else_asks_so_it_costs_nothing(name, miner):
    def never():
        raise AssertionError("somebody asked")

    candidates = replace(numbered(), row_numbers=never)
    candidates.positives = POSITIVE_MINERS["nearest"](2).choose(candidates)
    miner.select(candidates)


# A function within a filter.


@pytest.mark.parametrize(
    "limits",
    [
        {"absolute_margin": 0.05},
        {"relative_margin": 0.03},
        {"max_similarity": 0.73, "min_similarity": -0.31},
        {"min_rank": 3},
    ],
)
@pytest.mark.parametrize("case", ["uneven", "ties", "float32", "repeated rows"])
def test_a_filter_hides_negatives_from_a_function_too(case, limits):
    def everything(Z, y, positives, pool, pool_y, random_state):
        return np.where(y[:, None] != pool_y, np.arange(len(pool)), -1)

    rows, y = cases.CASES[case]
    expected = FilteredMiner("all", **limits).mine(rows, y, positives="nearest")
    found = FilteredMiner(everything, **limits).mine(rows, y, positives="nearest")
    np.testing.assert_array_equal(found.triplets(), expected.triplets())


# Answers that can only be meant otherwise.


WRONG = {
    "beyond the pool": np.full((5, 1), 5),
    "of the wrong class": np.full((5, 1), 2),
    "for other anchors than there are": np.full((8, 1), -1),
}


@pytest.mark.parametrize("given", WRONG)
def test_rows_that_cannot_be_right_are_told_from_those_of_the_users_data(given):
    candidates = numbered()
    for registry, choose in ((NEGATIVE_MINERS, "select"), (POSITIVE_MINERS, "choose")):
        miner = registry.resolve(lambda *arguments: WRONG[given])
        with pytest.raises(ValueError, match=r"sorts them by class, merges .* pool_rows"):
            getattr(miner, choose)(candidates)
        with pytest.raises(ValueError, match=r"must have shape|of anchor") as caught:
            getattr(miner, choose)(replace(candidates, row_numbers=None))
        assert "pool_rows" not in str(caught.value)


@pytest.mark.parametrize("given", [None, 3, np.full((5, 1), 2.0), np.zeros(5, dtype=int)])
def test_what_is_no_table_of_rows_is_told_without_that(given):
    with pytest.raises(ValueError, match="must") as caught:
        NEGATIVE_MINERS.resolve(lambda *arguments: given).select(numbered())
    assert "pool_rows" not in str(caught.value)
