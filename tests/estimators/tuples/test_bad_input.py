"""Tuples that cannot be used are told what they should be, before any work is done."""

import numpy as np
import pytest

from skhnm import PairMetricLearner, QuadrupletMetricLearner, TripletMetricLearner
from tests.estimators.tuples.conftest import SIZES, draw, fit, rows

X, labels = rows()


def refuse(Learner, message, tuples, preprocessor=None, error=ValueError, **more):
    y = draw(PairMetricLearner)[1][: len(tuples)] if Learner is PairMetricLearner else None
    learner = Learner(preprocessor=preprocessor)
    with pytest.raises(error, match=message):
        fit(learner, tuples, y, **more)
    assert not hasattr(learner, "learner_")


def test_shapes(Learner):
    size, (tuples, _) = SIZES[Learner], draw(Learner)
    refuse(Learner, f"must have shape .n, {size}, n_features", X[tuples][:, :-1])
    refuse(Learner, f"must have shape .n, {size}, n_features", tuples[:, :-1], X)
    refuse(Learner, "must have shape", np.zeros(7), X)
    refuse(Learner, "must have shape", np.zeros((2, 2, 2, 2)), X)
    refuse(Learner, "of different lengths", [[[0.0], [1.0]], [[0.0]]])


def test_empty(Learner):
    refuse(Learner, "0 sample", np.empty((0, SIZES[Learner], 4)))
    refuse(Learner, "0 sample", np.empty((0, SIZES[Learner]), dtype=int), X)


def test_nan(Learner):
    tuples, _ = draw(Learner)
    broken = X[tuples]
    broken[5, 1, 2] = np.nan
    refuse(Learner, "contains NaN", broken)
    refuse(Learner, "contains NaN", tuples, np.where(X[5, 2] == X, np.nan, X))


def test_indices_need_a_preprocessor(Learner):
    refuse(Learner, "no preprocessor to say of what", draw(Learner)[0])


def test_indices_are_whole_numbers_in_range(Learner):
    tuples, _ = draw(Learner)
    for wrong in (60, -1):
        broken = tuples.copy()
        broken[5, 1] = wrong
        refuse(Learner, f"the index {wrong}, but the preprocessor has the rows 0 to 59", broken, X)
    refuse(Learner, "whole numbers", tuples + 0.5, X)


def test_a_function_gives_a_row_for_each_index(Learner):
    tuples, _ = draw(Learner)
    refuse(Learner, "a row for each index", tuples, lambda indices: X[indices][1:])
    refuse(Learner, "Expected 2D", tuples, lambda indices: X[indices, 0])


def test_features_stay_the_same(Learner):
    tuples, y = draw(Learner)
    learned = fit(Learner(), X[tuples], y)
    with pytest.raises(ValueError, match="have 3 features, but the metric was learned on 4"):
        learned.predict(X[tuples][:, :, :3])
    with pytest.raises(ValueError, match=r"3 features, but .* is expecting 4"):
        learned.transform(X[:, :3])


def test_weights(Learner):
    tuples, _ = draw(Learner)
    refuse(Learner, "must not be negative", X[tuples], sample_weight=-np.ones(len(tuples)))
    refuse(Learner, "expected", X[tuples], sample_weight=np.ones(3))


def test_what_is_learned_must_be_known(Learner):
    with pytest.raises(ValueError, match="Unknown learner 'forest'"):
        fit(Learner("forest"), X[draw(Learner)[0]], draw(Learner)[1])


@pytest.mark.parametrize(
    ("Learner", "wrong", "message"),
    [
        (TripletMetricLearner, [4, 4, 9], r"triplets\[2\] is \[4, 4, 9\], which compares a row"),
        (TripletMetricLearner, [4, 9, 4], "a row is to be far from itself"),
        (TripletMetricLearner, [4, 9, 9], "the near pair is the far one too"),
        (QuadrupletMetricLearner, [4, 4, 9, 8], "compares a row with itself"),
        (QuadrupletMetricLearner, [4, 5, 8, 8], "a row is to be far from itself"),
        (QuadrupletMetricLearner, [4, 5, 5, 4], "the near pair is the far one too"),
    ],
)  # fmt: skip
def test_comparisons_that_cannot_hold(Learner, wrong, message):
    tuples, _ = draw(Learner)
    tuples[2] = wrong
    refuse(Learner, message, tuples, X)


@pytest.mark.parametrize("Learner", [TripletMetricLearner, QuadrupletMetricLearner])
def test_comparisons_of_equal_rows_are_left_out(Learner):
    tuples, _ = draw(Learner)
    points = X[tuples]
    nothing = points[:3].copy()
    nothing[:, 1] = nothing[:, 0]
    with pytest.warns(UserWarning, match="Of 603 .*, 3 compare equal rows"):
        with_nothing = Learner().fit(np.concatenate([points, nothing]))
    assert np.allclose(with_nothing.components_, Learner().fit(points).components_)
    with (
        pytest.warns(UserWarning, match="compare equal rows"),
        pytest.raises(ValueError, match="there is nothing to learn from"),
    ):
        Learner().fit(nothing)


@pytest.mark.parametrize("Learner", [TripletMetricLearner, QuadrupletMetricLearner])
def test_comparisons_have_no_labels(Learner):
    tuples, _ = draw(Learner)
    with pytest.raises(ValueError, match="have no y"):
        Learner(preprocessor=X).fit(tuples, np.ones(len(tuples)))
