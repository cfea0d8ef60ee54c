"""The exact index: every row is compared, at the speed of a matrix product."""

from __future__ import annotations

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.neighbors._base import BaseIndex
from skhnm.neighbors._sorted import Side


class ExactIndex(BaseIndex):
    """Compare each query with every row that it may find.

    Ties go to the lowest index. The result does not depend on the number of threads, on
    the order of the pool's rows, nor on where the data lie.

    Parameters
    ----------
    n_jobs : int or None, default=None
        Threads; None takes every core. It never changes the result.

    Attributes
    ----------
    search_ : ExactSearch
        The prepared pool.

    Examples
    --------
    >>> from skhnm.neighbors import ExactIndex
    >>> pool, codes = [[0.0], [1.0], [3.0], [7.0]], [0, 0, 1, 1]
    >>> indices, distances = ExactIndex().fit(pool, codes).nearest(pool, codes, k=1)
    >>> indices.ravel()
    array([2, 2, 1, 1])
    """

    def __init__(self, n_jobs: int | None = None) -> None:
        self.n_jobs = n_jobs

    def _nearest(
        self,
        queries: FloatArray,
        codes: IndexArray,
        k: int,
        side: Side,
        own: IndexArray,
        groups: IndexArray | None,
    ) -> tuple[IndexArray, FloatArray]:
        return self.search_.nearest(queries, codes, k, side=side, own=own, groups=groups)
