"""Exact search: the nearest (or farthest) pool rows of one's own, another, or any class.

Tiles of rounded distances tell who may be found; see `skhnm.kernels._select` for why the
result is exact all the same. Memory grows with the rows asked about times the neighbours
asked for.
"""

from __future__ import annotations

import numpy as np

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.kernels._mutual import select_mutual_tile
from skhnm.kernels._select import select_tile, window_tile
from skhnm.kernels._within import list_marked, mark_tile, place_lists
from skhnm.neighbors._sorted import Side, SortedPool
from skhnm.neighbors._tiling import (
    Lists,
    Plan,
    may_select,
    row_tiles,
)

_EMPTY = np.iinfo(np.intp).max
_MARKS = 2**20  # bytes a tile of rows may take to mark what it found


class TooManyFound(Exception):
    """More rows were found than there is room for; the argument says how many so far."""


class ExactSearch(SortedPool):
    """Answers questions about the rows of a pool, which is prepared once for all of them."""

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
