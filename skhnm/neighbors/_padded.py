"""Rows of indices of different number, padded with -1, and their distances, with NaN."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skhnm.common._threads import cut, run_tiles
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.kernels._within import spread_lists

Found = tuple[IndexArray, FloatArray]
"""Indices (n, k) and distances (n, k) of what was found."""


def spread(listed: IndexArray, first: IndexArray, n_jobs: int | None = None) -> IndexArray:
    """Return lists as rows, padded with -1: row q holds ``listed[first[q] : first[q + 1]]``."""
    counts = np.diff(first)
    rows = np.empty((len(counts), int(counts.max(initial=0))), dtype=np.intp)
    parts = cut(slice(0, len(rows)), rows.shape[1])

    def fill(i: int) -> None:
        spread_lists(listed, first, parts[i].start, parts[i].stop, rows)

    run_tiles(fill, len(parts), n_jobs, float(rows.size))
    return rows


def trim(rows: IndexArray) -> IndexArray:
    """Cut columns that hold nothing but padding; at least one stays."""
    used = (rows >= 0).any(axis=0)
    width = int(np.flatnonzero(used).max(initial=0)) + 1
    return rows[:, :width]


def compact(rows: IndexArray) -> IndexArray:
    """Move padding to the end of each row; the others keep their order."""
    order = np.argsort(rows < 0, axis=1, kind="stable")
    return np.take_along_axis(rows, order, axis=1)


def sort_by_index(rows: IndexArray) -> IndexArray:
    """Sort each row ascending, padding last."""
    last = np.iinfo(np.intp).max
    rows = np.sort(np.where(rows < 0, last, rows), axis=1)
    return np.where(rows == last, -1, rows)


def nearest_first(rows: IndexArray, distances: FloatArray, k: int | None = None) -> Found:
    """Sort each row by distance, then index, padding last, and keep k columns."""
    order = np.lexsort((rows, np.where(rows < 0, np.nan, distances)), axis=1)[:, :k]
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(distances, order, axis=1)


def merge_nearest(one: Found, other: Found, k: int) -> Found:
    """Take the k nearest of two answers, each row once."""
    rows = np.concatenate([one[0], other[0]], axis=1)
    distances = np.concatenate([one[1], other[1]], axis=1)
    order = np.argsort(rows, axis=1, kind="stable")
    rows = np.take_along_axis(rows, order, axis=1)
    distances = np.take_along_axis(distances, order, axis=1)
    twice = np.zeros(rows.shape, dtype=bool)
    twice[:, 1:] = rows[:, 1:] == rows[:, :-1]
    rows[twice], distances[twice] = -1, np.nan
    return nearest_first(rows, distances, k)


def inside_window(
    distances: FloatArray, lower: FloatArray | None, upper: FloatArray | None
) -> NDArray[np.bool_]:
    """Which of the distances (n, c) lie in each anchor's open window (n, 1); NaN never does."""
    inside = ~np.isnan(distances)
    if lower is not None:
        inside &= distances > lower
    if upper is not None:
        inside &= distances < upper
    return inside


def draw_ranks(counts: IndexArray, k: int, random: np.random.Generator) -> IndexArray:
    """Draw k of range(count) for each count (n,), without replacement → (n, k).

    Where a count is at most k, all are taken, and -1 pads the rest. This is Floyd's
    algorithm (Bentley and Floyd 1987), in step for all rows.
    """
    drawn = np.full((len(counts), k), -1, dtype=np.intp)
    for step in range(k):
        last = counts - k + step
        pick = random.integers(0, np.maximum(last, 0) + 1)
        taken = (drawn[:, :step] == pick[:, None]).any(axis=1)
        drawn[:, step] = np.where(taken, last, pick)
    few = counts <= k
    everything = np.where(np.arange(k) < counts[few, None], np.arange(k), -1)
    drawn[few] = everything
    return drawn


def draw_of_each(
    codes: IndexArray, n_each: int | IndexArray, random: np.random.Generator
) -> IndexArray:
    """Draw rows of each class, without replacement, class by class.

    `codes` (n,) are from 0; `n_each` is how many, of all classes or of each (n_classes,), and
    a class with fewer gives all its rows.
    """
    shuffled = random.permutation(len(codes))
    shuffled = shuffled[np.argsort(codes[shuffled], kind="stable")]
    counts = np.bincount(codes)
    rank = np.arange(len(codes)) - np.repeat(np.cumsum(counts) - counts, counts)
    drawn: IndexArray = shuffled[rank < np.repeat(np.broadcast_to(n_each, counts.shape), counts)]
    return drawn
