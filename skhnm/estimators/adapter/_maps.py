"""The maps of an adapter: where they start, and how they move."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from skhnm.common._tuples import Tuples
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.embeddings._base import BaseEmbedding
from skhnm.embeddings._linear import LinearEmbedding
from skhnm.embeddings._split import SplitEmbedding
from skhnm.estimators.adapter._searches import Searches
from skhnm.exceptions import MiningWarning
from skhnm.kernels._rows import unit_rows
from skhnm.losses._softmax import NPairLoss
from skhnm.neighbors._padded import spread
from skhnm.offline._function import mine_hard_negatives
from skhnm.pools._members import Constants, Members
from skhnm.training._lbfgs import LBFGSSolver
from skhnm.training._model import Model
from skhnm.training._objective import Objective

N_ITERATIONS = 10  # between two minings
_TOL = 1e-4


@dataclass(frozen=True)
class Maps:
    """A map of queries (m, d_q), and one of the corpus (m, d_c); None leaves it as it is."""

    queries: FloatArray | None
    corpus: FloatArray | None

    def of_queries(self, Q: FloatArray) -> FloatArray:
        """Return queries at unit length in the space of the search."""
        return _mapped(Q, self.queries)

    def of_corpus(self, D: FloatArray) -> FloatArray:
        """Return rows of the corpus at unit length in the space of the search."""
        return _mapped(D, self.corpus)


def _mapped(X: FloatArray, components: FloatArray | None) -> FloatArray:
    return unit_rows(X if components is None else X @ components.T.astype(X.dtype))[0]


def starting_maps(side: str, searches: Searches, n_components: int | None) -> Maps:
    """Return the maps that change nothing, or as little as the dimensions allow.

    To fewer dimensions: the principal directions of the corpus. Between spaces of different
    dimensions: those in which queries and their positives covary the most, as in partial least
    squares.
    """
    s = searches
    d_q, d_c = s.Q.shape[1], s.D.shape[1]
    m = min(d_q, d_c) if n_components is None else n_components
    if d_q != d_c:
        Q, D = (unit_rows(X)[0].astype(np.float64) for X in (s.Q, s.D[s.positives.rows]))
        U, _, V = np.linalg.svd(D.T @ Q[s.positives.queries], full_matrices=False)
        return Maps(V[:m], U[:, :m].T)
    identity = np.eye(d_q)
    if m < d_q:
        D = unit_rows(s.D)[0].astype(np.float64)
        identity = np.linalg.eigh(D.T @ D)[1].T[::-1][:m]
    return Maps(identity, None if side == "query" else identity)


class Mover:
    """Moves the maps of some searches, against negatives mined in the corpus under them.

    Parameters
    ----------
    side : {"query", "both", "each"}
    searches : Searches
    start : Maps
        Where they begin, and what they are drawn back to.
    temperature : float
        Of the softmax.
    mining : dict
        Further arguments of `mine_hard_negatives`.
    """

    def __init__(
        self,
        side: str,
        searches: Searches,
        start: Maps,
        temperature: float,
        mining: dict[str, Any],
    ) -> None:
        self.side = side
        self.searches = searches
        self.temperature = temperature
        self.mining = mining
        self.n_jobs = mining["n_jobs"]
        first = LinearEmbedding(_not_none(start.queries), self.n_jobs)
        self.embedding: BaseEmbedding = first
        if side == "each":
            second = LinearEmbedding(_not_none(start.corpus), self.n_jobs)
            self.embedding = SplitEmbedding(first, second, len(searches))
        self._given = [
            spread(known.rows, known.starts) for known in (searches.positives, searches.negatives)
        ]

    @property
    def maps(self) -> Maps:
        """Where they are by now."""
        dtype, e = self.searches.Q.dtype, self.embedding
        if isinstance(e, SplitEmbedding):
            return Maps(*(part.components.astype(dtype) for part in e.parts))
        assert isinstance(e, LinearEmbedding)
        components = e.components.astype(dtype)
        return Maps(components, None if self.side == "query" else components)

    def go_to(self, maps: Maps) -> None:
        """Go on from other maps; the start, which they are drawn back to, stays."""
        e = self.embedding
        parts = e.parts if isinstance(e, SplitEmbedding) else (e,)
        for part, components in zip(parts, (maps.queries, maps.corpus), strict=False):
            assert isinstance(part, LinearEmbedding)
            part.parameters = _not_none(components).ravel() / part.scale

    def walk(self, alphas: Iterable[float]) -> Iterator[Maps]:
        """Mine and move under one shrinkage after the other, from strong to weak."""
        for alpha in alphas:
            members, tuples = self._mine()
            if len(tuples):
                m = len(_not_none(self.maps.queries))
                model = Model(self.embedding, np.empty((0, m)), 0, True)
                loss = NPairLoss(self.temperature)
                objective = Objective(model, members, tuples, loss, alpha, self.n_jobs)
                solver = LBFGSSolver(_TOL)
                model.parameters = solver.step(objective, model.parameters, N_ITERATIONS)
            yield self.maps

    def _mine(self) -> tuple[Members, Tuples]:
        """Return who takes part, and each query with its positives and negatives."""
        s, maps = self.searches, self.maps
        positives, known = self._given
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MiningWarning)
            mined = mine_hard_negatives(
                maps.of_queries(s.Q), maps.of_corpus(s.D), positives=positives,
                metric="cosine", **self.mining,
            ).indices  # fmt: skip
        negatives = np.concatenate([mined, known], axis=1)
        own = np.arange(len(s))[:, None] * len(s.D)
        twice = np.isin(own + mined, (own + known)[known >= 0]) & (mined >= 0)
        negatives[:, : mined.shape[1]][twice] = -1
        used, place = np.unique(np.append(positives, negatives), return_inverse=True)
        is_row = used >= 0
        place = np.where(is_row, len(s) + np.cumsum(is_row) - 1, -1)[place]
        rows = used[is_row]
        tuples = Tuples(
            np.arange(len(s)),
            place[: positives.size].reshape(positives.shape),
            place[positives.size :].reshape(negatives.shape),
            s.weights,
        )
        some = np.flatnonzero((negatives >= 0).any(axis=1))
        return self._members(rows), tuples[some] if len(some) < len(s) else tuples

    def _members(self, rows: IndexArray) -> Members:
        """Return the queries and some rows of the corpus as members of one mining."""
        s, n = self.searches, len(self.searches)
        codes = np.zeros(n + len(rows), dtype=np.intp)
        if self.side == "query":
            fixed = Constants(unit_rows(s.D[rows])[0], codes[n:])
            return Members(np.arange(n), s.Q, codes, fixed)
        X = np.zeros((n + len(rows), max(s.Q.shape[1], s.D.shape[1])), dtype=s.Q.dtype)
        X[:n, : s.Q.shape[1]] = s.Q
        X[n:, : s.D.shape[1]] = s.D[rows]
        return Members(np.arange(len(X)), X, codes)


def _not_none(components: FloatArray | None) -> FloatArray:
    assert components is not None
    return components
