"""What decided a prediction: the rows that voted, and the features that made them near."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skhnm.common._text import aligned
from skhnm.common._typing import FloatArray, IndexArray, LabelArray
from skhnm.estimators.classifier._metric import TableMetric

_QUERIES_SHOWN = 5
_ROWS_SHOWN = 5
_FEATURES_SHOWN = 3


@dataclass(frozen=True, eq=False, repr=False)
class Evidence:
    """Who voted on each query, and why these rows are near; ``print`` shows it as a table.

    Made by `HardNegativeClassifier.evidence`.

    Parameters
    ----------
    rows : array of shape (n_queries, n_neighbors)
        The rows that voted, nearest first, by their number in the X of `fit` (of repeated rows
        with one label, the first); -1 where there are fewer.
    labels : array of shape (n_queries, n_neighbors)
        Their labels.
    distances : array of shape (n_queries, n_neighbors)
        Learned distances, not squared; NaN where there are fewer.
    votes : array of shape (n_queries, n_neighbors)
        The share of each in the vote.
    base_votes : array of shape (n_queries,)
        The share of the base rates; with it, votes sum to 1.
    features : array of shape (n_queries, n_neighbors, n_features)
        The part of each feature in the *squared* distance; they sum to it. A part is below 0
        where a difference makes up for one in another feature.
    base_rates : array of shape (n_classes,)
        The share of each class in the weights of the training rows.
    classes : array of shape (n_classes,)
        Its labels.
    feature_names : array of shape (n_features,)
        Names of the features.
    """

    rows: IndexArray
    labels: LabelArray
    distances: FloatArray
    votes: FloatArray
    base_votes: FloatArray
    features: FloatArray
    base_rates: FloatArray
    classes: LabelArray
    feature_names: LabelArray

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def probabilities(self) -> FloatArray:
        """The chance (n_queries, n_classes) of each class: the votes for it, and its base rate."""
        voted = [np.where(self.labels == c, self.votes, 0.0).sum(axis=1) for c in self.classes]
        return np.stack(voted, axis=1) + self.base_votes[:, None] * self.base_rates

    def as_dict(self) -> dict[str, list[Any]]:
        """Return columns with one value for each row that voted, as for ``pandas.DataFrame``.

        Returns
        -------
        columns : dict of list
            "query", "row", "label", "distance", "vote", and the part of each feature under the
            feature's name, as "part of …".
        """
        query, place = np.nonzero(self.rows >= 0)
        columns = {
            "query": query.tolist(),
            "row": self.rows[query, place].tolist(),
            "label": self.labels[query, place].tolist(),
            "distance": self.distances[query, place].tolist(),
            "vote": self.votes[query, place].tolist(),
        }
        for f, name in enumerate(self.feature_names):
            columns[f"part of {name}"] = self.features[query, place, f].tolist()
        return columns

    def __str__(self) -> str:
        chances = self.probabilities[:_QUERIES_SHOWN]
        shown = [self._of_query(query, P) for query, P in enumerate(chances)]
        if len(self) > len(shown):
            shown.append(f"… and {len(self) - len(shown)} more queries")
        return "\n\n".join(shown)

    __repr__ = __str__

    def _of_query(self, query: int, P: FloatArray) -> str:
        best = int(P.argmax())
        votes, there = self.votes[query], self.rows[query] >= 0
        shown = min(_ROWS_SHOWN, int(there.sum()))
        lines = [("vote", "row", "label", "distance", "", "parts of the squared distance")]
        lines.extend(
            (
                f"{votes[place]:.3f}", str(self.rows[query, place]),
                str(self.labels[query, place]), f"{self.distances[query, place]:.3g}", "",
                self._largest_parts(query, place),
            )
            for place in range(shown)
        )  # fmt: skip
        width = max(len(line[-1]) for line in lines)
        table = aligned([(*line[:-1], line[-1].ljust(width)) for line in lines])
        rest = int(there.sum()) - shown
        if rest:
            table.append(f"{votes[shown:].sum():.3f}  {rest} more rows")
        table.append(f"{self.base_votes[query]:.3f}  base rates")
        head = f"query {query}: {self.classes[best]}, chance {P[best]:.3f}"
        return "\n".join([head, *(f"  {line}" for line in table)])

    def _largest_parts(self, query: int, place: int) -> str:
        parts = self.features[query, place]
        total = self.distances[query, place] ** 2
        if not total > 0:
            return "the same under the metric"
        largest = np.argsort(-np.abs(parts), kind="stable")[:_FEATURES_SHOWN]
        return ", ".join(
            f"{self.feature_names[f]} {parts[f] / total:.0%}" for f in largest if parts[f] != 0
        )


def parts_of_distances(
    metric: TableMetric, A: FloatArray, B: FloatArray, squared: FloatArray
) -> FloatArray:
    """Return the part (p, n_features) of each feature in the squared distances (p,) of rows (p, d).

    On the straight line from b to a, in encoded features, the embedding moves from one end to the
    other; how far each feature moves it in the direction of the other end is its part. So the parts
    sum to the squared distance. For a linear map they are the features' Shapley values; for
    another they are the integrated gradients of the embedding's product with the ends' difference
    (Sundararajan, Taly and Yan 2017, "Axiomatic Attribution for Deep Networks", ICML).
    """
    parts = np.zeros(A.shape)
    for rows in metric.blocks(len(A)):
        difference, slopes = metric.slopes_between(A[rows], B[rows])
        np.add.at(parts[rows].T, metric.encoding.feature_, (difference * slopes).T)
    rest = squared - parts.sum(axis=1)  # of rounding, and of the curve's quadrature
    sizes = np.abs(parts)
    total = sizes.sum(axis=1)
    parts += np.where(total > 0, rest / np.where(total > 0, total, 1.0), 0.0)[:, None] * sizes
    return parts
