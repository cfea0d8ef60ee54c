"""What the indexes around a search structure share, which knows rows but no classes.

Such a structure names the nearest rows of all. It is asked for more than are wanted, and
the rows that the query may not find are dropped. What is left is the answer wherever
something farther was found as well, so that nothing nearer can have been missed. The
other queries (all rows near them are of their own class, say) are answered in another way,
because to ask for more and more rows would cost more than to compare with every row.
"""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from skhnm._threads import run_tiles
from skhnm._typing import FloatArray, IndexArray
from skhnm.kernels._distances import pair_distances_tile
from skhnm.neighbors._base import BaseIndex
from skhnm.neighbors._search import ExactSearch, Side

ROW_TILE = 1024
_MARGIN = 1e-9  # relative; beyond the rounding of any float64 sum of squares


class BackendIndex(BaseIndex):
    """Answers questions about classes with a structure that knows none.

    A subclass builds its structure over the rows ``self.search_.order`` of the pool in
    `_prepare`, answers `_candidates` with it, and says in `_complete` who answers the
    queries that are left.
    """

    def _nearest(
        self, queries: FloatArray, codes: IndexArray, k: int, side: Side, own: IndexArray
    ) -> tuple[IndexArray, FloatArray]:
        search = self.search_
        k = min(k, len(search))
        if side == "own" or k == 0:  # one class is one run of the sorted pool: little to scan
            return search.nearest(queries, codes, k, side=side, own=own)
        counts = _count_allowed(search, codes, side, own)
        extra = max(k, 16) if side == "other" else 4
        width = min(k + extra, len(search))
        indices = np.full((len(queries), k), -1, dtype=np.intp)
        distances = np.full((len(queries), k), np.nan)
        complete = np.zeros(len(queries), dtype=bool)

        def answer(tile: int) -> None:
            rows = slice(tile * ROW_TILE, min((tile + 1) * ROW_TILE, len(queries)))
            found = self._candidates(queries[rows], width)
            found = np.where(found < 0, -1, search.order[found])
            measured: FloatArray = np.empty(found.shape, dtype=np.float64)
            anchors = np.arange(len(found))
            pair_distances_tile(
                queries[rows], search.pool, anchors, found, np.nan, 0, len(found), measured
            )
            found, measured = nearest_first(found, measured, width)
            horizon = measured[:, -1] * (1.0 - _MARGIN)
            dropped = (found == own[rows, None]) | (codes[rows, None] < 0)
            if side == "other":
                dropped |= search.codes[found] == codes[rows, None]
            found[dropped], measured[dropped] = -1, np.nan
            found, measured = nearest_first(found, measured, k)
            indices[rows], distances[rows] = found, measured
            everything = (found >= 0).sum(axis=1) == counts[rows]
            complete[rows] = everything | (measured[:, -1] < horizon)

        n_tiles = -(-len(queries) // ROW_TILE)
        run_tiles(answer, n_tiles, self.n_jobs, nanoseconds=2e4 * len(queries))
        rest = np.flatnonzero(~complete)
        if len(rest):
            more = self._complete(queries[rest], codes[rest], k, side, own[rest])
            indices[rest], distances[rest] = _merge((indices[rest], distances[rest]), more, k)
        return indices, distances

    @abstractmethod
    def _candidates(self, queries: FloatArray, width: int) -> IndexArray:
        """Positions in ``self.search_.order`` of rows near each query; -1 is padding.

        In no order, at least `width` where there are so many. Called from several threads.
        """

    @abstractmethod
    def _complete(
        self, queries: FloatArray, codes: IndexArray, k: int, side: Side, own: IndexArray
    ) -> tuple[IndexArray, FloatArray]:
        """Answer `_nearest` where the candidates did not suffice."""


def nearest_first(
    indices: IndexArray, distances: FloatArray, k: int
) -> tuple[IndexArray, FloatArray]:
    """Sort each row by distance, then index, padding last, and keep k columns."""
    order = np.lexsort((indices, distances), axis=1)[:, :k]
    return np.take_along_axis(indices, order, axis=1), np.take_along_axis(distances, order, axis=1)


def _merge(
    one: tuple[IndexArray, FloatArray], other: tuple[IndexArray, FloatArray], k: int
) -> tuple[IndexArray, FloatArray]:
    """Take the k nearest of two answers, each row once."""
    indices = np.concatenate([one[0], other[0]], axis=1)
    distances = np.concatenate([one[1], other[1]], axis=1)
    order = np.argsort(indices, axis=1, kind="stable")
    indices = np.take_along_axis(indices, order, axis=1)
    distances = np.take_along_axis(distances, order, axis=1)
    twice = np.zeros(indices.shape, dtype=bool)
    twice[:, 1:] = indices[:, 1:] == indices[:, :-1]
    indices[twice], distances[twice] = -1, np.nan
    return nearest_first(indices, distances, k)


def _count_allowed(
    search: ExactSearch, codes: IndexArray, side: Side, own: IndexArray
) -> IndexArray:
    """Count the rows (n,) that each query may find."""
    ranges = search.allowed(codes, side)
    counts: IndexArray = (ranges[:, 1::2] - ranges[:, ::2]).sum(axis=1)
    own_codes = np.where(own < 0, -1, search.codes[own])
    itself = (own_codes >= 0) & (codes >= 0)
    if side == "other":
        itself &= own_codes != codes
    return counts - itself
