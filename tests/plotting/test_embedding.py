"""Embeddings: where points lie, which classes have a look, and which lines join them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA

from skhnm import HardNegativeMetricLearner, Tuples
from skhnm.plotting import EmbeddingDisplay

Z = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [3.0, 3.0]])
Y = ["a", "a", "b", "b"]
TUPLES = Tuples([0, 2], [[1], [3]], [[2, -1], [0, 1]])


def texts(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def many_classes(n_classes, n=3):
    y = np.repeat(np.arange(n_classes), n)
    return np.random.default_rng(0).normal(size=(len(y), 2)), y


def test_two_dimensions_are_drawn_as_they_are():
    display = EmbeddingDisplay.from_embeddings(Z, Y)
    first, second = display.points_
    assert_array_equal(first.get_offsets(), Z[:2])
    assert_array_equal(second.get_offsets(), Z[2:])
    assert display.ax_.get_xlabel() == "embedding 1"
    assert texts(display) == ["a", "b"]
    assert display.others_ is display.unlabelled_ is display.anchors_ is None


def test_more_dimensions_are_projected_and_the_labels_say_so(iris):
    X, y = iris
    display = EmbeddingDisplay.from_embeddings(X, y)
    drawn = np.concatenate([points.get_offsets() for points in display.points_])
    assert_allclose(drawn, PCA(2).fit_transform(X))  # iris is sorted by class
    assert display.ax_.get_xlabel() == "first principal component\n(92 % of variance)"
    assert display.ax_.get_ylabel() == "second principal component\n(5 % of variance)"


def test_rows_all_in_one_place_are_drawn():
    display = EmbeddingDisplay.from_embeddings(np.ones((4, 3)), Y)
    assert_array_equal(display.Z, np.zeros((4, 2)))
    assert display.ax_.get_xlabel() == "first principal component"


def test_one_dimension_is_a_strip_for_each_class():
    display = EmbeddingDisplay.from_embeddings(Z[:, :1], Y)
    assert_array_equal(display.points_[1].get_offsets(), [[0, 1], [3, 1]])
    assert display.ax_.get_aspect() == "auto"
    assert all(tick == round(tick) for tick in display.ax_.get_yticks())


def test_lines_join_anchors_with_positives_and_negatives_without_padding():
    display = EmbeddingDisplay.from_embeddings(Z, Y, tuples=TUPLES)
    assert_array_equal(display.negative_lines_.get_segments(), [Z[[0, 2]], Z[[2, 0]], Z[[2, 1]]])
    assert_array_equal(display.positive_lines_.get_segments(), [Z[[0, 1]], Z[[2, 3]]])
    assert_array_equal(display.anchors_.get_offsets(), Z[[0, 2]])
    assert texts(display) == ["a", "b", "to positive", "to hard negative", "anchor"]
    assert display.negative_lines_.get_linestyle() != display.positive_lines_.get_linestyle()


@pytest.mark.parametrize(("n_tuples", "n_drawn"), [(0, 0), (1, 1), (20, 2), (None, 2)])
def test_the_first_tuples_are_drawn(n_tuples, n_drawn):
    display = EmbeddingDisplay.from_embeddings(Z, Y, tuples=TUPLES, n_tuples=n_tuples)
    lines = display.positive_lines_
    assert (0 if lines is None else len(lines.get_segments())) == n_drawn


def test_a_learner_draws_what_it_confuses_most(learner, iris):
    display = EmbeddingDisplay.from_estimator(learner, *iris, n_tuples=5)
    assert_array_equal(display.tuples.triplets(), learner.mine(*iris)[:5].triplets())
    assert EmbeddingDisplay.from_estimator(learner, *iris, n_tuples=0).negative_lines_ is None


def test_tuples_of_ones_own_can_be_drawn(learner, iris):
    display = EmbeddingDisplay.from_estimator(learner, *iris, tuples=Tuples([0], [[1]], [[70]]))
    assert len(display.negative_lines_.get_segments()) == 1


def test_unit_embeddings_are_drawn_where_the_loss_is_on_cosine_similarity(iris):
    learner = HardNegativeMetricLearner(n_components=2, loss="circle", max_iter=2).fit(*iris)
    display = EmbeddingDisplay.from_estimator(learner, *iris)
    assert_allclose(np.linalg.norm(display.Z, axis=1), 1)


def test_rows_without_a_class_are_grey(iris):
    X, y = iris
    y = np.where(np.arange(len(y)) % 5, y, -1)
    learner = HardNegativeMetricLearner(unlabelled=-1, max_iter=2).fit(X, y)
    display = EmbeddingDisplay.from_estimator(learner, X, y)
    assert len(display.unlabelled_.get_offsets()) == 30
    red, green, blue, _ = display.unlabelled_.get_facecolor()[0]
    assert red == green == blue
    assert texts(display)[:4] == ["unlabelled", "0", "1", "2"]


def test_ten_classes_differ_in_marker():
    display = EmbeddingDisplay.from_embeddings(*many_classes(10))
    outlines = {points.get_paths()[0].vertices.tobytes() for points in display.points_}
    assert len(outlines) == len(texts(display)) == 10


def test_of_many_classes_none_is_named_without_tuples():
    display = EmbeddingDisplay.from_embeddings(*many_classes(150))
    assert len(display.points_) == 150
    assert display.ax_.get_legend() is None


def test_of_many_classes_those_in_the_drawn_tuples_stand_out():
    tuples = Tuples([0, 1, 9], [[1], [2], [10]], [[30], [31], [330]])
    display = EmbeddingDisplay.from_embeddings(*many_classes(150), tuples=tuples)
    assert texts(display)[:5] == ["other classes", "0", "3", "10", "110"]
    assert len(display.others_.get_offsets()) == 3 * 146


def test_the_ten_classes_in_most_tuples_stand_out():
    anchors = np.arange(0, 60, 3)  # classes 0 to 19, each against the last
    tuples = Tuples(anchors, anchors[:, None] + 1, np.full((20, 1), 449))
    display = EmbeddingDisplay.from_embeddings(*many_classes(150), tuples=tuples)
    assert texts(display)[1:11] == [*(str(i) for i in range(9)), "149"]


def test_a_unit_is_as_long_on_both_axes_also_where_axes_are_shared(plt):
    figure, axes = plt.subplots(1, 2, sharex=True, sharey=True)
    for ax in axes:
        EmbeddingDisplay.from_embeddings(Z, Y, ax=ax)
        assert ax.get_aspect() == 1
    figure.draw_without_rendering()


def test_looks_can_be_changed():
    display = EmbeddingDisplay.from_embeddings(
        Z, Y, tuples=TUPLES, scatter_kwargs={"s": 3, "c": "red"}, line_kwargs={"linewidths": 4}
    )
    assert display.points_[0].get_sizes() == [3]
    assert_array_equal(display.points_[0].get_facecolor()[:, :3], [[1, 0, 0]])
    assert display.negative_lines_.get_linewidth() == display.positive_lines_.get_linewidth() == [4]


def test_lines_are_drawn_in_the_colour_of_text(plt):
    with plt.style.context("dark_background"):
        display = EmbeddingDisplay.from_embeddings(Z, Y, tuples=TUPLES)
    assert_array_equal(display.negative_lines_.get_color(), [[1, 1, 1, 1]])


def test_many_points_are_rasterised():
    def draw(n):
        return EmbeddingDisplay.from_embeddings(np.zeros((n, 2)), np.zeros(n, dtype=int))

    assert not draw(5000).points_[0].get_rasterized()
    assert draw(5001).points_[0].get_rasterized()


@pytest.mark.parametrize(
    ("Z", "y", "message"),
    [
        (Z[:1], Y[:1], "at least two rows, got 1"),
        (Z, Y[:3], "inconsistent numbers of samples"),
        (Z * np.nan, Y, "Z contains NaN"),
        (Z[0], Y, "Expected 2D array"),
    ],
)
def test_bad_embeddings_are_refused(Z, y, message):
    with pytest.raises(ValueError, match=message):
        EmbeddingDisplay.from_embeddings(Z, y)


def test_a_display_of_ones_own_takes_what_is_like_an_array():
    display = EmbeddingDisplay(Z.tolist(), Y, tuples=TUPLES).plot()
    assert_array_equal(display.points_[0].get_offsets(), Z[:2])
    assert_array_equal(display.anchors_.get_offsets(), Z[[0, 2]])


@pytest.mark.parametrize(
    ("Z", "y", "message"),
    [
        (np.ones((4, 3)), Y, "Z must have two columns to be drawn, got 3"),
        (Z, Y[:3], "inconsistent numbers of samples"),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_a_figure_is_made(Z, y, message, plt):
    with pytest.raises(ValueError, match=message):
        EmbeddingDisplay(Z, y).plot()
    assert not plt.get_fignums()
