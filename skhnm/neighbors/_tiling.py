"""How a search is cut into tiles: rows of questions, runs of columns, and who meets whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhnm.common._typing import FloatArray, IndexArray

ROW_TILE = 768
COLUMN_TILE = 768
"""Multiples of BLAS's own blocks, and where the product was fastest; see benchmarks/KERNELS.md."""


def row_tiles(n: int, most: int | None = None) -> list[slice]:
    """Cut n rows into tiles of at most so many: some for each thread where there are few rows."""
    height = min(ROW_TILE, most or ROW_TILE, max(64, -(-n // 12)))
    return [slice(start, min(start + height, n)) for start in range(0, n, height)]


def column_width(n: int) -> int:
    """Return how many of n columns a tile has: fewer where there are few, to save memory."""
    return min(COLUMN_TILE, max(256, n // 12))


def column_tiles(allowed: IndexArray, width: int) -> Iterator[slice]:
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
        for start in range(begin, end, width):
            yield slice(start, min(start + width, end))


def n_meetings(n: int) -> int:
    """Return how many numbers `meeting` knows of n tiles."""
    n_players = n + n % 2
    return n + (n_players - 1) * n_players // 2 if n else 0


def meeting(number: int, n: int) -> tuple[int, int]:
    """Return a pair i <= j of n tiles; neighbouring numbers have as little in common as can be.

    First each tile by itself, then all pairs, by the schedule of a tournament in which
    everybody plays once a day: so threads that take one pair after the other seldom wait
    for each other. Whoever rests in a tournament of an odd number has j = n.
    """
    if number < n:
        return number, number
    n_players = n + n % 2
    day, table = divmod(number - n, n_players // 2)
    one = (day + table) % (n_players - 1)
    other = (day - table) % (n_players - 1) if table else n_players - 1
    return min(one, other), max(one, other)


def may_select(allowed: IndexArray, columns: slice) -> bool:
    """Whether any row of a tile may select any of a run of columns."""
    begins = np.maximum(allowed[:, ::2], columns.start)
    ends = np.minimum(allowed[:, 1::2], columns.stop)
    return bool((begins < ends).any())


Lists = tuple[IndexArray, IndexArray]
"""Where the list of each query begins (n + 1,), and all lists (t,) one after the other."""


def sorted_by(codes: IndexArray, groups: IndexArray | None) -> IndexArray:
    """Return the order of rows by class, then by group, so that what is passed over is together."""
    return np.argsort(codes, kind="stable") if groups is None else np.lexsort((groups, codes))


class Plan:
    """The questions, sorted by class and group, so that the rows of a tile share theirs.

    A query with windows (n, w) asks w questions. Lists of what is `hidden` stay in the order of
    the queries.
    """

    def __init__(
        self,
        codes: IndexArray,
        allowed: IndexArray,
        lower: FloatArray | None,
        upper: FloatArray | None,
        *,
        own: IndexArray | None = None,
        groups: IndexArray | None = None,
        hidden: Lists | None = None,
    ) -> None:
        n = len(codes)
        window = next((a for a in (lower, upper) if a is not None), None)
        self.width = 1 if window is None else window.shape[1]
        self.order = sorted_by(codes, groups)
        self.allowed = allowed[self.order]
        self.own, self.groups = (
            np.full(n, -1, dtype=np.intp) if rows is None else rows[self.order]
            for rows in (own, groups)
        )
        nothing = np.zeros(n + 1, dtype=np.intp), np.empty(0, dtype=np.intp)
        self.hidden = nothing if hidden is None else hidden
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
