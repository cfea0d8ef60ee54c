import dataclasses
import pickle

import numpy as np
import pytest

from skhnm import Tuples
from tests import naive


def random_tuples(t=6, p=2, k=4, weights=None):
    random = np.random.default_rng(t)
    return Tuples(
        random.integers(0, 9, t),
        random.integers(-1, 9, (t, p)),
        random.integers(-1, 9, (t, k)),
        weights,
    )


def assert_equal(a, b):
    for field in dataclasses.fields(Tuples):
        np.testing.assert_equal(getattr(a, field.name), getattr(b, field.name))


@pytest.mark.parametrize(("t", "p", "k"), [(6, 2, 4), (1, 1, 1), (5, 3, 1), (0, 2, 3), (2, 1, 0)])
def test_triplets_equal_naive(t, p, k):
    tuples = random_tuples(t, p, k)
    assert tuples.triplets().dtype == np.intp
    assert tuples.triplets().shape[1] == 3
    assert tuples.triplets().tolist() == naive.triplets(tuples)


def test_lists_become_index_arrays_and_weights_floats():
    tuples = Tuples([0, 1], [[1], [0]], [[2, -1], [2, 3]], [1, 2])
    assert {tuples.anchors.dtype, tuples.positives.dtype, tuples.negatives.dtype} == {
        np.dtype(np.intp)
    }
    assert tuples.weights.dtype == np.float64
    assert len(tuples) == 2
    assert repr(tuples) == "Tuples(2 tuples, up to 1 positives and 2 negatives each)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[0]], [[1]], [[2]]), "anchors must have 1 dimension"),
        (([0], [1], [[2]]), "positives must have 2 dimension"),
        (([0], [[1], [2]], [[2]]), r"positives .* one row a tuple \(1\), got shape \(2, 1\)"),
        (([0], [[1]], [2]), "negatives must have 2 dimension"),
        (([0, 1], [[1], [0]], [[2]]), "negatives .* one row a tuple"),
        (([0], [[1]], [[2]], [1.0, 2.0]), r"weights must have shape \(1,\), got \(2,\)"),
        (([0], [[1]], [[2]], [[1.0]]), r"weights must have shape \(1,\)"),
    ],
)
def test_shapes_that_do_not_fit_raise(arguments, message):
    with pytest.raises(ValueError, match=message):
        Tuples(*arguments)


def test_tuples_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        random_tuples().anchors = np.zeros(6)


@pytest.mark.parametrize("weights", [None, np.arange(6.0)])
@pytest.mark.parametrize(
    "rows", [slice(1, 4), np.array([5, 0, 0]), np.array([True, False] * 3), slice(0, 0)]
)
def test_a_slice_an_array_or_a_mask_selects_tuples(rows, weights):
    tuples = random_tuples(weights=weights)
    chosen = tuples[rows]
    picked = np.arange(6)[rows]
    assert len(chosen) == len(picked)
    for i, row in enumerate(picked):
        assert chosen.anchors[i] == tuples.anchors[row]
        assert chosen.positives[i].tolist() == tuples.positives[row].tolist()
        assert chosen.negatives[i].tolist() == tuples.negatives[row].tolist()
        assert weights is None or chosen.weights[i] == row


def test_concatenation_pads_the_narrower_parts():
    a, b = Tuples([0], [[1, 2]], [[3]]), Tuples([4, 5], [[6], [7]], [[8, 9], [8, -1]])
    both = Tuples.concatenate([a, b])
    assert both.anchors.tolist() == [0, 4, 5]
    assert both.positives.tolist() == [[1, 2], [6, -1], [7, -1]]
    assert both.negatives.tolist() == [[3, -1], [8, 9], [8, -1]]
    assert both.weights is None
    assert both.triplets().tolist() == [*a.triplets().tolist(), *b.triplets().tolist()]


def test_parts_without_weights_weigh_one_beside_those_that_have_some():
    parts = [random_tuples(2, weights=[3.0, 0.5]), random_tuples(1)]
    assert Tuples.concatenate(parts).weights.tolist() == [3.0, 0.5, 1.0]


def test_concatenation_of_one_part_is_that_part_and_of_none_an_error():
    tuples = random_tuples(weights=np.arange(6.0))
    assert_equal(Tuples.concatenate([tuples]), tuples)
    with pytest.raises(ValueError, match="at least one part"):
        Tuples.concatenate([])


def test_tuples_can_be_pickled():
    tuples = random_tuples(weights=np.arange(6.0))
    assert_equal(pickle.loads(pickle.dumps(tuples)), tuples)
