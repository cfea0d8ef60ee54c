"""Whom a query may not have as a negative: its class, its group, its positives, itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.utils.validation import column_or_1d

from skhnm.common._typing import IndexArray
from skhnm.neighbors._search import Side

Codes = tuple[IndexArray, IndexArray]
"""Classes or groups of the queries (n,) and, in the same codes, of the corpus (N,)."""


@dataclass(frozen=True)
class Positives:
    """The positives of each query: rows of the corpus, sorted, none twice.

    Parameters
    ----------
    starts : (n + 1,) intp
        Query q has ``rows[starts[q]:starts[q + 1]]``.
    rows : (t,) intp
        Rows of the corpus.
    """

    starts: IndexArray
    rows: IndexArray

    @property
    def queries(self) -> IndexArray:
        """The query (t,) of each of the rows."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    def of(self, queries: slice) -> Positives:
        """Return the positives of some queries, counted from the first of these."""
        starts = self.starts[queries.start : queries.stop + 1]
        return Positives(starts - starts[0], self.rows[starts[0] : starts[-1]])


@dataclass(frozen=True)
class Exclusions:
    """Which rows of the corpus a query may not have.

    Labels and groups are left to the index, as the classes and groups of its search. For
    known positives, the search asks for as many more rows.

    Parameters
    ----------
    n, N : int
        Queries, and rows of the corpus.
    labels : (codes of the queries, codes of the corpus) or None
        -1 is "no class": neither query nor negative.
    groups : (codes of the queries, codes of the corpus) or None
        -1 is "in no group": anybody's candidate.
    positives : Positives or None
    itself : bool
        Whether the queries are the corpus.
    search_positives : bool
        Whether the most similar row of the query's label is to be found too.
    """

    n: int
    N: int
    labels: Codes | None
    groups: Codes | None
    positives: Positives | None
    itself: bool
    search_positives: bool

    @cached_property
    def _groups_as_classes(self) -> bool:
        """Whether the index is told of groups as its classes, which it skips unseen."""
        return self.labels is None and self.groups is not None and _all_known(self.groups)

    @property
    def side(self) -> Side:
        """Where negatives are, seen from the query, for the index."""
        return "any" if self.labels is None and not self._groups_as_classes else "other"

    @cached_property
    def codes(self) -> Codes:
        """Classes for the index; -1 where a row has none."""
        if self.labels is not None:
            return self.labels
        if self.groups is not None and self._groups_as_classes:
            return self.groups
        return np.zeros(self.n, dtype=np.intp), np.zeros(self.N, dtype=np.intp)

    @property
    def index_groups(self) -> Codes | None:
        """Groups for the index, if it has to know of any; -1 where a row is in none."""
        return None if self._groups_as_classes else self.groups

    def own(self, queries: slice) -> IndexArray:
        """Return each query's own row of the corpus (r,), -1 if it has none."""
        rows = np.arange(queries.start, queries.stop, dtype=np.intp)
        return rows if self.itself else np.full(len(rows), -1, dtype=np.intp)

    @cached_property
    def surplus(self) -> IndexArray:
        """How many rows (n,) of those that the index finds a query may not have."""
        if self.positives is None:
            return np.zeros(self.n, dtype=np.intp)
        queries, rows = self.positives.queries, self.positives.rows
        query, corpus = self.codes
        found = (corpus[rows] != query[queries]) | (self.side == "any")
        if self.index_groups is not None:
            query, corpus = self.index_groups
            found &= (corpus[rows] != query[queries]) | (corpus[rows] < 0)
        return np.bincount(queries[found], minlength=self.n)

    def apply(self, found: IndexArray, queries: slice) -> IndexArray:
        """Put -1 for what the index found (r, k) although some queries may not have it."""
        if self.positives is None or not self.N:
            return found
        positives = self.positives.of(queries)
        known = positives.queries * (self.N + 1) + positives.rows
        known = np.append(known, np.iinfo(np.intp).max)
        pairs = np.arange(len(found))[:, None] * (self.N + 1) + found
        is_positive = known[np.searchsorted(known, pairs)] == pairs
        return np.where(is_positive, -1, found)

    def count(self) -> dict[str, int]:
        """Count the pairs that positives, and after them groups, exclude.

        Rows of the query's own class are no candidates to begin with, nor is it itself.
        """
        n_positive = n_group = 0
        pairs = None
        if self.positives is not None:
            pairs = self.positives.queries, self.positives.rows
            if self.labels is not None:
                query, corpus = (codes[p] for codes, p in zip(self.labels, pairs, strict=True))
                other = (query >= 0) & (corpus >= 0) & (query != corpus)
                pairs = pairs[0][other], pairs[1][other]
            n_positive = len(pairs[0])
        if self.groups is not None:
            n_group = self._count_group_mates()
            if pairs is not None:
                query, corpus = (codes[p] for codes, p in zip(self.groups, pairs, strict=True))
                n_group -= int(((query == corpus) & (query >= 0)).sum())
        return {"positive": n_positive, "group": n_group}

    def _count_group_mates(self) -> int:
        """Count pairs of one group but of two classes."""
        assert self.groups is not None
        if self.labels is None:
            query, corpus = ([groups[groups >= 0]] for groups in self.groups)
            itself = len(query[0]) if self.itself else 0
            return _count_equal(query, corpus) - itself
        query, corpus = (
            [codes[(groups >= 0) & (labels >= 0)] for codes in (groups, labels)]
            for groups, labels in zip(self.groups, self.labels, strict=True)
        )
        return _count_equal(query[:1], corpus[:1]) - _count_equal(query, corpus)


def _all_known(codes: Codes) -> bool:
    return all(bool((side >= 0).all()) for side in codes)


def _count_equal(these: list[IndexArray], those: list[IndexArray]) -> int:
    """Count the pairs of lines that these and those one or two columns of codes have in common."""
    asked, given = these[0], those[0]
    if len(these) > 1:
        width = 1 + max(int(column.max(initial=0)) for column in (these[1], those[1]))
        asked, given = (a * width + b for a, b in (these, those))
    given = np.sort(given)
    return int((np.searchsorted(given, asked, "right") - np.searchsorted(given, asked)).sum())


def read_positives(given: Any, n: int, N: int, itself: bool) -> Positives:
    """Return the positives of n queries among N rows.

    Parameters
    ----------
    given : (n,) ints, (n, p) ints padded with -1, or a list of n lists
    n, N : int
    itself : bool
        Whether the queries are the corpus: then no query is its own positive.

    Raises
    ------
    ValueError
        If they are not whole numbers, too few or too many, or no rows of the corpus.
    """
    try:
        lines = np.asarray(given)
    except ValueError:  # lists of different lengths
        lines = np.empty(len(given), dtype=object)
        lines[:] = list(given)
    if lines.ndim not in (1, 2) or len(lines) != n:
        raise ValueError(
            f"positives must name rows for each of the {n} queries: a list of {n} lists, or an "
            f"array of shape ({n},) or ({n}, p); got shape {lines.shape}"
        )
    if lines.ndim == 2:
        counts = np.full(n, lines.shape[1], dtype=np.intp)
        flat = lines.ravel()
    else:
        several = [np.atleast_1d(np.asarray(line)).ravel() for line in lines]
        counts = np.array([len(line) for line in several], dtype=np.intp)
        flat = np.concatenate([line for line in several if len(line)] or [np.empty(0, np.intp)])
    flat = column_or_1d(flat)
    queries = np.repeat(np.arange(n), counts)
    if flat.size and flat.dtype.kind not in "iu":
        raise ValueError(
            f"positives must be row numbers of the corpus, whole numbers; got dtype {flat.dtype}"
        )
    wrong = np.flatnonzero((flat < -1) | (flat >= N))
    if len(wrong):
        raise ValueError(
            f"positives of query {queries[wrong[0]]} name row {flat[wrong[0]]}, but the corpus has "
            f"rows 0 to {N - 1} (pad with -1)"
        )
    own = np.flatnonzero(itself & (flat == queries))
    if len(own):
        raise ValueError(
            f"positives of query {queries[own[0]]} name the query itself: leave it out (pad "
            "with -1)"
        )
    named = flat >= 0
    keys = np.unique(queries[named] * np.intp(max(N, 1)) + flat[named].astype(np.intp))
    queries, rows = np.divmod(keys, max(N, 1))
    starts = np.concatenate([[0], np.cumsum(np.bincount(queries, minlength=n))]).astype(np.intp)
    return Positives(starts, rows)
