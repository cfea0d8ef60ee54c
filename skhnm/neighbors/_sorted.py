"""A pool sorted by class, and tiles of the distances to it.

"Of another class" is then a skipped range of columns. Tiles come from one matrix product in
float32, and are scanned while they are in cache. Where the pool asks about itself, each tile
serves its rows and its columns, which halves the product.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from skhnm.common._threads import run_tiles
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.kernels._distances import augment_rows, squared_distances_from
from skhnm.neighbors._tiling import (
    Plan,
    column_tiles,
    column_width,
    meeting,
    n_meetings,
    row_tiles,
    sorted_by,
)

Side = Literal["own", "other", "any"]

_ROUNDS = 4  # in which rows that lie far from all others are found
_FAR = 16.0  # times as far from the middle as half of the rows are


class SortedPool:
    """Rows to search, prepared once for any number of questions.

    Parameters
    ----------
    pool : (N, m) float
        Rows to search, finite.
    codes : (N,) intp
        Class of each row, from 0; -1 is "no class": such rows are never found.
    n_jobs : int or None
        Threads over the tiles. It never changes the result.
    groups : (N,) intp, optional
        Group of each row, which `nearest` can leave out; -1 is no group.
    """

    def __init__(
        self,
        pool: FloatArray,
        codes: IndexArray,
        n_jobs: int | None = None,
        groups: IndexArray | None = None,
    ) -> None:
        self.pool = pool
        self.codes = codes
        self.n_jobs = n_jobs
        self.groups = groups
        order = sorted_by(codes, groups)
        self.order = order[np.searchsorted(codes[order], 0) :]
        sorted_codes = codes[self.order]
        some = np.full(len(codes), -1, dtype=np.intp) if groups is None else groups
        self._sorted_groups = some[self.order]
        self._n_classes = int(sorted_codes[-1]) + 1 if len(sorted_codes) else 0
        self._start = np.searchsorted(sorted_codes, np.arange(self._n_classes + 1))
        self._columns: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.order)

    def own_range(self, codes: IndexArray) -> tuple[IndexArray, IndexArray]:
        """Sorted positions [begin, end) of the class of each of `codes`."""
        known = (codes >= 0) & (codes < self._n_classes)
        safe = np.where(known, codes, 0)
        if self._n_classes == 0:
            return np.zeros_like(codes), np.zeros_like(codes)
        return np.where(known, self._start[safe], 0), np.where(known, self._start[safe + 1], 0)

    def allowed(self, codes: IndexArray, side: Side) -> IndexArray:
        """Sorted positions [a, b) and [c, d), as (n, 4), where each query may look."""
        begin, end = self.own_range(codes)
        ranges = np.zeros((len(codes), 4), dtype=np.intp)
        if side == "own":
            ranges[:, 0], ranges[:, 1] = begin, end
        elif side == "other":
            ranges[:, 1], ranges[:, 2], ranges[:, 3] = begin, end, len(self)
        else:
            ranges[:, 1] = len(self)
        ranges[codes < 0] = 0
        return ranges

    def _scan(self, plan: Plan, tiles: list[slice], scan: Callable[[slice, slice], None]) -> None:
        """Call ``scan(rows, questions)`` for each tile of rows, each in some thread."""
        if len(self) == 0:
            return
        self._prepare_columns()

        def scan_rows(number: int) -> None:
            rows = tiles[number]
            scan(rows, slice(rows.start * plan.width, rows.stop * plan.width))

        run_tiles(scan_rows, len(tiles), self.n_jobs, self._nanoseconds(len(plan.order)))

    def _scan_pairs(
        self,
        scan: Callable[[FloatArray, slice, slice], None],
        matters: Callable[[slice, slice], bool] = lambda rows, others: True,
        sign: float = 1.0,
    ) -> None:
        """Call ``scan(tile, rows, others)`` for each pair of tiles of the pool's own rows.

        Each pair comes once, and no two at the same time that have a tile in common.
        """
        columns = self._prepare_columns()
        tiles = row_tiles(len(self))
        in_use = [threading.Lock() for _ in tiles]

        def scan_pair(number: int) -> None:
            i, j = meeting(number, len(tiles))
            if j == len(tiles) or not matters(tiles[i], tiles[j]):
                return
            rows, others = tiles[i], tiles[j]
            augmented, _ = self._augment(self.pool, self.order[rows], sign)
            with np.errstate(invalid="ignore", over="ignore"):  # also of BLAS's unused lanes
                tile = augmented @ columns[others].T
            with ExitStack() as stack:
                for one in sorted({i, j}):  # in one order for all threads, or they might wait
                    stack.enter_context(in_use[one])
                scan(tile, rows, others)

        run_tiles(
            scan_pair, n_meetings(len(tiles)), self.n_jobs, 0.5 * self._nanoseconds(len(self))
        )

    def _tiles(
        self, queries: FloatArray, plan: Plan, rows: slice, sign: float = 1.0
    ) -> Iterator[tuple[FloatArray, int, FloatArray]]:
        """Yield each tile that can matter to some rows, its first column, and its slack.

        Far rows, of which rounding would leave nothing certain, are no numbers there.
        """
        augmented, norms = self._augment(queries, plan.order[rows], sign)
        for tile, others in self._products(augmented, plan.allowed[rows]):
            tile[:, self._far_in(others)] = np.nan
            yield tile, others.start, self._slack(norms, others, near=True)

    def _augment(
        self, queries: FloatArray, rows: IndexArray, sign: float = 1.0
    ) -> tuple[FloatArray, FloatArray]:
        """Prepare some rows of the queries for the product; also give their squared norms."""
        width = self._prepare_columns().shape[1]
        augmented = np.empty((len(rows), width), dtype=np.float32)
        norms = augment_rows(queries, rows, self._mean, self._scale, sign, augmented)
        return augmented, norms

    def _products(
        self, augmented: FloatArray, allowed: IndexArray
    ) -> Iterator[tuple[FloatArray, slice]]:
        """Yield the products of prepared rows (r, m + 2) with each tile of columns.

        A tile is good until the next one is asked for.
        """
        columns = self._prepare_columns()
        height, width = len(augmented), column_width(len(self))
        space = np.empty(height * width, dtype=np.float32)
        for others in column_tiles(allowed, width):
            n = others.stop - others.start
            tile = space[: height * n].reshape(height, n)
            with np.errstate(invalid="ignore", over="ignore"):  # also of BLAS's unused lanes
                np.matmul(augmented, columns[others].T, out=tile)
            yield tile, others

    def _nanoseconds(self, n_queries: int) -> float:
        """Rough time of comparing so many queries with all rows."""
        return n_queries * len(self) * (0.3 + 0.03 * self.pool.shape[1])

    def _slack(self, norms: FloatArray, others: slice, near: bool = False) -> FloatArray:
        """Bound the rounding error of a tile, for rows of some squared norms (r,).

        For all of the others, or for those that are not far.
        """
        longest = self._norms[others]
        if near and len(self._far):
            longest = np.delete(longest, self._far_in(others))
        reach = np.sqrt(norms) + np.sqrt(longest.max(initial=0.0))
        bound: FloatArray = self._roundoff * reach**2
        return bound

    def _far_in(self, rows: slice) -> IndexArray:
        """Return which of some sorted rows are far, counted from the first."""
        begin, end = np.searchsorted(self._far, (rows.start, rows.stop))
        return self._far[begin:end] - rows.start

    @property
    def _roundoff(self) -> float:
        """Rounding error of a scaled squared distance, relative to (|a| + |b|)²."""
        # In float32: m + 2 roundings in the product, and a few in the rows and the limits.
        return (self.pool.shape[1] + 10) * 2.0**-24

    def _prepare_columns(self) -> FloatArray:
        """Centre and scale the sorted pool for the product, once."""
        if self._columns is None:
            known = self.pool if len(self) == len(self.pool) else self.pool[self.order]
            squares = np.empty(len(known))
            near = known
            for _round in range(_ROUNDS):  # of far rows one may hide another
                self._mean = near.mean(axis=0, dtype=np.float64)
                squared_distances_from(known, self._mean[None], squares)
                is_far = _far_ones(squares)
                if np.count_nonzero(is_far) == len(known) - len(near):
                    break
                near = known[~is_far]
            radius = np.sqrt(squares[~is_far].max(initial=0.0))
            self._scale = 1.0 / radius if radius > 0 else 1.0
            self._unit = 1.0 / self._scale**2
            columns = np.empty((len(self), known.shape[1] + 2), dtype=np.float32)
            self._norms = augment_rows(self.pool, self.order, self._mean, self._scale, 0.0, columns)
            self._far = np.flatnonzero(is_far[self.order] if known is self.pool else is_far)
            self._columns = columns  # last: another thread may look
        return self._columns


def _far_ones(squares: FloatArray) -> NDArray[np.bool_]:
    """Return which rows are far from the middle, of which there are few; given its squares (n,)."""
    typical = float(np.median(squares))
    if typical == 0.0:  # half of them are the same
        typical = float(np.median(squares[squares > 0.0])) if squares.any() else np.inf
    is_far = squares > _FAR**2 * typical
    most = max(8, len(squares) // 256)
    if np.count_nonzero(is_far) > most:
        is_far &= squares > np.partition(squares, -most - 1)[-most - 1]
    return is_far
