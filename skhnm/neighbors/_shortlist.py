"""Anchors whose negatives come from lists: the answers of an index, or a filtered search.

Miners ask a shortlist what they ask the candidates of an exact search, and never get a row
of another class that is not on the anchor's list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.neighbors._candidates import Candidates
from skhnm.neighbors._copies import copy_tolerance, find_copies
from skhnm.neighbors._padded import inside_window, nearest_first, sort_by_index
from skhnm.neighbors._sorted import Side


@dataclass(eq=False)
class Shortlist(Candidates):
    """Candidates of which each anchor sees, on the other side, those on its list alone.

    Questions about the own side, and who lies around a row of the pool, are answered from
    the whole pool, as everywhere.

    Parameters
    ----------
    listed : (n, c) intp
        Rows of the pool, of another known class than the anchor's, in any order, none
        twice; -1 is padding. Their distances are measured here, where they are needed, so
        that they agree to the last bit with all others.
    """

    listed: IndexArray = field(default_factory=lambda: np.empty((0, 0), dtype=np.intp))

    @cached_property
    def _nearest_first(self) -> tuple[IndexArray, FloatArray]:
        """The lists with their squared distances, (n, c) each, ties by index, NaN for padding."""
        return nearest_first(self.listed, self.distances(self.listed))

    @cached_property
    def _farthest_first(self) -> tuple[IndexArray, FloatArray]:
        rows, distances = self._nearest_first
        rows, negated = nearest_first(rows, -distances)
        return rows, -negated

    def within_window(self, lower: FloatArray, upper: FloatArray) -> Candidates:
        narrowed = super().within_window(lower, upper)
        narrowed.__dict__["_nearest_first"] = self._nearest_first
        return narrowed

    def without_copies(self) -> Candidates:
        first = np.append(0, np.cumsum((self.positives >= 0).sum(axis=1))).astype(np.intp)
        positives = first, self.positives[self.positives >= 0]
        tolerance = copy_tolerance(self.Z.dtype)
        copies = find_copies(self.Z, self.pool, self.listed, positives, tolerance, self.n_jobs)
        return replace(self, listed=np.where(copies, -1, self.listed))

    def choices(self, rows: slice) -> tuple[IndexArray, FloatArray]:
        listed, distances = self._nearest_first[0][rows], self._nearest_first[1][rows]
        lower, upper = (None if a is None else a[rows] for a in (self.lower, self.upper))
        return listed, np.where(inside_window(distances, lower, upper), distances, np.nan)

    def admitted(self, rows: IndexArray, anchors: IndexArray | None = None) -> IndexArray:
        rows = super().admitted(rows, anchors)
        anchors = np.arange(len(self)) if anchors is None else anchors
        known = np.sort(self._keys(np.arange(len(self)), self.listed), axis=None)
        asked = self._keys(anchors, rows)
        place = np.minimum(np.searchsorted(known, asked), known.size - 1)
        on_list = known[place] == asked if known.size else np.zeros(rows.shape, dtype=bool)
        return np.where(on_list, rows, -1)

    def _keys(self, anchors: IndexArray, rows: IndexArray) -> IndexArray:
        """One number for each pair of anchor and row; padding has one of its own as well."""
        return anchors[:, None] * (len(self.pool) + 1) + rows + 1

    def _nearest(
        self,
        k: int,
        side: Side,
        lower: FloatArray | None,
        upper: FloatArray | None,
        farthest: bool,
    ) -> tuple[IndexArray, FloatArray]:
        if side != "other":
            return super()._nearest(k, side, lower, upper, farthest)
        rows, distances = self._farthest_first if farthest else self._nearest_first
        shape = (len(self), _n_windows(lower, upper), k)
        found, d_found = np.empty(shape, dtype=np.intp), np.empty(shape)
        for j, inside in enumerate(_windows(distances, lower, upper)):
            found[:, j] = _first(inside, rows, k, -1)
            d_found[:, j] = _first(inside, distances, k, np.nan)
        flat = (shape[0] * shape[1], k)
        return found.reshape(flat), d_found.reshape(flat)

    def _count_within(self, lower: FloatArray, upper: FloatArray) -> IndexArray:
        counts = np.empty(upper.shape, dtype=np.intp)
        for j, inside in enumerate(_windows(self._nearest_first[1], lower, upper)):
            counts[:, j] = inside.sum(axis=1)
        return counts.ravel()

    def _take_within(self, wanted: IndexArray, lower: FloatArray, upper: FloatArray) -> IndexArray:
        rows, distances = self._nearest_first
        found = np.empty((*upper.shape, wanted.shape[1]), dtype=np.intp)
        ordinals = wanted.reshape(found.shape)
        for j, inside in enumerate(_windows(distances, lower, upper)):
            within = _first(inside, rows, max(1, rows.shape[1]), -1)
            there = ordinals[:, j] < inside.sum(axis=1)[:, None]
            taken = np.take_along_axis(within, np.where(there, ordinals[:, j], 0), axis=1)
            found[:, j] = np.where(there, taken, -1)
        return found.reshape(wanted.shape)

    def _list_within(self, lower: FloatArray, upper: FloatArray) -> tuple[IndexArray, IndexArray]:
        counts = self._count_within(lower, upper)
        everything = np.tile(np.arange(counts.max(initial=0)), (len(counts), 1))
        rows = sort_by_index(self._take_within(everything, lower, upper))
        return rows[rows >= 0], np.concatenate([[0], np.cumsum(counts)])

    def _ranks(self, side: Side) -> tuple[IndexArray, IndexArray]:
        if side != "other":
            return super()._ranks(side)
        return (self.listed >= 0).sum(axis=1), self.listed  # the latter are no ranges: unused

    def _at_ranks(self, ranks: IndexArray, side: Side) -> IndexArray:
        if side != "other":
            return super()._at_ranks(ranks, side)
        rows = _first(self.listed >= 0, self.listed, max(1, self.listed.shape[1]), -1)
        return np.where(ranks < 0, -1, np.take_along_axis(rows, np.maximum(ranks, 0), axis=1))


def _n_windows(lower: FloatArray | None, upper: FloatArray | None) -> int:
    window = lower if lower is not None else upper
    return 1 if window is None else window.shape[1]


def _windows(
    distances: FloatArray, lower: FloatArray | None, upper: FloatArray | None
) -> Iterator[NDArray[np.bool_]]:
    """Which lie inside, for each column of the windows (n, w) by itself: memory of n · c alone."""
    for j in range(_n_windows(lower, upper)):
        window = [None if a is None else a[:, j : j + 1] for a in (lower, upper)]
        yield inside_window(distances, *window)


def _first(inside: NDArray[np.bool_], values: NDArray[Any], k: int, padding: float) -> Any:
    """Return the first k of the values (n, c) that are inside, in their order, padded (n, k)."""
    place = np.cumsum(inside, axis=1) - 1
    lines, columns = np.nonzero(inside & (place < k))
    first = np.full((len(values), k), padding, dtype=values.dtype)
    first[lines, place[lines, columns]] = values[lines, columns]
    return first
