"""What the indexes around a search structure share, which knows rows but no classes.

Classes are dealt out to a few parts, with a structure each. Parts without the query's own
class are asked for the nearest rows, and no more. The part with it is asked for some more
than are wanted, and the rows that the query may not find are dropped. A part's answer is
certain where it also named something farther than what is kept; where it did not (all
rows near the query are of its own class, say), the part completes it in another way: so
nobody is ever asked for thousands of neighbours.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from skhnm.common._threads import run_tiles
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.kernels._distances import pair_distances_tile
from skhnm.neighbors._base import BaseIndex
from skhnm.neighbors._padded import merge_nearest, nearest_first
from skhnm.neighbors._search import ExactSearch, Side

ROW_TILE = 1024
N_PARTS = 8
FEWEST_ROWS = 4000  # below, one part is as fast
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

    def _nearest(
        self, queries: FloatArray, codes: IndexArray, k: int, side: Side, own: IndexArray
    ) -> tuple[IndexArray, FloatArray]:
        search = self.search_
        k = min(k, len(search))
        if side == "own" or k == 0:  # one class is one run of the sorted pool: little to scan
            return search.nearest(queries, codes, k, side=side, own=own)
        order = np.argsort(codes, kind="stable")  # rows of a class walk the same, cached ways
        queries, codes, own = queries[order], codes[order], own[order]
        n = len(queries)
        indices = np.full((n, k), -1, dtype=np.intp)
        distances = np.full((n, k), np.nan)
        uncertain = np.zeros((n, len(self.parts_)), dtype=bool)

        def answer(tile: int) -> None:
            rows = slice(tile * ROW_TILE, min((tile + 1) * ROW_TILE, n))
            asked = queries[rows], codes[rows], k, side, own[rows]
            found, measured, certain = zip(
                *(self._from_part(part, *asked) for part in self.parts_), strict=True
            )
            indices[rows], distances[rows] = nearest_first(np.hstack(found), np.hstack(measured), k)
            limits = np.stack(certain, axis=1)
            beyond = distances[rows, -1:] < limits  # also false where there are fewer than k
            uncertain[rows] = ~(beyond | np.isinf(limits))

        run_tiles(answer, -(-n // ROW_TILE), self.n_jobs, nanoseconds=2e4 * n)
        for number, part in enumerate(self.parts_):
            rest = np.flatnonzero(uncertain[:, number])
            if len(rest):
                more = self._complete(part, queries[rest], codes[rest], k, side, own[rest])
                indices[rest], distances[rest] = merge_nearest(
                    (indices[rest], distances[rest]), more, k
                )
        back = np.argsort(order)
        return indices[back], distances[back]

    def _complete(
        self,
        part: Part,
        queries: FloatArray,
        codes: IndexArray,
        k: int,
        side: Side,
        own: IndexArray,
    ) -> tuple[IndexArray, FloatArray]:
        """Answer `_nearest` from a part, where its structure did not suffice."""
        ranges = part.ranges(self.search_, codes, side)
        return self.search_.nearest(queries, codes, k, own=own, ranges=ranges)

    def _from_part(
        self,
        part: Part,
        queries: FloatArray,
        codes: IndexArray,
        k: int,
        side: Side,
        own: IndexArray,
    ) -> tuple[IndexArray, FloatArray, FloatArray]:
        """Find up to k rows of a part, and the distance below which none is missing.

        None that its structure did not miss, that is.
        """
        search = self.search_
        ranges = part.ranges(search, codes, side)
        counts = ranges[:, 1] - ranges[:, 0] + ranges[:, 3] - ranges[:, 2]
        size = part.end - part.begin
        found = np.full((len(queries), k), -1, dtype=np.intp)
        measured = np.full((len(queries), k), np.nan)
        certain = np.full(len(queries), np.inf)
        # Where the own class is, much of what is near may be of it; elsewhere, a few more make
        # up for what a structure rounds.
        for some, extra in ((counts == size, 4), ((counts > 0) & (counts < size), max(k, 16))):
            rows = np.flatnonzero(some)
            if not len(rows):
                continue
            width = min(k + extra, size)
            near = self._ask(part.structure, queries[rows], width)
            near = np.where(near < 0, -1, search.order[part.begin + near])
            d = np.empty(near.shape, dtype=np.float64)
            pair_distances_tile(
                queries[rows], search.pool, np.arange(len(rows)), near, np.nan, 0, len(rows), d
            )
            everything = (near >= 0).sum(axis=1) == size
            horizon = np.where(np.isnan(d), 0.0, d).max(axis=1) * (1.0 - _MARGIN)
            certain[rows] = np.where(everything, np.inf, horizon)
            dropped = near == own[rows, None]
            if side == "other":
                dropped |= search.codes[near] == codes[rows, None]
            near[dropped], d[dropped] = -1, np.nan
            kept = nearest_first(near, d, k)
            found[rows, : kept[0].shape[1]], measured[rows, : kept[0].shape[1]] = kept
        return found, measured, certain


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
