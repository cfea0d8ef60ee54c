"""Cells of one class each: other classes' rows, where all rows nearby are of one's own.

The rows of each class are split by k-means into cells of about a thousand rows. Who looks
for rows of other classes visits the nearest cells of these and compares itself with every
row there. This is the inverted file of approximate search
(Sivic and Zisserman 2003, "Video Google", ICCV), kept apart by class.
"""

from __future__ import annotations

import numpy as np

from skhnm.common._threads import run_tiles
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.kernels._scatter import group_by_value
from skhnm.neighbors._padded import draw_of_each
from skhnm.neighbors._search import ExactSearch

CELL_ROWS = 1024
N_PROBE = 32  # cells that are visited
_ROUNDS = 4
_ENTRIES = 2**22  # neighbours held at a time, before the best are taken


class Cells:
    """A pool in cells of one class each.

    Parameters
    ----------
    search : ExactSearch
        The pool.
    """

    def __init__(self, search: ExactSearch) -> None:
        order = search.order
        self._n_jobs = search.n_jobs
        rows, codes = search.pool[order], search.codes[order]
        counts = np.bincount(codes)
        n_cells = -(-counts // CELL_ROWS)
        cell_codes = np.repeat(np.arange(len(counts)), n_cells)
        centres = rows[draw_of_each(codes, n_cells, np.random.default_rng(0))]
        for _round in range(_ROUNDS):
            nearest = ExactSearch(centres, cell_codes, self._n_jobs)
            cells = nearest.nearest(rows, codes, 1, side="own")[0].ravel()
            start, members = group_by_value(cells, len(cell_codes))
            sizes = np.diff(start)
            filled = np.flatnonzero(sizes)
            sums = np.add.reduceat(rows[members], start[filled], axis=0, dtype=np.float64)
            centres[filled] = sums / sizes[filled, None]
        cell_codes[sizes == 0] = -1
        self._n_cells = len(cell_codes)
        self._smallest = np.cumsum(np.sort(sizes[filled]))
        self._centres = ExactSearch(centres, cell_codes, self._n_jobs)
        cell_of_row = np.full(len(search.pool), -1, dtype=np.intp)
        cell_of_row[order] = cells
        self._rows = ExactSearch(search.pool, cell_of_row, n_jobs=1, groups=search.groups)
        # The first question prepares the pool: once, before several threads ask.
        self._rows.nearest(rows[:1], cells[:1], 1, side="own")

    def nearest(
        self,
        queries: FloatArray,
        codes: IndexArray,
        k: int,
        classes: tuple[int, int],
        groups: IndexArray | None = None,
    ) -> tuple[IndexArray, FloatArray]:
        """Find the k nearest rows of other classes, in the nearest cells of some classes.

        More cells are visited where these might hold fewer than k rows, whatever their groups.

        Parameters
        ----------
        queries, codes, k, groups
            As in `ExactSearch.nearest`.
        classes : (int, int)
            The first of these classes, and the one after the last.

        Returns
        -------
        indices, distances : (n, k)
            As of `ExactSearch.nearest`, in no order.
        """
        n_probe = max(N_PROBE, int(np.searchsorted(self._smallest, k)) + 1)
        within = self._centres.own_range(np.array([classes[0], classes[1] - 1]))
        ranges = self._centres.allowed(codes, "other").clip(within[0][0], within[1][1])
        indices = np.empty((len(queries), k), dtype=np.intp)
        distances = np.empty((len(queries), k), dtype=np.float64)
        n_probe = min(n_probe, int(within[1][1] - within[0][0]))
        step = max(1, _ENTRIES // (n_probe * k))
        for begin in range(0, len(queries), step):
            rows = slice(begin, begin + step)
            cells, _ = self._centres.nearest(
                queries[rows], codes[rows], n_probe, ranges=ranges[rows]
            )
            some = None if groups is None else groups[rows]
            indices[rows], distances[rows] = self._visit(cells, queries[rows], k, some)
        return indices, distances

    def _visit(
        self, cells: IndexArray, queries: FloatArray, k: int, groups: IndexArray | None
    ) -> tuple[IndexArray, FloatArray]:
        """Find the k nearest rows of each query in its cells (n, p), in no order."""
        n, p = cells.shape
        start, members = group_by_value(cells.ravel(), self._n_cells)
        indices = np.full((n * p, k), -1, dtype=np.intp)
        distances = np.full((n * p, k), np.nan)

        def search_cell(cell: int) -> None:
            pairs = members[start[cell] : start[cell + 1]]
            if len(pairs):
                rows = pairs // p
                everyone = np.full(len(pairs), cell)
                some = None if groups is None else groups[rows]
                found = self._rows.nearest(queries[rows], everyone, k, side="own", groups=some)
                indices[pairs, : found[0].shape[1]], distances[pairs, : found[0].shape[1]] = found

        comparisons = len(members) * len(self._rows) / self._n_cells
        run_tiles(search_cell, self._n_cells, self._n_jobs, nanoseconds=comparisons)
        indices, distances = indices.reshape(n, p * k), distances.reshape(n, p * k)
        best = np.argpartition(distances, k - 1, axis=1)[:, :k]
        return (
            np.take_along_axis(indices, best, axis=1),
            np.take_along_axis(distances, best, axis=1),
        )
