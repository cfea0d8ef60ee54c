"""The course of fits: what each panel shows, of which solver, over which axis."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skhnm import HardNegativeMetricLearner, MLPMetricLearner
from skhnm.plotting import TrainingDisplay


def linear(**options):
    return HardNegativeMetricLearner(**{"max_iter": 12, "refresh_every": 4, "tol": 0.0, **options})


def network(**options):
    return MLPMetricLearner((4,), 2, **{"max_iter": 5, "random_state": 0, **options})


def only(display):
    (lines,) = display.lines_.values()
    return lines


def test_the_loss_is_drawn_for_each_iteration(iris):
    learner = linear().fit(*iris)
    display = TrainingDisplay.from_estimator(learner)
    x, loss = only(display)["loss"].get_data()
    assert_array_equal(loss, learner.loss_curve_)
    assert_array_equal(x, np.arange(1, len(loss) + 1))
    assert list(display.axes_) == ["loss", "active", "hardness"]
    assert list(display.axes_.values())[-1].get_xlabel() == "iteration"


@pytest.mark.parametrize("panel", ["active", "hardness"])
def test_what_was_mined_holds_for_the_iterations_of_its_round(panel, iris):
    learner = linear().fit(*iris)
    x, values = only(TrainingDisplay.from_estimator(learner))[panel].get_data()
    rounds = learner.mining_curve_
    assert_array_equal(values[:-1], [row[panel] for row in rounds])
    assert values[-1] == values[-2]
    assert_array_equal(x, np.cumsum([0, *(row["n_iter"] for row in rounds)]))
    assert x[-1] == len(learner.loss_curve_)


def test_a_network_is_drawn_over_epochs(iris):
    display = TrainingDisplay.from_estimator(network(pool="batch").fit(*iris))
    assert_array_equal(only(display)["active"].get_xdata(), np.arange(6))
    assert list(display.axes_.values())[-1].get_xlabel() == "epoch"


@pytest.mark.parametrize("make", [linear, network])
def test_early_stopping_adds_the_held_out_score_of_the_start_and_each_round(make, iris):
    learner = make(early_stopping=True).fit(*iris)
    display = TrainingDisplay.from_estimator(learner)
    x, scores = only(display)["validation"].get_data()
    assert_array_equal(scores, learner.validation_scores_)
    assert_array_equal(x, only(display)["active"].get_xdata())
    assert list(display.axes_) == ["loss", "active", "hardness", "validation"]


def test_one_round_is_a_level_line(iris):
    lines = only(TrainingDisplay.from_estimator(linear(max_iter=1).fit(*iris)))
    assert_array_equal(lines["active"].get_xdata(), [0, 1])


def test_all_calls_of_partial_fit_are_drawn(iris):
    X, y = iris
    learner = linear()
    for start in range(3):
        learner.partial_fit(X[start::3], y[start::3])
    lines = only(TrainingDisplay.from_estimator(learner))
    assert len(lines["active"].get_xdata()) == 4
    assert lines["active"].get_xdata()[-1] == len(learner.loss_curve_)


def test_a_stream_without_two_classes_yet_has_nothing_to_draw(iris):
    X, y = iris
    lines = only(TrainingDisplay.from_estimator(linear().partial_fit(X[:40], y[:40])))
    assert not len(lines["loss"].get_xdata())


def test_a_stream_after_a_fit_has_scores_for_the_fit_alone(iris):
    learner = linear(early_stopping=True).fit(*iris)
    learner.set_params(early_stopping=False).partial_fit(*iris)
    lines = only(TrainingDisplay.from_estimator(learner))
    n_scores = len(learner.validation_scores_)
    assert len(lines["validation"].get_xdata()) == n_scores
    assert_array_equal(lines["validation"].get_xdata(), lines["active"].get_xdata()[:n_scores])


def test_rounds_in_which_nothing_was_mined_leave_a_gap():
    empty = {"n_iter": 0, "n_tuples": 0, "active": 0.0, "hardness": 0.0}
    full = {"n_iter": 2, "n_tuples": 5, "active": 0.5, "hardness": 0.4}
    run = {"loss": [1.0, 0.5], "mining": [full, empty], "validation": [], "unit": "iteration"}
    lines = only(TrainingDisplay({"learner": run}).plot())
    assert_array_equal(lines["hardness"].get_ydata(), [0.4, np.nan, np.nan])


def test_several_fits_are_told_apart_without_colour(iris):
    fits = {"linear": linear(early_stopping=True).fit(*iris), "network": network().fit(*iris)}
    display = TrainingDisplay.from_estimators(fits)
    legend = display.axes_["loss"].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["linear", "network"]
    first, second = (display.lines_[name]["loss"] for name in fits)
    assert first.get_marker() != second.get_marker()
    assert first.get_linestyle() != second.get_linestyle()
    assert set(display.lines_["network"]) == {"loss", "active", "hardness"}
    assert list(display.axes_.values())[-1].get_xlabel() == "iteration or epoch"


def test_a_single_fit_needs_no_legend(iris):
    display = TrainingDisplay.from_estimator(linear().fit(*iris))
    assert display.axes_["loss"].get_legend() is None


def test_panels_take_the_place_of_the_axes_given(iris, plt):
    figure, (left, right) = plt.subplots(1, 2)
    display = TrainingDisplay.from_estimator(linear().fit(*iris), ax=right)
    assert display.bounding_ax_ is right
    assert not right.axison
    figure.draw_without_rendering()
    for ax in display.axes_.values():
        assert ax.get_position().x0 >= left.get_position().x1


def test_axes_outside_of_a_grid_are_refused(iris, plt):
    ax = plt.figure().add_axes((0.1, 0.1, 0.8, 0.8))
    with pytest.raises(ValueError, match=r"ax must stand in a grid.*plt\.subplots"):
        TrainingDisplay.from_estimator(linear().fit(*iris), ax=ax)


def test_no_estimators_are_refused():
    with pytest.raises(ValueError, match="estimators is empty"):
        TrainingDisplay.from_estimators({})
    with pytest.raises(TypeError, match="estimators must be a dict"):
        TrainingDisplay.from_estimators([linear()])


def test_panels_share_their_horizontal_axis(iris):
    display = TrainingDisplay.from_estimator(linear().fit(*iris))
    assert len({ax.get_xlim() for ax in display.axes_.values()}) == 1


def test_long_curves_keep_ten_markers_or_so():
    run = {"loss": np.arange(500.0), "mining": [], "validation": [], "unit": "epoch"}
    line = only(TrainingDisplay({"learner": run}).plot())["loss"]
    assert line.get_markevery().step == 50


def test_looks_can_be_changed(iris):
    fitted = linear().fit(*iris)
    display = TrainingDisplay.from_estimator(fitted, line_kwargs={"lw": 3, "c": "red"})
    assert only(display)["loss"].get_linewidth() == 3
    assert only(display)["loss"].get_color() == "red"
