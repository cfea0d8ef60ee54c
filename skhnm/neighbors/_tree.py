"""The tree index: exact, and fast in a few dimensions."""

from __future__ import annotations

from typing import Any

from sklearn.neighbors import KDTree

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.common._validation import check_number
from skhnm.neighbors._backend import BackendIndex


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
    parts_ : list of Part
        Trees over shares of the classes: eight, or fewer where there are fewer classes, or
        fewer than 4,000 rows.

    Notes
    -----
    Meant for two or three dimensions; with more, a query visits most of the
    tree, and `ExactIndex` is faster. A tree knows no classes, so the classes are dealt out
    to several. Those without the query's own class are asked for the nearest rows, and no
    more; in the one with it, a query that only meets its own class is compared with the
    other rows one by one.

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

    def _build(self, rows: FloatArray) -> Any:
        return KDTree(rows, self.leaf_size)

    def _ask(self, structure: Any, queries: FloatArray, width: int) -> IndexArray:
        found: IndexArray = structure.query(
            queries, width, return_distance=False, sort_results=False
        )
        return found
