"""What a learner keeps of a stream: a sample of every class, however the chunks come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhnm.common._labels import join_labels
from skhnm.common._typing import FloatArray, IndexArray, LabelArray


@dataclass(frozen=True)
class Reservoir:
    """A uniform sample of the rows of each class of a stream, at most `size` in all.

    Every row draws a random priority when it comes. A class keeps those of its rows that
    drew the lowest, as many as its fair share of `size`: the same sample, in distribution,
    whatever the order in which rows and classes come.

    Attributes
    ----------
    size : int
        Most rows to keep; but two of each class in any case.
    X : (r, d) float
        Rows that are kept.
    y : (r,)
        Their labels.
    weights : (r,) float64
        Their sample weights.
    priorities : (r,) float64
        What they drew, in [0, 1).
    classes : (n_classes,)
        Classes seen so far, sorted.
    counts : (n_classes,) intp
        Rows seen of each.
    rows : (r,) intp
        Which row of the whole stream each is, counted from 0; -1 if that is unknown.
    n_given : int
        Rows of the stream so far, also unused ones, but not of chunks that changed nothing; -1 if
        unknown.
    """

    size: int
    X: FloatArray
    y: LabelArray
    weights: FloatArray
    priorities: FloatArray
    classes: LabelArray
    counts: IndexArray
    rows: IndexArray
    n_given: int

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Load pickles of before rows had numbers, too."""
        unknown = {"rows": np.full(len(state["y"]), -1, dtype=np.intp), "n_given": -1}
        self.__dict__.update({**unknown, **state})

    @staticmethod
    def empty(size: int, X: FloatArray, y: LabelArray) -> Reservoir:
        """Return a reservoir for rows and labels like these."""
        none, no_counts = np.empty(0), np.empty(0, dtype=np.intp)
        return Reservoir(size, X[:0], y[:0], none, none, y[:0], no_counts, no_counts, 0)

    def updated(
        self,
        X: FloatArray,
        y: LabelArray,
        weights: FloatArray,
        random: np.random.Generator,
        used: NDArray[np.bool_] | None = None,
    ) -> Reservoir:
        """Return the reservoir after a chunk of rows, all labelled and with a weight.

        `used` says which rows of the chunk, as it was given, these are; left out, all.
        """
        used = np.ones(len(X), dtype=bool) if used is None else used
        is_known = self.n_given >= 0
        numbers = self.n_given + np.flatnonzero(used) if is_known else np.full(len(X), -1)
        rows = np.concatenate([self.rows, numbers])
        X = np.concatenate([self.X, X]).astype(self.X.dtype, copy=False)
        y, weights = join_labels([self.y, y]), np.concatenate([self.weights, weights])
        priorities = np.concatenate([self.priorities, random.random(len(X) - len(self.X))])
        classes, codes = np.unique(y, return_inverse=True)
        counts = np.bincount(codes[len(self.y) :], minlength=len(classes))
        counts[np.searchsorted(classes, self.classes)] += self.counts

        order = np.lexsort((priorities, codes))
        there = np.bincount(codes, minlength=len(classes))
        rank = np.arange(len(X)) - np.repeat(np.cumsum(there) - there, there)
        kept = np.sort(order[rank < np.repeat(_fair_shares(counts, self.size), there)])
        return Reservoir(
            self.size, X[kept], y[kept], weights[kept], priorities[kept], classes, counts,
            rows[kept], self.n_given + len(used) if is_known else -1,
        )  # fmt: skip

    def anchor_weights(self) -> FloatArray:
        """Return weights (r,) with which the sample stands for all that was seen."""
        codes = np.searchsorted(self.classes, self.y)
        kept = np.bincount(codes, minlength=len(self.classes))
        return self.weights * (self.counts / np.maximum(kept, 1))[codes]


def _fair_shares(counts: IndexArray, size: int) -> IndexArray:
    """Share `size` among classes with so many rows; what one does not need, others get."""
    shares = np.zeros(len(counts), dtype=np.intp)
    left, room = len(counts), size
    for c in np.argsort(counts, kind="stable"):
        shares[c] = min(counts[c], room // left)
        room -= shares[c]
        left -= 1
    return np.maximum(shares, 2)  # a class with one row has no positive pair
