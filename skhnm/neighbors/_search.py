"""Exact search: the nearest (or farthest) pool rows of one's own, another, or any class.

The pool is sorted by class, so that "of another class" is a skipped range of columns.
Tiles of distances come from one matrix product in float32, and are scanned while they
are in cache; see `skhnm.kernels._select` for why the result is exact all the same. Where
the pool asks about itself, each tile serves its rows and its columns, which halves the
product. Memory grows with the rows asked about times the neighbours asked for.
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
from skhnm.kernels._mutual import select_mutual_tile
from skhnm.kernels._select import select_tile, window_tile
from skhnm.kernels._within import list_marked, mark_tile, place_lists
from skhnm.neighbors._tiling import (
    Lists,
    Plan,
    column_tiles,
    column_width,
    may_select,
    meeting,
    n_meetings,
    row_tiles,
    sorted_by,
)

Side = Literal["own", "other", "any"]

_EMPTY = np.iinfo(np.intp).max
_MARKS = 2**20  # bytes a tile of rows may take to mark what it found
_ROUNDS = 4  # in which rows that lie far from all others are found
_FAR = 16.0  # times as far from the middle as half of the rows are


class TooManyFound(Exception):
    """More rows were found than there is room for; the argument says how many so far."""


class ExactSearch:
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

    def nearest(
        self,
        queries: FloatArray,
        codes: IndexArray,
        k: int,
        *,
        side: Side = "other",
        own: IndexArray | None = None,
        lower: FloatArray | None = None,
        upper: FloatArray | None = None,
        farthest: bool = False,
        ranges: IndexArray | None = None,
        groups: IndexArray | None = None,
        hidden: Lists | None = None,
    ) -> tuple[IndexArray, FloatArray]:
        """Find the `k` nearest rows of each query, nearest first, ties by index.

        Parameters
        ----------
        queries : (n, m) float
            Same type as the pool.
        codes : (n,) intp
            Class of each query; one with -1 finds nothing.
        k : int
            Rows to find for each query.
        side : {"other", "own", "any"}
            Classes to search, seen from the query.
        own : (n,) intp, optional
            Pool row of the query itself, which it never finds; -1 if there is none.
        lower, upper : (n, w) float, optional
            Open windows of the squared distance; each query asks once for each of the w.
        farthest : bool
            Find the farthest instead, farthest first.
        ranges : (n, 4) intp, optional
            What `allowed` gives for the queries, where it is known already.
        groups : (n,) intp, optional
            Group of each query, whose rows it never finds; -1 is no group.
        hidden : lists, optional
            Rows of the pool, ascending, that each query never finds.

        Returns
        -------
        indices : (n * w, k) intp
            Rows of the pool; -1 where fewer exist.
        distances : (n * w, k) float64
            Squared Euclidean distances; NaN where fewer exist.
        """
        sign = -1.0 if farthest else 1.0
        if farthest:
            lower, upper = (
                None if upper is None else -upper,
                None if lower is None else -lower,
            )
        ranges = self.allowed(codes, side) if ranges is None else ranges
        plan = Plan(codes, ranges, lower, upper, own=own, groups=groups, hidden=hidden)
        k = max(1, min(k, len(self)))
        distances = np.full((len(plan.lower), k), np.inf)
        indices = np.full((len(plan.lower), k), _EMPTY, dtype=np.intp)
        one_window = lower is None and plan.width == 1 and hidden is None
        if one_window and self._asks_itself(queries, codes, side, own, groups):
            self._select_mutually(plan, sign, distances, indices)
        else:
            self._select(queries, plan, sign, distances, indices)
        nearest_first = np.lexsort((indices, distances), axis=1)
        indices = np.take_along_axis(indices, nearest_first, axis=1)
        distances = sign * np.take_along_axis(distances, nearest_first, axis=1)
        empty = indices == _EMPTY
        indices[empty], distances[empty] = -1, np.nan
        return plan.unsort(indices), plan.unsort(distances)

    def _asks_itself(
        self,
        queries: FloatArray,
        codes: IndexArray,
        side: Side,
        own: IndexArray | None,
        groups: IndexArray | None,
    ) -> bool:
        """Whether the questions are those of every pool row about all the others."""
        if queries is not self.pool or not np.array_equal(codes, self.codes):
            return False
        if groups is None or self.groups is None:
            if groups is not self.groups:  # sorted in another way
                return False
        elif not np.array_equal(groups, self.groups):
            return False
        if own is None:
            return side == "other"
        itself = own == np.arange(len(own))
        return bool((itself | (own < 0)).all() if side == "other" else itself.all())

    def _select(
        self,
        queries: FloatArray,
        plan: Plan,
        sign: float,
        distances: FloatArray,
        indices: IndexArray,
    ) -> None:
        """Fill the heaps (n * w, k) of the plan's questions."""

        def scan(rows: slice, asked: slice) -> None:
            for tile, column, slack in self._tiles(queries, plan, rows, sign):
                select_tile(
                    tile, column, sign, self._unit, slack, plan.allowed[rows], plan.own[rows],
                    plan.groups[rows], self._sorted_groups, *plan.hidden, plan.lower[asked],
                    plan.upper[asked], queries, plan.order[rows], self.pool, self.order,
                    distances[asked], indices[asked],
                )  # fmt: skip

        self._scan(plan, row_tiles(len(queries)), scan)

    def _select_mutually(
        self, plan: Plan, sign: float, distances: FloatArray, indices: IndexArray
    ) -> None:
        """Fill the heaps (n, k) of the pool's own rows; a tile serves both its sides."""
        if len(self) == 0:
            return
        known = slice(len(plan.order) - len(self), None)  # rows without a class come first
        allowed, groups = plan.allowed[known], plan.groups[known]
        distances, indices = distances[known], indices[known]
        upper = np.where(np.isnan(plan.upper[known]), -np.inf, plan.upper[known])

        def scan(tile: FloatArray, rows: slice, others: slice) -> None:
            tile[self._far_in(rows)] = np.nan
            tile[:, self._far_in(others)] = np.nan
            select_mutual_tile(
                tile, rows.start, others.start, sign, self._unit,
                self._slack(self._norms[rows], others, near=True),
                self._slack(self._norms[others], rows, near=True),
                allowed, groups, upper, self.pool, self.order, distances, indices,
            )  # fmt: skip

        self._scan_pairs(scan, lambda rows, others: may_select(allowed[rows], others), sign)

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

    def count_within(
        self,
        queries: FloatArray,
        codes: IndexArray,
        *,
        lower: FloatArray,
        upper: FloatArray,
        side: Side = "other",
        hidden: Lists | None = None,
    ) -> IndexArray:
        """Count the rows of some classes inside each open window (n, w) → (n * w,).

        A query that stands in the pool is one of its own class.
        """
        none_wanted = np.empty((lower.size, 0), dtype=np.intp)
        return self._within(queries, codes, lower, upper, none_wanted, side, hidden)[0]

    def take_within(
        self,
        queries: FloatArray,
        codes: IndexArray,
        wanted: IndexArray,
        *,
        lower: FloatArray,
        upper: FloatArray,
        hidden: Lists | None = None,
    ) -> IndexArray:
        """Take the rows of other classes with the ordinals `wanted` inside each window.

        `wanted` (n * w, k) ascends along each row; ordinals past the count find -1.
        """
        return self._within(queries, codes, lower, upper, wanted, "other", hidden)[1]

    def _within(
        self,
        queries: FloatArray,
        codes: IndexArray,
        lower: FloatArray,
        upper: FloatArray,
        wanted: IndexArray,
        side: Side,
        hidden: Lists | None,
    ) -> tuple[IndexArray, IndexArray]:
        plan = Plan(codes, self.allowed(codes, side), lower, upper, hidden=hidden)
        wanted = plan.sort(wanted)
        counts = np.zeros((len(plan.lower), 2), dtype=np.intp)
        found = np.full(wanted.shape, -1, dtype=np.intp)

        def scan(rows: slice, asked: slice) -> None:
            for tile, column, slack in self._tiles(queries, plan, rows):
                window_tile(
                    tile, column, self._unit, slack, plan.allowed[rows], *plan.hidden,
                    plan.lower[asked], plan.upper[asked], queries, plan.order[rows], self.pool,
                    self.order, wanted[asked], counts[asked], found[asked],
                )  # fmt: skip

        self._scan(plan, row_tiles(len(queries)), scan)
        return plan.unsort(counts[:, 0]), plan.unsort(found)

    def list_within(
        self,
        queries: FloatArray,
        codes: IndexArray,
        *,
        lower: FloatArray,
        upper: FloatArray,
        most: int | None = None,
        hidden: Lists | None = None,
    ) -> tuple[IndexArray, IndexArray]:
        """List the rows of other classes inside each open window (n, w), by index.

        Stops with a `TooManyFound` once there are more than `most`.

        Returns
        -------
        listed : (t,) intp
            Rows of the pool, window after window.
        first : (n * w + 1,) intp
            Where each window begins in the list.
        """
        plan = Plan(codes, self.allowed(codes, "other"), lower, upper, hidden=hidden)
        counts = np.zeros(len(plan.lower), dtype=np.intp)
        width = -(-len(self.pool) // 8) * 8  # so that marks can be read eight at a time
        lists: dict[tuple[int, int], IndexArray] = {}

        def scan(rows: slice, asked: slice) -> None:
            marks = np.zeros((asked.stop - asked.start, width), dtype=bool)
            for tile, column, slack in self._tiles(queries, plan, rows):
                mark_tile(
                    tile, column, self._unit, slack, plan.allowed[rows], *plan.hidden,
                    plan.lower[asked], plan.upper[asked], queries, plan.order[rows], self.pool,
                    self.order, marks, counts[asked],
                )  # fmt: skip
            n_found = int(counts.sum())
            if most is not None and n_found > most:
                raise TooManyFound(n_found)
            found = np.empty(counts[asked].sum(), dtype=np.intp)
            list_marked(marks, marks.view(np.uint64), counts[asked], found)
            lists[asked.start, asked.stop] = found

        height = max(1, _MARKS // max(1, width * plan.width))
        self._scan(plan, row_tiles(len(queries), height), scan)
        first = np.concatenate([[0], np.cumsum(plan.unsort(counts))])
        places = plan.sort(first[:-1])
        listed = np.empty(first[-1], dtype=np.intp)
        while lists:  # one at a time, to hold them once
            (start, stop), found = lists.popitem()
            place_lists(found, counts[start:stop], places[start:stop], listed)
        return listed, first

    def _scan(self, plan: Plan, tiles: list[slice], scan: Callable[[slice, slice], None]) -> None:
        """Call ``scan(rows, questions)`` for each tile of rows, each in some thread."""
        if len(self) == 0:
            return
        self._prepare_columns()

        def scan_rows(number: int) -> None:
            rows = tiles[number]
            scan(rows, slice(rows.start * plan.width, rows.stop * plan.width))

        run_tiles(scan_rows, len(tiles), self.n_jobs, self._nanoseconds(len(plan.order)))

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
