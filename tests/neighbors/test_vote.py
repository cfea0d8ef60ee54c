"""The soft vote: its formula, and its place in scikit-learn's classifiers."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, RadiusNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skhnm import HardNegativeMetricLearner, MLPMetricLearner
from skhnm.neighbors import SoftVote


def naive(distances, scale):
    weights = np.empty(distances.shape)
    for i, row in enumerate(distances.tolist()):
        for j, d in enumerate(row):
            weights[i, j] = np.exp(-scale * (d * d - min(row) ** 2))
    return weights


@pytest.mark.parametrize("scale", [0.0, 0.3, 2.0])
def test_weights_fall_with_the_squared_distance_beyond_the_nearest(scale):
    distances = np.random.default_rng(0).gamma(2.0, size=(7, 5))
    assert_allclose(SoftVote(scale)(distances), naive(distances, scale), rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("far", [0.0, 1e-30, 1.0, 1e15])
def test_the_nearest_always_counts_and_nothing_overflows(dtype, far):
    distances = np.array([[far, far, 2 * far + 1], [0.0, far, far]], dtype=dtype)
    weights = SoftVote()(distances)
    assert weights.dtype == dtype
    assert_array_equal(weights[:, 0], 1.0)
    assert ((weights >= 0) & (weights <= 1)).all()


@pytest.mark.parametrize("learner", [HardNegativeMetricLearner(), MLPMetricLearner(max_iter=2)])
def test_it_is_a_weight_of_scikit_learns_neighbours(learner, iris):
    X, y = iris
    vote = KNeighborsClassifier(30, weights=SoftVote(0.5))
    pipe = make_pipeline(learner, vote).fit(X, y)
    again = pickle.loads(pickle.dumps(pipe))
    assert_array_equal(again.predict_proba(X), pipe.predict_proba(X))
    assert_allclose(pipe.predict_proba(X).sum(axis=1), 1.0)
    assert pipe.score(X, y) > 0.95


def test_a_grid_reaches_its_scale(iris):
    vote = KNeighborsClassifier(30, weights=SoftVote())
    search = GridSearchCV(vote, {"weights__scale": [0.1, 10.0]}, cv=2).fit(*iris)
    assert search.best_score_ > 0.8


def test_neighbours_within_a_radius_may_be_of_any_number(iris):
    X, y = iris
    within = RadiusNeighborsClassifier(1.0, weights=SoftVote()).fit(X, y)
    assert within.score(X, y) > 0.9


def test_no_neighbours_have_no_weights():
    assert SoftVote()(np.empty((0, 3))).shape == (0, 3)


@pytest.mark.parametrize(("scale", "error"), [(-1.0, ValueError), ("1", TypeError)])
def test_scales_that_make_no_sense(scale, error):
    with pytest.raises(error, match="scale must be a number >= 0"):
        SoftVote(scale)(np.ones((1, 1)))


def test_where_all_count_alike_no_distance_is_too_far():
    d = np.array([[0.0, 1e200]])
    assert_array_equal(SoftVote(0.0)(d), [[1.0, 1.0]])
    assert_array_equal(SoftVote(1.0)(d), [[1.0, 0.0]])
