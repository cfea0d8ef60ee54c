"""Whom a query may not have as a negative: its class, its group, its positives, itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skhnm.common._groups import Codes
from skhnm.common._typing import IndexArray
from skhnm.neighbors._sorted import Side
from skhnm.offline._positives import Positives


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

    def own(self, queries: IndexArray) -> IndexArray:
        """Return the own row of the corpus of some queries (r,), -1 for those that have none."""
        return queries if self.itself else np.full(len(queries), -1, dtype=np.intp)

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

    def apply(self, found: IndexArray, queries: IndexArray) -> IndexArray:
        """Put -1 for what the index found (r, k) although the queries (r,) may not have it."""
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
