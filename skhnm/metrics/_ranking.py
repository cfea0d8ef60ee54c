"""Where each query's matches stand in its ranking, by tiles.

A ranking is cut where nothing counts any more: after its first R places, or the largest k. A
sample of the reference tells beforehand about how far away that is. What lies nearer is
collected, tile by tile, and ranked. So memory grows with the places that count, for the
queries of one tile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skhnm._threads import run_tiles
from skhnm._typing import FloatArray, IndexArray
from skhnm.kernels._rank import collect_tile, count_tile, judge_tile, value_at_place
from skhnm.neighbors._search import ExactSearch
from skhnm.neighbors._tiling import ROW_TILE, column_width

_FEW = 16
"""Places up to which heaps of the nearest are faster than lists that are sorted."""

_SAMPLE = 1024
_ENTRIES = 2**23
"""Most entries of the lists of one tile, or of all heaps."""


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
        Place of the first match, from 1; 0 if it is not among the places that count.
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
        Each query's own row of the reference, -1 if it has none.
    ks : sequence of int
        Depths at which to count the matches.
    cap : int or None
        Most places that count for `r_hits` and `average_precision`; None is no limit.
    find_first : bool
        Look for the first match beyond the places that count as well.
    n_jobs : int or None
        Threads; never changes the result.
    """
    n_codes = max(codes.max(initial=-1), reference_codes.max(initial=-1)) + 1
    n_of_class = np.bincount(reference_codes[reference_codes >= 0], minlength=n_codes + 1)
    n_matches = n_of_class[codes] - (own >= 0)  # -1 reads the last one, which is of no class
    judged = np.flatnonzero((codes >= 0) & (n_matches > 0))
    n_matches = n_matches[judged]
    ranker = _Ranker(reference, reference_codes, n_jobs)
    counts = _Counts(
        n_matches if cap is None else np.minimum(n_matches, cap), np.asarray(ks, dtype=np.intp)
    )
    if len(judged):
        ranker.judge(Z, codes, own, judged, counts)
    beyond = np.flatnonzero(counts.first == 0)
    if find_first and len(beyond):
        rows = judged[beyond]
        counts.first[beyond] = ranker.place_of_first(Z[rows], codes[rows], own[rows])
    return Ranking(
        n_queries=int((codes >= 0).sum()),
        n_matches=n_matches,
        first=counts.first,
        hits=counts.hits,
        r_hits=counts.r_hits,
        average_precision=counts.precision,
        n_ranked=len(ranker) - (own[judged] >= 0),
    )


class _Counts:
    """What is counted for each judged query, in how many places.

    Parameters
    ----------
    r_places : (q,) intp
        Places for R-precision and MAP@R.
    ks : (s,) intp
        Depths at which to count.
    """

    def __init__(self, r_places: IndexArray, ks: IndexArray) -> None:
        n = len(r_places)
        self.ks = ks
        self.r_places = r_places
        self.places = np.maximum(r_places, ks.max(initial=1))
        self.first = np.zeros(n, dtype=np.intp)
        self.r_hits = np.zeros(n, dtype=np.intp)
        self.precision = np.zeros(n)
        self.hits = np.zeros((n, len(ks)), dtype=np.intp)


class _Ranker(ExactSearch):
    """An exact search that judges rankings."""

    def judge(
        self,
        queries: FloatArray,
        codes: IndexArray,
        own: IndexArray,
        judged: IndexArray,
        counts: _Counts,
    ) -> None:
        """Rank for those queries that are judged, and count."""
        k = min(int(counts.places.max()), len(self))
        if k <= _FEW and k * len(queries) <= _ENTRIES:
            found, _ = self.nearest(queries, codes, k, side="any", own=own)
            found = found[judged]
            is_match = (found >= 0) & (self.codes[found] == codes[judged, None])
            _count_matches(is_match, counts)
        else:
            self._judge_tiles(queries, codes, own, judged, counts)

    def _judge_tiles(
        self,
        queries: FloatArray,
        codes: IndexArray,
        own: IndexArray,
        judged: IndexArray,
        counts: _Counts,
    ) -> None:
        self._prepare_columns()
        wanted = np.minimum(counts.places + (own[judged] >= 0), len(self))
        by_length = np.argsort(wanted, kind="stable")
        tiles = self._cut(wanted[by_length])
        begin, end = self.own_range(codes)
        position = np.full(len(self.pool) + 1, -1, dtype=np.intp)
        position[self.order] = np.arange(len(self))
        position = position[own]  # of -1: the last, which is nowhere
        depths, back = np.unique(counts.ks, return_inverse=True)
        places = np.stack([counts.places, counts.r_places], axis=1)

        def judge(number: int) -> None:
            of = by_length[tiles[number]]
            rows = judged[of]
            lists, norms = self._collect(queries, rows, wanted[of])
            first, r_hits = np.zeros(len(of), dtype=np.intp), np.zeros(len(of), dtype=np.intp)
            precision, hits = np.zeros(len(of)), np.zeros((len(of), len(depths)), dtype=np.intp)
            judge_tile(
                lists.values, lists.columns, lists.counts, begin[rows], end[rows],
                position[rows], norms, self._norms, self._roundoff, places[of], depths,
                queries, rows, self.pool, self.order, first, r_hits, precision, hits,
            )  # fmt: skip
            counts.first[of], counts.r_hits[of] = first, r_hits
            counts.precision[of], counts.hits[of] = precision, hits[:, back]

        run_tiles(judge, len(tiles), self.n_jobs, self._nanoseconds(len(judged)))

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
        ceilings = np.full(len(wanted), np.inf, dtype=np.float32)
        if len(self) > 2 * _SAMPLE:
            sample = np.linspace(0, len(self) - 1, _SAMPLE).astype(np.intp)
            tile = augmented @ self._prepare_columns()[sample].T
            value_at_place(tile, self._place_in_sample(wanted), ceilings)
        return ceilings

    def place_of_first(self, queries: FloatArray, codes: IndexArray, own: IndexArray) -> IndexArray:
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


def _count_matches(is_match: NDArray[np.bool_], counts: _Counts) -> None:
    """Count in rankings (q, w) that are known to their last place that counts."""
    place = np.arange(is_match.shape[1])
    n_hits = np.cumsum(is_match, axis=1)
    counts.hits[:] = n_hits[:, np.minimum(counts.ks, is_match.shape[1]) - 1]
    counts.first[:] = np.where(is_match.any(axis=1), is_match.argmax(axis=1) + 1, 0)
    counted = is_match & (place < counts.r_places[:, None])
    counts.r_hits[:] = counted.sum(axis=1)
    counts.precision[:] = (counted * n_hits / (place + 1)).sum(axis=1) / counts.r_places


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
            self._cut_back(int(r))
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
