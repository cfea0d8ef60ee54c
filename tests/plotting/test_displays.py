"""What all Displays have in common: matplotlib when they draw, and what they are made from."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhnm import HardNegativeMetricLearner, Tuples
from skhnm.plotting import EmbeddingDisplay, MiningDisplay, TrainingDisplay

DRAWN = {
    EmbeddingDisplay: lambda learner, X, y, **k: EmbeddingDisplay.from_estimator(
        learner, X, y, **k
    ),
    MiningDisplay: lambda learner, X, y, **k: MiningDisplay.from_estimator(learner, X, y, **k),
    TrainingDisplay: lambda learner, X, y, **k: TrainingDisplay.from_estimator(learner, **k),
}
every_display = pytest.mark.parametrize("draw", DRAWN.values(), ids=lambda _: "")


def test_importing_the_displays_does_not_import_matplotlib():
    script = "import sys, skhnm.plotting; print('matplotlib' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


@every_display
def test_without_matplotlib_the_error_says_what_to_install(draw, learner, iris, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"Display draws with matplotlib.*'skhnm\[plot\]'"):
        draw(learner, *iris)


@every_display
def test_a_figure_is_made_only_where_no_axes_are_given(draw, learner, iris, plt):
    figure, axes = plt.subplots(1, 2)
    assert draw(learner, *iris, ax=axes[1]).figure_ is figure
    assert draw(learner, *iris).figure_ is not figure
    assert len(plt.get_fignums()) == 2


@every_display
def test_a_display_can_be_drawn_again(draw, learner, iris, plt):
    display = draw(learner, *iris)
    before = display.figure_
    assert display.plot() is display
    assert display.figure_ is not before


@every_display
@pytest.mark.parametrize("style", ["default", "dark_background", "grayscale"])
def test_pictures_can_be_saved_in_any_style(draw, learner, iris, plt, style, tmp_path):
    with plt.style.context(style):
        draw(learner, *iris).figure_.savefig(tmp_path / "picture.svg")


@every_display
def test_a_pipeline_may_end_in_the_learner_or_in_a_classifier(draw, iris):
    X, y = iris
    pipe = make_pipeline(StandardScaler(), "passthrough", HardNegativeMetricLearner(max_iter=3))
    draw(pipe.fit(X, y), X, y)
    draw(make_pipeline(*(step for _, step in pipe.steps), KNeighborsClassifier()).fit(X, y), X, y)


@every_display
def test_a_search_is_drawn_by_its_best_estimator_and_pipelines_may_be_nested(draw, iris):
    X, y = iris
    inner = make_pipeline(HardNegativeMetricLearner(max_iter=3), KNeighborsClassifier())
    search = GridSearchCV(inner, {"kneighborsclassifier__n_neighbors": [1, 3]}, cv=2)
    draw(search.fit(X, y), X, y)
    draw(make_pipeline(StandardScaler(), inner).fit(X, y), X, y)


@every_display
def test_what_holds_no_learner_is_refused(draw, iris):
    with pytest.raises(TypeError, match=r"must be a fitted metric learner.*StandardScaler"):
        draw(StandardScaler().fit(iris[0]), *iris)


@every_display
def test_a_learner_must_be_fitted(draw, iris):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        draw(HardNegativeMetricLearner(), *iris)


@pytest.mark.parametrize(
    "draw",
    [
        lambda Z, t: EmbeddingDisplay.from_embeddings(Z, [0] * len(Z), tuples=t),
        lambda Z, t: MiningDisplay.from_tuples(Z, t),
    ],
    ids=["EmbeddingDisplay", "MiningDisplay"],
)
@pytest.mark.parametrize(
    ("tuples", "error", "message"),
    [
        (Tuples([3], [[1]], [[2]]), ValueError, "anchors of tuples index row 3, but there are 3"),
        (Tuples([0], [[1]], [[7]]), ValueError, "negatives of tuples index row 7, but there are 3"),
        (Tuples([-1], [[1]], [[2]]), ValueError, "anchors of tuples index row -1"),
        (np.array([[0, 1, 2]]), TypeError, r"must be skhnm\.Tuples"),
    ],
)
def test_tuples_of_other_rows_are_refused(draw, tuples, error, message, plt):
    with pytest.raises(error, match=message):
        draw(np.eye(3), tuples)
    assert not plt.get_fignums()
