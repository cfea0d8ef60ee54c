"""The classifier among scikit-learn's own: frames, routing, pickles, callbacks, company."""

import copy
import importlib.util
import pickle

import joblib
import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_html_repr

from skhnm import HardNegativeClassifier, HardNegativeMetricLearner, MLPMetricLearner
from skhnm.miners import SemiHardMiner

pytestmark = pytest.mark.jit

QUICK = {"learner": "linear", "encoding": "plain", "strength": 1.0}


def test_it_is_a_classifier_with_the_usual_score(iris):
    assert is_classifier(HardNegativeClassifier())
    assert (
        cross_val_score(HardNegativeClassifier(**QUICK), *iris, scoring="neg_log_loss").mean()
        > -0.3
    )


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_transform_gives_frames(library, iris):
    frames = pytest.importorskip(library)
    X, y = iris
    names = list("abcd")
    X = (
        frames.DataFrame(X, columns=names)
        if library == "pandas"
        else frames.DataFrame(X, schema=names)
    )
    classifier = HardNegativeClassifier(**QUICK).set_output(transform=library).fit(X, y)
    Z = classifier.transform(X)
    assert isinstance(Z, frames.DataFrame)
    assert list(Z.columns) == [f"hardnegativeclassifier{i}" for i in range(4)]
    assert list(classifier.feature_names_in_) == names
    assert list(classifier.evidence(X[:1]).feature_names) == names
    assert isinstance(classifier.predict_proba(X), np.ndarray)


def test_a_clone_has_the_same_parameters_and_none_of_the_fit(iris):
    learner = HardNegativeMetricLearner(negative_miner=SemiHardMiner(0.5))
    classifier = HardNegativeClassifier(learner, encoding="plain").fit(*iris)
    copied = clone(classifier)
    assert repr(copied) == repr(classifier)
    assert not hasattr(copied, "classes_")
    assert not hasattr(learner, "components_")  # the one given is never fitted
    assert "SemiHardMiner" in estimator_html_repr(classifier)


@pytest.mark.parametrize("learner", ["linear", MLPMetricLearner((8,), max_iter=2)])
def test_it_can_be_saved(learner, iris, tmp_path):
    X, y = iris
    classifier = HardNegativeClassifier(learner, encoding=4, random_state=0).fit(X, y)
    joblib.dump(classifier, tmp_path / "classifier.joblib")
    for again in (
        pickle.loads(pickle.dumps(classifier)),
        joblib.load(tmp_path / "classifier.joblib"),
        copy.deepcopy(classifier),
    ):
        assert_array_equal(again.predict_proba(X), classifier.predict_proba(X))


def test_skops_needs_no_trust_beyond_this_package(iris, tmp_path):
    sio = pytest.importorskip("skops.io")
    X, y = iris
    classifier = HardNegativeClassifier(random_state=0, encoding=4).fit(X, y)
    sio.dump(classifier, tmp_path / "classifier.skops")
    trusted = sio.get_untrusted_types(file=tmp_path / "classifier.skops")
    assert all(kind.startswith("skhnm.") for kind in trusted)
    loaded = sio.load(tmp_path / "classifier.skops", trusted=trusted)
    assert_array_equal(loaded.predict_proba(X), classifier.predict_proba(X))
    assert loaded.evidence(X[:1]).rows.shape == classifier.evidence(X[:1]).rows.shape


def test_sample_weight_is_routed_through_a_pipeline(digits):
    X, y = digits
    weights = (np.arange(len(y)) % 3 > 0).astype(float)
    with config_context(enable_metadata_routing=True):
        classifier = HardNegativeClassifier(**QUICK).set_fit_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipe = make_pipeline(scaler, classifier).fit(X, y, sample_weight=weights)
    alone = HardNegativeClassifier(**QUICK).fit(
        StandardScaler().fit_transform(X), y, sample_weight=weights
    )
    assert_allclose(pipe.predict_proba(X), alone.predict_proba(pipe[0].transform(X)))


def test_float32_stays_float32_under_the_metric(digits):
    X, y = digits
    classifier = HardNegativeClassifier(**QUICK).fit(X.astype(np.float32), y)
    assert classifier.transform(X.astype(np.float32)).dtype == np.float32
    wide = HardNegativeClassifier(**QUICK).fit(X, y)
    assert (classifier.predict(X.astype(np.float32)) == wide.predict(X)).mean() > 0.99


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_many_are_fitted_at_once(backend, iris):
    X, y = iris
    fits = joblib.Parallel(2, backend=backend)(
        joblib.delayed(clone(HardNegativeClassifier(**QUICK)).fit)(X, y) for _ in range(3)
    )
    alone = HardNegativeClassifier(**QUICK).fit(X, y).predict_proba(X)
    for fitted in fits:
        assert_array_equal(fitted.predict_proba(X), alone)


class Recorder:
    """Counts what it is told of, and stops the search after two designs."""

    def __init__(self):
        self.calls = []

    def setup(self, estimator, context):
        self.calls.append("setup")

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        self.calls.append(context.task_name)
        return self.calls.count("design") >= 2

    def teardown(self, estimator, context):
        self.calls.append("teardown")


@pytest.mark.skipif(
    importlib.util.find_spec("sklearn.callback") is None,
    reason=f"scikit-learn {sklearn.__version__} has no callbacks",
)
def test_callbacks_see_every_design_and_may_stop_the_search(iris):
    recorder = Recorder()
    classifier = HardNegativeClassifier("linear").set_callbacks(recorder).fit(*iris)
    assert recorder.calls == ["setup", "design", "design", "metric", "fit", "teardown"]
    assert len(classifier.cv_results_["params"]) == 2
