"""Negatives where only pairs that are alike are given: rows of other pairs."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from skhnm.common._tuples import Tuples
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.exceptions import MiningWarning
from skhnm.offline._function import mine_hard_negatives

N_NEGATIVES = 10
"""Of each row."""


class MinedNegatives:
    """Gives each row of a pair negatives among the rows of other pairs, as they lie by now.

    Never a row that is known to be alike at one or two steps.

    Parameters
    ----------
    pairs : (q, 2) intp
        Rows that are alike.
    weights : (q,) float or None
        Of the pairs.
    n : int
        Rows.
    miner : str, negative miner or function
        Chooses among the rest.
    cosine : bool
        Whether the embeddings have unit length.
    random : numpy.random.Generator
    n_jobs : int or None
    """

    def __init__(
        self,
        pairs: IndexArray,
        weights: FloatArray | None,
        n: int,
        miner: Any,
        cosine: bool,
        random: np.random.Generator,
        n_jobs: int | None,
    ) -> None:
        both = np.concatenate([pairs, pairs[:, ::-1]])
        self._anchors, self._positives = both.T
        self._weights = None if weights is None else np.tile(weights, 2)
        self._known = near_by(pairs, n)
        self._miner = miner
        self._metric = "cosine" if cosine else "euclidean"
        self._random = random
        self._n_jobs = n_jobs

    def __call__(self, Z: FloatArray) -> Tuples:
        """Return a tuple for each end of each pair, under the embeddings (n, m)."""
        known = self._known
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MiningWarning)  # a row may have none: it waits
            negatives = mine_hard_negatives(
                Z, positives=np.split(known.indices, known.indptr[1:-1]), miner=self._miner,
                n_negatives=N_NEGATIVES, metric=self._metric, random_state=self._random,
                n_jobs=self._n_jobs,
            ).indices  # fmt: skip
        found = negatives[self._anchors]
        some = np.flatnonzero((found >= 0).any(axis=1))
        weights = None if self._weights is None else self._weights[some]
        return Tuples(self._anchors[some], self._positives[some, None], found[some], weights)


def near_by(pairs: IndexArray, n: int) -> csr_array:
    """Return who of n rows is known to be alike at one or two steps; nobody to itself."""
    ends = np.concatenate([pairs, pairs[:, ::-1]]).T
    once = csr_array((np.ones(ends.shape[1], dtype=np.int32), ends), shape=(n, n))
    within_two = (once + once @ once).tocoo()
    others = within_two.row != within_two.col
    places = within_two.row[others], within_two.col[others]
    found = csr_array((np.ones(others.sum(), dtype=bool), places), shape=(n, n))
    found.sort_indices()
    return found


def different_pairs(pairs: IndexArray, n: int, random: np.random.Generator) -> IndexArray:
    """Return as many pairs of rows that are not known to be alike, drawn at random.

    Each begins with the first row of a pair. None, if everybody is known to be alike.
    """
    known = near_by(pairs, n)
    keys = np.repeat(np.arange(n), np.diff(known.indptr)) * n + known.indices
    first, second = np.tile(pairs[:, 0], 10), random.integers(n, size=10 * len(pairs))
    usable = (first != second) & ~np.isin(first * n + second, keys)
    return np.column_stack([first, second])[usable][: len(pairs)]
