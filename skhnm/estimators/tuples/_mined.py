"""Negatives where only pairs that are alike are given: rows of other pairs."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
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
        self.partners = partners_of(pairs, n)
        self._known = np.split(self.partners.indices, self.partners.indptr[1:-1])
        self._miner = miner
        self._metric = "cosine" if cosine else "euclidean"
        self._random = random
        self._n_jobs = n_jobs

    def __call__(self, Z: FloatArray) -> Tuples:
        """Return a tuple for each end of each pair, under the embeddings (n, m)."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MiningWarning)  # a row may have none: it waits
            negatives = mine_hard_negatives(
                Z, positives=self._known, miner=self._miner, n_negatives=N_NEGATIVES,
                metric=self._metric, random_state=self._random, n_jobs=self._n_jobs,
            ).indices  # fmt: skip
        itself = np.broadcast_to(np.arange(len(Z))[:, None], negatives.shape)
        shared = share_a_partner(self.partners, itself.ravel(), negatives.ravel())
        negatives = np.where(shared.reshape(negatives.shape), -1, negatives)
        found = negatives[self._anchors]
        some = np.flatnonzero((found >= 0).any(axis=1))
        weights = None if self._weights is None else self._weights[some]
        return Tuples(self._anchors[some], self._positives[some, None], found[some], weights)


def partners_of(pairs: IndexArray, n: int) -> csr_array:
    """Return whom (n, n) each of n rows makes a pair with."""
    ends = np.concatenate([pairs, pairs[:, ::-1]]).T
    partners = csr_array((np.ones(ends.shape[1], dtype=np.int32), ends), shape=(n, n))
    partners.sum_duplicates()
    return partners


def share_a_partner(partners: csr_array, these: IndexArray, those: IndexArray) -> NDArray[np.bool_]:
    """Return where (t,) two rows have a partner in common; never with -1."""
    both = np.where(those >= 0, those, these)
    shared = (partners[these] * partners[both]).sum(axis=1) > 0
    return shared & (those >= 0)


def different_pairs(
    pairs: IndexArray, partners: csr_array, random: np.random.Generator
) -> IndexArray:
    """Return at most as many pairs of rows that are not known to be alike, drawn at random.

    Each begins with a row of a pair. There is none if everybody is known to be alike.
    """
    n = partners.shape[0]
    first = np.tile(np.sort(pairs, axis=None), 5)
    second = random.integers(n, size=len(first))
    usable = (first != second) & ~share_a_partner(partners, first, second)
    usable &= np.asarray(partners[first, second]).ravel() == 0
    drawn = np.column_stack([first, second])[usable]
    return drawn[:: max(1, len(drawn) // len(pairs))][: len(pairs)]
