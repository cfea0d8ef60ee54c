"""Where each query's matches stand in its ranking, by tiles.

A ranking is cut where nothing counts any more: after its first R places, or the largest k. A
sample of the reference tells beforehand about how far away that is. What lies nearer is
collected, tile by tile, and ranked. So memory grows with the places that count, and what ties
with the last of them, for the queries of one tile. Where rows ask about each other, and the lists
of all of them are not too much, a tile serves its rows and its columns, which halves the product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skhnm.common._groups import Codes
from skhnm.common._threads import run_tiles
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.kernels._rank import judge_tile, value_at_place
from skhnm.kernels._ties import judge_nearest
from skhnm.metrics._first import far_reciprocal_ranks
from skhnm.metrics._left_out import LeftOut, count_equal
from skhnm.metrics._lists import Lists
from skhnm.neighbors._search import ExactSearch
from skhnm.neighbors._tiling import ROW_TILE, column_width

_SAMPLE = 1024
_ENTRIES = 2**23
"""Entries of the lists of one tile of queries, at eight bytes; twice as many where rows tie."""

_LEAST_QUERIES = 16
_FEW_PLACES = 8
"""So few are found faster, and in less memory, as mining finds its nearest."""

_MOST_ENTRIES = 2**26
"""Most entries of the lists of all queries at once."""


@dataclass(frozen=True)
class Ranking:
    """Where the matches of each judged query stand, nearest first.

    A query is judged if the reference has a row of its class, other than itself and those of its
    group. Where rows are equally far, every number is the mean over all orders of them.

    Parameters
    ----------
    codes : (n,) intp
        Classes of all queries; -1 is unlabelled.
    rows : (q,) intp
        The queries that are judged.
    n_matches : (q,) intp
        R: rows of the query's class in its ranking.
    hits, found : (q, s) float64
        Matches in the first k places, and the probability of any, for each of the `ks`.
    r_hits : (q,) float64
        Matches in the first R places, or in `cap` if that is less.
    average_precision : (q,) float64
        Mean over these places of the precision where there is a match, 0 where there is none.
    reciprocal_rank : (q,) float64
        One over the place of the first match; 0 if it is not among the places that count.
    n_ranked : (q,) intp
        Rows in the query's ranking.
    """

    codes: IndexArray
    rows: IndexArray
    n_matches: IndexArray
    hits: FloatArray
    found: FloatArray
    r_hits: FloatArray
    average_precision: FloatArray
    reciprocal_rank: FloatArray
    n_ranked: IndexArray


def rank_matches(
    Z: FloatArray,
    codes: IndexArray,
    reference: FloatArray,
    reference_codes: IndexArray,
    own: IndexArray,
    *,
    groups: Codes | None = None,
    ks: Sequence[int] = (),
    cap: int | None = None,
    find_first: bool = False,
    n_jobs: int | None = None,
) -> Ranking:
    """Rank the reference for each query, and look where its matches stand.

    Parameters
    ----------
    Z : (n, m) float
        Queries.
    codes : (n,) intp
        Their classes, from 0; -1 is unlabelled: neither query nor reference.
    reference, reference_codes : (N, m) float, (N,) intp
        What is searched; of the same type, and in the same codes.
    own : (n,) intp
        Each query's own row of the reference, which is of its class; -1 if it has none.
    groups : (groups of the queries, groups of the reference), optional
        Rows of its group are no part of a query's ranking; -1 is in no group.
    ks : sequence of int
        Depths at which to count the matches.
    cap : int or None
        Most places that count for `r_hits` and `average_precision`; None is no limit.
    find_first : bool
        Look for the first match beyond the largest of the `ks` as well.
    n_jobs : int or None
        Threads; never changes the result.
    """
    if groups is None:
        groups = np.full(len(codes), -1), np.full(len(reference_codes), -1)
    left_out = LeftOut((codes, reference_codes), own, groups)
    n_matches = count_equal(left_out.codes) - left_out.n_matches
    rows = np.flatnonzero((codes >= 0) & (n_matches > 0))
    n_matches = n_matches[rows]
    r_places = n_matches if cap is None else np.minimum(n_matches, cap)
    ranker = _Ranker(reference, reference_codes, n_jobs, groups[1])
    last_first = np.iinfo(np.intp).max if find_first else max(ks, default=0)
    asked = _Asked(Z, left_out, rows, r_places, np.asarray(ks, dtype=np.intp), last_first)
    if len(rows):
        ranker.judge(asked)
    beyond = asked.reciprocal == 0
    if find_first and beyond.any():
        asked.reciprocal[beyond] = far_reciprocal_ranks(ranker, Z, rows[beyond], left_out)
    return Ranking(
        codes=codes,
        rows=rows,
        n_matches=n_matches,
        hits=asked.hits,
        found=asked.found,
        r_hits=asked.r_hits,
        average_precision=asked.precision,
        reciprocal_rank=asked.reciprocal,
        n_ranked=len(ranker) - left_out.n_rows[rows],
    )


class _Asked:
    """Queries that are judged, and what was counted for each.

    Parameters
    ----------
    Z, left_out
        The queries, as in `rank_matches`, and what they never find.
    rows : (q,) intp
        The rows of Z that are judged.
    r_places : (q,) intp
        Places for R-precision and MAP@R.
    ks : (s,) intp
        Depths at which to count.
    last_first : int
        Last place at which a first match counts for `reciprocal`.
    """

    def __init__(
        self,
        Z: FloatArray,
        left_out: LeftOut,
        rows: IndexArray,
        r_places: IndexArray,
        ks: IndexArray,
        last_first: int,
    ) -> None:
        self.Z = Z
        self.codes, self.groups = left_out.codes[0], left_out.groups[0]
        self.own = left_out.own
        self.n_left_out = left_out.n_rows[rows]
        self.rows = rows
        self.ks = ks
        self.last_first = last_first
        self.places = np.stack([np.maximum(r_places, ks.max(initial=1)), r_places], axis=1)
        self.hits, self.found = np.zeros((2, len(rows), len(ks)))
        self.r_hits, self.precision, self.reciprocal = np.zeros((3, len(rows)))


class _Ranker(ExactSearch):
    """An exact search that judges rankings."""

    def judge(self, asked: _Asked) -> None:
        """Rank for each query that is judged, and count."""
        self._prepare_columns()
        wanted = np.minimum(asked.places[:, 0] + asked.n_left_out, len(self))
        rest = np.arange(len(wanted))
        if asked.places.max() <= _FEW_PLACES:
            rest = self._judge_nearest(asked)
        elif self._shares_tiles(asked, wanted):
            rest = self._judge_mutually(asked, wanted)
        by_length = rest[np.argsort(wanted[rest], kind="stable")]
        tiles = self._cut(wanted[by_length])

        def judge(number: int) -> None:
            waiting = [by_length[tiles[number]]]
            while waiting:
                queries = waiting.pop()
                lists = self._collect(asked, queries, wanted[queries])
                if lists is None:
                    waiting += np.array_split(queries, 2)
                else:
                    self._judge_lists(asked, queries, lists)

        run_tiles(judge, len(tiles), self.n_jobs, self._nanoseconds(len(rest)))

    def _judge_nearest(self, asked: _Asked) -> IndexArray:
        """Judge by the nearest rows alone; return those whose last place ties with the next."""
        found, distances = self.nearest(
            asked.Z, asked.codes, int(asked.places.max()) + 1, side="any", own=asked.own,
            groups=asked.groups,
        )  # fmt: skip
        found, distances = found[asked.rows], distances[asked.rows]
        match = (found >= 0) & (self.codes[found] == asked.codes[asked.rows, None])
        depths, back = np.unique(asked.ks, return_inverse=True)
        hits, chances = np.zeros((2, len(found), len(depths)))
        is_open = np.empty(len(found), dtype=bool)
        judge_nearest(
            distances, match, asked.places, depths, asked.last_first, hits, chances,
            asked.r_hits, asked.precision, asked.reciprocal, is_open,
        )  # fmt: skip
        asked.hits[:], asked.found[:] = hits[:, back], chances[:, back]
        return np.flatnonzero(is_open)

    def _shares_tiles(self, asked: _Asked, wanted: IndexArray) -> bool:
        """Whether every row asks about the others, and the lists of all fit into memory."""
        return (
            asked.Z is self.pool
            and len(asked.rows) > len(self) // 2
            and bool((asked.own[asked.rows] == asked.rows).all())
            and self._room(wanted) * len(self) <= _MOST_ENTRIES
        )

    def _judge_mutually(self, asked: _Asked, wanted: IndexArray) -> IndexArray:
        """Judge from tiles that serve their rows and their columns; return whom that leaves."""
        at = np.empty(len(self.pool), dtype=np.intp)
        at[self.order] = np.arange(len(self))
        at = at[asked.rows]  # sorted position of each query
        wanted_at = np.zeros(len(self), dtype=np.intp)
        wanted_at[at] = wanted
        ceiling = np.empty(len(self), dtype=np.float32)

        def estimate(number: int) -> None:
            part = slice(number * ROW_TILE, (number + 1) * ROW_TILE)
            augmented, _ = self._augment(self.pool, self.order[part])
            ceiling[part] = self._ceilings(augmented, wanted_at[part])

        run_tiles(estimate, -(-len(self) // ROW_TILE), self.n_jobs, 1e4 * len(self))
        lists = self._open_lists(self._norms, ceiling, wanted_at)

        def collect(tile: FloatArray, rows: slice, others: slice) -> None:
            lists.append(tile, others.start, rows)
            if rows != others:
                lists.append_columns(tile, rows.start, others)

        self._scan_pairs(collect)
        complete = lists.are_complete()[at]
        done = np.flatnonzero(complete)

        def judge(number: int) -> None:
            queries = done[number * ROW_TILE : (number + 1) * ROW_TILE]
            self._judge_lists(asked, queries, lists, at[queries])

        run_tiles(judge, -(-len(done) // ROW_TILE), self.n_jobs, 1e4 * len(done))
        return np.flatnonzero(~complete)

    def _judge_lists(
        self,
        asked: _Asked,
        queries: IndexArray,
        lists: Lists,
        listed: IndexArray | slice = slice(None),
    ) -> None:
        """Rank some queries, whose lists are those `listed`, and count."""
        rows = asked.rows[queries]
        begin, end = self.own_range(asked.codes[rows])
        depths, back = np.unique(asked.ks, return_inverse=True)
        hits, found = np.zeros((2, len(queries), len(depths)))
        r_hits, precision, reciprocal = np.zeros((3, len(queries)))
        judge_tile(
            lists.values[listed], lists.columns[listed], lists.counts[listed], begin, end,
            asked.own[rows], asked.groups[rows], self._sorted_groups, lists.norms[listed],
            self._norms, self._roundoff, asked.places[queries], depths, asked.Z, rows,
            self.pool, self.order, asked.last_first, hits, found, r_hits, precision, reciprocal,
        )  # fmt: skip
        asked.hits[queries], asked.found[queries] = hits[:, back], found[:, back]
        asked.r_hits[queries], asked.precision[queries] = r_hits, precision
        asked.reciprocal[queries] = reciprocal

    def _cut(self, wanted: IndexArray) -> list[slice]:
        """Cut queries, by ascending length of their rankings, into tiles of limited memory."""
        tiles = []
        start = 0
        while start < len(wanted):
            height = min(ROW_TILE, max(64, -(-len(wanted) // 12)), len(wanted) - start)
            longest = self._room(wanted[start : start + height][-1:]) + column_width(len(self))
            height = min(height, max(_LEAST_QUERIES, _ENTRIES // longest))
            tiles.append(slice(start, start + height))
            start += height
        return tiles

    def _place_in_sample(self, wanted: IndexArray) -> IndexArray:
        """Return which place in the sample almost surely lies beyond the wanted places."""
        expected = wanted * (_SAMPLE / len(self))
        return (expected + 4.0 * np.sqrt(expected) + 3.0).astype(np.intp)

    def _room(self, wanted: IndexArray) -> int:
        """Return how long most lists are that reach to the place in the sample."""
        place = float(self._place_in_sample(wanted).max(initial=0))
        longest = (place + 2.5 * np.sqrt(place)) * len(self) / _SAMPLE
        return int(min(longest, len(self))) + 1

    def _collect(self, asked: _Asked, queries: IndexArray, wanted: IndexArray) -> Lists | None:
        """List what may be among the wanted nearest of some queries; None if these are too many.

        Where rows tie with the last that is wanted, a list is longer than could be foreseen.
        """
        augmented, norms = self._augment(asked.Z, asked.rows[queries])
        everywhere = np.array([[0, len(self), 0, 0]])
        lists = self._open_lists(
            norms, self._ceilings(augmented, wanted), wanted, column_width(len(self))
        )
        while True:
            for tile, others in self._products(augmented, everywhere):
                lists.make_room(others.stop - others.start)
                if lists.values.size > 2 * _ENTRIES and len(queries) > _LEAST_QUERIES:
                    return None
                lists.append(tile, others.start)
            complete = lists.are_complete()
            if complete.all():
                return lists
            # The sample has misled these. The others' lists are complete: nothing joins them.
            lists.begin_again(~complete)

    def _open_lists(
        self, norms: FloatArray, ceiling: FloatArray, wanted: IndexArray, more: int = 0
    ) -> Lists:
        """Return empty lists of queries of some squared norms (r,)."""
        # A query may be so far away that nothing is known of its distances in float32.
        slack = np.minimum(self._slack(norms, slice(0, len(self))), 1e37).astype(np.float32)
        return Lists(self._room(wanted) + more, len(self), norms, slack, ceiling, wanted)

    def _ceilings(self, augmented: FloatArray, wanted: IndexArray) -> FloatArray:
        """Estimate, by a sample of the columns, a distance beyond the wanted places (r,)."""
        ceilings = np.full(len(wanted), np.inf, dtype=np.float32)
        if len(self) > 2 * _SAMPLE:
            sample = np.linspace(0, len(self) - 1, _SAMPLE).astype(np.intp)
            with np.errstate(invalid="ignore", over="ignore"):
                tile = augmented @ self._prepare_columns()[sample].T
            value_at_place(tile, self._place_in_sample(wanted), ceilings)
        return ceilings
