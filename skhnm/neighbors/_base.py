"""What all indexes share: preparing a pool, and asking for rows of one side."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skhnm.common._threads import effective_n_jobs
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.common._validation import check_choice, check_codes, check_embeddings, check_number
from skhnm.neighbors._search import ExactSearch
from skhnm.neighbors._sorted import Side


class BaseIndex(BaseEstimator, ABC):
    """Answers who is near whom, of one's own class, of another, or of any.

    A subclass states its parameters in ``__init__``, checks them in `check_parameters`,
    prepares for the rows of a pool in `_prepare`, and answers `_nearest`.
    """

    n_jobs: int | None = None

    def check_parameters(self) -> None:
        """Raise if a parameter is out of its range, or a package that is needed is missing."""
        check_number(self.n_jobs, "n_jobs", integer=True, optional=True)
        effective_n_jobs(self.n_jobs)

    def fit(self, pool: Any, codes: Any, groups: Any = None) -> Self:
        """Prepare for questions about the rows of a pool.

        Parameters
        ----------
        pool : array-like of shape (N, m)
            Rows to search, finite.
        codes : array-like of shape (N,), int
            Class of each row, from 0; -1 is "no class": such rows are never found.
        groups : array-like of shape (N,), int, optional
            Group of each row, from 0, across the classes: copies of one product, say. -1 is
            no group.

        Returns
        -------
        self : BaseIndex
        """
        self.check_parameters()
        pool = check_embeddings(pool, "pool")
        codes = check_codes(codes)
        check_consistent_length(pool, codes)
        groups = _check_groups(groups, len(pool))
        self.search_ = ExactSearch(pool, codes, self.n_jobs, groups)
        self._prepare()
        return self

    def nearest(
        self,
        queries: Any,
        codes: Any,
        k: int,
        *,
        side: Side = "other",
        own: Any = None,
        groups: Any = None,
    ) -> tuple[IndexArray, FloatArray]:
        """Find the `k` nearest rows of each query, nearest first.

        Parameters
        ----------
        queries : array-like of shape (n, m)
            In the space of the pool.
        codes : array-like of shape (n,), int
            Class of each query; one with -1 finds nothing.
        k : int
            Rows to find for each query, at least 1.
        side : {"other", "own", "any"}, default="other"
            Classes to search, seen from the query.
        own : array-like of shape (n,), int, optional
            Pool row of the query itself, which it never finds; -1 if there is none.
        groups : array-like of shape (n,), int, optional
            Group of each query, in the numbers of `fit`: rows of the query's group are never
            found; -1 is no group.

        Returns
        -------
        indices : array of shape (n, k), intp
            Rows of the pool; -1 where fewer were found.
        distances : array of shape (n, k), float64
            Squared Euclidean distances; NaN where fewer were found.

        Raises
        ------
        ValueError
            If an argument is not finite, of the wrong shape, or names nothing known.
        """
        check_is_fitted(self, "search_")
        check_choice(side, "side", ("other", "own", "any"))
        check_number(k, "k", low=1, integer=True)
        pool = self.search_.pool
        with np.errstate(over="ignore"):
            queries = check_embeddings(queries, "queries").astype(pool.dtype, copy=False)
        if not np.isfinite(queries).all():
            raise ValueError(
                f"queries leave the range of the pool's {pool.dtype}: scale both first"
            )
        if queries.shape[1] != pool.shape[1]:
            raise ValueError(f"queries have {queries.shape[1]} columns, the pool {pool.shape[1]}")
        codes = check_codes(codes)
        check_consistent_length(queries, codes)
        own = np.full(len(queries), -1, dtype=np.intp) if own is None else check_codes(own, "own")
        check_consistent_length(queries, own)
        if own.max(initial=-1) >= len(pool):
            raise ValueError(f"own names row {own.max()}, but the pool has {len(pool)} rows")
        groups = _check_groups(groups, len(queries))
        if groups is not None and self.search_.groups is None:
            raise ValueError("groups are given, but fit was not told those of the pool")
        return pad(*self._nearest(queries, codes, k, side, own, groups), k)

    def _prepare(self) -> None:
        """Build whatever answers questions about ``self.search_``'s rows."""

    @abstractmethod
    def _nearest(
        self,
        queries: FloatArray,
        codes: IndexArray,
        k: int,
        side: Side,
        own: IndexArray,
        groups: IndexArray | None,
    ) -> tuple[IndexArray, FloatArray]:
        """Answer `nearest` for checked arguments, with at most k columns."""


def _check_groups(groups: Any, n: int) -> IndexArray | None:
    if groups is None:
        return None
    groups = check_codes(groups, "groups")
    if len(groups) != n:
        raise ValueError(f"groups has {len(groups)} entries, but there are {n} rows")
    return groups


def pad(indices: IndexArray, distances: FloatArray, k: int) -> tuple[IndexArray, FloatArray]:
    """Widen what was found to k columns."""
    missing = ((0, 0), (0, k - indices.shape[1]))
    return (
        np.pad(indices, missing, constant_values=-1),
        np.pad(distances, missing, constant_values=np.nan),
    )
