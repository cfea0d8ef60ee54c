"""The picture shows every split, every mean and the baseline."""

import sys

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhnm import HardNegativeMetricLearner, compare_miners
from skhnm.plotting import MinerComparisonDisplay

SCORES = np.array([[0.7, 0.8], [0.9, 0.8], [0.6, 0.7]])


@pytest.fixture
def display():
    baseline = np.array([0.5, 0.7])
    return MinerComparisonDisplay(["a", "b", "c"], SCORES, baseline, "map_at_r").plot()


def row_labels(display):
    return [text.get_text() for text in display.ax_.get_yticklabels()]


def test_rows_are_in_the_order_of_their_means_the_best_on_top(display):
    assert row_labels(display) == ["c", "a", "b"]
    assert display.means_.get_xdata() == pytest.approx([0.65, 0.75, 0.85])
    assert display.means_.get_ydata().tolist() == [0, 1, 2]


def test_every_split_is_a_line_of_dots(display):
    found = [line.get_xdata().tolist() for line in display.splits_]
    assert found == [[0.6, 0.7, 0.9], [0.7, 0.8, 0.8]]


def test_the_baseline_is_a_line_across_the_rows(display):
    assert display.baseline_.get_xdata() == pytest.approx([0.6, 0.6])


def test_each_row_ends_in_its_figures(display):
    assert [text.get_text() for text in display.values_] == [
        "0.650 ± 0.071",
        "0.750 ± 0.071",
        "0.850 ± 0.071",
    ]


def test_one_split_has_no_spread():
    display = MinerComparisonDisplay(["a"], [[0.5]], [0.4]).plot()
    assert [text.get_text() for text in display.values_] == ["0.500"]


def test_the_axis_and_the_marks_are_named(display):
    assert display.ax_.get_xlabel() == "map at r"
    named = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert named == ["none: the features as they are (0.600)", "a split", "mean"]


def test_long_labels_take_several_lines():
    long = "FilteredMiner(HardestMiner(), min_rank=3, false_negatives='drop')"
    display = MinerComparisonDisplay([long], [[0.5, 0.6]], [0.4, 0.4]).plot()
    assert "\n" in row_labels(display)[0]


def test_it_draws_on_the_axes_given(plt):
    figure, ax = plt.subplots()
    display = MinerComparisonDisplay(["a"], [[0.5, 0.6]], [0.4, 0.4])
    assert display.plot(ax) is display
    assert display.ax_ is ax
    assert display.figure_ is figure


def test_a_dark_style_is_followed(plt):
    with plt.style.context("dark_background"):
        display = MinerComparisonDisplay(["a"], [[0.5, 0.6]], [0.4, 0.4]).plot()
    assert display.means_.get_markeredgecolor() == "white"


def test_a_comparison_is_drawn_by_any_of_its_scores(iris):
    pipe = make_pipeline(StandardScaler(), HardNegativeMetricLearner(max_iter=3))
    comparison = compare_miners(pipe, *iris, miners=["random", "hardest"], cv=2, random_state=0)
    display = MinerComparisonDisplay.from_comparison(comparison)
    assert display.metric == "accuracy"
    display = MinerComparisonDisplay.from_comparison(comparison, metric="map_at_r")
    assert display.labels == ["random", "hardest"]
    assert np.array_equal(display.scores, comparison.scores["map_at_r"][1:])
    assert np.array_equal(display.baseline, comparison.scores["map_at_r"][0])
    with pytest.raises(ValueError, match="metric must be one of"):
        MinerComparisonDisplay.from_comparison(comparison, metric="roc_auc")


def test_an_estimator_is_compared_and_drawn_at_once(iris):
    pipe = make_pipeline(StandardScaler(), HardNegativeMetricLearner(max_iter=3))
    asked = {"miners": ["random", "hardest"], "cv": 2, "random_state": 0}
    display = MinerComparisonDisplay.from_estimator(pipe, *iris, **asked, metric="precision_at_1")
    expected = compare_miners(pipe, *iris, **asked).scores["precision_at_1"]
    assert np.array_equal(display.scores, expected[1:])


def test_a_score_that_is_not_asked_for_is_refused_before_any_fit(iris):
    def never(Z, y, positives, pool, pool_y, random_state):
        raise AssertionError

    asked = {"miners": [never], "scoring": "accuracy", "metric": "f1"}
    with pytest.raises(ValueError, match="metric must be one of the scores, 'accuracy'; got 'f1'"):
        MinerComparisonDisplay.from_estimator(HardNegativeMetricLearner(), *iris, **asked)


def test_labels_and_scores_must_fit(plt):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        MinerComparisonDisplay(["a"], SCORES, [0.5, 0.7]).plot()
    assert not plt.get_fignums()


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"MinerComparisonDisplay draws with matplotlib"):
        MinerComparisonDisplay(["a"], [[0.5, 0.6]], [0.4, 0.4]).plot()


def test_it_can_be_drawn_again(display):
    before = display.figure_
    assert display.plot() is display
    assert display.figure_ is not before


@pytest.mark.parametrize("style", ["default", "dark_background", "grayscale"])
def test_it_can_be_saved_in_any_style(plt, style, tmp_path):
    with plt.style.context(style):
        display = MinerComparisonDisplay(["a", "b"], SCORES[:2], [0.4, 0.4]).plot()
        display.figure_.savefig(tmp_path / "picture.svg")
