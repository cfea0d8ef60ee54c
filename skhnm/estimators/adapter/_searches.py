"""Searches: queries, the corpus, and what is known of who answers whom."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import issparse
from scipy.special import logsumexp

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.common._validation import check_embeddings, check_weights
from skhnm.offline._positives import Positives, read_positives

_BLOCK = 2**22  # similarities at a time


@dataclass(frozen=True)
class Searches:
    """Queries with their positives and known negatives in a corpus.

    Parameters
    ----------
    Q : (n, d_q) float
        Queries.
    D : (N, d_c) float
        The corpus.
    positives, negatives : Positives
        Rows of the corpus that are known to answer each query, or not to.
    weights : (n,) float
        Of the queries.
    """

    Q: FloatArray
    D: FloatArray
    positives: Positives
    negatives: Positives
    weights: FloatArray

    def __len__(self) -> int:
        return len(self.Q)

    def take(self, queries: IndexArray) -> Searches:
        """Return some of the queries, in the same corpus."""
        return replace(
            self, Q=self.Q[queries], positives=self.positives.of(queries),
            negatives=self.negatives.of(queries), weights=self.weights[queries],
        )  # fmt: skip

    def judge(
        self, Zq: FloatArray, Zd: FloatArray, temperature: float
    ) -> tuple[FloatArray, FloatArray]:
        """Return how well each query is answered, where both sides lie at unit length.

        Returns
        -------
        reciprocal_ranks : (n,)
            One over the place of the first positive; ties share the places.
        losses : (n,)
            The loss of `NPairLoss` over the whole corpus, a mean over the positives.
        """
        ranks, losses = np.empty((2, len(self)))
        height = max(1, _BLOCK // len(Zd))
        for begin in range(0, len(self), height):
            rows = np.arange(begin, min(begin + height, len(self)))
            similar = Zq[rows] @ Zd.T
            p = self.positives.of(rows)
            s_pos = similar[p.queries, p.rows]
            best = np.maximum.reduceat(s_pos, p.starts[:-1])[:, None]
            similar[p.queries, p.rows] = -np.inf
            above = (similar > best).sum(axis=1)
            ties = (similar == best).sum(axis=1)
            ranks[rows] = 1.0 / (1.0 + above + ties / 2.0)
            total = logsumexp(similar / temperature, axis=1)
            costs = np.logaddexp(0.0, total[p.queries] - s_pos / temperature)
            losses[rows] = np.add.reduceat(costs, p.starts[:-1]) / np.diff(p.starts)
        return ranks, losses


def read_searches(
    queries: Any, corpus: Any, positives: Any, sample_weight: Any, *, one_space: bool
) -> Searches:
    """Validate what was passed to `fit`; leave out, and tell of, queries that teach nothing.

    Raises
    ------
    ValueError
        If it cannot be used.
    """
    Q, D = check_embeddings(queries, "queries"), check_embeddings(corpus, "corpus")
    weights = check_weights(sample_weight, len(Q))
    if len(D) < 2:
        raise ValueError(f"corpus has {len(D)} row(s), so there is nothing to be found among")
    if one_space and Q.shape[1] != D.shape[1]:
        raise ValueError(
            f"queries have {Q.shape[1]} columns and the corpus {D.shape[1]}: a map from one into "
            "the other needs the same number; side='each' learns a map of each"
        )
    dtype = np.result_type(Q, D)
    known, others = _read_judgements(positives, len(Q), len(D))
    counts = np.diff(known.starts)
    left_out = {
        "have no positive": counts == 0,
        "have all of the corpus as positives": counts == len(D),
        "are zero, and so similar to nobody": ~Q.any(axis=1),
        "have the weight 0": weights == 0,
    }
    wrong = np.logical_or.reduce(list(left_out.values()))
    said = [f"{int(rows.sum())} {what}" for what, rows in left_out.items() if rows.any()]
    if wrong.all():
        raise ValueError(f"no query can be learned from: of {len(Q)}, {'; '.join(said)}")
    if said:
        warnings.warn(
            f"{int(wrong.sum())} of {len(Q)} queries are left out: {'; '.join(said)}",
            UserWarning,
            stacklevel=3,
        )
    everything = Searches(Q.astype(dtype, copy=False), D.astype(dtype, copy=False),
                          known, others, weights)  # fmt: skip
    return everything.take(np.flatnonzero(~wrong)) if wrong.any() else everything


def _read_judgements(given: Any, n: int, N: int) -> tuple[Positives, Positives]:
    """Return the positives and the known negatives of n queries among N rows."""
    nobody = Positives(np.zeros(n + 1, dtype=np.intp), np.empty(0, dtype=np.intp))
    if given is None:
        raise ValueError(
            "positives says which rows of the corpus answer each query: pass an index for each "
            "query, lists of them, or a sparse array (n_queries, n_corpus) of +1 and -1"
        )
    if not issparse(given):
        return read_positives(given, n, N, itself=False), nobody
    if given.shape != (n, N):
        raise ValueError(f"positives must have shape ({n}, {N}) as judgements, got {given.shape}")
    judged = given.tocoo()
    signs = np.sign(np.asarray(judged.data, dtype=np.float64))
    if np.isnan(signs).any():
        raise ValueError(
            "positives contains NaN: it must hold +1 where a row of the corpus answers a query, "
            "and -1 where it does not"
        )
    cells = judged.row.astype(np.intp) * N + judged.col
    right, wrong = np.unique(cells[signs == 1]), np.unique(cells[signs == -1])
    both = np.intersect1d(right, wrong)
    if len(both):
        raise ValueError(
            f"positives holds both +1 and -1 for query {both[0] // N} and row {both[0] % N} of the "
            f"corpus, and {len(both) - 1} more like this: decide for one"
        )
    return _of_cells(right, n, N), _of_cells(wrong, n, N)


def _of_cells(cells: IndexArray, n: int, N: int) -> Positives:
    """Return what stands at ascending numbers of the cells of an (n, N) matrix."""
    starts = np.searchsorted(cells, np.arange(n + 1) * N).astype(np.intp)
    return Positives(starts, cells % N)
