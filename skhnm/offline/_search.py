"""The nearest rows of a corpus that may be larger than memory, and the index that finds them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.base import clone

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.neighbors._exact import ExactIndex
from skhnm.neighbors._known import resolve_index
from skhnm.neighbors._padded import merge_nearest
from skhnm.neighbors._sorted import Side
from skhnm.offline._sources import Rows

_OPERATIONS_A_SECOND = 1e11
"""Multiply-adds of an exact search on two cores, roughly."""

_PATIENCE = 180.0
"""Seconds of exact search that nobody minds."""


def choose_index(
    given: Any, n: int, corpus: Rows, n_jobs: int | None, *, with_groups: bool
) -> tuple[Any, str]:
    """Return a fresh index, and a sentence that says which it is and why.

    Parameters
    ----------
    given : "auto", a name, or an instance
    n : int
        Queries.
    corpus : Rows
    n_jobs : int or None
        Given to an index that has none of its own.
    with_groups : bool
        Whether it has to know of groups.
    """
    why = "as asked for."
    if isinstance(given, str) and given == "auto":
        given, why = _choose(n, len(corpus), corpus.n_columns)
    index = resolve_index(given, n_jobs)
    if with_groups and "groups" not in signature(index.fit).parameters:
        raise TypeError(
            f"{type(index).__name__} knows of no groups: its fit(pool, codes, groups=None) and "
            "nearest(…, groups=None) must leave out rows of the query's group; see BaseIndex"
        )
    return index, f"{type(index).__name__}, {why}"


def _choose(n: int, N: int, m: int) -> tuple[str, str]:
    seconds = float(n) * N * m / _OPERATIONS_A_SECOND
    if seconds <= _PATIENCE:
        return "exact", "since it takes no more than a few minutes here."
    hours = f"since the exact search would take about {_duration(seconds)}"
    if find_spec("faiss") is not None:
        return "graph", f"{hours}; index='exact' takes that time, and no copy of the corpus."
    return "exact", (
        f"although it will take about {_duration(seconds)}: the faster GraphIndex needs faiss "
        "(pip install 'skhnm[ann]')."
    )


def _duration(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds >= 3600 else f"{seconds / 60:.0f} minutes"


@dataclass(frozen=True)
class Question:
    """What `BaseIndex.nearest` is asked: the k nearest rows of some queries, on one side."""

    queries: FloatArray
    codes: IndexArray
    own: IndexArray
    k: int
    side: Side
    groups: IndexArray | None


class Searcher:
    """Answers questions about a corpus.

    An exact index sees one block of the corpus after the other, and only the best of each
    are kept; any other index is fitted once, to a copy of the whole corpus.

    Parameters
    ----------
    index : index
    corpus : Rows
    codes : (N,) intp
        Class of each row, for the index.
    groups : (N,) intp or None
        Group of each row, for the index.
    path : Path or None
        Where a fitted index is kept for a run that goes on later.
    """

    def __init__(
        self,
        index: Any,
        corpus: Rows,
        codes: IndexArray,
        groups: IndexArray | None,
        path: Path | None,
    ) -> None:
        self.index = index
        self.corpus = corpus
        self.codes = codes
        self.groups = groups
        in_blocks = isinstance(index, ExactIndex)
        self.path = None if in_blocks else path
        self._blocks = list(corpus.blocks()) if in_blocks else [slice(0, len(corpus))]
        self._fitted: Any = None

    def answer(self, questions: list[Question]) -> list[IndexArray]:
        """Return the rows (r, k) that each question asks for, nearest first, padded with -1."""
        best = [
            (np.full((len(q.codes), q.k), -1, dtype=np.intp), np.full((len(q.codes), q.k), np.inf))
            for q in questions
        ]
        for block in self._blocks:
            index = self._fit(block)
            for number, q in enumerate(questions):
                is_inside = (q.own >= block.start) & (q.own < block.stop)
                own = np.where(is_inside, q.own - block.start, -1)
                groups = {} if q.groups is None else {"groups": q.groups}
                rows, distances = index.nearest(
                    q.queries, q.codes, q.k, side=q.side, own=own, **groups
                )
                rows = np.where(rows >= 0, rows + block.start, -1)
                best[number] = merge_nearest(best[number], (rows, np.asarray(distances)), q.k)
        return [rows for rows, _ in best]

    def _fit(self, block: slice) -> Any:
        """Return the index of a block; the only one there is stays."""
        if self._fitted is not None:
            return self._fitted
        if self.path is not None and self.path.exists():
            index = joblib.load(self.path)
            if hasattr(self.index, "n_jobs"):
                index.set_params(n_jobs=self.index.n_jobs)
        else:
            rows = self.corpus.take(block, "corpus")
            groups = {} if self.groups is None else {"groups": self.groups[block]}
            index = clone(self.index, safe=False).fit(rows, self.codes[block], **groups)
            if self.path is not None:  # whole, or not at all
                part = self.path.with_suffix(".part")
                joblib.dump(index, part)
                part.replace(self.path)
        if len(self._blocks) == 1:
            self._fitted = index
        return index
