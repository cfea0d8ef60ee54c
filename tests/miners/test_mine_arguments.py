import numpy as np
import pandas as pd
import pytest

from skhnm.exceptions import MiningWarning
from skhnm.miners import (
    AllMiner,
    HardestMiner,
    HardestPositives,
    NearestPositives,
    RandomMiner,
    RandomPositives,
    SemiHardMiner,
)
from skhnm.miners._base import NEGATIVE_MINERS
from skhnm.miners.positives import POSITIVE_MINERS
from tests import cases

Z = np.array([[0.0], [1.0], [3.0], [7.0], [8.0]])
Y = np.array([0, 0, 1, 1, 0])
TRIPLETS = [[0, 1, 2], [1, 0, 2], [2, 3, 1], [3, 2, 4], [4, 1, 3]]


def hardest(Z=Z, y=Y, **options):
    options.setdefault("positives", "nearest")
    return HardestMiner(1).mine(Z, y, **options)


def first_of_each(tuples):
    """(anchor, first positive, first negative) of each tuple."""
    columns = (tuples.anchors, tuples.positives[:, 0], tuples.negatives[:, 0])
    return np.stack(columns, axis=1).tolist()


# Labels.


LABELS = {
    "integers": Y,
    "list": Y.tolist(),
    "strings": np.array(["b", "b", "a", "a", "b"]),
    "objects": np.array(["b", "b", "a", "a", "b"], dtype=object),
    "NumPy strings as objects": np.array([np.str_(v) for v in "bbaab"], dtype=object),
    "whole floats": Y + 0.0,
    "booleans": Y.astype(bool),
    "unsigned": Y.astype(np.uint8),
    "one column": Y[:, None],
    "minus and plus one": 2 * Y - 1,
    "too large for float32": Y + 2**24,
    "too large for float64": Y + 2**53,
    "categories": pd.Categorical(["b", "b", "a", "a", "b"], categories=["c", "b", "a"]),
    "categories of numbers": pd.Categorical([9, 9, 5, 5, 9]),
    "series": pd.Series(["b", "b", "a", "a", "b"], index=[5, 4, 3, 2, 1]),
    "nullable integers": pd.array([7, 7, 8, 8, 7], dtype="Int64"),
}


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("separate", [False, True])
def test_labels_may_be_of_any_type(labels, separate):
    y = LABELS[labels]
    pool = {"pool": Z, "pool_y": y} if separate else {}
    tuples = hardest(y=y, positives="hardest", **pool)
    expected = [[0, 4, 2], [1, 4, 2], [2, 3, 1], [3, 2, 4], [4, 0, 3]]
    assert first_of_each(tuples) == expected


@pytest.mark.parametrize(
    ("y", "pool_y"),
    [
        ([1, 1, 2, 2, 1], [1.0, 1.0, 2.0, 2.0, 1.0]),
        ([False, False, True, True, False], [0, 0, 1, 1, 0]),
        (np.array([2**53, 2**53, 2**53 + 1, 2**53 + 1, 2**53]), [2**53, 0, 2**53 + 1, 1, 2]),
        (list("aabba"), pd.Categorical(list("aabba"))),
        (list("aabba"), np.array([np.str_(v) for v in "aabba"], dtype=object)),
    ],
)
def test_anchors_and_pool_may_bear_the_same_labels_in_different_types(y, pool_y):
    tuples = HardestMiner(5).mine(Z, y, pool=Z, pool_y=pool_y)
    for a, p, n in tuples.triplets():
        assert y[a] == pool_y[p]
        assert y[a] != pool_y[n]


def test_labels_that_only_the_pool_has_are_negatives_and_those_only_anchors_have_find_none():
    with pytest.warns(MiningWarning, match="no anchor has a positive"):
        hardest(y=[5] * 5, pool=Z, pool_y=[6] * 5)
    tuples = hardest(y=[5] * 5, pool=Z, pool_y=[6, 5, 6, 6, 7])
    assert first_of_each(tuples) == [[0, 1, 0], [1, 1, 0], [2, 1, 2], [3, 1, 3], [4, 1, 4]]


@pytest.mark.parametrize(
    ("y", "unlabelled"),
    [([-1, 0, 0, 1, -1], -1), (["?", "b", "b", "a", "?"], "?"), ([9.0, 0, 0, 1, 9], 9)],
)
@pytest.mark.parametrize("separate", [False, True])
def test_unlabelled_rows_are_neither_anchor_nor_positive_nor_negative(y, unlabelled, separate):
    pool = {"pool": Z, "pool_y": y} if separate else {}
    tuples = AllMiner().mine(Z, y, unlabelled=unlabelled, **pool)
    found = cases.as_lists(tuples)
    assert found == [
        (1, [1, 2] if separate else [2], [3]),
        (2, [1, 2] if separate else [1], [3]),
        *([(3, [3], [1, 2])] if separate else []),
    ]


def test_minus_one_is_a_class_unless_it_is_named_unlabelled():
    y = [-1, -1, 1, 1, -1]
    assert first_of_each(hardest(y=y)) == TRIPLETS
    with pytest.warns(MiningWarning, match="one class"):
        hardest(y=y, unlabelled=-1)


# Embeddings.


@pytest.mark.parametrize("dtype", [np.int64, np.float16, np.float32, np.float64, object, bool])
def test_embeddings_may_be_of_any_numeric_type(dtype):
    rows = np.array([[0, 0], [0, 1], [1, 1], [1, 0]]).astype(dtype)
    assert first_of_each(hardest(rows, [0, 0, 1, 1])) == [
        [0, 1, 3],
        [1, 0, 2],
        [2, 3, 1],
        [3, 2, 0],
    ]


def test_embeddings_may_be_a_list_a_frame_or_not_contiguous():
    for rows in (Z.tolist(), pd.DataFrame(Z), np.repeat(Z, 2, axis=0)[::2], np.asfortranarray(Z)):
        assert first_of_each(hardest(rows)) == TRIPLETS


@pytest.mark.parametrize("dtypes", [(np.float32, np.float64), (np.float64, np.float32)])
def test_anchors_and_pool_may_be_of_different_precision(dtypes):
    rows = [Z.astype(dtype) for dtype in dtypes]
    tuples = hardest(rows[0], pool=rows[1], pool_y=Y)
    assert first_of_each(tuples) == [[0, 0, 2], [1, 1, 2], [2, 2, 1], [3, 3, 4], [4, 4, 3]]


def test_inputs_are_not_changed():
    rows, y = Z.copy(), Y.copy()
    hardest(rows, y, pool=rows, pool_y=y)
    np.testing.assert_array_equal(rows, Z)
    np.testing.assert_array_equal(y, Y)


def test_read_only_embeddings_are_accepted():
    rows = Z.copy()
    rows.setflags(write=False)
    assert first_of_each(hardest(rows)) == TRIPLETS


# Pool.


def test_a_row_of_the_batch_is_never_its_own_candidate_but_an_equal_row_is():
    rows = np.zeros((4, 1))
    assert first_of_each(hardest(rows, [0, 0, 1, 1])) == [
        [0, 1, 2],
        [1, 0, 2],
        [2, 3, 0],
        [3, 2, 0],
    ]


def test_a_separate_pool_gives_away_every_row():
    tuples = hardest(pool=Z, pool_y=Y)
    assert tuples.positives[:, 0].tolist() == [0, 1, 2, 3, 4]


# Positives.


@pytest.mark.parametrize(
    ("positives", "expected"),
    [
        ("nearest", [1, 0, 3, 2, 1]),
        ("hardest", [4, 4, 3, 2, 0]),
        ("all", [1, 0, 3, 2, 0]),
        (NearestPositives(1), [1, 0, 3, 2, 1]),
        (HardestPositives(1), [4, 4, 3, 2, 0]),
        ([[4], [4], [3], [2], [0]], [4, 4, 3, 2, 0]),
        (np.array([[4, -1], [4, 0], [3, -1], [2, -1], [0, 1]]), [4, 4, 3, 2, 0]),
        (np.array([[4], [4], [3], [2], [0]], dtype=np.uint8), [4, 4, 3, 2, 0]),
        (lambda Z, y, pool, pool_y, random: [[4], [4], [3], [2], [0]], [4, 4, 3, 2, 0]),
    ],
)
def test_positives_may_be_a_name_a_miner_an_array_or_a_function(positives, expected):
    assert hardest(positives=positives).positives[:, 0].tolist() == expected


def test_a_positive_miner_that_is_handed_over_is_not_changed():
    positives = RandomPositives(2)
    hardest(positives=positives, random_state=0)
    assert vars(positives) == {"n_positives": 2}


def test_anchors_whose_given_positives_are_all_padding_are_left_out():
    tuples = hardest(positives=[[1], [-1], [-1], [2], [-1]])
    assert first_of_each(tuples) == [[0, 1, 2], [3, 2, 4]]


# Errors.


@pytest.mark.parametrize(
    ("positives", "message"),
    [
        ([[1]] * 4, r"positives must have shape \(5, k\)"),
        ([[1.0]] * 5, "integer row indices"),
        ([[5]] * 5, "rows of the pool, 0 to 4"),
        ([[0], [0], [3], [2], [0]], "row 0 as a positive of anchor 0"),
        ([[1], [2], [3], [2], [0]], "row 2 as a positive of anchor 1"),
        (lambda *arguments: [[1], [2], [3], [2], [0]], "function gives row 2 as a positive"),
        (lambda *arguments: None, "must have shape"),
    ],
)
def test_a_row_that_cannot_be_a_positive_raises(positives, message):
    with pytest.raises(ValueError, match=message):
        hardest(positives=positives)


def test_an_unlabelled_anchor_has_no_positives_to_give():
    with pytest.raises(ValueError, match="row 4 as a positive of anchor 3"):
        hardest(y=[0, 0, 1, -1, -1], unlabelled=-1, positives=[[1], [0], [-1], [4], [-1]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"Z": [[np.nan], *Z[1:]]}, "Z contains NaN"),
        ({"Z": [[np.inf], *Z[1:]]}, "Z contains infinity"),
        ({"Z": Z[:, 0]}, "Expected 2D array"),
        ({"Z": Z[:, None]}, "Found array with dim 3"),
        ({"Z": Z[:, :0]}, "0 feature"),
        ({"Z": Z[:4]}, "inconsistent numbers of samples"),
        ({"Z": [["a"]] * 5}, "could not convert string to float"),
        ({"y": None}, "y is None"),
        ({"y": np.zeros((5, 2))}, "1d array"),
        ({"y": [0, 0, 1, 1, np.nan]}, "y contains NaN"),
        ({"y": ["a", "a", "b", "b", None]}, "y contains missing labels"),
        ({"y": pd.array(["a", "a", "b", "b", pd.NA])}, "y contains missing labels"),
        ({"y": pd.Categorical(["a", "a", "b", "b", None])}, "y contains missing labels"),
        ({"y": [0, 0, 1, 1, 0.5]}, "y holds continuous values such as 0.5"),
        ({"y": np.array([0, 0, 1, 1, "a"], dtype=object)}, r"mixes types .*\(int, str\)"),
        ({"y": np.array([0, 0, 1, 1, 1j])}, "Complex"),
        ({"pool": Z}, "pool and pool_y go together"),
        ({"pool_y": Y}, "pool and pool_y go together"),
        ({"pool": np.ones((5, 2)), "pool_y": Y}, "pool has 2 columns, but Z has 1"),
        ({"pool": Z[:4], "pool_y": Y}, "inconsistent numbers of samples"),
        ({"pool": [[np.nan]], "pool_y": [0]}, "pool contains NaN"),
        ({"pool": Z, "pool_y": [0, 0, 1, 1, np.nan]}, "pool_y contains NaN"),
        ({"pool": Z, "pool_y": list("aabba")}, "y holds numbers and pool_y holds strings"),
        ({"y": list("aabba"), "pool": Z, "pool_y": Y}, "y holds strings and pool_y holds numbers"),
        ({"positives": "closest"}, "Known names: 'all', 'hardest', 'nearest', 'random'"),
        ({"random_state": -1}, "random_state must be a whole number >= 0"),
        ({"random_state": 0.5}, "random_state must be a whole number >= 0"),
    ],
)  # fmt: skip
def test_what_cannot_be_mined_raises_a_clear_error(arguments, message):
    with pytest.raises(ValueError, match=message):
        hardest(**arguments)


@pytest.mark.parametrize(
    ("positives", "message"),
    [
        (NearestPositives, "must be an instance, got the class NearestPositives"),
        (object(), "is no BasePositiveMiner"),
        (None, "is no BasePositiveMiner"),
    ],
)
def test_what_is_no_positive_miner_raises_a_type_error(positives, message):
    with pytest.raises(TypeError, match=message):
        hardest(positives=positives)


def test_parameters_of_the_positive_miner_are_checked():
    with pytest.raises(ValueError, match="n_positives"):
        hardest(positives=NearestPositives(0))


# Seeds.


@pytest.mark.parametrize(
    "seed",
    [0, np.int64(3), np.random.RandomState, np.random.default_rng],
    ids=["int", "numpy int", "RandomState", "Generator"],
)
def test_random_state_may_be_a_seed_a_random_state_or_a_generator(seed):
    make = (lambda: seed(5)) if callable(seed) else (lambda: seed)
    rows, y = cases.CASES["uneven"]
    first, second = (RandomMiner(3).mine(rows, y, random_state=make()) for _ in range(2))
    np.testing.assert_array_equal(first.negatives, second.negatives)


def test_a_generator_moves_on_between_minings():
    rows, y = cases.CASES["uneven"]
    for random in (np.random.default_rng(0), np.random.RandomState(0)):
        first, second = (RandomMiner(3).mine(rows, y, random_state=random) for _ in range(2))
        assert (first.negatives != second.negatives).any()


# Nothing to mine.


@pytest.mark.parametrize("positives", POSITIVE_MINERS)
@pytest.mark.parametrize("name", NEGATIVE_MINERS)
def test_no_anchors_give_no_tuples_and_no_warning(name, positives):
    miner = NEGATIVE_MINERS[name]()
    for pool in ({}, {"pool": Z, "pool_y": Y}):
        tuples = miner.mine(np.empty((0, 1)), [], positives=positives, **pool)
        assert len(tuples) == 0
        assert tuples.triplets().shape == (0, 3)


@pytest.mark.parametrize("positives", POSITIVE_MINERS)
@pytest.mark.parametrize("name", NEGATIVE_MINERS)
@pytest.mark.parametrize(
    ("y", "pool_y", "reason"),
    [
        ([-1] * 5, None, "no anchor has a label"),
        (range(5), None, "no anchor has a positive"),
        ([0] * 5, None, "all rows bear one class"),
        (Y, [], "no anchor has a positive"),
        (Y, [2] * 5, "no anchor has a positive"),
        ([1] * 5, [1] * 5, "all rows bear one class"),
        (Y, [-1] * 5, "no anchor has a positive"),
    ],
)
def test_a_warning_says_why_nothing_was_mined(name, positives, y, pool_y, reason):
    pool = {} if pool_y is None else {"pool": Z[: len(pool_y)], "pool_y": pool_y}
    with pytest.warns(MiningWarning, match=reason) as caught:
        tuples = NEGATIVE_MINERS[name]().mine(Z, y, unlabelled=-1, positives=positives, **pool)
    assert len(tuples) == 0
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_a_rule_that_nothing_meets_is_a_reason_too():
    with pytest.warns(MiningWarning, match="no candidate met the miner's rule"):
        SemiHardMiner(margin=1e-9).mine(Z, Y)
