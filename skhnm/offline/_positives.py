"""The rows that are known to be right for each query, and how they are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhnm.common._labels import is_missing
from skhnm.common._typing import IndexArray


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

    def of(self, queries: IndexArray) -> Positives:
        """Return the positives of some queries (r,), which are 0, 1, … there."""
        counts = self.starts[queries + 1] - self.starts[queries]
        starts = np.append(0, np.cumsum(counts)).astype(np.intp)
        place = np.repeat(self.starts[queries] - starts[:-1], counts) + np.arange(starts[-1])
        return Positives(starts, self.rows[place])


def read_positives(given: Any, n: int, N: int, itself: bool) -> Positives:
    """Return the positives of n queries among N rows.

    Parameters
    ----------
    given : (n,) ints, (n, p) ints, or a list of n lists
        Padded with -1, or with what means missing: None, NaN, NA, masked.
    n, N : int
    itself : bool
        Whether the queries are the corpus: then no query is its own positive.

    Raises
    ------
    ValueError
        If they are not whole numbers, too few or too many, or no rows of the corpus.
    """
    if isinstance(given, np.ma.MaskedArray):
        given = np.where(np.ma.getmaskarray(given), -1, np.ma.getdata(given))
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
    queries, rows = _without_missing(np.repeat(np.arange(n), counts), flat)
    wrong = np.flatnonzero((rows < -1) | (rows >= N))
    if len(wrong):
        raise ValueError(
            f"positives of query {queries[wrong[0]]} name row {int(rows[wrong[0]])}, but the "
            f"corpus has rows 0 to {N - 1} (pad with -1)"
        )
    own = np.flatnonzero(itself & (rows == queries))
    if len(own):
        raise ValueError(
            f"positives of query {queries[own[0]]} name the query itself: leave it out (pad "
            "with -1)"
        )
    named = rows >= 0
    keys = np.unique(queries[named] * np.intp(max(N, 1)) + rows[named].astype(np.intp))
    queries, rows = np.divmod(keys, max(N, 1))
    starts = np.concatenate([[0], np.cumsum(np.bincount(queries, minlength=n))]).astype(np.intp)
    return Positives(starts, rows)


def _without_missing(queries: IndexArray, rows: NDArray[Any]) -> tuple[IndexArray, NDArray[Any]]:
    """Drop what is missing among the rows (t,) of some queries (t,); the others must be whole."""
    if rows.dtype.kind == "O":
        known = np.array([not is_missing(row) for row in rows], dtype=bool)
        numbers = np.array(rows[known].tolist() or [0])[: known.sum()]
    else:
        known = rows == rows
        numbers = rows[known]
    if numbers.dtype.kind == "f":  # a missing value makes floats of them
        odd = numbers[~np.isfinite(numbers) | (numbers != np.floor(numbers))]
    else:
        odd = numbers if numbers.dtype.kind not in "iu" else numbers[:0]
    if len(odd):
        raise ValueError(
            "positives must be row numbers of the corpus, whole numbers; got dtype "
            f"{numbers.dtype}, such as {odd[0]!r}"
        )
    return queries[known], numbers
