"""From the user's rows to those that are trained on."""

import numpy as np
import pytest

from skhnm.estimators._data import TrainingData, hold_out, merge_repeated

RANDOM = np.random.default_rng(0)


def as_set(data):
    return sorted(zip(data.codes, map(tuple, data.X), data.weights, strict=True))


@pytest.mark.parametrize("offset", [0.0, 1.7e18])
def test_repeated_rows_become_one_whatever_their_order(offset):
    """A column so large that it swallows the others does not hide who is the same."""
    X = np.column_stack([np.full(30, offset), RANDOM.integers(0, 9, (30, 3))]).astype(float)
    codes = np.arange(30) % 2
    twice = np.r_[np.arange(30), np.arange(30)]
    order = RANDOM.permutation(60)
    once = merge_repeated(X, codes, np.ones(30))
    merged = merge_repeated(X[twice][order], codes[twice][order], np.ones(60))
    assert np.array_equal(merged.X, once.X)
    assert np.array_equal(merged.codes, once.codes)
    assert np.array_equal(merged.weights, 2 * once.weights)
    assert np.array_equal(once.X, X[once.rows])
    first = [min(np.flatnonzero(twice[order] % 30 == i)) for i in once.rows]
    assert np.array_equal(merged.rows, first)


def test_equal_rows_of_two_classes_stay_two():
    X = np.array([[1.0, 2.0], [1.0, 2.0]])
    assert len(merge_repeated(X, np.array([0, 1]), np.ones(2))) == 2


def test_minus_zero_is_zero():
    X = np.array([[0.0, 1.0], [-0.0, 1.0]])
    assert as_set(merge_repeated(X, np.zeros(2, dtype=int), np.ones(2))) == [(0, (0.0, 1.0), 2.0)]


def test_the_held_out_rows_are_a_share_of_each_class_and_leave_two():
    codes = np.repeat([0, 1, 2, 3], [40, 10, 3, 1])
    data = TrainingData(np.arange(54.0)[:, None], codes, np.ones(54))
    kept, held = hold_out(data, 0.5, np.random.default_rng(0))
    assert np.bincount(held.codes, minlength=4).tolist() == [20, 6, 1, 0]
    assert sorted(np.r_[kept.X[:, 0], held.X[:, 0]]) == list(range(54))


def test_weights_and_numbers_follow_their_rows_into_the_split():
    codes = np.repeat([0, 1], 10)
    data = TrainingData(np.arange(20.0)[:, None], codes, np.arange(20.0))
    for part in hold_out(data, 0.3, np.random.default_rng(0)):
        assert np.array_equal(part.weights, part.X[:, 0])
        assert np.array_equal(part.rows, part.X[:, 0])


def with_classes_of(*sizes):
    codes = np.repeat(np.arange(len(sizes)), sizes)
    rows = np.random.default_rng(0).normal(size=(len(codes), 2))
    return TrainingData(rows, codes, np.ones(len(codes)))


@pytest.mark.parametrize(
    ("sizes", "fraction", "n"),
    [([4] * 100, 0.1, 40), ([4] * 100, 0.5, 200), ([3] * 20, 0.9, 20),
     ([2] * 30 + [5] * 10, 0.1, 10), ([1000, 3, 3], 0.1, 101), ([7, 9], 0.01, 1)],
)  # fmt: skip
@pytest.mark.parametrize("seed", range(3))
def test_a_share_of_the_rows_is_held_out_across_classes_and_two_stay(sizes, fraction, n, seed):
    kept, held = hold_out(with_classes_of(*sizes), fraction, np.random.default_rng(seed))
    assert len(held) == n
    assert len(kept) + n == sum(sizes)
    stay = np.bincount(kept.codes)
    assert (stay >= np.minimum(sizes, 2)).all()
    assert abs(np.bincount(held.codes, minlength=len(sizes)) / sizes - fraction).max() < 1


@pytest.mark.parametrize("whole_classes", [False, True])
def test_where_no_class_can_spare_a_row_or_it_is_asked_for_whole_classes_are_held_out(
    whole_classes,
):
    sizes = np.where(np.arange(50) % 2, 1 + whole_classes * 6, 2)
    kept, held = hold_out(
        with_classes_of(*sizes), 0.1, np.random.default_rng(0), whole_classes=whole_classes
    )
    assert len(np.unique(held.codes)) == 5
    assert not np.isin(held.codes, kept.codes).any()
    assert len(kept) + len(held) == sizes.sum()


@pytest.mark.parametrize(
    ("sizes", "whole_classes"),
    [([2, 2], False), ([2, 2, 1, 1], False), ([9, 9, 9], True), ([9, 9, 1, 1], True)],
)
def test_where_nothing_can_be_spared_an_error_says_so(sizes, whole_classes):
    with pytest.raises(ValueError, match="early_stopping holds out rows"):
        hold_out(with_classes_of(*sizes), 0.1, np.random.default_rng(0), whole_classes)
