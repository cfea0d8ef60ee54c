"""Where each query's matches stand in its ranking, by tiles.

A ranking is cut where nothing counts any more: after its first R places, or the largest k. A
sample of the reference tells beforehand about how far away that is. What lies nearer is
collected, tile by tile, and ranked. So memory grows with the places that count, for the
queries of one tile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhnm._threads import run_tiles
from skhnm._typing import FloatArray, IndexArray
from skhnm.kernels._rank import collect_tile, count_tile, judge_tile
from skhnm.neighbors._search import ExactSearch
from skhnm.neighbors._tiling import ROW_TILE, column_width

_SAMPLE = 1024
_ENTRIES = 2**23
"""Entries in the lists of one tile of queries, at eight bytes."""


@dataclass(frozen=True)
class Ranking:
    """Where the matches of each judged query stand, nearest first, ties by index.

    A query is judged if the reference has a row of its class, other than itself.

    Parameters
    ----------
    n_queries : int
        Labelled queries, judged or not.
    n_matches : (q,) intp
        R: rows of the query's class in the reference, less itself.
    first : (q,) intp
        Place of the first match, from 1.
    hits : (q, s) intp
        Matches in the first k places, for each of the `ks`.
    r_hits : (q,) intp
        Matches in the first R places, or in `cap` if that is less.
    average_precision : (q,) float64
        Mean over these places of the precision where there is a match, 0 where there is none.
    n_ranked : (q,) intp
        Rows in the query's ranking.
    """

    n_queries: int
    n_matches: IndexArray
    first: IndexArray
    hits: IndexArray
    r_hits: IndexArray
    average_precision: FloatArray
    n_ranked: IndexArray


def rank_matches(
    Z: FloatArray,
    codes: IndexArray,
    reference: FloatArray,
    reference_codes: IndexArray,
    own: IndexArray,
    *,
    ks: Sequence[int] = (),
    cap: int | None = None,
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
        Each query's own row of the reference, -1 if it has none.
    ks : sequence of int
        Depths at which to count the matches.
    cap : int or None
        Most places that count for `r_hits` and `average_precision`; None is no limit.
    n_jobs : int or None
        Threads; never changes the result.
    """
    n_codes = max(codes.max(initial=-1), reference_codes.max(initial=-1)) + 1
    n_of_class = np.bincount(reference_codes[reference_codes >= 0], minlength=n_codes + 1)
    n_matches = n_of_class[codes] - (own >= 0)  # -1 reads the last one, which is of no class
    labelled = codes >= 0
    judged = np.flatnonzero(labelled & (n_matches > 0))
    queries, codes, own, n_matches = Z[judged], codes[judged], own[judged], n_matches[judged]
    ranker = _Ranker(reference, reference_codes, n_jobs)
    return Ranking(
        n_queries=int(labelled.sum()),
        n_matches=n_matches,
        n_ranked=len(ranker) - (own >= 0),
        **ranker.judge(
            queries, codes, own,
            n_matches if cap is None else np.minimum(n_matches, cap),
            np.asarray(ks, dtype=np.intp),
        ),
    )  # fmt: skip


class _Ranker(ExactSearch):
    """An exact search that ranks rows of every class."""

    def judge(
        self,
        queries: FloatArray,
        codes: IndexArray,
        own: IndexArray,
        r_places: IndexArray,
        ks: IndexArray,
    ) -> dict[str, Any]:
        """Rank for queries that have a match each; give the fields of `Ranking` by name."""
        n = len(queries)
        first, r_hits = np.zeros(n, dtype=np.intp), np.zeros(n, dtype=np.intp)
        hits, precision = np.zeros((n, len(ks)), dtype=np.intp), np.zeros(n)
        places = np.stack([np.maximum(r_places, ks.max(initial=1)), r_places], axis=1)
        wanted = np.minimum(places[:, 0] + (own >= 0), len(self))
        by_length = np.argsort(wanted, kind="stable")
        tiles = self._cut(wanted[by_length])
        begin, end = self.own_range(codes)
        position = np.full(len(self.pool) + 1, -1, dtype=np.intp)
        position[self.order] = np.arange(len(self))
        position = position[own]  # of no row: the last, which is nowhere
        depths, back = np.unique(ks, return_inverse=True)

        def judge(number: int) -> None:
            rows = by_length[tiles[number]]
            lists, norms = self._collect(queries, rows, wanted[rows])
            results = [a[rows] for a in (first, r_hits, precision)]
            hits_at = np.zeros((len(rows), len(depths)), dtype=np.intp)
            judge_tile(
                lists.values, lists.columns, lists.counts, begin[rows], end[rows],
                position[rows], norms, self._norms, self._roundoff, places[rows], depths,
                queries, rows, self.pool, self.order, *results, hits_at,
            )  # fmt: skip
            first[rows], r_hits[rows], precision[rows] = results
            hits[rows] = hits_at[:, back]

        if n:
            self._prepare_columns()
            run_tiles(judge, len(tiles), self.n_jobs, self._nanoseconds(n))
            beyond = np.flatnonzero(first == 0)
            first[beyond] = self._place_of_first(queries[beyond], codes[beyond], own[beyond])
        return {"first": first, "hits": hits, "r_hits": r_hits, "average_precision": precision}

    def _cut(self, wanted: IndexArray) -> list[slice]:
        """Cut queries, by ascending length of their rankings, into tiles of limited memory."""
        tiles = []
        start = 0
        while start < len(wanted):
            height = min(ROW_TILE, max(64, -(-len(wanted) // 12)), len(wanted) - start)
            longest = self._room(wanted[start : start + height][-1:])
            height = min(height, max(16, _ENTRIES // longest))
            tiles.append(slice(start, start + height))
            start += height
        return tiles

    def _place_in_sample(self, wanted: IndexArray) -> IndexArray:
        """Return which place in the sample almost surely lies beyond the wanted places."""
        expected = wanted * (_SAMPLE / len(self))
        return (expected + 4.0 * np.sqrt(expected) + 3.0).astype(np.intp)

    def _room(self, wanted: IndexArray) -> int:
        """Return how long lists grow that reach to the place in the sample, with one tile more."""
        place = float(self._place_in_sample(wanted).max(initial=0))
        expected = (place + 3.0 * np.sqrt(place)) * len(self) / _SAMPLE
        return int(min(expected, len(self))) + column_width(len(self))

    def _collect(
        self, queries: FloatArray, rows: IndexArray, wanted: IndexArray
    ) -> tuple[_Lists, FloatArray]:
        """List what may be among the wanted nearest of some queries; also give their norms."""
        augmented, norms = self._augment(queries, rows)
        everywhere = slice(0, len(self))
        allowed = np.array([[0, len(self), 0, 0]])
        slack = self._slack(norms, everywhere).astype(np.float32)
        ceiling = self._ceilings(augmented, wanted)
        lists = _Lists(self._room(wanted), slack, ceiling, wanted)
        while True:
            for tile, others in self._products(augmented, allowed):
                lists.append(tile, others.start)
            short = lists.n_below() < wanted
            if not short.any():
                return lists, norms
            # The sample has misled these. The others' lists are complete: nothing joins them.
            lists.begin_again(short)

    def _ceilings(self, augmented: FloatArray, wanted: IndexArray) -> FloatArray:
        """Estimate, by a sample of the columns, a distance beyond the wanted places (r,)."""
        if len(self) <= 2 * _SAMPLE:
            return np.full(len(wanted), np.inf, dtype=np.float32)
        sample = np.linspace(0, len(self) - 1, _SAMPLE).astype(np.intp)
        tile = augmented @ self._prepare_columns()[sample].T
        place = self._place_in_sample(wanted)
        enough = place < _SAMPLE
        tile.partition(np.unique(np.minimum(place, _SAMPLE - 1)), axis=1)
        estimate = tile[np.arange(len(tile)), np.minimum(place, _SAMPLE - 1)]
        return np.where(enough, estimate, np.float32(np.inf))

    def _place_of_first(
        self, queries: FloatArray, codes: IndexArray, own: IndexArray
    ) -> IndexArray:
        """Return the place of the nearest match, for queries where it is far away."""
        match, distance = self.nearest(queries, codes, 1, side="own", own=own)
        nearer = self.count_within(
            queries, codes, lower=np.full_like(distance, -np.inf), upper=distance
        )
        tied, first = self.list_within(
            queries, codes,
            lower=np.nextafter(distance, -np.inf), upper=np.nextafter(distance, np.inf),
        )  # fmt: skip
        query = np.repeat(np.arange(len(match)), np.diff(first))
        before = np.bincount(query[tied < match[query, 0]], minlength=len(match))
        place: IndexArray = 1 + nearer + before
        return place


class _Lists:
    """What may be among the wanted nearest of each query of a tile.

    Parameters
    ----------
    room : int
        Length at which the lists begin.
    slack : (r,) float32
        Bound of the rounding error of each query's distances.
    ceiling : (r,) float32
        A distance within which there are enough, or so it is hoped. For the sake of rounding,
        what is at most twice the slack beyond is collected as well.
    wanted : (r,) intp
        How many are wanted. Lists that grow long are cut back to these, and what may tie.
    """

    def __init__(
        self, room: int, slack: FloatArray, ceiling: FloatArray, wanted: IndexArray
    ) -> None:
        self._slack = slack
        self._ceiling = ceiling
        self._limit = ceiling + 2 * slack
        self._wanted = wanted
        self.counts = np.zeros(len(wanted), dtype=np.intp)
        self.values = np.empty((len(wanted), room), dtype=np.float32)
        self.columns = np.empty((len(wanted), room), dtype=np.int32)

    def append(self, tile: FloatArray, column: int) -> None:
        """Append what lies within the limits in a tile of distances."""
        if self.counts.max() + tile.shape[1] > self.values.shape[1]:
            self._make_room(tile.shape[1])
        collect_tile(tile, column, self._limit, self.counts, self.values, self.columns)

    def n_below(self) -> IndexArray:
        """Count what surely suffices: what is at most the ceiling (r,)."""
        counts = np.empty_like(self.counts)
        count_tile(self.values, self.counts, self._ceiling, counts)
        return counts

    def begin_again(self, short: NDArray[np.bool_]) -> None:
        """Empty some lists, to collect them without a ceiling; close the others."""
        self.counts[short] = 0
        self._ceiling[short] = np.inf
        self._limit = np.where(short, np.float32(np.inf), np.float32(-np.inf))

    def _make_room(self, n_more: int) -> None:
        for r in np.flatnonzero(self.counts + n_more > self.values.shape[1]):
            self._cut_back(r)
        if self.counts.max() + n_more > self.values.shape[1] // 4 * 3:
            self.values = np.concatenate([self.values, np.empty_like(self.values)], axis=1)
            self.columns = np.concatenate([self.columns, np.empty_like(self.columns)], axis=1)

    def _cut_back(self, r: int) -> None:
        """Lower the ceiling of a long list to the last value that is wanted."""
        n, wanted = self.counts[r], self._wanted[r]
        if n <= wanted:
            return
        values, columns = self.values[r, :n], self.columns[r, :n]
        self._ceiling[r] = np.partition(values, wanted - 1)[wanted - 1]
        self._limit[r] = self._ceiling[r] + 2 * self._slack[r]
        kept = values <= self._limit[r]
        self.counts[r] = n = int(kept.sum())
        self.values[r, :n], self.columns[r, :n] = values[kept], columns[kept]
