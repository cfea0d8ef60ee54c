"""The classifier refuses what it cannot use before any work, and takes what is merely odd."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from skhnm import HardNegativeClassifier, HardNegativeMetricLearner, MLPMetricLearner

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(24, 3))
y = np.repeat(["a", "b"], 12)


def with_value(value):
    bad = X.copy()
    bad[3, 1] = value
    return bad


@pytest.mark.parametrize("kind", [HardNegativeClassifier, HardNegativeMetricLearner])
def test_missing_values_are_refused_with_the_way_to_fill_them(kind):
    with pytest.raises(
        ValueError, match=rf"NaN.*make_pipeline\(SimpleImputer\(\), {kind.__name__}"
    ):
        kind().fit(with_value(np.nan), y)


@pytest.mark.jit
def test_that_way_works():
    pipe = make_pipeline(SimpleImputer(), HardNegativeClassifier("linear"))
    assert pipe.fit(with_value(np.nan), y).predict(with_value(np.nan)).shape == (24,)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (with_value(np.inf), y, "infinity"),
        (X, None, "requires y"),
        (X, y[:5], "inconsistent numbers of samples"),
        (X, X[:, 0], "continuous"),
        (X, np.full(24, "a"), "at least two.*1 class"),
        (X, np.arange(24), "No class has two different rows"),
        (X[[0, 12]], y[[0, 12]], "No class has two different rows"),
        (np.ones((24, 3)), y, "No class has two different rows"),
        (1e200 * X, y, "leave the range"),
        (X[:, 0], y, "2D array"),
        (np.stack([X, X], axis=1), y, "holds pairs of rows"),
    ],
)
def test_data_that_cannot_be_learned_from(X, y, message):
    with pytest.raises(ValueError, match=message):
        HardNegativeClassifier().fit(X, y)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"learner": "forest"}, ValueError, "Unknown learner 'forest'.*'auto', 'linear', 'mlp'"),
        ({"learner": HardNegativeMetricLearner}, TypeError, "must be an instance"),
        ({"learner": MLPMetricLearner(max_iter=0)}, ValueError, "max_iter must be"),
        ({"encoding": "curves"}, ValueError, "'auto', 'plain', 'splines'"),
        ({"encoding": 1}, ValueError, "encoding must be 'auto'.*integer >= 2"),
        ({"encoding": 3.5}, TypeError, "integer"),
        ({"strength": -1.0}, ValueError, "strength must be 'auto', or it must be a number >= 0"),
        ({"strength": "strong"}, TypeError, "strength must be 'auto'"),
        ({"n_neighbors": 0}, ValueError, "n_neighbors must be 'auto'"),
        ({"scale": np.nan}, ValueError, "scale must be"),
        ({"smoothing": -0.1}, ValueError, "smoothing must be"),
        ({"index": "nearest"}, ValueError, "Unknown index"),
        ({"class_weight": "even"}, ValueError, "class_weight must be 'balanced'"),
        ({"random_state": "seed"}, ValueError, "random_state"),
        ({"n_jobs": 0.5}, TypeError, "n_jobs"),
    ],
)
def test_parameters_that_make_no_sense(parameters, error, message):
    with pytest.raises(error, match=message):
        HardNegativeClassifier(**parameters).fit(X, y)


@pytest.mark.parametrize("weights", [np.zeros(24), -np.ones(24), np.full(24, np.nan), np.ones(5)])
def test_weights_that_make_no_sense(weights):
    with pytest.raises(ValueError, match=r"weight|NaN"):
        HardNegativeClassifier().fit(X, y, sample_weight=weights)


def test_nothing_is_asked_of_a_classifier_that_is_not_fitted():
    classifier = HardNegativeClassifier()
    for ask in ("predict", "predict_proba", "transform", "kneighbors", "evidence"):
        with pytest.raises(NotFittedError):
            getattr(classifier, ask)(X)


@pytest.mark.jit
@pytest.mark.parametrize(
    ("X", "y"),
    [
        pytest.param(np.column_stack([X, np.ones(24)]), y, id="a constant feature"),
        pytest.param(np.column_stack([X[:, 0] > 0, X[:, 1] > 0]).astype(float), y, id="two values"),
        pytest.param(np.concatenate([X, X]), np.concatenate([y, y[::-1]]), id="in both classes"),
        pytest.param(X[:, :1], y, id="one feature"),
        pytest.param(RANDOM.normal(size=(24, 60)), y, id="more features than rows"),
        pytest.param(X, np.repeat([0, 1, 2], [21, 2, 1]), id="rare classes"),
        pytest.param(X[[0, 1, 12]], y[[0, 1, 12]], id="three rows"),
        pytest.param(X, np.repeat([True, False], 12), id="booleans"),
        pytest.param(np.round(X), y, id="many ties"),
        pytest.param(1e6 + X, y, id="far from the origin"),
        pytest.param(1e-30 * X, y, id="tiny"),
    ],
)
def test_odd_tables_are_taken(X, y):
    classifier = HardNegativeClassifier(random_state=0).fit(X, y)
    P = classifier.predict_proba(X)
    assert np.isfinite(P).all()
    assert_allclose(P.sum(axis=1), 1.0)
    assert set(classifier.predict(X)) <= set(y)


@pytest.mark.jit
def test_values_that_were_not_there_in_training_are_taken_as_the_nearest_end():
    codes = RANDOM.integers(3, size=(60, 2)).astype(float)
    classifier = HardNegativeClassifier("linear", encoding=4).fit(codes, codes[:, 0] > 1)
    known, unknown = np.array([[2.0, 0.0]]), np.array([[7.0, 0.0]])
    assert_array_equal(classifier.transform(known), classifier.transform(unknown))


@pytest.mark.jit
def test_equal_weights_change_nothing():
    even, none = (
        HardNegativeClassifier("linear").fit(X, y, sample_weight=w)
        for w in (np.full(24, 7.0), None)
    )
    assert_allclose(even.predict_proba(X), none.predict_proba(X), atol=1e-8)


@pytest.mark.jit
def test_what_was_fitted_stays_if_a_fit_fails():
    classifier = HardNegativeClassifier("linear", encoding="plain").fit(X, y)
    before = classifier.predict_proba(X)
    with pytest.raises(ValueError, match="NaN"):
        classifier.fit(with_value(np.nan), y)
    with pytest.raises(ValueError, match="at least two"):
        classifier.fit(X[:, :2], np.full(24, "a"))
    assert_array_equal(classifier.predict_proba(X), before)
    with pytest.raises(ValueError, match="3 features"):
        classifier.predict(X[:, :2])


def test_text_is_refused_by_naming_the_encoders():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"age": [1.0, 2, 3, 4], "job": ["cook", "nurse", "cook", "nurse"]})
    with pytest.raises(ValueError, match=r"'cook'.*takes numbers alone.*OrdinalEncoder"):
        HardNegativeClassifier().fit(frame, [0, 0, 1, 1])


def test_missing_labels_can_be_left_out_by_the_learner():
    X, y = np.arange(12.0)[:, None], [0.0] * 6 + [1.0] * 5 + [np.nan]
    with pytest.raises(ValueError, match="with a classifier, to its learner"):
        HardNegativeClassifier().fit(X, y)
    learner = HardNegativeMetricLearner(unlabelled=None)
    assert len(HardNegativeClassifier(learner).fit(X, y).training_rows_) == 11
