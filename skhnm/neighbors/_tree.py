"""The tree index: exact, and fast in a few dimensions."""

from __future__ import annotations

from sklearn.neighbors import KDTree

from skhnm._typing import FloatArray, IndexArray
from skhnm._validation import check_number
from skhnm.neighbors._backend import BackendIndex
from skhnm.neighbors._search import Side


class TreeIndex(BackendIndex):
    """Search scikit-learn's KD tree, and only the parts of it that can hold an answer.

    Finds exactly what `ExactIndex` finds, ties included.

    Parameters
    ----------
    leaf_size : int, default=40
        Rows in a leaf of the tree. It changes the time and the memory, never the result.
    n_jobs : int or None, default=None
        Threads; None takes every core. It never changes the result.

    Attributes
    ----------
    search_ : ExactSearch
        The prepared pool.
    tree_ : sklearn.neighbors.KDTree
        The tree over the rows that have a class; absent where none has.

    Notes
    -----
    Meant for a few dimensions, about two to five; with more, a query visits most of the tree, and
    `ExactIndex` is faster. Where fewer than `k` rows that may be found are among the
    nearest of all, because the query lies among its own class, it is compared with every
    row: where classes lie apart, prefer `ExactIndex` too.

    References
    ----------
    Bentley (1975), "Multidimensional Binary Search Trees Used for Associative Searching",
    Communications of the ACM 18(9).

    Examples
    --------
    >>> from skhnm.neighbors import TreeIndex
    >>> pool, codes = [[0.0], [1.0], [3.0], [7.0]], [0, 0, 1, 1]
    >>> indices, distances = TreeIndex().fit(pool, codes).nearest(pool, codes, k=1)
    >>> indices.ravel()
    array([2, 2, 1, 1])
    """

    def __init__(self, leaf_size: int = 40, n_jobs: int | None = None) -> None:
        self.leaf_size = leaf_size
        self.n_jobs = n_jobs

    def check_parameters(self) -> None:
        super().check_parameters()
        check_number(self.leaf_size, "leaf_size", low=1, integer=True)

    def _prepare(self) -> None:
        if len(self.search_):
            self.tree_ = KDTree(self.search_.pool[self.search_.order], self.leaf_size)

    def _candidates(self, queries: FloatArray, width: int) -> IndexArray:
        found: IndexArray = self.tree_.query(
            queries, width, return_distance=False, sort_results=False
        )
        return found

    def _complete(
        self, queries: FloatArray, codes: IndexArray, k: int, side: Side, own: IndexArray
    ) -> tuple[IndexArray, FloatArray]:
        return self.search_.nearest(queries, codes, k, side=side, own=own)
