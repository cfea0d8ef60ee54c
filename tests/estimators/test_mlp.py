"""What is the MLP learner's own."""

import pickle

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhnm import HardNegativeMetricLearner, MLPMetricLearner
from skhnm.losses import TripletLoss

pytestmark = pytest.mark.jit


def rings(n=600, seed=0):
    """One class around the other."""
    random = np.random.default_rng(seed)
    y = np.arange(n) % 2
    angle, radius = random.uniform(0, 2 * np.pi, n), 1.0 + y + 0.1 * random.normal(size=n)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), y


def test_it_learns_in_one_dimension_what_no_linear_map_can():
    def test_score(learner):
        (X, y), (X_test, y_test) = rings(), rings(seed=1)
        Z = learner.fit(X, y).transform(X)
        return KNeighborsClassifier(3).fit(Z, y).score(learner.transform(X_test), y_test)

    network = MLPMetricLearner(
        (32,), 1, pool="batch", positive_miner="all", loss="nca", random_state=0
    )
    assert test_score(network) > 0.97
    assert test_score(HardNegativeMetricLearner(1)) < 0.8


@pytest.mark.parametrize("normalize", [False, True])
def test_it_starts_from_what_the_features_know(digits, normalize):
    X, y = digits
    learner = MLPMetricLearner(
        n_components=None, normalize=normalize, loss=TripletLoss(0.2), init="identity",
        learning_rate=1e-12, max_iter=1, random_state=0,
    ).fit(X, y)  # fmt: skip
    Z = learner.transform(X)
    expected = X / np.linalg.norm(X, axis=1, keepdims=True) if normalize else X - X.mean(axis=0)
    scale = np.linalg.norm(Z) / np.linalg.norm(expected)
    np.testing.assert_allclose(Z, scale * expected, atol=1e-6)


def test_transform_is_the_network_of_its_attributes(digits):
    X, y = digits
    learner = MLPMetricLearner((20, 10), 5, normalize=True, max_iter=2, random_state=0).fit(X, y)
    H = X
    for W, b in zip(learner.coefs_[:-1], learner.intercepts_[:-1], strict=True):
        H = np.maximum(H @ W + b, 0.0)
    Z = H @ learner.coefs_[-1] + learner.intercepts_[-1] + X @ learner.skip_coef_
    expected = Z / np.linalg.norm(Z, axis=1, keepdims=True)
    np.testing.assert_allclose(learner.transform(X), expected, atol=1e-9)
    assert [W.shape for W in learner.coefs_] == [(64, 20), (20, 10), (10, 5)]


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("skip", [False, True])
def test_going_on_begins_where_the_last_fit_ended(digits, normalize, skip):
    X, y = digits
    learner = MLPMetricLearner(
        (20,), 5, normalize=normalize, skip=skip, max_iter=3, warm_start=True, random_state=0
    ).fit(X, y)
    before = learner.transform(X)
    learner.set_params(learning_rate=1e-12, max_iter=1).fit(X, y)
    np.testing.assert_allclose(learner.transform(X), before, atol=1e-5)


def test_float32_stays_float32_and_comes_close_to_float64(digits):
    X, y = digits
    learners = [
        MLPMetricLearner(max_iter=2, random_state=0).fit(X.astype(dtype), y)
        for dtype in (np.float32, np.float64)
    ]
    Z32, Z64 = (learner.transform(X.astype(np.float32)) for learner in learners)
    assert Z32.dtype == Z64.dtype == np.float32
    parts = [*learners[0].coefs_, *learners[0].intercepts_, learners[0].skip_coef_]
    assert {part.dtype for part in parts} == {np.dtype(np.float32)}
    np.testing.assert_allclose(Z32, Z64, atol=2e-2)


def test_the_metric_is_the_distance_after_transform_and_can_be_pickled(digits):
    X, y = digits
    learner = MLPMetricLearner(max_iter=1, random_state=0).fit(X, y)
    Z = learner.transform(X[:2])
    metric = pickle.loads(pickle.dumps(learner.get_metric()))
    assert metric(X[0], X[1]) == pytest.approx(np.linalg.norm(Z[0] - Z[1]), rel=1e-9)
    assert metric(X[0], X[1], squared=True) == pytest.approx(metric(X[0], X[1]) ** 2)
    assert learner.pair_distance(X[None, :2])[0] == pytest.approx(metric(X[0], X[1]), rel=1e-9)


def test_early_stopping_keeps_the_best_epoch(digits):
    X, y = digits
    learner = MLPMetricLearner(early_stopping=True, validation_fraction=0.2, random_state=0)
    learner.fit(X, y)
    assert max(learner.validation_scores_) >= learner.validation_scores_[0]
    assert len(learner.validation_scores_) == len(learner.mining_curve_) + 1


def test_a_grid_over_its_own_and_nested_parameters(digits):
    pipe = make_pipeline(StandardScaler(), MLPMetricLearner(max_iter=2), KNeighborsClassifier(3))
    grid = {
        "mlpmetriclearner__hidden_layer_sizes": [(16,), (16, 8), ()],
        "mlpmetriclearner__solver": ["adam", "sgd"],
    }
    search = GridSearchCV(pipe, grid, cv=2).fit(*digits)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"hidden_layer_sizes": (0,)}, "hidden_layer_sizes must be an integer >= 1"),
        (
            {"n_components": 0},
            "n_components must be 'auto', or it must be an integer >= 1, or None",
        ),
        ({"activation": "swish"}, "activation must be one of 'relu', 'logistic'"),
        ({"solver": "lbfgs"}, "solver must be one of 'auto', 'adam', 'sgd'"),
        ({"skip": False, "hidden_layer_sizes": ()}, "set skip=True"),
        ({"init": "spectral"}, "init must be one of"),
    ],
)
def test_parameters_that_make_no_sense(digits, parameters, message):
    with pytest.raises(ValueError, match=message):
        MLPMetricLearner(**parameters).fit(*digits)
