"""From neighbours to chances of classes, and how good these chances were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from skhnm.common._typing import FloatArray, IndexArray
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
    `weights` are what each counts, in means over all voters, 0 there.
    """

    rows: IndexArray
    codes: IndexArray
    distances: FloatArray
    weights: FloatArray

    def votes(self, vote: Vote) -> tuple[FloatArray, FloatArray]:
        """Return the share of each neighbour (n, k) in the vote, and of the base rates (n,)."""
        counts = self._soft(vote.scale)
        counts[:, vote.n_neighbors :] = 0.0
        total = counts.sum(axis=1) + vote.smoothing
        return counts / np.where(total > 0, total, 1.0)[:, None], _share(vote.smoothing, total)

    def probabilities(self, vote: Vote, base_rates: FloatArray) -> FloatArray:
        """Return the chance (n, n_classes) of each class."""
        votes, of_base_rates = self.votes(vote)
        everybody = slice(0, votes.shape[1])
        return self._tally(votes, everybody, len(base_rates)) + of_base_rates[:, None] * base_rates

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
                total = sums.sum(axis=1) + vote.smoothing
                share = _share(vote.smoothing, total)[:, None]
                yield vote, sums / np.where(total > 0, total, 1.0)[:, None] + share * base_rates

    def _soft(self, scale: float) -> FloatArray:
        farther = np.where(self.rows >= 0, self.distances - self.distances[:, :1], np.inf)
        with np.errstate(invalid="ignore"):  # 0 * inf, where there is nobody
            counts: FloatArray = np.where(
                self.rows >= 0, self.weights * soft_weights(farther, scale), 0.0
            )
        return counts

    def _tally(self, counts: FloatArray, columns: slice, n_classes: int) -> FloatArray:
        """Sum what the neighbours of some columns count, by their classes (n, n_classes)."""
        codes = np.maximum(self.codes[:, columns], 0)
        cells = n_classes * np.arange(len(codes))[:, None] + codes
        size = n_classes * len(codes)
        sums = np.bincount(cells.ravel(), weights=counts.ravel(), minlength=size)
        return sums.astype(np.float64, copy=False).reshape(len(codes), n_classes)


def _share(smoothing: float, total: FloatArray) -> FloatArray:
    """Return the share of the base rates in votes of so many in all; where there are none, 1."""
    share: FloatArray = np.where(total > 0, smoothing / np.where(total > 0, total, 1.0), 1.0)
    return share


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
