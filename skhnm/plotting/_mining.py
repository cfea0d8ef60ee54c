"""How far the positives and the negatives of mined tuples are."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_array

from skhnm.common._labels import RAISE
from skhnm.common._tuples import Tuples
from skhnm.common._typing import FloatArray, RandomState
from skhnm.common._validation import check_choice, check_embeddings, check_number
from skhnm.miners._base import NEGATIVE_MINERS
from skhnm.plotting._common import axes_for, color, hatch, ink, legend_above, point_look, shades
from skhnm.plotting._inputs import (
    check_tuples,
    distances_of,
    fitted_learner,
    margin_of,
    margin_of_miner,
)

Limits = tuple[float, float]

_DENSITY_ABOVE = 5000  # points: more lie upon each other

_METRICS = {
    "sqeuclidean": "squared Euclidean distance",
    "euclidean": "Euclidean distance",
    "cosine": "cosine distance",
}

_REGIONS = {"hard": (4, 0.45, 0), "semi-hard": (1, 0.3, 1), "easy": (2, 0.18, 0)}
"""The number of each region's colour, how strong it is, and the number of its hatch: told apart
in grey too."""

_FAR = 30.0
"""Times the median: where the largest distances are farther, axes are logarithmic."""


class MiningDisplay:
    """The distance to the positive against that to the negative, of mined tuples.

    Each point is an anchor a with a positive p and a negative n. It is hard if the negative
    is no farther than the positive, ``d_an <= d_ap``; semi-hard if it is, but by less than
    the margin, ``d_an < d_ap + margin``; easy beyond. Without a margin, all beyond the first
    are easy. More than 5,000 points are drawn as their density; where some distances are far
    above most, the axes are logarithmic.

    It is best made by `from_tuples`, `from_miner` or `from_estimator`. How hardness goes down
    while a learner is fitted is a panel of `TrainingDisplay`.

    Parameters
    ----------
    d_ap, d_an : array-like of shape (n_triplets,)
        Distances from the anchor to the positive and to the negative, >= 0.
    margin : float or None, default=None
        Width of the semi-hard region, above 0, in the units of the distances.
    metric : {"sqeuclidean", "euclidean", "cosine"}, default="sqeuclidean"
        Which distances they are, for the labels.

    Attributes
    ----------
    shares_ : dict
        The share of the points in each region, in [0, 1].
    ax_ : matplotlib Axes
        The axes drawn into.
    figure_ : matplotlib Figure
        Its figure.
    points_ : matplotlib PathCollection or QuadMesh
        The points; the latter where their density is drawn.
    regions_ : dict of matplotlib PolyCollection
        The area of each region, with its share as the label.
    borders_ : list of matplotlib Line2D
        ``d_an = d_ap`` and, with a margin, ``d_an = d_ap + margin``.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_iris
    >>> from skhnm.miners import SemiHardMiner
    >>> from skhnm.plotting import MiningDisplay
    >>> Z, y = load_iris(return_X_y=True)
    >>> display = MiningDisplay.from_miner(SemiHardMiner(margin=1.0), Z, y)
    >>> display.shares_
    {'hard': 0.0, 'semi-hard': 1.0, 'easy': 0.0}
    >>> plt.close(display.figure_)
    """

    def __init__(
        self, d_ap: Any, d_an: Any, *, margin: float | None = None, metric: str = "sqeuclidean"
    ) -> None:
        self.d_ap = d_ap
        self.d_an = d_an
        self.margin = margin
        self.metric = metric

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        margin: float | None = None,
        n_negatives: int = 1,
        n_positives: int = 1,
        ax: Any = None,
        scatter_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the tuples that a fitted learner finds hardest: what it confuses.

        Parameters
        ----------
        estimator : metric learner, Pipeline or search
            Fitted; a pipeline holds the learner as its last step, or before a classifier; of a
            search over these, the best estimator is taken.
        X : array-like of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,)
            Their labels.
        margin : float or None, default=None
            Width of the semi-hard region, in the distance that the loss is written in; None
            takes the one of a triplet or large-margin loss, or of a semi-hard or violating
            miner, if there is one.
        n_negatives, n_positives : int, default=1
            Nearest rows of other classes, and of its own, to draw for each anchor.
        ax : matplotlib Axes, optional
            Where to draw; left out, a new figure.
        scatter_kwargs : dict, optional
            See `plot`.

        Returns
        -------
        display : MiningDisplay
        """
        learner, X = fitted_learner(estimator, X)
        return cls.from_tuples(
            learner._transform_as_trained(X),
            learner.mine(X, y, n_negatives=n_negatives, n_positives=n_positives),
            margin=margin_of(learner) if margin is None else margin,
            metric=getattr(learner.loss_, "metric", "sqeuclidean"),
            ax=ax, scatter_kwargs=scatter_kwargs,
        )  # fmt: skip

    @classmethod
    def from_miner(
        cls,
        miner: Any,
        Z: Any,
        y: Any,
        *,
        margin: float | None = None,
        positives: Any = "all",
        pool: Any = None,
        pool_y: Any = None,
        unlabelled: Any = RAISE,
        random_state: RandomState = None,
        n_jobs: int | None = None,
        ax: Any = None,
        scatter_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Mine, and draw what was found.

        Parameters
        ----------
        miner : str, negative miner or function
            Such as "hardest", or ``SemiHardMiner(margin=0.5)``.
        Z : array-like of shape (n, m)
            Embeddings of the anchors.
        y : array-like of shape (n,)
            Their labels.
        margin : float or None, default=None
            Width of the semi-hard region, in squared Euclidean distance; None takes the one of
            a semi-hard or violating miner, if it has one.
        positives, pool, pool_y, unlabelled, random_state, n_jobs
            As the miner's `mine` takes them.
        ax : matplotlib Axes, optional
            Where to draw; left out, a new figure.
        scatter_kwargs : dict, optional
            See `plot`.

        Returns
        -------
        display : MiningDisplay
        """
        miner = NEGATIVE_MINERS.resolve(miner)
        tuples = miner.mine(
            Z, y, positives=positives, pool=pool, pool_y=pool_y, unlabelled=unlabelled,
            random_state=random_state, n_jobs=n_jobs,
        )  # fmt: skip
        return cls.from_tuples(
            Z, tuples, pool=pool, margin=margin_of_miner(miner) if margin is None else margin,
            ax=ax, scatter_kwargs=scatter_kwargs,
        )  # fmt: skip

    @classmethod
    def from_tuples(
        cls,
        Z: Any,
        tuples: Tuples,
        *,
        pool: Any = None,
        margin: float | None = None,
        metric: str = "sqeuclidean",
        ax: Any = None,
        scatter_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw tuples that were mined before: every positive with every negative.

        Parameters
        ----------
        Z : array-like of shape (n, m)
            Embeddings of the anchors.
        tuples : Tuples
            At least one with a positive and a negative.
        pool : array-like of shape (N, m), optional
            Embeddings of the candidates; left out, Z.
        margin : float or None, default=None
            Width of the semi-hard region, above 0, in the units of `metric`.
        metric : {"sqeuclidean", "euclidean", "cosine"}, default="sqeuclidean"
            The distance to draw.
        ax : matplotlib Axes, optional
            Where to draw; left out, a new figure.
        scatter_kwargs : dict, optional
            See `plot`.

        Returns
        -------
        display : MiningDisplay

        Raises
        ------
        ValueError
            If there is nothing to draw, or the tuples are of other rows.
        """
        Z = check_embeddings(Z)
        P = Z if pool is None else check_embeddings(pool, "pool")
        if P.shape[1] != Z.shape[1]:
            raise ValueError(f"pool has {P.shape[1]} columns, but Z has {Z.shape[1]}")
        check_choice(metric, "metric", tuple(_METRICS))
        triplets = check_tuples(tuples, len(Z), len(P)).triplets()
        d_ap, d_an = distances_of(Z, P, triplets, metric).T
        display = cls(d_ap, d_an, margin=margin, metric=metric)
        return display.plot(ax, scatter_kwargs=scatter_kwargs)

    def plot(self, ax: Any = None, *, scatter_kwargs: dict[str, Any] | None = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; left out, a new figure. The legend stands above it.
        scatter_kwargs : dict, optional
            For ``ax.scatter``, or for ``ax.hist2d`` where the density is drawn.

        Returns
        -------
        self
        """
        check_number(self.margin, "margin", low=0, low_open=True, optional=True)
        check_choice(self.metric, "metric", tuple(_METRICS))
        d_ap, d_an = (
            check_array(d, ensure_2d=False, ensure_min_samples=0, dtype=np.float64)
            for d in (self.d_ap, self.d_an)
        )
        check_consistent_length(d_ap, d_an)
        if (d_ap < 0).any() or (d_an < 0).any():
            raise ValueError("d_ap and d_an must be distances, >= 0, but some are negative")
        if not len(d_ap):
            raise ValueError(
                "There is no tuple with a positive and a negative to draw: take another miner, or "
                "a wider margin"
            )
        self.ax_ = ax = axes_for(self, ax)
        self.figure_ = ax.figure
        self.shares_ = _shares(d_ap, d_an, self.margin)
        scale = _scale(d_ap, d_an)
        if scale == "log":
            d_ap, d_an = (np.maximum(d, d[d > 0].min()) for d in (d_ap, d_an))
        x, y = (_limits(d, scale) for d in (d_ap, d_an))
        self._draw_regions(x, y, scale)
        self._draw_points(d_ap, d_an, x, y, scale, scatter_kwargs or {})
        distance = _METRICS[self.metric]
        ax.set(
            xscale=scale, yscale=scale, xlim=x, ylim=y,
            xlabel=f"anchor to positive, $d_{{ap}}$\n({distance})",
            ylabel=f"anchor to negative, $d_{{an}}$\n({distance})",
        )  # fmt: skip
        legend_above(ax, len(self.shares_))
        return self

    def _draw_regions(self, x: Limits, y: Limits, scale: str) -> None:
        """Shade the regions, and draw the borders between them."""
        along = (np.geomspace if scale == "log" else np.linspace)(*x, 200)
        heights = [0.0] if self.margin is None else [0.0, self.margin]
        self.borders_ = [
            self.ax_.plot(along, along + height, color=ink(self), linestyle=dash, linewidth=1.0)[0]
            for height, dash in zip(heights, ("-", "--"), strict=False)
        ]
        top = np.maximum(along + heights[-1], y[1])
        edges = [np.full_like(along, min(x[0], y[0])), *(along + h for h in heights), top]
        self.regions_ = {}
        for (name, share), low, high in zip(
            self.shares_.items(), edges[:-1], edges[1:], strict=True
        ):
            number, strength, lines = _REGIONS[name]
            self.regions_[name] = self.ax_.fill_between(
                along, low, high, facecolor=(color(number), strength), hatch=hatch(lines),
                edgecolor=(ink(self), 0.3), linewidth=0, zorder=0,
                label=f"{name}: {_percent(share)}",
            )  # fmt: skip

    def _draw_points(
        self,
        d_ap: FloatArray,
        d_an: FloatArray,
        x: Limits,
        y: Limits,
        scale: str,
        options: dict[str, Any],
    ) -> None:
        """Draw the points, or their density where there are many."""
        if len(d_ap) <= _DENSITY_ABOVE:
            look = {
                "color": ink(self), "s": float(np.clip(6000 / len(d_ap), 4, 20)), "linewidths": 0,
                "alpha": 0.7 if len(d_ap) < 500 else 0.4,
            }  # fmt: skip
            self.points_ = self.ax_.scatter(d_ap, d_an, **point_look(look, options))
            return
        spaced = np.geomspace if scale == "log" else np.linspace
        cells = [spaced(*limits, 81) for limits in (x, y)]
        look = {"norm": "log", "cmap": shades(ink(self)), "rasterized": True, "zorder": 1.5}
        *_, self.points_ = self.ax_.hist2d(d_ap, d_an, cells, cmin=1, **{**look, **options})
        self.figure_.colorbar(self.points_, ax=self.ax_, pad=0.02, label="tuples")


def _scale(*distances: FloatArray) -> str:
    """Return "log" where on linear axes most points would lie in a corner."""
    if not all(d.any() for d in distances):
        return "linear"
    return "log" if any(d.max() > _FAR * np.median(d) for d in distances) else "linear"


def _limits(d: FloatArray, scale: str) -> Limits:
    if scale == "log":
        return float(d.min() / 1.2), float(d.max() * 1.2)
    return 0.0, float(1.05 * d.max()) or 1.0


def _percent(share: float) -> str:
    """Write a share so that only none is 0 % and only all is 100 %."""
    if 0 < share < 0.005:
        return "< 1 %"
    return "> 99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


def _shares(d_ap: FloatArray, d_an: FloatArray, margin: float | None) -> dict[str, float]:
    """Return the share of each region, in [0, 1]."""
    hard = d_an <= d_ap
    if margin is None:
        return {"hard": float(hard.mean()), "easy": float((~hard).mean())}
    easy = ~hard & (d_an >= d_ap + margin)
    return {
        "hard": float(hard.mean()),
        "semi-hard": float((~hard & ~easy).mean()),
        "easy": float(easy.mean()),
    }
