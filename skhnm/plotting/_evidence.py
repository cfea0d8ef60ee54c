"""What decided a prediction: the votes of near rows, and the features that tell them apart."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from skhnm.common._steps import fitted_steps, transform
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.common._validation import check_number
from skhnm.estimators.classifier._classifier import HardNegativeClassifier
from skhnm.estimators.classifier._evidence import Evidence
from skhnm.plotting._common import GREY, color, hatch, legend_above, pyplot


class EvidenceDisplay:
    """The votes on one query, and the parts of features in its distances.

    Left, a bar for each of the nearest rows, as long as its share of the vote and of the colour
    of its class; below, all the others together, and the base rates. Right, for the predicted
    class and the one that comes second, the mean part of each feature in the squared distance
    to the rows of that class that voted, each counted by its vote: a feature whose bar is long
    for the second class and short for the first is what tells them apart here. Bars left of 0
    make up for differences in other features.

    It is best made by `from_estimator` or `from_evidence`.

    Parameters
    ----------
    evidence : Evidence
        What `HardNegativeClassifier.evidence` gives.
    query : int, default=0
        Which of its queries to draw.

    Attributes
    ----------
    axes_ : dict of matplotlib Axes
        "votes" and "features".
    figure_ : matplotlib Figure
        Their figure.
    vote_bars_ : matplotlib BarContainer
        The rows from above, then all others (if there are more), then the base rates.
    feature_bars_ : dict of matplotlib BarContainer
        For the two likeliest classes that have a vote.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_wine
    >>> from skhnm import HardNegativeClassifier
    >>> from skhnm.plotting import EvidenceDisplay
    >>> X, y = load_wine(return_X_y=True, as_frame=True)
    >>> classifier = HardNegativeClassifier("linear", encoding="plain").fit(X[1:], y[1:])
    >>> display = EvidenceDisplay.from_estimator(classifier, X[:1])
    >>> display.axes_["votes"].get_title(loc="left")[:7]
    '0: chan'
    >>> plt.close(display.figure_)
    """

    def __init__(self, evidence: Evidence, query: int = 0) -> None:
        self.evidence = evidence
        self.query = query

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, *, query: int = 0, n_rows: int = 8, n_features: int = 8
    ) -> Self:
        """Draw the evidence for the prediction of one row.

        Parameters
        ----------
        estimator : HardNegativeClassifier, Pipeline or search
            Fitted; a pipeline ends in the classifier; of a search, the best estimator is taken.
        X : array-like of shape (n_samples, n_features)
            Rows, as the estimator takes them.
        query : int, default=0
            Which of them to draw.
        n_rows, n_features : int, default=8
            See `plot`.

        Returns
        -------
        display : EvidenceDisplay

        Raises
        ------
        TypeError
            If there is no `HardNegativeClassifier` at the end.
        """
        *before, last = fitted_steps(estimator)
        if not isinstance(last, HardNegativeClassifier):
            raise TypeError(
                "estimator must be a fitted HardNegativeClassifier, or a Pipeline or a fitted "
                f"search that ends in one; got {estimator!r}"
            )
        rows = last._read(transform(before, X))
        check_number(query, "query", low=0, high=len(rows) - 1, integer=True)
        evidence = last._evidence(rows[[query]])
        return cls.from_evidence(evidence, n_rows=n_rows, n_features=n_features)

    @classmethod
    def from_evidence(
        cls, evidence: Evidence, *, query: int = 0, n_rows: int = 8, n_features: int = 8
    ) -> Self:
        """Draw what `HardNegativeClassifier.evidence` found for one query.

        Parameters
        ----------
        evidence : Evidence
            Of one query or more.
        query : int, default=0
            Which of them to draw.
        n_rows, n_features : int, default=8
            See `plot`.

        Returns
        -------
        display : EvidenceDisplay
        """
        if not isinstance(evidence, Evidence):
            raise TypeError(
                "evidence must be what HardNegativeClassifier.evidence gives; for a classifier "
                f"take EvidenceDisplay.from_estimator. Got {evidence!r}"
            )
        check_number(query, "query", low=0, high=len(evidence) - 1, integer=True)
        return cls(evidence, query).plot(n_rows=n_rows, n_features=n_features)

    def plot(self, *, n_rows: int = 8, n_features: int = 8) -> Self:
        """Draw both panels in a new figure.

        Parameters
        ----------
        n_rows : int, default=8
            Rows with a bar of their own, at least 1, the nearest.
        n_features : int, default=8
            Features to draw, at least 1, those with the largest parts.

        Returns
        -------
        display : EvidenceDisplay
        """
        check_number(n_rows, "n_rows", low=1, integer=True)
        check_number(n_features, "n_features", low=1, integer=True)
        plt = pyplot(self)
        self.figure_, (left, right) = plt.subplots(1, 2, figsize=(9.0, 4.2), layout="constrained")
        self.axes_ = {"votes": left, "features": right}
        chances = self.evidence.probabilities[self.query]
        classes = np.argsort(-chances, kind="stable")
        self._draw_votes(left, classes, n_rows)
        best = classes[0]
        left.set_title(f"{self.evidence.classes[best]}: chance {chances[best]:.2f}", loc="left")
        self._draw_features(right, classes, n_features)
        return self

    def _draw_votes(self, ax: Any, classes: IndexArray, n_rows: int) -> None:
        e, q = self.evidence, self.query
        shown = min(n_rows, int((e.rows[q] >= 0).sum()))
        votes = e.votes[q, :shown].tolist()
        names = [f"{e.labels[q, i]} (row {e.rows[q, i]})" for i in range(shown)]
        if rest := int((e.rows[q, shown:] >= 0).sum()):
            votes.append(e.votes[q, shown:].sum())
            names.append(f"{rest} more rows")
        votes.append(e.base_votes[q])
        names.append("base rates")
        rank_of = {label: rank for rank, label in enumerate(e.classes[classes].tolist())}
        ranks = [rank_of[label] for label in e.labels[q, :shown].tolist()]
        places = np.arange(len(votes))
        self.vote_bars_ = ax.barh(
            places, votes, color=[*map(color, ranks)] + [GREY] * (len(votes) - shown)
        )
        for bar, rank in zip(self.vote_bars_, ranks, strict=False):
            bar.set_hatch(hatch(rank))
        ax.set_yticks(places, names)
        ax.invert_yaxis()
        ax.set_xlabel("share of the vote")

    def _draw_features(self, ax: Any, classes: IndexArray, n_features: int) -> None:
        e = self.evidence
        means = {int(c): self._mean_parts(int(c)) for c in classes}
        self.feature_bars_ = {}
        drawn = [c for c in classes.tolist() if means[c] is not None][:2]
        if not drawn:  # only the base rates vote
            ax.set_axis_off()
            return
        parts = np.array([means[c] for c in drawn])
        chosen = np.argsort(-np.abs(parts).max(axis=0), kind="stable")[:n_features]
        height = 0.8 / len(drawn)
        places = np.arange(len(chosen))
        order = classes.tolist()
        for i, c in enumerate(drawn):
            rank = order.index(c)
            self.feature_bars_[e.classes[c]] = ax.barh(
                places + (i - (len(drawn) - 1) / 2) * height, parts[i, chosen], height,
                color=color(rank), hatch=hatch(rank), label=f"to rows of {e.classes[c]}",
            )  # fmt: skip
        ax.axvline(0.0, color=GREY, linewidth=0.8)
        ax.set_yticks(places, [str(e.feature_names[f]) for f in chosen])
        ax.invert_yaxis()
        ax.set_xlabel("mean part of the squared distance")
        legend_above(ax, 2)

    def _mean_parts(self, c: int) -> FloatArray | None:
        """Return the mean parts (n_features,) to voters of a class, None if it has none."""
        e, q = self.evidence, self.query
        votes = np.where(e.labels[q] == e.classes[c], e.votes[q], 0.0)
        if not votes.sum() > 0:
            return None
        means: FloatArray = votes @ e.features[q] / votes.sum()
        return means
