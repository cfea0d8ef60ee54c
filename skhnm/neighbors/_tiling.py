"""How a search is cut into tiles: rows of questions, runs of columns, and who meets whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhnm._typing import FloatArray, IndexArray

ROW_TILE = 768
COLUMN_TILE = 768
"""Multiples of BLAS's own blocks, and where the product was fastest; see benchmarks/KERNELS.md."""


def row_tiles(n: int, most: int | None = None) -> list[slice]:
    """Cut n rows into tiles of at most so many: some for each thread where there are few rows."""
    height = min(ROW_TILE, most or ROW_TILE, max(64, -(-n // 8)))
    return [slice(start, min(start + height, n)) for start in range(0, n, height)]


def column_tiles(allowed: IndexArray) -> Iterator[slice]:
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
            yield slice(start, min(start + COLUMN_TILE, end))


def meetings(n: int) -> Iterator[tuple[int, int]]:
    """Yield all pairs i <= j < n, neighbours in the list with as little in common as can be.

    This is the schedule of a tournament, in which everybody plays once a round; so threads
    that take one pair after the other seldom wait for each other.
    """
    yield from ((i, i) for i in range(n))
    n_players = n + n % 2  # whoever meets the last of an odd number rests
    for day in range(n_players - 1):
        for table in range(n_players // 2):
            one = (day + table) % (n_players - 1)
            other = (day - table) % (n_players - 1) if table else n_players - 1
            if max(one, other) < n:
                yield min(one, other), max(one, other)


def may_select(allowed: IndexArray, columns: slice) -> bool:
    """Whether any row of a tile may select any of a run of columns."""
    begins = np.maximum(allowed[:, ::2], columns.start)
    ends = np.minimum(allowed[:, 1::2], columns.stop)
    return bool((begins < ends).any())


class Plan:
    """The questions, sorted by class, so that the rows of a tile share theirs.

    A query with windows (n, w) asks w questions.
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

    def unsort_lists(self, listed: IndexArray, counts: IndexArray) -> tuple[IndexArray, IndexArray]:
        """Undo `sort` for lists of some lengths, one a question; return where each begins too."""
        begin = self.unsort(np.cumsum(counts) - counts)
        counts = self.unsort(counts)
        first = np.concatenate([[0], np.cumsum(counts)])
        return listed[np.arange(first[-1]) + np.repeat(begin - first[:-1], counts)], first
