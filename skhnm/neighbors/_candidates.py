"""The anchors of one mining and the rows they may be compared with.

Every miner, positive or negative, asks its questions here: the nearest, the farthest,
random ones, or all, on the anchor's own side of the class border or on the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from skhnm.common._threads import cut, run_tiles
from skhnm.common._tuples import Tuples
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.kernels._distances import pair_distances_tile
from skhnm.kernels._draw import mask_tile
from skhnm.kernels._rows import unit_rows
from skhnm.kernels._within import least_distances
from skhnm.neighbors._copies import copies_of_positives, copy_tolerance
from skhnm.neighbors._padded import draw_ranks, inside_window, sort_by_index, spread, trim
from skhnm.neighbors._sides import Sides
from skhnm.neighbors._sorted import Side


@dataclass(eq=False)
class Candidates(Sides):
    """Anchors, the pool, and the searches between them.

    Parameters
    ----------
    Z : (n, m) float
        Embeddings of the anchors.
    codes : (n,) intp
        Their classes as codes from 0; -1 is "no class".
    pool : (N, m) float
        Embeddings of the candidates, of the same type.
    pool_codes : (N,) intp
        Their classes, in the same codes.
    own : (n,) intp
        Each anchor's own row in the pool, -1 if it has none.
    random : numpy.random.Generator
        Source of every random choice.
    positives : (n, p) intp
        The positives of each anchor, once they are chosen; -1 is padding.
    lower, upper : (n, 1) float, optional
        Open window of the squared distance in which an anchor's negatives must lie.
    costs : callable, optional
        Gives the learner's loss (t,) of tuples of these rows; None outside a fit.
    progress : float
        Share of the training that is done, in [0, 1]; 1 outside a fit.
    needs_positive : bool
        Whether an anchor without a positive is left out.
    hints : (n, h) intp, optional
        Different pool rows of other classes for each anchor, -1 is padding: the nearest of
        an earlier mining, say. They bound the search, and never change what it finds.
    hidden : lists, optional
        Pool rows of other classes, ascending, that each anchor may not have. Only candidates
        with a window have such.
    row_numbers : callable, optional
        Gives `rows` and `pool_rows`, where anchors and pool are not the user's rows in order.
        It is called only if somebody asks.
    stands : (n_given,) intp, optional
        Which of the user's rows is here for each of them: of repeated ones the first; -1 for none.
        None: each for itself.
    n_jobs : int or None
        Threads; never changes a result.
    """

    random: np.random.Generator
    positives: IndexArray = field(default_factory=lambda: np.empty((0, 0), dtype=np.intp))
    lower: FloatArray | None = None
    upper: FloatArray | None = None
    costs: Callable[[Tuples], FloatArray] | None = None
    progress: float = 1.0
    needs_positive: bool = True
    hints: IndexArray | None = None
    row_numbers: Callable[[], tuple[IndexArray, IndexArray]] | None = None
    stands: IndexArray | None = None

    # Whose they are.

    @property
    def rows(self) -> IndexArray:
        """Which of the user's rows each anchor (n,) is; -1 where it is none."""
        return self._numbers[0]

    @property
    def pool_rows(self) -> IndexArray:
        """Which of the user's rows each candidate (N,) is; -1 where it is none, or hidden."""
        return self._numbers[1]

    @cached_property
    def _numbers(self) -> tuple[IndexArray, IndexArray]:
        if self.row_numbers is not None:
            return self.row_numbers()
        anchors, pool = (np.arange(len(side), dtype=np.intp) for side in (self.Z, self.pool))
        return anchors, pool

    # The same rows, seen otherwise.

    def at_unit_length(self) -> Candidates:
        """Return the same anchors and pool with each row at length 1; zero rows stay zero.

        There the squared distance is 2 (1 - s), with s the cosine similarity.
        """
        Z = unit_rows(self.Z)[0]
        pool = Z if self.pool is self.Z else unit_rows(self.pool)[0]
        return replace(self, Z=Z, pool=pool)

    def within_window(self, lower: FloatArray, upper: FloatArray) -> Candidates:
        """Return candidates whose negatives lie in each anchor's open window (n, 1)."""
        window = self._narrow(lower, upper)
        narrowed = replace(self, lower=window[0], upper=window[1])
        narrowed.__dict__["_search"] = self._search
        return narrowed

    def without_copies(self) -> Candidates:
        """Return candidates without copies of the anchor, or of any of its positives.

        Copies are equal but for rounding (`copy_tolerance`). Meant for rows at unit length.
        """
        reach = copy_tolerance(self.Z.dtype) ** 2
        narrowed = self.within_window(np.full((len(self), 1), reach), self._everywhere)
        narrowed.hidden = copies_of_positives(self._search, self.positives, reach)
        return narrowed

    def _narrow(
        self, lower: FloatArray | None, upper: FloatArray | None
    ) -> tuple[FloatArray | None, FloatArray | None]:
        """Cut open windows (n, w) down to the window of these candidates."""
        if self.lower is not None:
            lower = self.lower if lower is None else np.maximum(lower, self.lower)
        if self.upper is not None:
            upper = self.upper if upper is None else np.minimum(upper, self.upper)
        if lower is not None and upper is not None:
            lower, upper = np.broadcast_arrays(lower, upper)
        return lower, upper

    def _beyond_hints(self, k: int) -> FloatArray | None:
        """Return an open end (n, 1) below which each anchor has at least k rows, if known."""
        if self.hints is None or self.hints.shape[1] < k:
            return None
        known = self.distances(self.hints, padding=np.inf)
        return np.nextafter(np.partition(known, k - 1, axis=1)[:, k - 1 : k], np.inf)

    @property
    def _everywhere(self) -> FloatArray:
        """The window (n, 1) without an upper end."""
        return np.full((len(self), 1), np.inf)

    # Questions about the anchors' own side or the other.

    def nearest(
        self,
        k: int,
        side: Side = "other",
        *,
        lower: FloatArray | None = None,
        upper: FloatArray | None = None,
        farthest: bool = False,
    ) -> tuple[IndexArray, FloatArray]:
        """Find the k nearest (or farthest) rows, nearest (farthest) first.

        Parameters
        ----------
        k : int
            Rows for each question.
        side : {"other", "own", "any"}
            Of which class, seen from the anchor.
        lower, upper : (n, w) float, optional
            Open windows of the squared distance: w questions an anchor. A NaN in a
            window finds nothing.
        farthest : bool
            Prefer the farthest.

        Returns
        -------
        indices : (n * w, k) intp
            -1 where there are fewer.
        distances : (n * w, k) float64
            Squared distances, NaN where there are fewer.
        """
        if side == "other":
            lower, upper = self._narrow(lower, upper)
            if lower is None and upper is None and not farthest:
                upper = self._beyond_hints(k)
        window = lower if lower is not None else upper
        k = min(k, self.available(side))
        self._check_size(1 if window is None else window.shape[1], k, side)
        return self._nearest(k, side, lower, upper, farthest)

    def sample(self, k: int, side: Side = "other") -> IndexArray:
        """Draw k rows of each anchor's side (n, k), uniformly and without replacement."""
        if side == "other" and (self.lower is not None or self.upper is not None):
            return self.within(self._everywhere, k)
        counts, _ = self._ranks(side)
        k = min(k, self.available(side))
        self._check_size(1, k, side)
        return self._at_ranks(draw_ranks(counts, k, self.random), side)

    def sample_of(self, rows: IndexArray, k: int) -> IndexArray:
        """Draw k of the rows (n, w) that were found for each anchor, leaving out padding."""
        ranks = draw_ranks((rows >= 0).sum(axis=1), min(k, rows.shape[1]), self.random)
        return np.where(ranks < 0, -1, np.take_along_axis(rows, np.maximum(ranks, 0), axis=1))

    def every(self, side: Side = "other") -> IndexArray:
        """List every row of each anchor's side (n, k), by index."""
        if side == "other" and (self.lower is not None or self.upper is not None):
            return self.within(self._everywhere)
        counts, _ = self._ranks(side)
        width = self.available(side)
        self._check_size(1, width, side)
        ranks = np.arange(width)
        found = self._at_ranks(np.where(ranks < counts[:, None], ranks, -1), side)
        return sort_by_index(found)

    def within(
        self, upper: FloatArray, k: int | None = None, lower: FloatArray | None = None
    ) -> IndexArray:
        """List the rows of other classes in each open window (n, w) → (n * w, k), by index.

        With k, a uniform draw of k of them.
        """
        if k is None:
            return self.pad_lists(*self.lists_within(upper, lower))
        lower, upper = self._window(lower, upper)
        counts = self._count_within(lower, upper)
        width = min(k, int(counts.max(initial=0)))
        self._check_size(upper.shape[1], width, "other")
        drawn = draw_ranks(counts, width, self.random)
        wanted = np.sort(np.where(drawn < 0, np.iinfo(np.intp).max, drawn), axis=1)
        return sort_by_index(self._take_within(wanted, lower, upper))

    def lists_within(
        self, upper: FloatArray, lower: FloatArray | None = None
    ) -> tuple[IndexArray, IndexArray]:
        """List the rows of other classes in each open window (n, w), by index, unpadded.

        Returns
        -------
        listed : (t,) intp
            Rows of the pool, window after window.
        first : (n * w + 1,) intp
            Where the list of each window begins.
        """
        return self._list_within(*self._window(lower, upper))

    def _window(self, lower: FloatArray | None, upper: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return both ends (n, w) of windows, within those of these candidates."""
        lower = np.full_like(upper, -np.inf) if lower is None else lower
        ends = self._narrow(lower, upper)
        assert ends[0] is not None
        assert ends[1] is not None
        return ends[0], ends[1]

    def nearest_of_lists(self, listed: IndexArray, first: IndexArray) -> FloatArray:
        """Return the squared distance (n,) of each anchor's nearest on its list; inf if empty."""
        least = np.empty(len(self))
        parts = cut(slice(0, len(self)), 64)

        def measure(i: int) -> None:
            part = parts[i]
            least_distances(self.Z, self.pool, listed, first, part.start, part.stop, least)

        run_tiles(measure, len(parts), self.n_jobs, float(len(listed) * self.Z.shape[1]))
        return least

    def pad_lists(self, listed: IndexArray, first: IndexArray) -> IndexArray:
        """Put lists that follow each other into rows (q, k), padded with -1."""
        n = len(first) - 1
        longest = int(np.diff(first).max(initial=0))
        self._check_size(n / max(1, len(self)), longest, "other")
        return spread(listed, first, self.n_jobs)

    def choices(self, rows: slice) -> tuple[IndexArray, FloatArray]:
        """Every row of other classes that some anchors may have, and its squared distance.

        Meant for rows at unit length: distances are good to a few roundings, on the right
        side of every window's ends.

        Returns
        -------
        columns : (1, w) or (r, w) intp
            Rows of the pool.
        distances : (r, w) float64
            NaN where the row is no choice.
        """
        pool, squares = self._wide_pool
        Z = self.Z[rows].astype(np.float64, copy=False)
        D: FloatArray = (-2.0 * Z) @ pool.T
        D += squares
        D += np.einsum("ij,ij->i", Z, Z)[:, None]
        lower, upper = (
            np.full(len(Z), default) if end is None else end[rows].ravel()
            for end, default in ((self.lower, -np.inf), (self.upper, np.inf))
        )
        mask_tile(D, self.Z[rows], self.pool, self.codes[rows], self.pool_codes, lower, upper)
        if self.hidden is not None:
            first, hidden = self.hidden
            lines = np.repeat(np.arange(len(Z)), np.diff(first[rows.start : rows.stop + 1]))
            D[lines, hidden[first[rows.start] : first[rows.stop]]] = np.nan
        return np.arange(len(self.pool))[None], D

    @cached_property
    def _wide_pool(self) -> tuple[FloatArray, FloatArray]:
        """The pool in float64, and its squared norms."""
        pool = self.pool.astype(np.float64, copy=False)
        return pool, np.einsum("ij,ij->i", pool, pool)

    def admitted(self, rows: IndexArray, anchors: IndexArray | None = None) -> IndexArray:
        """Put -1 for rows (t, k) of other classes that the anchors (t,) may not have all the same.

        They lie outside of the window, are hidden, or not on a `Shortlist`. `anchors` left out
        are all, in order.
        """
        if self.lower is None and self.upper is None:
            return rows
        distances = self.distances(rows, anchors=anchors)
        anchors = np.arange(len(self)) if anchors is None else anchors
        lower, upper = (None if end is None else end[anchors] for end in (self.lower, self.upper))
        rows = np.where(inside_window(distances, lower, upper), rows, -1)
        if self.hidden is None:
            return rows
        first, hidden = self.hidden
        whose = np.repeat(np.arange(len(self)), np.diff(first))
        pairs = anchors[:, None] * len(self.pool) + rows
        is_hidden = np.isin(pairs, whose * len(self.pool) + hidden) & (rows >= 0)
        return np.where(is_hidden, -1, rows)

    def available(self, side: Side = "other") -> int:
        """Most rows that any anchor has on a side; at least 1."""
        return max(1, int(self._ranks(side)[0].max(initial=1)))

    # Pairs, and what becomes of the answers.

    def distances(
        self, others: IndexArray, padding: float = np.nan, anchors: IndexArray | None = None
    ) -> FloatArray:
        """Squared distances (t, k) from each anchor, or from `anchors` (t,), to pool rows."""
        out = np.empty(others.shape, dtype=np.float64)
        anchors = np.arange(len(self), dtype=np.intp) if anchors is None else anchors
        rows_a_tile = 4096

        def measure(tile: int) -> None:
            start = tile * rows_a_tile
            stop = min(start + rows_a_tile, len(others))
            pair_distances_tile(self.Z, self.pool, anchors, others, padding, start, stop, out)

        nanoseconds = others.size * self.Z.shape[1]
        run_tiles(measure, -(-len(others) // rows_a_tile), self.n_jobs, nanoseconds)
        return out

    def around(self, rows: IndexArray, k: int) -> IndexArray:
        """Find the k nearest rows of any class around some rows of the pool (r,) → (r, k)."""
        found: IndexArray = self._search.nearest(
            self.pool[rows], self.pool_codes[rows], k, side="any", own=rows
        )[0]
        return found

    def by_anchor(self, negatives: IndexArray) -> Tuples:
        """Make one tuple of each anchor that has both a positive and a negative (n, k)."""
        complete = (negatives >= 0).any(axis=1)
        if self.needs_positive:
            complete &= (self.positives >= 0).any(axis=1)
        anchors = np.flatnonzero(complete)
        return Tuples(anchors, self.positives[anchors], trim(negatives[anchors]))

    def by_pair(self, negatives: IndexArray) -> Tuples:
        """Make one tuple of each (anchor, positive) that has a negative (n * p, k)."""
        n, p = self.positives.shape
        pairs = np.flatnonzero((self.positives.ravel() >= 0) & (negatives >= 0).any(axis=1))
        return Tuples(
            pairs // max(p, 1), self.positives.reshape(n * p, 1)[pairs], trim(negatives[pairs])
        )
