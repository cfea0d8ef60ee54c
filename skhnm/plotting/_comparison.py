"""Miners side by side, over the splits of a cross-validation."""

from __future__ import annotations

from textwrap import fill
from typing import Any, Self

import numpy as np
from sklearn.utils import check_array, check_consistent_length

from skhnm.common._typing import FloatArray, RandomState
from skhnm.comparison._function import MINERS, compare_miners, named_scores
from skhnm.comparison._result import BASELINE, MinerComparison, mean_and_spread, spread
from skhnm.plotting._common import COLORS, GREY, axes_for, ink, legend_above

LABEL_WIDTH = 30
"""Characters of a line; longer labels take several."""


class MinerComparisonDisplay:
    """One row a miner: a dot for each split, a diamond for the mean.

    The rows are in the order of their means, the best on top. A dashed line is the mean of
    the baseline, the features as they are. Thin lines connect the dots of a split: where
    they run alike, miners differ in the same way in every split.

    It is best made by `from_comparison` or `from_estimator`.

    Parameters
    ----------
    labels : sequence of str
        The miners.
    scores : array of shape (n_miners, n_splits)
        Their scores.
    baseline : array of shape (n_splits,)
        Scores of the features as they are.
    metric : str
        Name of the score.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes drawn into.
    figure_ : matplotlib Figure
        Its figure.
    splits_ : list of matplotlib Line2D
        Dots and line of each split.
    means_ : matplotlib Line2D
        The diamonds.
    baseline_ : matplotlib Line2D
        The dashed line.
    values_ : list of matplotlib Text
        Mean ± standard deviation of each row, beside the axes.

    See Also
    --------
    skhnm.compare_miners : The numbers.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skhnm import HardNegativeMetricLearner
    >>> from skhnm.plotting import MinerComparisonDisplay
    >>> X, y = load_wine(return_X_y=True)
    >>> pipe = make_pipeline(StandardScaler(), HardNegativeMetricLearner(random_state=0))
    >>> display = MinerComparisonDisplay.from_estimator(
    ...     pipe, X, y, miners=("random", "hardest")
    ... )
    >>> sorted(display.labels)
    ['hardest', 'random']
    >>> plt.close(display.figure_)
    """

    def __init__(
        self, labels: Any, scores: FloatArray, baseline: FloatArray, metric: str = "score"
    ) -> None:
        self.labels = labels
        self.scores = scores
        self.baseline = baseline
        self.metric = metric

    @classmethod
    def from_comparison(
        cls, comparison: MinerComparison, *, metric: str | None = None, ax: Any = None
    ) -> Self:
        """Draw a comparison.

        Parameters
        ----------
        comparison : MinerComparison
            Of `skhnm.compare_miners`.
        metric : str, optional
            Name of one of its scores, such as "accuracy"; by default the first.
        ax : matplotlib Axes, optional
            Where to draw; left out, a new figure.

        Returns
        -------
        display : MinerComparisonDisplay
        """
        scores = comparison.of(metric)
        here = comparison.labels.index(BASELINE)
        miners = [i for i in range(len(comparison.labels)) if i != here]
        return cls(
            [comparison.labels[i] for i in miners],
            scores[miners],
            scores[here],
            metric or comparison.metrics[0],
        ).plot(ax)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        miners: Any = MINERS,
        cv: Any = 5,
        scoring: Any = None,
        groups: Any = None,
        random_state: RandomState = None,
        n_jobs: int | None = None,
        metric: str | None = None,
        ax: Any = None,
    ) -> Self:
        """Compare miners and draw what was found.

        Parameters
        ----------
        estimator, X, y, miners, cv, scoring, groups, random_state, n_jobs
            As in `skhnm.compare_miners`.
        metric : str, optional
            Name of one of the scores; by default the first. Where `scoring` is left out,
            it is the only one that is computed.
        ax : matplotlib Axes, optional
            Where to draw; left out, a new figure.

        Returns
        -------
        display : MinerComparisonDisplay
        """
        asked = named_scores(scoring) or named_scores(metric)
        if metric is not None and metric not in asked:
            listed = ", ".join(map(repr, asked))
            raise ValueError(f"metric must be one of the scores, {listed}; got {metric!r}")
        comparison = compare_miners(
            estimator, X, y, miners=miners, cv=cv, scoring=asked or None, groups=groups,
            random_state=random_state, n_jobs=n_jobs,
        )  # fmt: skip
        return cls.from_comparison(comparison, metric=metric, ax=ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; left out, a new figure, as high as the miners need.

        Returns
        -------
        self
        """
        scores = check_array(self.scores, input_name="scores")
        check_consistent_length(self.labels, scores)
        means = scores.mean(axis=1)
        order = np.argsort(means, kind="stable")
        scores, means = scores[order], means[order]
        n_miners = len(scores)
        rows = np.arange(n_miners)
        self.ax_ = ax = axes_for(self, ax, figsize=(7.0, 1.5 + 0.32 * n_miners))
        self.figure_ = ax.figure

        self.baseline_ = ax.axvline(
            float(np.mean(self.baseline)), color=GREY, linestyle="--", zorder=1,
            label=f"{BASELINE}: the features as they are ({np.mean(self.baseline):.3f})",
        )  # fmt: skip
        self.splits_ = [
            ax.plot(
                split, rows, color=GREY, linewidth=0.5, marker="o", markersize=4,
                markerfacecolor="none", zorder=2, label="a split" if i == 0 else None,
            )[0]
            for i, split in enumerate(scores.T)
        ]  # fmt: skip
        (self.means_,) = ax.plot(
            means, rows, color=COLORS[0], linestyle="none", marker="D", markersize=8,
            markeredgecolor=ink(self), zorder=3, label="mean",
        )  # fmt: skip
        self.values_ = [
            ax.annotate(
                text, (1.0, row), (6, 0), xycoords=ax.get_yaxis_transform(),
                textcoords="offset points", va="center",
            )
            for row, text in zip(rows, map(mean_and_spread, means, spread(scores)), strict=True)
        ]  # fmt: skip
        ax.set_yticks(rows, [fill(self.labels[i], LABEL_WIDTH) for i in order])
        ax.set_ylim(-0.6, n_miners - 0.4)
        ax.set_xlabel(self.metric.replace("_", " "))
        # From the right: there it may reach over the labels, and takes no width from the rows.
        legend_above(ax, 3, loc="lower right", bbox_to_anchor=(1.0, 1.01))
        return self
