"""Which rows are held out when a choice is made: by the rows alone, not by their order."""

from __future__ import annotations

import numpy as np

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.estimators._data import TrainingData


def deal(weights: FloatArray, codes: IndexArray, n_folds: int) -> FloatArray:
    """Deal rows out to folds: the weight (n_folds, n) of each row in each.

    Rows come sorted by class, so that dealing them one by one gives every fold its part of each
    class. What stands for several rows is dealt as so many, half of them in training if half of
    them are: a row of weight 2 is the same as the row twice. Who counts as one row is the
    median of the class: a class that is to count more has no more rows for that.
    """
    classes, which = np.unique(codes, return_inverse=True)
    medians = np.array([np.median(weights[codes == c]) for c in classes])
    parts = np.maximum(1, np.rint(weights / medians[which])).astype(np.intp)
    ends = np.cumsum(parts)
    starts = ends - parts
    folds = np.arange(n_folds)[:, None]
    counts = (ends - 1 - folds) // n_folds - (starts - 1 - folds) // n_folds
    dealt: FloatArray = counts * (weights / parts)
    return dealt


def thin(codes: IndexArray, most: int, fewest: int = 100) -> IndexArray:
    """Return at most about `most` rows, evenly drawn of each class; of a class at least `fewest`.

    Rows come sorted by class.
    """
    n = len(codes)
    if n <= most:
        return np.arange(n)
    counts = np.bincount(codes)
    wanted = np.minimum(counts, np.maximum(fewest, counts * most // n))
    starts = np.cumsum(counts) - counts
    return np.concatenate([
        start + np.arange(k) * count // k
        for start, count, k in zip(starts, counts, wanted, strict=True)
        if k
    ])  # fmt: skip


def weighted(data: TrainingData, weights: FloatArray) -> TrainingData:
    """Return the rows that have a weight, with it."""
    rows = np.flatnonzero(weights > 0)
    part = data.take(rows)
    part.weights = weights[rows]
    return part


def can_learn(data: TrainingData) -> bool:
    """Whether there are two classes, and one of them has two rows."""
    counts = np.bincount(data.codes)
    return bool((counts > 0).sum() >= 2 and counts.max() >= 2)
