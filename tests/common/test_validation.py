import numpy as np
import pandas as pd
import pytest

from skhnm.common._labels import encode_labels
from skhnm.common._validation import (
    check_choice,
    check_embeddings,
    check_generator,
    check_index_array,
    check_number,
    check_weights,
)


@pytest.mark.parametrize(
    ("y", "classes", "codes"),
    [
        ([3, 1, 3], [1, 3], [1, 0, 1]),
        (["b", "a", "b"], ["a", "b"], [1, 0, 1]),
        ([1.0, -1.0, 1.0], [-1, 1], [1, 0, 1]),
        ([True, False, True], [False, True], [1, 0, 1]),
        ([2**24 + 1, 2**24, 2**24 + 1], [2**24, 2**24 + 1], [1, 0, 1]),
        (pd.Categorical(["x", "w", "x"], categories=["x", "w"]), ["w", "x"], [1, 0, 1]),
        (np.array([[5], [4], [5]]), [4, 5], [1, 0, 1]),
        ([], [], []),
    ],
)
def test_labels_become_positions_among_the_sorted_classes(y, classes, codes):
    found, encoded = encode_labels(y)
    assert found.tolist() == classes
    assert encoded.tolist() == codes
    assert encoded.dtype == np.intp


@pytest.mark.parametrize(
    ("y", "unlabelled", "classes", "codes"),
    [
        ([-1, 2, 0, -1], -1, [0, 2], [-1, 1, 0, -1]),
        (["", "b", "a", ""], "", ["a", "b"], [-1, 1, 0, -1]),
        ([1, 2, 0, 1], 1, [0, 2], [-1, 1, 0, -1]),
        ([7, 7], 7, [], [-1, -1]),
        ([], -1, [], []),
    ],
)
def test_the_unlabelled_value_is_no_class(y, unlabelled, classes, codes):
    found, encoded = encode_labels(y, unlabelled)
    assert found.tolist() == classes
    assert encoded.tolist() == codes
    assert encoded.dtype == np.intp


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT])
def test_missing_labels_raise_and_the_message_names_the_way_out(missing):
    with pytest.raises(ValueError, match=r"truth contains missing labels .* unlabelled="):
        encode_labels(np.array(["a", missing], dtype=object), name="truth")


@pytest.mark.parametrize(
    ("weights", "expected"), [(None, [1, 1, 1]), (2, [2, 2, 2]), ([0, 1, 0.5], [0, 1, 0.5])]
)
def test_weights_are_one_a_row(weights, expected):
    found = check_weights(weights, 3)
    assert found.dtype == np.float64
    assert found.tolist() == expected


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 2], r"sample_weight\.shape == \(2,\), expected \(3,\)"),
        ([[1], [2], [3]], "Sample weights must be 1D"),
        ([1, -1, 1], "must not be negative"),
        ([1, np.nan, 1], "sample_weight contains NaN"),
        (np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0]), "sample_weight contains NaN"),
        ([0, 0, 0], "zero for every row"),
    ],
)
def test_weights_that_make_no_sense_raise(weights, message):
    with pytest.raises(ValueError, match=message):
        check_weights(weights, 3)


@pytest.mark.parametrize(
    ("value", "limits"),
    [
        (1, {"low": 1, "integer": True}),
        (np.int32(4), {"integer": True}),
        (np.float32(0.5), {"low": 0, "high": 1, "low_open": True, "high_open": True}),
        (0, {"low": 0}),
        (1.0, {"high": 1}),
        (None, {"optional": True, "low": 3}),
    ],
)
def test_numbers_in_their_range_pass(value, limits):
    check_number(value, "n", **limits)


@pytest.mark.parametrize(
    ("value", "limits", "error", "message"),
    [
        (0, {"low": 1}, ValueError, "n must be a number >= 1, got 0"),
        (0, {"low": 0, "low_open": True}, ValueError, "n must be a number > 0, got 0"),
        (2, {"high": 1}, ValueError, "n must be a number <= 1, got 2"),
        (1, {"low": 0, "high": 1, "high_open": True}, ValueError, "number >= 0 and < 1, got 1"),
        (np.nan, {}, ValueError, "n must be a number, got nan"),
        (np.inf, {"low": 0}, ValueError, "n must be a number >= 0, got inf"),
        (True, {}, TypeError, "n must be a number, got True"),
        (np.True_, {}, TypeError, "n must be a number"),
        (2.0, {"integer": True}, TypeError, "n must be an integer, got 2.0"),
        ("2", {"optional": True}, TypeError, "n must be a number, or None, got '2'"),
        (None, {}, TypeError, "n must be a number, got None"),
    ],
)
def test_what_is_no_number_in_its_range_raises_and_the_message_says_what_is(
    value, limits, error, message
):
    with pytest.raises(error, match=message):
        check_number(value, "n", **limits)


@pytest.mark.parametrize("value", ["c", None, 1, ["a"]])
def test_a_choice_is_one_of_those_listed(value):
    check_choice("a", "letter", ("a", "b"))
    with pytest.raises(ValueError, match="letter must be one of 'a', 'b'; got"):
        check_choice(value, "letter", ("a", "b"))


@pytest.mark.parametrize("rows", [[[0, -1], [3, 2]], np.array([[3], [0]], dtype=np.uint8)])
def test_index_arrays_become_intp(rows):
    found = check_index_array(rows, "rows", 2)
    assert found.dtype == np.intp
    np.testing.assert_array_equal(found, rows)


def test_indices_too_large_for_intp_stay_large():
    assert check_index_array(np.array([[2**64 - 1]], dtype=np.uint64), "rows", 1)[0, 0] > 2**62


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([0, 1], r"rows must have shape \(2, k\), got \(2,\)"),
        ([[0]], r"rows must have shape \(2, k\), got \(1, 1\)"),
        ([[0.0], [1.0]], "integer row indices, got dtype float64"),
        ([[True], [False]], "integer row indices, got dtype bool"),
    ],
)
def test_what_is_no_index_array_raises(rows, message):
    with pytest.raises(ValueError, match=message):
        check_index_array(rows, "rows", 2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_embeddings_keep_their_float_type_and_become_contiguous(dtype):
    found = check_embeddings(np.ones((4, 6), dtype=dtype)[::2, ::3])
    assert found.dtype == dtype
    assert found.flags.c_contiguous
    assert found.shape == (2, 2)


@pytest.mark.parametrize("scale", [1e-160, 1e160])
def test_embeddings_whose_squares_leave_the_range_are_refused(scale):
    with pytest.raises(ValueError, match="squares leave the range"):
        check_embeddings(np.ones((4, 2)) * scale)


def test_there_may_be_no_embeddings_at_all():
    assert check_embeddings(np.empty((0, 3))).shape == (0, 3)


def test_a_random_state_moves_on_when_a_generator_is_made_of_it():
    state = np.random.RandomState(0)
    first, second = check_generator(state).random(), check_generator(state).random()
    assert first != second
    assert check_generator(np.random.RandomState(0)).random() == first


def test_a_generator_is_used_as_it_is():
    random = np.random.default_rng(0)
    assert check_generator(random) is random


@pytest.mark.parametrize("seed", [-1, 0.5, "seed"])
def test_what_is_no_seed_raises(seed):
    with pytest.raises(ValueError, match="random_state must be a whole number >= 0"):
        check_generator(seed)
