"""Exact search: the nearest (or farthest) pool rows of one's own, another, or any class.

The pool is sorted by class, so that "of another class" is a skipped range of columns.
Tiles of distances come from one matrix product in float32, and are scanned while they
are in cache; see `skhnm.kernels._select` for why the result is exact all the same.
Memory grows with the rows asked about times the neighbours asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from skhnm._threads import run_tiles
from skhnm._typing import FloatArray, IndexArray
from skhnm.kernels._distances import augment_rows, max_squared_distance
from skhnm.kernels._select import select_tile, window_tile

Side = Literal["own", "other", "any"]

ROW_TILE = 256
COLUMN_TILE = 1024
_EMPTY = np.iinfo(np.intp).max


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
    """

    def __init__(self, pool: FloatArray, codes: IndexArray, n_jobs: int | None = None) -> None:
        self.pool = pool
        self.codes = codes
        self.n_jobs = n_jobs
        order = np.argsort(codes, kind="stable")
        self.order = order[np.searchsorted(codes[order], 0) :]
        sorted_codes = codes[self.order]
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
        plan = _Plan(codes, ranges, own, lower, upper)
        k = max(1, min(k, len(self)))
        distances = np.full((len(plan.lower), k), np.inf)
        indices = np.full((len(plan.lower), k), _EMPTY, dtype=np.intp)

        def scan(tile, column, norms, slack, rows, asked):  # type: ignore[no-untyped-def]
            select_tile(
                tile, column, sign, self._unit, norms, slack,
                plan.allowed[rows], plan.own[rows], plan.first[: len(norms) + 1],
                plan.lower[asked], plan.upper[asked], queries, plan.order[rows],
                self.pool, self.order, distances[asked], indices[asked],
            )  # fmt: skip

        self._scan_tiles(queries, plan, sign, scan)
        nearest_first = np.lexsort((indices, distances), axis=1)
        indices = np.take_along_axis(indices, nearest_first, axis=1)
        distances = sign * np.take_along_axis(distances, nearest_first, axis=1)
        empty = indices == _EMPTY
        indices[empty], distances[empty] = -1, np.nan
        return plan.unsort(indices), plan.unsort(distances)

    def count_within(
        self, queries: FloatArray, codes: IndexArray, *, lower: FloatArray, upper: FloatArray
    ) -> IndexArray:
        """Count the rows of other classes inside each open window (n, w) → (n * w,)."""
        none_wanted = np.empty((lower.size, 0), dtype=np.intp)
        return self._within(queries, codes, lower, upper, none_wanted)[0]

    def take_within(
        self,
        queries: FloatArray,
        codes: IndexArray,
        wanted: IndexArray,
        *,
        lower: FloatArray,
        upper: FloatArray,
    ) -> IndexArray:
        """Take the rows of other classes with the ordinals `wanted` inside each window.

        `wanted` (n * w, k) ascends along each row; ordinals past the count find -1.
        """
        return self._within(queries, codes, lower, upper, wanted)[1]

    def _within(
        self,
        queries: FloatArray,
        codes: IndexArray,
        lower: FloatArray,
        upper: FloatArray,
        wanted: IndexArray,
    ) -> tuple[IndexArray, IndexArray]:
        plan = _Plan(codes, self.allowed(codes, "other"), None, lower, upper)
        wanted = plan.sort(wanted)
        counts = np.zeros((len(plan.lower), 2), dtype=np.intp)
        found = np.full(wanted.shape, -1, dtype=np.intp)

        def scan(tile, column, norms, slack, rows, asked):  # type: ignore[no-untyped-def]
            window_tile(
                tile, column, self._unit, norms, slack,
                plan.allowed[rows], plan.own[rows], plan.first[: len(norms) + 1],
                plan.lower[asked], plan.upper[asked], queries, plan.order[rows],
                self.pool, self.order, wanted[asked], counts[asked], found[asked],
            )  # fmt: skip

        self._scan_tiles(queries, plan, 1.0, scan)
        return plan.unsort(counts[:, 0]), plan.unsort(found)

    def _scan_tiles(
        self, queries: FloatArray, plan: _Plan, sign: float, scan: Callable[..., None]
    ) -> None:
        """Hand every tile that can matter to `scan`, one row of tiles to a thread at a time."""
        if len(queries) == 0 or len(self) == 0:
            return
        columns = self._prepare_columns()
        m = queries.shape[1]
        # In float32: m + 2 roundings in the product, and a few in the rows and the limits.
        roundoff = (m + 10) * 2.0**-24
        factors = np.array([-2.0 * sign, 0.0, sign], dtype=np.float32)

        def scan_row_of_tiles(number: int) -> None:
            rows = slice(number * ROW_TILE, min((number + 1) * ROW_TILE, len(queries)))
            asked = slice(rows.start * plan.width, rows.stop * plan.width)
            height = rows.stop - rows.start
            augmented = np.empty((height, m + 1), dtype=np.float32)
            norms = augment_rows(
                queries, plan.order[rows], self._mean, self._scale, factors, augmented
            )
            tile = np.empty(height * COLUMN_TILE, dtype=np.float32)
            for start, stop in _column_tiles(plan.allowed[rows]):
                view = tile[: height * (stop - start)].reshape(height, stop - start)
                np.matmul(augmented, columns[start:stop].T, out=view)
                radius = np.sqrt(self._norms[start:stop].max())
                slack = roundoff * (np.sqrt(norms) + radius) ** 2
                scan(view, start, norms, slack, rows, asked)

        n_tiles = -(-len(queries) // ROW_TILE)
        nanoseconds = len(queries) * len(self) * (0.3 + 0.03 * m)
        run_tiles(scan_row_of_tiles, n_tiles, self.n_jobs, nanoseconds)

    def _prepare_columns(self) -> FloatArray:
        """Centre and scale the sorted pool for the product, once."""
        if self._columns is None:
            known = self.pool[self.order]
            self._mean = known.mean(axis=0, dtype=np.float64)
            radius = np.sqrt(max_squared_distance(known, self._mean[None]))
            self._scale = 1.0 / radius if radius > 0 else 1.0
            self._unit = 1.0 / self._scale**2
            columns = np.empty((len(self), known.shape[1] + 1), dtype=np.float32)
            factors = np.array([1.0, 1.0, 0.0], dtype=np.float32)
            self._norms = augment_rows(
                known, np.arange(len(self)), self._mean, self._scale, factors, columns
            )
            self._columns = columns
        return self._columns


class _Plan:
    """The questions, sorted by class, so that the rows of a tile share theirs.

    A query with windows (n, w) asks w questions; `first` counts them off for a tile.
    """

    def __init__(
        self,
        codes: IndexArray,
        allowed: IndexArray,
        own: IndexArray | None,
        lower: FloatArray | None,
        upper: FloatArray | None,
    ) -> None:
        n = len(codes)
        window = next((a for a in (lower, upper) if a is not None), None)
        self.width = 1 if window is None else window.shape[1]
        self.order = np.argsort(codes, kind="stable")
        self.first = np.arange(ROW_TILE + 1) * self.width
        self.allowed = allowed[self.order]
        self.own = np.full(n, -1, dtype=np.intp) if own is None else own[self.order]
        limits = [
            np.full((n, self.width), default) if limit is None else limit
            for limit, default in ((lower, -np.inf), (upper, np.inf))
        ]
        self.lower, self.upper = (self.sort(a.reshape(n * self.width)) for a in limits)

    def sort(self, asked: NDArray[Any]) -> NDArray[Any]:
        """Reorder one row a question, (n * w, …), into the plan's order."""
        rows = asked.reshape(len(self.order), self.width, *asked.shape[1:])
        return np.ascontiguousarray(rows[self.order]).reshape(asked.shape)

    def unsort(self, asked: NDArray[Any]) -> NDArray[Any]:
        """Undo `sort`."""
        rows = asked.reshape(len(self.order), self.width, *asked.shape[1:])
        result = np.empty_like(rows)
        result[self.order] = rows
        return result.reshape(asked.shape)


def _column_tiles(allowed: IndexArray) -> Iterator[tuple[int, int]]:
    """Cut the columns that any row of a tile may select into tiles of limited width."""
    runs: list[list[int]] = []
    for begins, ends in ((allowed[:, 0], allowed[:, 1]), (allowed[:, 2], allowed[:, 3])):
        some = ends > begins
        if some.any():
            begin, end = int(begins[some].min()), int(ends[some].max())
            if runs and begin <= runs[-1][1]:
                runs[-1][1] = max(runs[-1][1], end)
            else:
                runs.append([begin, end])
    for begin, end in runs:
        for start in range(begin, end, COLUMN_TILE):
            yield start, min(start + COLUMN_TILE, end)
