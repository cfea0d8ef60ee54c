"""What every learner from tuples promises, whatever its tuples are."""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy.spatial.distance import mahalanobis
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.utils import estimator_checks

from skhnm import HardNegativeMetricLearner, MLPMetricLearner, PairMetricLearner
from tests.estimators.tuples.conftest import SIZES, draw, fit, rows

X, labels = rows()


# The others fit tables of single rows, and `parametrize_with_checks` runs none at all without.
CHECKS = [
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_valid_tag_types",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_get_params_invariance",
    "check_set_params",
    "check_mixin_order",
]


@pytest.mark.parametrize("check", CHECKS)
def test_is_a_scikit_learn_estimator(Learner, check):
    getattr(estimator_checks, check)(Learner.__name__, Learner())


def test_learns_what_tells(Learner):
    tuples, y = draw(Learner)
    learned = fit(Learner(HardNegativeMetricLearner(alpha=0.03), X), tuples, y)
    M = learned.get_mahalanobis_matrix()
    assert M[0, 0] > 10 * M[1:, 1:].max()
    X_new, _ = rows(seed=7)
    others, y_new = draw(Learner, seed=8)
    score = learned.score(X_new[others]) if y is None else learned.score(X_new[others], y_new)
    assert score > 0.85


def test_learns_a_network(Learner):
    tuples, y = draw(Learner, 300)
    network = MLPMetricLearner((16,), n_components=4, max_iter=20, random_state=0)
    learned = fit(Learner(network, X), tuples, y)
    assert learned.score(*[tuples, y][: 1 + (y is not None)]) > 0.8
    assert learned.transform(X).shape == (60, 4)
    with pytest.raises(AttributeError, match="components_"):
        learned.components_  # noqa: B018


def test_learns_at_unit_length(Learner):
    tuples, y = draw(Learner)
    directions = np.column_stack([labels, 1 - labels, X[:, 1:]])
    learned = fit(Learner(HardNegativeMetricLearner(normalize=True), directions), tuples, y)
    assert np.allclose(np.linalg.norm(learned.transform(directions), axis=1), 1)
    assert learned.score(*[tuples, y][: 1 + (y is not None)]) > 0.85


def test_indices_are_the_same_as_points(Learner):
    tuples, y = draw(Learner)
    by_index = fit(Learner(preprocessor=X), tuples, y)
    by_function = fit(Learner(preprocessor=lambda indices: X[indices]), tuples, y)
    by_points = fit(Learner(), X[tuples], y)
    for other in (by_function, by_points):
        assert np.array_equal(by_index.components_, other.components_)
    assert np.array_equal(
        by_index.decision_function(tuples), by_points.decision_function(X[tuples])
    )
    assert np.array_equal(by_index.transform(np.arange(60)), by_points.transform(X))


@pytest.mark.parametrize("given", [np.asarray, np.ndarray.tolist, pd.DataFrame])
def test_takes_lists_and_frames(Learner, given):
    tuples, y = draw(Learner)
    as_arrays = fit(Learner(preprocessor=X), tuples, y)
    as_given = fit(Learner(preprocessor=given(X)), given(tuples), None if y is None else y.tolist())
    assert np.array_equal(as_arrays.components_, as_given.components_)


def test_a_row_given_twice_is_one_row(Learner):
    tuples, y = draw(Learner)
    copies = np.where(np.arange(tuples.size).reshape(tuples.shape) % 2, tuples, tuples + 60)
    plain = fit(Learner(preprocessor=X), tuples, y)
    assert np.array_equal(
        fit(Learner(preprocessor=np.concatenate([X, X])), copies, y).components_, plain.components_
    )


def test_transform_is_a_product_with_the_components(Learner):
    tuples, y = draw(Learner)
    learned = fit(Learner(preprocessor=X), tuples, y)
    assert np.array_equal(learned.transform(X), X @ learned.components_.T)
    learned.components_ = np.array([[2.0, 0, 0, 0]])
    assert np.array_equal(learned.transform(X), 2 * X[:, :1])
    assert learned.components_.ndim == 2


def test_distances_are_mahalanobis_distances(Learner):
    tuples, y = draw(Learner)
    learned = fit(Learner(preprocessor=X), tuples, y)
    pairs = np.stack([X[:10], X[10:20]], axis=1)
    distances = learned.pair_distance(pairs)
    assert np.array_equal(distances, learned.pair_distance(pairs[:, ::-1]))
    assert not learned.pair_distance(np.stack([X, X], axis=1)).any()
    assert np.array_equal(learned.pair_score(pairs), -distances)
    metric, M = learned.get_metric(), learned.get_mahalanobis_matrix()
    for (u, v), d in zip(pairs, distances, strict=True):
        assert metric(u, v) == pytest.approx(mahalanobis(u, v, M), rel=1e-13)
        assert metric(u, v) == pytest.approx(d, rel=1e-13)
        assert metric(u, v, squared=True) == pytest.approx(d**2, rel=1e-13)


def test_a_later_fit_changes_no_metric_in_hand(Learner):
    tuples, y = draw(Learner)
    learned = fit(Learner(preprocessor=X), tuples, y)
    metric = learned.get_metric()
    before = metric(X[0], X[1])
    fit(learned, tuples[:40], None if y is None else y[:40])
    assert metric(X[0], X[1]) == before
    assert learned.get_metric()(X[0], X[1]) != before


METHODS = {
    "transform": X,
    "pair_distance": X[:4].reshape(2, 2, 4),
    "pair_score": X[:4].reshape(2, 2, 4),
    "decision_function": None,
    "predict": None,
    "score": None,
    "get_metric": (),
    "get_mahalanobis_matrix": (),
}


@pytest.mark.parametrize("method", METHODS)
def test_asks_to_be_fitted(Learner, method):
    tuples, y = draw(Learner, 10)
    given = METHODS[method]
    if given is None:
        given = (X[tuples], y) if method == "score" else (X[tuples],)
    elif not isinstance(given, tuple):
        given = (given,)
    with pytest.raises(NotFittedError):
        getattr(Learner(), method)(*given)


def test_decides_by_the_distances(Learner):
    tuples, y = draw(Learner)
    learned = fit(Learner(preprocessor=X), tuples, y)
    d = [learned.pair_distance(tuples[:, ends]) for ends in ([0, 1], [0, -1], [-2, -1])]
    decision = learned.decision_function(tuples)
    expected = {2: -d[0], 3: d[1] - d[0], 4: d[2] - d[0]}[SIZES[Learner]]
    assert np.allclose(decision, expected, rtol=0, atol=1e-12)
    bound = learned.threshold_ if SIZES[Learner] == 2 else None
    sure = decision > 0 if bound is None else decision >= -bound
    assert np.array_equal(learned.predict(tuples), np.where(sure, 1, -1))
    if y is None:
        assert learned.score(tuples) == np.mean(learned.predict(tuples) > 0)


def test_folds_by_hand_give_what_scikit_learn_gives(Learner):
    tuples, y = draw(Learner)
    cv = KFold(3)
    by_hand = []
    for train, test in cv.split(tuples):
        learned = fit(Learner(preprocessor=X), tuples[train], None if y is None else y[train])
        by_hand.append(learned.score(*[tuples[test], None if y is None else y[test]]))
    assert np.array_equal(cross_val_score(Learner(preprocessor=X), tuples, y, cv=cv), by_hand)
    assert np.array_equal(cross_val_score(Learner(), X[tuples], y, cv=cv), by_hand)


def test_is_searched_over(Learner):
    tuples, y = draw(Learner)
    search = GridSearchCV(
        Learner(preprocessor=X), {"learner__alpha": [0.1, 1.0], "learner__max_iter": [1, 5]}, cv=2
    ).fit(tuples, y)
    assert set(search.best_params_) == {"learner__alpha", "learner__max_iter"}
    assert search.best_estimator_.learner_.alpha == search.best_params_["learner__alpha"]


def test_fit_changes_no_parameter_and_sets_none(Learner):
    tuples, y = draw(Learner)
    learner = Learner(HardNegativeMetricLearner(), X)
    before = {name: id(value) for name, value in learner.get_params().items()}
    fit(learner, tuples, y)
    assert {name: id(value) for name, value in learner.get_params().items()} == before
    assert not [name for name in vars(Learner()) if name.endswith("_")]
    assert clone(learner).get_params().keys() == learner.get_params().keys()


def test_a_failed_fit_loses_nothing(Learner):
    tuples, y = draw(Learner)
    learned = fit(Learner(preprocessor=X), tuples, y)
    before = learned.transform(X)
    learned.set_params(learner=HardNegativeMetricLearner(n_components=9))
    with pytest.raises(ValueError, match="n_components"):
        fit(learned, tuples, y)
    assert np.array_equal(learned.transform(X), before)


def test_is_pickled_and_shown(Learner):
    tuples, y = draw(Learner)
    learned = fit(Learner(preprocessor=X), tuples, y)
    copy = pickle.loads(pickle.dumps(learned))
    assert np.array_equal(copy.transform(X), learned.transform(X))
    assert Learner.__name__ in learned._repr_html_()


def test_gives_frames_where_asked(Learner):
    tuples, y = draw(Learner)
    learned = fit(Learner(preprocessor=X), tuples, y).set_output(transform="pandas")
    frame = learned.transform(X)
    assert list(frame.columns) == [f"{Learner.__name__.lower()}{i}" for i in range(4)]
    assert learned.n_features_in_ == 4
    assert not hasattr(learned, "fit_transform")


def test_knows_the_names_of_a_frame(Learner):
    tuples, y = draw(Learner)
    frame = pd.DataFrame(X, columns=list("abcd"))
    learned = fit(Learner(preprocessor=frame), tuples, y)
    assert np.array_equal(learned.transform(frame), learned.transform(np.arange(60)))
    with pytest.raises(ValueError, match="feature names"):
        learned.transform(frame[list("dcba")])


@pytest.mark.parametrize("components", [np.ones((2, 3)), np.full((2, 4), np.nan), 1.0])
def test_components_that_cannot_be(Learner, components):
    tuples, y = draw(Learner)
    learned = fit(Learner(preprocessor=X), tuples, y)
    with pytest.raises(ValueError, match=r"components_|Expected 2D"):
        learned.components_ = components


def test_keeps_float32(Learner):
    tuples, y = draw(Learner)
    learned = fit(Learner(preprocessor=X.astype(np.float32)), tuples, y)
    assert learned.components_.dtype == learned.transform(X.astype(np.float32)).dtype == np.float32
    exact = fit(Learner(preprocessor=X), tuples, y)
    assert np.allclose(
        learned.pair_distance(tuples[:, :2]), exact.pair_distance(tuples[:, :2]), rtol=0.05
    )


def test_weights_stand_for_copies_and_zero_for_absence(Learner):
    tuples, y = draw(Learner)
    weights = np.random.default_rng(0).integers(0, 4, len(tuples))
    again = np.repeat(np.arange(len(tuples)), weights)
    learner = Learner(HardNegativeMetricLearner(alpha=0.1, tol=1e-9, max_iter=300), X)
    plain = fit(clone(learner), tuples, y).components_
    weighted = fit(clone(learner), tuples, y, sample_weight=weights).components_
    repeated = fit(clone(learner), tuples[again], None if y is None else y[again]).components_
    assert np.abs(weighted - repeated).max() < 1e-3 < np.abs(plain - repeated).max()
    some = (np.arange(len(tuples)) < 50).astype(float)
    left_out = fit(clone(learner), tuples, y, sample_weight=some)
    few = fit(clone(learner), tuples[:50], None if y is None else y[:50])
    assert np.allclose(left_out.components_, few.components_, rtol=1e-4, atol=1e-4)


def test_weights_are_routed(Learner):
    tuples, y = draw(Learner)
    weights = (np.arange(len(tuples)) % 2).astype(float)
    with sklearn.config_context(enable_metadata_routing=True):
        learner = Learner(preprocessor=X).set_fit_request(sample_weight=True)
        learner = learner.set_score_request(sample_weight=True)
        scores = cross_val_score(learner, tuples, y, cv=KFold(2), params={"sample_weight": weights})
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_same_seed_same_result(Learner, n_jobs):
    tuples, y = draw(Learner)
    once = fit(Learner(preprocessor=X, random_state=3, n_jobs=1), tuples, y)
    again = fit(Learner(preprocessor=X, random_state=3, n_jobs=n_jobs), tuples, y)
    assert np.array_equal(once.components_, again.components_)


def test_far_from_the_origin(Learner):
    tuples, y = draw(Learner)
    near = fit(Learner(preprocessor=X), tuples, y)
    far = fit(Learner(preprocessor=X + 1e6), tuples, y)
    assert np.allclose(near.components_, far.components_, rtol=1e-3, atol=1e-3)


def test_scorers_of_scikit_learn_judge_pairs():
    tuples, y = draw(PairMetricLearner)
    for scoring in ("roc_auc", "accuracy", "f1", "average_precision"):
        learner = PairMetricLearner(HardNegativeMetricLearner(alpha=0.03), X)
        scores = cross_val_score(learner, tuples, y, scoring=scoring)
        assert scores.min() > 0.6
