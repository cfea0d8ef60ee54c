"""Which rows are held out when a choice is made: by the rows alone, not by their order."""

from __future__ import annotations

import numpy as np

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.estimators._data import TrainingData, whole_multiples

_MOST_TIMES = 100_000  # that a row is taken to be given; more is no count, but a weight


def deal(weights: FloatArray, codes: IndexArray, n_folds: int) -> FloatArray:
    """Deal rows out to folds: the weight (n_folds, n) of each row in each.

    Rows come sorted by class, so that dealing them one by one gives every fold its part of each
    class. Where the weights of a class are whole multiples of its least, they say how often a
    row was given, and it is dealt as often: a row of weight 2 is the same as the row twice. Other
    weights say how much a row matters: then it lies in one fold as a whole, or it would be judged
    by what was learned from itself.
    """
    times = np.ones(len(weights), dtype=np.intp)
    for c in np.unique(codes):
        of_class = codes == c
        counts = whole_multiples(weights[of_class], _MOST_TIMES)
        if counts is not None:
            times[of_class] = counts
    ends = np.cumsum(times)
    starts = ends - times
    folds = np.arange(n_folds)[:, None]
    counts = (ends - 1 - folds) // n_folds - (starts - 1 - folds) // n_folds
    dealt: FloatArray = counts * (weights / times)
    return dealt


def thin(data: TrainingData, most: int, fewest: int = 100) -> TrainingData:
    """Return at most `most` rows, evenly drawn of each class, which have the weight of all.

    Of a rare class `fewest` are drawn, as far as there is room for so many of each class.
    """
    if len(data) <= most:
        return data
    counts = np.bincount(data.codes)
    drawn = np.minimum(counts, min(fewest, most // int(np.count_nonzero(counts))))
    others = counts - drawn
    drawn = drawn + others * (most - drawn.sum()) // others.sum()
    starts = np.cumsum(counts) - counts
    weights = np.zeros(len(data))
    for start, count, k in zip(starts, counts, drawn, strict=True):
        if k:
            rows = start + np.arange(k) * count // k
            weights[rows] = data.weights[rows] * (count / k)
    return weighted(data, weights)


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
