"""A good citizen of scikit-learn: pipelines, grids, frames, routing, callbacks, pickles."""

import importlib.util
import pickle
import re

import numpy as np
import pytest
import sklearn
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_html_repr

from skhnm import HardNegativeMetricLearner
from skhnm.losses import NCALoss, TripletLoss
from skhnm.miners import SemiHardMiner

pytestmark = pytest.mark.jit


@pytest.fixture
def pipe():
    return make_pipeline(StandardScaler(), HardNegativeMetricLearner(), KNeighborsClassifier(3))


def test_it_stands_in_a_pipeline_before_nearest_neighbours(pipe, iris):
    assert cross_val_score(pipe, *iris).mean() > 0.94


def test_a_grid_mixes_names_and_instances_of_miners(pipe, digits):
    name = "hardnegativemetriclearner__negative_miner"
    choices = ["hardest", "semi_hard", SemiHardMiner(margin=0.5)]
    search = GridSearchCV(pipe, {name: choices}, cv=2).fit(*digits)
    assert search.best_params_[name] in choices
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_a_grid_reaches_the_parameters_of_a_nested_miner_and_loss(digits):
    learner = HardNegativeMetricLearner(negative_miner=SemiHardMiner(), loss=NCALoss())
    grid = {"negative_miner__margin": [0.5, None], "loss__scale": [1.0, 2.0]}
    search = GridSearchCV(learner, grid, cv=2).fit(*digits)  # by its own score: P@1
    assert set(search.best_params_) == set(grid)
    assert 0.5 < search.best_score_ <= 1


def test_set_params_reaches_nested_objects():
    learner = HardNegativeMetricLearner(loss=TripletLoss())
    assert learner.set_params(loss__margin=0.3).loss.margin == 0.3
    assert learner.get_params()["loss__margin"] == 0.3


def test_a_clone_has_the_same_parameters_and_none_of_the_fit(iris):
    learner = HardNegativeMetricLearner(2, negative_miner=SemiHardMiner(0.5)).fit(*iris)
    copy = clone(learner)
    assert repr(copy) == repr(learner)
    assert copy.negative_miner is not learner.negative_miner
    assert not hasattr(copy, "components_")


def test_a_pickle_transforms_alike(iris):
    X, y = iris
    learner = HardNegativeMetricLearner(loss="triplet").fit(X, y)
    copy = pickle.loads(pickle.dumps(learner))
    assert np.array_equal(copy.transform(X), learner.transform(X))
    assert len(pickle.dumps(learner)) < 20_000  # nothing of the data stays


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_come_out_with_names(library, iris):
    frames = pytest.importorskip(library)
    X, y = iris
    X = (
        frames.DataFrame(X, columns=list("abcd"))
        if library == "pandas"
        else frames.DataFrame(X, schema=list("abcd"))
    )
    learner = HardNegativeMetricLearner(2).set_output(transform=library)
    Z = learner.fit_transform(X, y)
    assert isinstance(Z, frames.DataFrame)
    assert isinstance(learner.transform(X), frames.DataFrame)
    assert list(Z.columns) == ["hardnegativemetriclearner0", "hardnegativemetriclearner1"]
    assert list(learner.feature_names_in_) == list("abcd")
    assert list(learner.get_feature_names_out()) == list(Z.columns)


def test_columns_in_another_order_are_refused(iris):
    pd = pytest.importorskip("pandas")
    X, y = iris
    learner = HardNegativeMetricLearner().fit(pd.DataFrame(X, columns=list("abcd")), y)
    with pytest.raises(ValueError, match="feature names should match"):
        learner.transform(pd.DataFrame(X, columns=list("abdc")))


def test_sample_weight_is_routed_through_a_pipeline(pipe, digits):
    X, y = digits
    weights = (np.arange(len(y)) % 3 > 0).astype(float)
    with config_context(enable_metadata_routing=True):
        pipe.set_params(
            hardnegativemetriclearner=HardNegativeMetricLearner().set_fit_request(
                sample_weight=True
            ),
            standardscaler=StandardScaler().set_fit_request(sample_weight=False),
        )
        pipe.fit(X, y, sample_weight=weights)
    scaled = StandardScaler().fit_transform(X)
    alone = HardNegativeMetricLearner().fit(scaled, y, sample_weight=weights)
    assert np.array_equal(pipe[1].components_, alone.components_)


def test_weights_reach_a_step_by_name_too(pipe, digits):
    X, y = digits
    pipe.fit(X, y, hardnegativemetriclearner__sample_weight=np.ones(len(y)))
    assert pipe.score(X, y) > 0.9


def test_it_is_drawn_in_a_notebook(iris):
    html = estimator_html_repr(HardNegativeMetricLearner(negative_miner=SemiHardMiner(0.5)))
    assert "HardNegativeMetricLearner" in html
    assert re.search("SemiHardMiner", html)


def test_float32_stays_float32(digits):
    X, y = digits
    learner = HardNegativeMetricLearner().fit(X.astype(np.float32), y)
    assert learner.components_.dtype == np.float32
    assert learner.transform(X.astype(np.float32)).dtype == np.float32
    assert learner.transform(X).dtype == np.float64


needs_callbacks = pytest.mark.skipif(
    importlib.util.find_spec("sklearn.callback") is None,
    reason=f"scikit-learn {sklearn.__version__} has no callbacks",
)


class Recorder:
    """Counts what it is told of, and stops a fit after two rounds."""

    def __init__(self):
        self.calls, self.scores = [], []

    def setup(self, estimator, context):
        self.calls.append("setup")

    def on_fit_task_begin(self, estimator, context):
        self.calls.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
        self.calls.append(f"end {context.task_name}")
        if context.task_name == "round":
            self.scores.append(fitted_estimator.score(X, y))
        return len(self.scores) >= 2

    def teardown(self, estimator, context):
        self.calls.append("teardown")


@needs_callbacks
def test_callbacks_see_every_round_and_may_stop_the_fit(digits):
    recorder = Recorder()
    learner = HardNegativeMetricLearner(refresh_every=2, tol=0).set_callbacks(recorder)
    learner.fit(*digits)
    rounds = ["begin round", "end round"] * 2
    assert recorder.calls == ["setup", "begin fit", *rounds, "end fit", "teardown"]
    assert learner.n_iter_ == 4
    assert recorder.scores[-1] == learner.score(*digits)


@needs_callbacks
def test_callbacks_are_torn_down_when_a_fit_fails(digits):
    X, y = digits
    recorder = Recorder()

    def fails(Z, y, positives, pool, pool_y, random_state):
        raise RuntimeError("the user's miner failed")

    learner = HardNegativeMetricLearner(negative_miner=fails).set_callbacks(recorder)
    with pytest.raises(RuntimeError, match="the user's miner"):
        learner.fit(X, y)
    assert recorder.calls[-1] == "teardown"
    assert not hasattr(learner, "components_")


@needs_callbacks
@pytest.mark.parametrize("in_pipeline", [False, True])
def test_scikit_learns_progress_bar_works(digits, in_pipeline, capsys):
    pytest.importorskip("rich")
    from sklearn.callback import ProgressBar

    learner = HardNegativeMetricLearner(max_iter=4, refresh_every=2)
    estimator = make_pipeline(StandardScaler(), learner) if in_pipeline else learner
    estimator.set_callbacks(ProgressBar()).fit(*digits)
    assert "HardNegativeMetricLearner - fit" in capsys.readouterr().out
