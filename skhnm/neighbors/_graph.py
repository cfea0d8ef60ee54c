"""The graph index: approximate, for many rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.common._validation import check_number
from skhnm.neighbors._approximate import ApproximateIndex, one_faiss_thread
from skhnm.neighbors._robust import sample_rows

_FENCE = 4.0  # interquartile ranges beyond the quartiles
_MOST_OUTSIDE = 0.01  # share of the rows
_FEWEST_COLUMNS = 8


class GraphIndex(ApproximateIndex):
    """Walk a graph from neighbour to neighbour towards each query.

    The graph is faiss's HNSW (hierarchical navigable small world): ``pip install
    'skhnm[ann]'``. Distances are as exact as those of `ExactIndex`; of the rows, some of
    the nearest may be missed.

    Parameters
    ----------
    n_links : int, default=16
        Links of a row to its neighbours, twice as many on the graph's lowest level. More
        find more, and take more memory and time.
    ef_build : int, default=64
        Candidates among which a row chooses its links. More make a better graph, more slowly.
    ef_search : int, default=40
        Candidates that a walk keeps. More find more, more slowly.
    n_jobs : int or None, default=None
        Threads; None takes every core. It never changes the result.

    Attributes
    ----------
    search_ : ExactSearch
        The prepared pool.
    parts_ : list of Part
        Graphs over shares of the classes: eight, or fewer where there are fewer classes, or
        fewer than 4,000 rows.

    Notes
    -----
    A graph knows no classes, so the classes are dealt out to several. Those without the
    query's own class are asked for the nearest rows, and no more. The one with it is asked
    for some more; a query that only meets its own class there is compared with the other
    rows of this part: with all of them or, in a part of more than 32,768, with those of the
    nearest 32 k-means cells. With ``side="own"`` the search is exact.

    The graph holds a byte a number, and the bytes serve the many: what lies farther than four
    interquartile ranges beyond a column's quartiles is clipped. Where more than a hundredth of
    the rows would be, or fewer than eight columns vary, it holds half floats. A query from the
    outskirts (four times as far from the median as is typical, and farther than 99 % of the
    pool) is compared with other rows in the same way as one among its own class. Where the
    lengths of the rows themselves have heavy tails, many lie in between, which are hard to
    find: raise `ef_search`.

    The graphs take much of the time of `fit`, and pay where rows are many: about half a
    million. Memory grows with the pool, which the graphs hold once more, and its links.

    References
    ----------
    Malkov and Yashunin (2020), "Efficient and Robust Approximate Nearest Neighbor Search
    Using Hierarchical Navigable Small World Graphs", IEEE TPAMI 42(4).

    Examples
    --------
    >>> from skhnm.neighbors import GraphIndex
    >>> pool, codes = [[0.0], [1.0], [3.0], [7.0]], [0, 0, 1, 1]
    >>> indices, distances = GraphIndex().fit(pool, codes).nearest(pool, codes, k=1)
    >>> indices.ravel()
    array([2, 2, 1, 1])
    """

    def __init__(
        self,
        n_links: int = 16,
        ef_build: int = 64,
        ef_search: int = 40,
        n_jobs: int | None = None,
    ) -> None:
        self.n_links = n_links
        self.ef_build = ef_build
        self.ef_search = ef_search
        self.n_jobs = n_jobs

    def check_parameters(self) -> None:
        super().check_parameters()
        check_number(self.n_links, "n_links", low=2, integer=True)
        check_number(self.ef_build, "ef_build", low=1, integer=True)
        check_number(self.ef_search, "ef_search", low=1, integer=True)

    def _build(self, rows: FloatArray) -> Any:
        import faiss

        near = self._for_faiss(rows)
        # A byte a number finds its way as well as four, and faster; distances are measured later.
        # The bytes serve the many, those inside the fences. Where many rows lie outside, or few
        # columns tell them apart, half floats see near and far.
        low, high = np.quantile(sample_rows(near), (0.25, 0.75), axis=0).astype(np.float32)
        spread = high - low
        low, high = low - _FENCE * spread, high + _FENCE * spread
        outside = ((near < low) | (near > high)).any(axis=1).mean()
        if outside > _MOST_OUTSIDE or np.count_nonzero(spread) < _FEWEST_COLUMNS:
            kind = faiss.ScalarQuantizer.QT_fp16
        else:
            kind = faiss.ScalarQuantizer.QT_8bit
            np.clip(near, low, high, out=near)
        graph = faiss.IndexHNSWSQ(rows.shape[1], kind, self.n_links)
        graph.hnsw.efConstruction = self.ef_build
        with one_faiss_thread():
            graph.train(near)
            graph.add(near)
        return graph

    def _ask(self, structure: Any, queries: FloatArray, width: int) -> IndexArray:
        import faiss

        walk = faiss.SearchParametersHNSW(efSearch=max(self.ef_search, width))
        with one_faiss_thread():
            found: IndexArray = structure.search(self._for_faiss(queries), width, params=walk)[1]
        return found
