"""Mined tuples: their distances, the regions, and the share of each."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skhnm import HardNegativeMetricLearner, MLPMetricLearner, Tuples
from skhnm.miners import HardestMiner, SemiHardMiner, ViolatingMiner
from skhnm.plotting import MiningDisplay

Z = np.array([[0.0], [2.0], [1.0], [2.0], [2.2], [3.0]])
TUPLES = Tuples([0], [[1]], [[2, 3, 4, 5, -1]])  # d_ap is 4, d_an is 1, 4, 4.84 and 9


def texts(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def distances(Z, triplets):
    a, p, n = (Z[triplets[:, i]] for i in range(3))
    return np.stack([((a - p) ** 2).sum(1), ((a - n) ** 2).sum(1)], axis=1)


def test_each_triplet_is_a_point_and_counts_in_its_region():
    display = MiningDisplay.from_tuples(Z, TUPLES, margin=5.0)
    assert_allclose(display.points_.get_offsets(), [[4, 1], [4, 4], [4, 4.84], [4, 9]])
    assert display.shares_ == {"hard": 0.5, "semi-hard": 0.25, "easy": 0.25}
    assert texts(display) == ["hard: 50 %", "semi-hard: 25 %", "easy: 25 %"]


def test_without_a_margin_there_is_no_semi_hard():
    display = MiningDisplay.from_tuples(Z, TUPLES)
    assert display.shares_ == {"hard": 0.5, "easy": 0.5}
    assert list(display.regions_) == ["hard", "easy"]
    assert len(display.borders_) == 1


def test_borders_stand_at_equal_distance_and_a_margin_above():
    lower, upper = MiningDisplay.from_tuples(Z, TUPLES, margin=2.0).borders_
    assert_allclose(lower.get_ydata(), lower.get_xdata())
    assert_allclose(upper.get_ydata(), upper.get_xdata() + 2)
    assert lower.get_linestyle() != upper.get_linestyle()


def test_regions_differ_without_colour():
    regions = MiningDisplay.from_tuples(Z, TUPLES, margin=2.0).regions_
    looks = {(region.get_hatch(), region.get_facecolor()[0, 3]) for region in regions.values()}
    assert len(looks) == 3
    assert regions["semi-hard"].get_hatch()


def test_everything_drawn_is_within_the_axes():
    display = MiningDisplay.from_tuples(Z, TUPLES)
    assert_allclose(display.ax_.get_xlim(), [0, 4.2])
    assert_allclose(display.ax_.get_ylim(), [0, 9.45])


@pytest.mark.parametrize(
    ("metric", "expected", "label"),
    [
        ("sqeuclidean", [8.0, 4.0], "squared Euclidean distance"),
        ("euclidean", [8.0**0.5, 2.0], "Euclidean distance"),
        ("cosine", [2.0, 1.0], "cosine distance"),
    ],
)
def test_labels_name_the_distance(metric, expected, label):
    Z = [[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]]
    display = MiningDisplay.from_tuples(Z, Tuples([0], [[1]], [[2]]), metric=metric)
    assert_allclose([display.d_ap[0], display.d_an[0]], expected)
    assert f"({label})" in display.ax_.get_xlabel()
    assert f"({label})" in display.ax_.get_ylabel()


def test_positives_and_negatives_may_come_from_a_pool():
    display = MiningDisplay.from_tuples(Z[:1], Tuples([0], [[1]], [[5]]), pool=Z)
    assert (display.d_ap, display.d_an) == (4, 9)


def test_a_miner_draws_what_it_mines(iris):
    Z, y = iris
    display = MiningDisplay.from_miner("hardest", Z, y, positives="hardest")
    triplets = HardestMiner().mine(Z, y, positives="hardest").triplets()
    assert_allclose(display.points_.get_offsets(), distances(Z, triplets))


def test_a_miner_mines_from_a_pool(iris):
    Z, y = iris
    display = MiningDisplay.from_miner(
        HardestMiner(2), Z[::10], y[::10], pool=Z, pool_y=y, positives="random", unlabelled=2,
        random_state=0,
    )  # fmt: skip
    assert len(display.d_ap) == 10 * 2


@pytest.mark.parametrize(
    ("miner", "margin"),
    [("semi_hard", None), (SemiHardMiner(0.3), 0.3), (ViolatingMiner(0.4), 0.4), ("easy", None)],
)
def test_a_miner_brings_its_margin(miner, margin, iris):
    assert MiningDisplay.from_miner(miner, *iris).margin == margin


def test_a_margin_of_ones_own_goes_before(iris):
    assert MiningDisplay.from_miner(SemiHardMiner(0.3), *iris, margin=2.0).margin == 2.0


def test_a_learner_draws_what_it_confuses(learner, iris):
    display = MiningDisplay.from_estimator(learner, *iris, n_negatives=2)
    triplets = learner.mine(*iris, n_negatives=2).triplets()
    assert_allclose(
        np.stack([display.d_ap, display.d_an], axis=1),
        distances(learner.transform(iris[0]), triplets),
    )


@pytest.mark.parametrize(
    ("options", "metric", "margin"),
    [
        ({"loss": "triplet"}, "sqeuclidean", 1.0),
        ({"loss": "nca", "negative_miner": SemiHardMiner(0.7)}, "sqeuclidean", 0.7),
        ({"loss": "nca"}, "sqeuclidean", None),
        ({"loss": "margin"}, "euclidean", None),
        ({"loss": "circle"}, "cosine", None),
    ],
)
def test_a_learner_brings_its_distance_and_margin(options, metric, margin, iris):
    learner = MLPMetricLearner((4,), 2, max_iter=1, random_state=0, **options).fit(*iris)
    display = MiningDisplay.from_estimator(learner, *iris)
    assert (display.metric, display.margin) == (metric, margin)


def test_many_points_are_drawn_as_their_density():
    d = np.random.default_rng(0).uniform(size=(2, 5001))
    display = MiningDisplay(*d).plot()
    assert display.points_.get_array().sum() == 5001  # each lies in one cell
    assert display.points_.get_rasterized()
    assert "tuples" in [ax.get_ylabel() for ax in display.figure_.axes]
    assert MiningDisplay(*d[:, 1:]).plot().points_.get_offsets().shape == (5000, 2)


@pytest.mark.parametrize("n", [100, 6000])
def test_distances_of_many_magnitudes_are_drawn_on_logarithmic_axes(n):
    d_ap = np.geomspace(1e-3, 1e3, n)
    d_ap[0] = 0.0  # is drawn at the edge
    display = MiningDisplay(d_ap, np.full(n, 2.0), margin=1.0).plot()
    assert display.ax_.get_xscale() == display.ax_.get_yscale() == "log"
    assert display.ax_.get_xlim()[0] > 0
    assert display.shares_ == {
        "hard": (d_ap >= 2).mean(), "semi-hard": ((d_ap > 1) & (d_ap < 2)).mean(),
        "easy": (d_ap <= 1).mean(),
    }  # fmt: skip


def test_distances_that_are_all_zero_are_drawn():
    display = MiningDisplay([0.0, 0.0], [0.0, 0.0]).plot()
    assert display.shares_ == {"hard": 1.0, "easy": 0.0}


def test_a_rare_region_is_not_called_empty():
    display = MiningDisplay(np.ones(1000), np.r_[0.5, np.full(999, 2.0)]).plot()
    assert texts(display) == ["hard: < 1 %", "easy: > 99 %"]


def test_looks_can_be_changed():
    display = MiningDisplay.from_tuples(Z, TUPLES, scatter_kwargs={"s": 7, "c": "red"})
    assert_array_equal(display.points_.get_sizes(), [7])
    assert_array_equal(display.points_.get_facecolor()[:, :3], [[1, 0, 0]])


def test_narrow_axes_side_by_side_keep_their_width_and_stack_the_legend(plt):
    figure, axes = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
    for ax in axes:
        MiningDisplay.from_tuples(Z, TUPLES, margin=2.0, ax=ax)
    figure.draw_without_rendering()  # warns of axes that collapse
    for ax in axes:
        assert ax.get_window_extent().width > figure.bbox.width / 5
        *_, semi_hard, easy = ax.get_legend().get_texts()
        assert easy.get_window_extent().y1 < semi_hard.get_window_extent().y0


def test_wide_axes_have_the_legend_in_one_line():
    display = MiningDisplay.from_tuples(Z, TUPLES, margin=2.0)
    display.figure_.draw_without_rendering()
    first, *_, last = display.ax_.get_legend().get_texts()
    assert first.get_window_extent().y0 == pytest.approx(last.get_window_extent().y0, abs=2)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: MiningDisplay.from_tuples(Z, TUPLES[:0]), "no tuple with a positive"),
        (lambda: MiningDisplay.from_tuples(Z, TUPLES, margin=-1.0), "margin must be a number > 0"),
        (lambda: MiningDisplay.from_tuples(Z, TUPLES, metric="l1"), "metric must be one of"),
        (lambda: MiningDisplay.from_tuples(Z, TUPLES, pool=np.eye(6)), "pool has 6 columns"),
        (lambda: MiningDisplay([1.0], [1.0, 2.0]).plot(), "inconsistent numbers of samples"),
        (lambda: MiningDisplay([-1.0], [1.0]).plot(), "distances, >= 0, but some are negative"),
        (lambda: MiningDisplay.from_miner("hard", Z, Z.ravel() > 1), "negative_miner"),
    ],
)
def test_bad_input_is_refused_before_anything_is_drawn(draw, message, plt):
    with pytest.raises(ValueError, match=message):
        draw()
    assert not plt.get_fignums()


def test_the_learner_may_be_fitted_on_labels_with_unlabelled_rows(iris):
    X, y = iris
    y = np.where(np.arange(len(y)) % 2, y, -1)
    learner = HardNegativeMetricLearner(unlabelled=-1, max_iter=2).fit(X, y)
    assert len(MiningDisplay.from_estimator(learner, X, y).d_ap) == 75
