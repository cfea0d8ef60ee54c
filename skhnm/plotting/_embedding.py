"""Embeddings in the plane, with the tuples that are hardest to tell apart."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.decomposition import PCA
from sklearn.utils import check_consistent_length

from skhnm.common._labels import RAISE, encode_labels
from skhnm.common._tuples import Tuples
from skhnm.common._typing import FloatArray, IndexArray, LabelArray
from skhnm.common._validation import check_embeddings, check_number
from skhnm.plotting._common import (
    GREY,
    MOST_IN_LEGEND,
    axes_for,
    color,
    ink,
    legend_beside,
    marker,
    point_look,
)
from skhnm.plotting._inputs import check_tuples, fitted_learner

_RASTER_ABOVE = 5000  # points: as vectors they would make large, slow files


class EmbeddingDisplay:
    """A scatter of embeddings, with mined tuples as lines.

    It is best made by `from_estimator` or `from_embeddings`. Up to ten classes each have a
    colour, a marker and a place in the legend. Of more classes, those that take part in the
    most drawn tuples do, and all others stand back; without tuples, colours and markers come
    again and there is no legend.

    Parameters
    ----------
    Z : array-like of shape (n_samples, 2)
        Where the rows are drawn.
    y : array-like of shape (n_samples,)
        Their labels.
    tuples : Tuples, optional
        Tuples of these rows to draw: a line from the anchor to each negative and, of another
        look, to each positive.
    unlabelled : label or None, default="raise"
        The label that means "no class", None for missing ones; its rows are grey.
    xlabel, ylabel : str, default="embedding 1" and "embedding 2"
        What the axes show.
    equal_scales : bool, default=True
        Whether a unit is as long on both axes, so that distances can be compared; if not, the
        vertical axis counts in whole numbers.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes drawn into.
    figure_ : matplotlib Figure
        Its figure.
    points_ : list of matplotlib PathCollection
        The rows of each class that has a look of its own, in the order of the legend.
    others_ : matplotlib PathCollection or None
        The rows of all other classes.
    unlabelled_ : matplotlib PathCollection or None
        The rows without a class.
    anchors_ : matplotlib PathCollection or None
        Rings around the anchors of the tuples.
    negative_lines_, positive_lines_ : matplotlib LineCollection or None
        From anchors to their negatives, and to their positives.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_iris
    >>> from skhnm import HardNegativeMetricLearner
    >>> from skhnm.plotting import EmbeddingDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> learner = HardNegativeMetricLearner(n_components=2).fit(X, y)
    >>> display = EmbeddingDisplay.from_estimator(learner, X, y, n_tuples=10)
    >>> len(display.negative_lines_.get_segments())
    10
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        Z: Any,
        y: Any,
        *,
        tuples: Tuples | None = None,
        unlabelled: Any = RAISE,
        xlabel: str = "embedding 1",
        ylabel: str = "embedding 2",
        equal_scales: bool = True,
    ) -> None:
        self.Z = Z
        self.y = y
        self.tuples = tuples
        self.unlabelled = unlabelled
        self.xlabel = xlabel
        self.ylabel = ylabel
        self.equal_scales = equal_scales

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        tuples: Tuples | None = None,
        n_tuples: int | None = 20,
        ax: Any = None,
        scatter_kwargs: dict[str, Any] | None = None,
        line_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw rows where a fitted learner puts them, and what it confuses most.

        Where its loss is on cosine similarity, that is at unit length.

        Parameters
        ----------
        estimator : metric learner, Pipeline or search
            Fitted; a pipeline holds the learner as its last step, or before a classifier; of a
            search over these, the best estimator is taken.
        X : array-like of shape (n_samples, n_features)
            Rows, at least two.
        y : array-like of shape (n_samples,)
            Their labels. Rows that the learner takes as unlabelled are grey.
        tuples : Tuples, optional
            Tuples of these rows; left out, those of ``estimator.mine(X, y)``: the rows much
            nearer to another class than to their own come first.
        n_tuples : int or None, default=20
            How many tuples to draw, the first ones; 0 draws none, None all.
        ax : matplotlib Axes, optional
            Where to draw; left out, a new figure.
        scatter_kwargs, line_kwargs : dict, optional
            See `plot`.

        Returns
        -------
        display : EmbeddingDisplay
        """
        learner, X = fitted_learner(estimator, X)
        check_number(n_tuples, "n_tuples", low=0, integer=True, optional=True)
        if tuples is None and n_tuples != 0:
            tuples = learner.mine(X, y)
        return cls.from_embeddings(
            learner._transform_as_trained(X), y,
            tuples=tuples, n_tuples=n_tuples, unlabelled=learner.unlabelled,
            ax=ax, scatter_kwargs=scatter_kwargs, line_kwargs=line_kwargs,
        )  # fmt: skip

    @classmethod
    def from_embeddings(
        cls,
        Z: Any,
        y: Any,
        *,
        tuples: Tuples | None = None,
        n_tuples: int | None = 20,
        unlabelled: Any = RAISE,
        ax: Any = None,
        scatter_kwargs: dict[str, Any] | None = None,
        line_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw embeddings of any model.

        Parameters
        ----------
        Z : array-like of shape (n_samples, m)
            Embeddings of at least two rows. More than two dimensions are projected to their
            first two principal components; one is drawn as a strip for each class.
        y : array-like of shape (n_samples,)
            Their labels.
        tuples : Tuples, optional
            Tuples of these rows.
        n_tuples : int or None, default=20
            How many of them to draw, the first ones; None draws all.
        unlabelled : label or None, default="raise"
            The label that means "no class", None for missing ones; its rows are grey.
        ax : matplotlib Axes, optional
            Where to draw; left out, a new figure.
        scatter_kwargs, line_kwargs : dict, optional
            See `plot`.

        Returns
        -------
        display : EmbeddingDisplay

        Raises
        ------
        ValueError
            If there are fewer than two rows, or the tuples are of other rows.
        """
        Z = check_embeddings(Z)
        _, codes = encode_labels(y, unlabelled)
        check_consistent_length(Z, codes)
        if len(Z) < 2:
            raise ValueError(f"A scatter of embeddings needs at least two rows, got {len(Z)}")
        check_number(n_tuples, "n_tuples", low=0, integer=True, optional=True)
        if tuples is not None:
            tuples = check_tuples(tuples, len(Z), len(Z))[:n_tuples]
        places, labels = _in_the_plane(Z, codes)
        display = cls(
            places, y, tuples=tuples, unlabelled=unlabelled,
            xlabel=labels[0], ylabel=labels[1], equal_scales=Z.shape[1] > 1,
        )  # fmt: skip
        return display.plot(ax, scatter_kwargs=scatter_kwargs, line_kwargs=line_kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        scatter_kwargs: dict[str, Any] | None = None,
        line_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; left out, a new figure. The legend stands to the right of it.
        scatter_kwargs : dict, optional
            For every ``ax.scatter`` of rows, such as ``{"s": 5, "alpha": 0.3}``.
        line_kwargs : dict, optional
            For the lines of the tuples, such as ``{"linewidths": 2}``.

        Returns
        -------
        self
        """
        places = check_embeddings(self.Z)
        classes, codes = encode_labels(self.y, self.unlabelled)
        check_consistent_length(places, codes)
        if places.shape[1] != 2:
            raise ValueError(
                f"Z must have two columns to be drawn, got {places.shape[1]}: from_embeddings "
                "projects more"
            )
        self.ax_ = ax = axes_for(self, ax)
        self.figure_ = ax.figure
        self._draw_points(places, classes, codes, scatter_kwargs or {})
        self._draw_tuples(places, line_kwargs or {})
        ax.set(xlabel=self.xlabel, ylabel=self.ylabel)
        if self.equal_scales:
            alone = len(ax.get_shared_x_axes().get_siblings(ax)) == 1
            ax.set_aspect("equal", adjustable="datalim" if alone else "box")
        else:
            ax.yaxis.get_major_locator().set_params(integer=True)
        if ax.get_legend_handles_labels()[0]:
            legend_beside(ax)
        return self

    def _draw_points(
        self, places: FloatArray, classes: LabelArray, codes: IndexArray, options: dict[str, Any]
    ) -> None:
        shown = self._classes_with_looks(len(classes), codes)
        in_legend = len(shown) <= MOST_IN_LEGEND
        size = _point_size(len(codes))
        common = {"linewidths": 0, "rasterized": len(codes) > _RASTER_ABOVE}

        def draw(rows: Any, name: str | None, **look: Any) -> Any:
            if not rows.any():
                return None
            look = {**common, **look, "label": name if in_legend else None}
            return self.ax_.scatter(*places[rows].T, **point_look(look, options))

        back = {"color": GREY, "marker": ".", "s": size}
        self.unlabelled_ = draw(codes < 0, "unlabelled", alpha=0.6, **back)
        behind = (codes >= 0) & ~np.isin(codes, shown)
        self.others_ = draw(behind, "other classes", alpha=0.4, **back)
        front = max(size, 22.0) if behind.any() else size
        self.points_ = [
            draw(
                codes == code, str(classes[code]),
                color=color(i), marker=marker(i), s=front, alpha=0.8,
            )
            for i, code in enumerate(shown)
        ]  # fmt: skip

    def _classes_with_looks(self, n_classes: int, codes: IndexArray) -> IndexArray:
        """Return the codes of the classes to emphasise, in order."""
        everyone = np.arange(n_classes)
        if n_classes <= MOST_IN_LEGEND or self.tuples is None or not len(self.tuples):
            return everyone
        pairs = codes[_pairs(self.tuples.anchors, self.tuples.negatives)]
        in_tuples = np.bincount(pairs.ravel(), minlength=n_classes)
        most = np.argsort(-in_tuples, kind="stable")[:MOST_IN_LEGEND]
        return np.sort(most[in_tuples[most] > 0])

    def _draw_tuples(self, places: FloatArray, options: dict[str, Any]) -> None:
        self.anchors_ = self.negative_lines_ = self.positive_lines_ = None
        tuples = self.tuples
        if tuples is None or not len(tuples):
            return
        dotted = {"label": "to positive", "linestyles": (0, (1, 1.2)), "linewidths": 1.6}
        solid = {"label": "to hard negative", "linestyles": "-", "linewidths": 1.1}
        to_positives = places[_pairs(tuples.anchors, tuples.positives)]
        to_negatives = places[_pairs(tuples.anchors, tuples.negatives)]
        self.positive_lines_ = self._draw_lines(to_positives, {**dotted, **options})
        self.negative_lines_ = self._draw_lines(to_negatives, {**solid, **options})
        self.anchors_ = self.ax_.scatter(
            *places[np.unique(tuples.anchors)].T, label="anchor",
            s=70, facecolors="none", edgecolors=ink(self),
            linewidths=1.1, zorder=4,
        )  # fmt: skip

    def _draw_lines(self, segments: FloatArray, look: dict[str, Any]) -> Any:
        from matplotlib.collections import LineCollection

        lines = LineCollection(list(segments), **{"colors": ink(self), "zorder": 3, **look})
        return self.ax_.add_collection(lines)


def _pairs(anchors: IndexArray, others: IndexArray) -> IndexArray:
    """Return (anchor, other) (p, 2), without padding."""
    pairs = np.stack([np.broadcast_to(anchors[:, None], others.shape), others], axis=2)
    return pairs[others >= 0]


def _in_the_plane(Z: FloatArray, codes: IndexArray) -> tuple[FloatArray, tuple[str, str]]:
    """Return two coordinates (n, 2) of each row, and what they are."""
    if Z.shape[1] == 1:
        return np.column_stack([Z[:, 0], codes]), ("embedding", "class, by its sorted place")
    if Z.shape[1] == 2:
        return Z, ("embedding 1", "embedding 2")
    if not np.ptp(Z, axis=0).any():
        return np.zeros((len(Z), 2)), ("first principal component", "second principal component")
    pca = PCA(2, random_state=0)
    places = pca.fit_transform(Z)
    first, second = 100 * pca.explained_variance_ratio_
    return places, (
        f"first principal component\n({first:.0f} % of variance)",
        f"second principal component\n({second:.0f} % of variance)",
    )


def _point_size(n: int) -> float:
    """Area of a marker, in points squared: smaller, the more there are."""
    return float(np.clip(500 / np.sqrt(n), 3, 36))
