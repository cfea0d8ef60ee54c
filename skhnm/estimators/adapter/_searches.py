"""Searches: queries, the corpus, and what is known of who answers whom."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import issparse
from scipy.special import logsumexp

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.common._validation import check_embeddings
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
    queries: Any, corpus: Any, positives: Any, weights: Any, *, one_space: bool
) -> Searches:
    """Validate what was passed to `fit`; leave out, and tell of, queries that teach nothing.

    Raises
    ------
    ValueError
        If it cannot be used.
    """
    Q, D = check_embeddings(queries, "queries"), check_embeddings(corpus, "corpus")
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
    judged = given.tocsr()
    judged.sum_duplicates()
    if not np.isin(judged.data, (-1, 0, 1)).all():
        raise ValueError(
            "positives must hold +1 where a row of the corpus answers a query and -1 where it does "
            f"not, got {np.unique(judged.data)[:4].tolist()}"
        )
    return _of_sign(judged, 1), _of_sign(judged, -1)


def _of_sign(judged: Any, sign: int) -> Positives:
    queries = np.repeat(np.arange(judged.shape[0]), np.diff(judged.indptr))
    kept = judged.data == sign
    order = np.lexsort((judged.indices[kept], queries[kept]))
    counts = np.bincount(queries[kept], minlength=judged.shape[0])
    starts = np.append(0, np.cumsum(counts)).astype(np.intp)
    return Positives(starts, judged.indices[kept][order].astype(np.intp))
