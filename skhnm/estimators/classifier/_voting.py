"""Who votes on a query, what chances of classes this gives, and how good these were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.estimators._data import TrainingData
from skhnm.neighbors._base import BaseIndex
from skhnm.neighbors._vote import soft_weights


@dataclass(frozen=True)
class Vote:
    """How neighbours vote: how many, how softly, and how many votes the base rates have.

    A vote is that of a row of mean weight, as near as the nearest.
    """

    n_neighbors: int
    scale: float
    smoothing: float


@dataclass(frozen=True)
class Neighbors:
    """The voters (n, k) found for each query, nearest first.

    `rows` are their numbers, -1 where there are fewer; `distances` are squared, NaN there;
    `weights` are what each counts, in means over all voters, 0 there, as `codes` are.
    """

    rows: IndexArray
    codes: IndexArray
    distances: FloatArray
    weights: FloatArray

    def votes(self, vote: Vote) -> tuple[FloatArray, FloatArray]:
        """Return the share of each neighbour (n, k) in the vote, and of the base rates (n,)."""
        counts = self._soft(vote.scale)
        counts[:, vote.n_neighbors :] = 0.0
        return _shares(counts, vote.smoothing)

    def probabilities(self, vote: Vote, base_rates: FloatArray) -> FloatArray:
        """Return the chance (n, n_classes) of each class."""
        return next(self.every([vote], base_rates))[1]

    def every(
        self, votes: Sequence[Vote], base_rates: FloatArray
    ) -> Iterator[tuple[Vote, FloatArray]]:
        """Yield the chances (n, n_classes) by each of several votes."""
        for scale in dict.fromkeys(vote.scale for vote in votes):
            counts = self._soft(scale)
            sums, done = np.zeros((len(counts), len(base_rates))), 0
            of_scale = [vote for vote in votes if vote.scale == scale]
            for vote in sorted(of_scale, key=lambda vote: vote.n_neighbors):
                if vote.n_neighbors > done:
                    more = slice(done, vote.n_neighbors)
                    sums = sums + self._tally(counts[:, more], more, len(base_rates))
                    done = vote.n_neighbors
                voted, of_base_rates = _shares(sums, vote.smoothing)
                yield vote, voted + of_base_rates[:, None] * base_rates

    def _soft(self, scale: float) -> FloatArray:
        farther = np.where(self.rows >= 0, self.distances - self.distances[:, :1], 0.0)
        return self.weights * soft_weights(farther, scale)

    def _tally(self, counts: FloatArray, columns: slice, n_classes: int) -> FloatArray:
        """Sum what the neighbours of some columns count, by their classes (n, n_classes)."""
        codes = self.codes[:, columns]
        cells = n_classes * np.arange(len(codes))[:, None] + codes
        size = n_classes * len(codes)
        sums = np.bincount(cells.ravel(), weights=counts.ravel(), minlength=size)
        return sums.astype(np.float64, copy=False).reshape(len(codes), n_classes)


class Voters:
    """Training rows where a metric puts them.

    Parameters
    ----------
    Z : (n, m) float
        Their embeddings.
    data : TrainingData
        Their codes and weights; rows of other classes than 0 to n_classes - 1 there are none.
    n_classes : int
        Classes, also of rows that are not here.
    index : BaseIndex
        Who finds the nearest; it is fitted here.
    """

    def __init__(self, Z: FloatArray, data: TrainingData, n_classes: int, index: BaseIndex) -> None:
        self.codes = data.codes
        self.weights = data.weights / data.weights.mean()
        counts = np.bincount(data.codes, weights=data.weights, minlength=n_classes)
        self.base_rates: FloatArray = counts / counts.sum()
        self.index = index.fit(Z, data.codes)

    def near(self, Z: FloatArray, k: int) -> Neighbors:
        """Find the k voters (or all, if they are fewer) nearest to each query (n, m)."""
        k = min(k, len(self.codes))
        anybody = np.zeros(len(Z), dtype=np.intp)
        rows, distances = self.index.nearest(Z, anybody, k, side="any")
        nobody = rows < 0
        return Neighbors(
            rows=rows,
            codes=np.where(nobody, 0, self.codes[rows]),
            distances=distances,
            weights=np.where(nobody, 0.0, self.weights[rows]),
        )


@dataclass(frozen=True)
class Judgement:
    """How good chances were, as means over the rows: the Brier score, lower is better, leads.

    It is proper, as the log loss is, but a few rows that are lost altogether do not rule it.
    """

    brier: float
    log_loss: float
    accuracy: float

    @classmethod
    def of(cls, P: FloatArray, codes: IndexArray, weights: FloatArray) -> Judgement:
        """Judge chances (n, n_classes) by the classes (n,) that came."""
        chance = P[np.arange(len(P)), codes]
        brier = np.square(P).sum(axis=1) - 2.0 * chance + 1.0
        surprise = -np.log(np.maximum(chance, np.finfo(float).tiny))
        right = P.argmax(axis=1) == codes
        means = (float(np.average(each, weights=weights)) for each in (brier, surprise, right))
        return cls(*means)


def _shares(counts: FloatArray, smoothing: float) -> tuple[FloatArray, FloatArray]:
    """Return the shares of counts (n, c) in all votes of a row, and of the base rates (n,).

    Where there is no vote at all, the base rates have them all.
    """
    total = counts.sum(axis=1) + smoothing
    some = total > 0
    total = np.where(some, total, 1.0)
    return counts / total[:, None], np.where(some, smoothing / total, 1.0)
