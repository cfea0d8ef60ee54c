"""What the indexes around a search structure share, which knows rows but no classes.

Classes are dealt out to a few parts, with a structure each. Parts without the query's own
class are asked for the nearest rows, and no more. The part with it is asked for some more
than are wanted, and the rows that the query may not find are dropped. A part's answer is
certain where it also named something farther than what is kept; where it did not (all
rows near the query are of its own class, say), the part completes it in another way: so
nobody is ever asked for thousands of neighbours. Rows of the query's group, which may be
anywhere, are dropped likewise; who met some among others and fell short asks a little deeper
first.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhnm.common._threads import run_tiles
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.kernels._distances import pair_distances_tile
from skhnm.neighbors._base import BaseIndex
from skhnm.neighbors._padded import Found, merge_nearest, nearest_first
from skhnm.neighbors._search import ExactSearch
from skhnm.neighbors._sorted import Side

ROW_TILE = 1024
N_PARTS = 8
FEWEST_ROWS = 4000  # below, one part is as fast
_DEEPER = (2, 4, 8)
"""How many times as many rows are asked for, one after the other, before all are scanned."""
_MARGIN = 1e-9  # relative; beyond the rounding of any float64 sum of squares


@dataclass
class Part:
    """Some whole classes: positions [begin, end) of the sorted pool, and what searches them.

    `classes` are the first of their codes, and the one after the last.
    """

    begin: int
    end: int
    classes: tuple[int, int]
    structure: Any = None

    def ranges(self, search: ExactSearch, codes: IndexArray, side: Side) -> IndexArray:
        """Positions [a, b) and [c, d), as (n, 4), where each query may look in this part."""
        allowed = search.allowed(codes, side)
        return np.clip(allowed, self.begin, self.end)


@dataclass(frozen=True)
class Questions:
    """What `BaseIndex.nearest` is asked, checked: a row for each query."""

    queries: FloatArray
    codes: IndexArray
    k: int
    side: Side
    own: IndexArray
    groups: IndexArray | None

    def take(self, rows: slice | IndexArray) -> Questions:
        """Return the questions of some queries."""
        return Questions(
            self.queries[rows], self.codes[rows], self.k, self.side, self.own[rows],
            None if self.groups is None else self.groups[rows],
        )  # fmt: skip


class BackendIndex(BaseIndex):
    """Answers questions about classes with structures that know none.

    A subclass makes a structure of some rows in `_build`, and asks it in `_ask`.
    """

    def _prepare(self) -> None:
        search = self.search_
        self.parts_ = _deal_classes(search)

        def build(number: int) -> None:
            part = self.parts_[number]
            part.structure = self._build(search.pool[search.order[part.begin : part.end]])

        run_tiles(build, len(self.parts_), self.n_jobs, nanoseconds=1e5 * len(search))

    @abstractmethod
    def _build(self, rows: FloatArray) -> Any:
        """Make a structure of rows (r, m), at least one."""

    @abstractmethod
    def _ask(self, structure: Any, queries: FloatArray, width: int) -> IndexArray:
        """Name at least `width` of its rows near each query, in any order; -1 is padding.

        The structure holds so many. Called from several threads.
        """

    def _is_doubtful(self, queries: FloatArray) -> NDArray[np.bool_]:
        """Which queries are completed, whatever the structures name."""
        return np.zeros(len(queries), dtype=bool)

    def _nearest(
        self,
        queries: FloatArray,
        codes: IndexArray,
        k: int,
        side: Side,
        own: IndexArray,
        groups: IndexArray | None,
    ) -> tuple[IndexArray, FloatArray]:
        search = self.search_
        k = min(k, len(search))
        if side == "own" or k == 0:  # one class is one run of the sorted pool: little to scan
            return search.nearest(queries, codes, k, side=side, own=own, groups=groups)
        order = np.argsort(codes, kind="stable")  # rows of a class walk the same, cached ways
        asked = Questions(queries, codes, k, side, own, groups).take(order)
        n = len(queries)
        indices = np.full((n, k), -1, dtype=np.intp)
        distances = np.full((n, k), np.nan)
        uncertain = np.zeros((n, len(self.parts_)), dtype=bool)

        def answer(tile: int) -> None:
            rows = slice(tile * ROW_TILE, min((tile + 1) * ROW_TILE, n))
            (indices[rows], distances[rows]), uncertain[rows] = self._from_parts(asked.take(rows))

        run_tiles(answer, -(-n // ROW_TILE), self.n_jobs, nanoseconds=2e4 * n)
        for number, part in enumerate(self.parts_):
            rest = np.flatnonzero(uncertain[:, number])
            if len(rest):
                more = self._complete(part, asked.take(rest))
                indices[rest], distances[rest] = merge_nearest(
                    (indices[rest], distances[rest]), more, k
                )
        back = np.argsort(order)
        return indices[back], distances[back]

    def _complete(self, part: Part, asked: Questions) -> Found:
        """Answer from a part, where its structure did not suffice."""
        return self.search_.nearest(
            asked.queries, asked.codes, asked.k, own=asked.own, groups=asked.groups,
            ranges=part.ranges(self.search_, asked.codes, asked.side),
        )  # fmt: skip

    def _from_parts(self, asked: Questions) -> tuple[Found, NDArray[np.bool_]]:
        """Find up to k rows (n, k), and say which parts (n, parts) may hold nearer ones."""
        found, measured, certain, helps = zip(
            *(self._from_part(part, asked) for part in self.parts_), strict=True
        )
        best = nearest_first(np.hstack(found), np.hstack(measured), asked.k)
        limits, deeper = np.stack(certain, axis=1), np.stack(helps, axis=1)
        uncertain = _is_uncertain(best[1], limits)
        for factor in _DEEPER:
            again = uncertain & deeper
            for number, part in enumerate(self.parts_):
                rows = np.flatnonzero(again[:, number])
                if len(rows):
                    more = self._from_part(part, asked.take(rows), factor)
                    limits[rows, number] = more[2]
                    best[0][rows], best[1][rows] = merge_nearest(
                        (best[0][rows], best[1][rows]), more[:2], asked.k
                    )
            uncertain = _is_uncertain(best[1], limits)
        doubtful = self._is_doubtful(asked.queries)[:, None]
        return best, uncertain | (doubtful & ~np.isinf(limits))

    def _from_part(
        self, part: Part, asked: Questions, factor: int = 1
    ) -> tuple[IndexArray, FloatArray, FloatArray, NDArray[np.bool_]]:
        """Find up to k rows of a part, and the distance below which none is missing.

        None that its structure did not miss, that is. The last that is returned says for whom
        it may help to ask deeper, that is with a larger `factor`: who met rows of its group,
        but not them alone.
        """
        search, k = self.search_, asked.k
        ranges = part.ranges(search, asked.codes, asked.side)
        counts = ranges[:, 1] - ranges[:, 0] + ranges[:, 3] - ranges[:, 2]
        size, n = part.end - part.begin, len(asked.codes)
        found = np.full((n, k), -1, dtype=np.intp)
        measured = np.full((n, k), np.nan)
        certain = np.full(n, np.inf)
        deeper = np.zeros(n, dtype=bool)
        # Where the own class is, much of what is near may be of it; elsewhere, a few more make
        # up for what a structure rounds.
        for some, extra in ((counts == size, 4), ((counts > 0) & (counts < size), max(k, 16))):
            rows = np.flatnonzero(some)
            if not len(rows):
                continue
            width = min(factor * (k + extra), size)
            near = self._ask(part.structure, asked.queries[rows], width)
            near = np.where(near < 0, -1, search.order[part.begin + near])
            d = np.empty(near.shape, dtype=np.float64)
            pair_distances_tile(
                asked.queries[rows], search.pool, np.arange(len(rows)), near, np.nan, 0,
                len(rows), d,
            )  # fmt: skip
            everything = (near >= 0).sum(axis=1) == size
            horizon = np.where(np.isnan(d), 0.0, d).max(axis=1) * (1.0 - _MARGIN)
            certain[rows] = np.where(everything, np.inf, horizon)
            dropped = near == asked.own[rows, None]
            if asked.side == "other":
                dropped |= search.codes[near] == asked.codes[rows, None]
            if asked.groups is not None and search.groups is not None:
                groups = asked.groups[rows, None]
                mates = (search.groups[near] == groups) & (groups >= 0) & (near >= 0)
                dropped |= mates
                deeper[rows] = mates.any(axis=1) & ~dropped.all(axis=1)
            near[dropped], d[dropped] = -1, np.nan
            kept = nearest_first(near, d, k)
            found[rows, : kept[0].shape[1]], measured[rows, : kept[0].shape[1]] = kept
        return found, measured, certain, deeper


def _is_uncertain(distances: FloatArray, limits: FloatArray) -> NDArray[np.bool_]:
    """Whether parts with these limits (n, parts) may hold rows nearer than the k-th found."""
    beyond = distances[:, -1:] < limits  # also false where there are fewer than k
    uncertain: NDArray[np.bool_] = ~(beyond | np.isinf(limits))
    return uncertain


def _deal_classes(search: ExactSearch) -> list[Part]:
    """Cut the sorted pool between classes, into parts of much the same size.

    By the rows alone, so that the result never depends on the threads.
    """
    n = len(search)
    if n == 0:
        return []
    codes = search.codes[search.order]
    ends = np.append(np.flatnonzero(np.diff(codes)) + 1, n)
    n_parts = N_PARTS if n >= FEWEST_ROWS else 1
    wanted = n * np.arange(1, n_parts + 1) / n_parts
    cuts = [0, *np.unique(ends[np.searchsorted(ends, wanted).clip(max=len(ends) - 1)]).tolist()]
    return [Part(a, b, (int(codes[a]), int(codes[b - 1]) + 1)) for a, b in pairwise(cuts)]
