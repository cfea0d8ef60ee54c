"""The graph index: approximate, for many rows."""

from __future__ import annotations

import numpy as np

from skhnm._threads import run_tiles
from skhnm._typing import FloatArray, IndexArray
from skhnm._validation import check_number
from skhnm.neighbors._approximate import ApproximateIndex, one_faiss_thread

SHARD_ROWS = 50_000


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
    ef_search : int, default=64
        Candidates that a walk keeps. More find more, more slowly.
    n_probe : int, default=64
        Cells of other classes that are visited for a query whose nearest rows are all of
        its own class. More find more, more slowly.
    n_jobs : int or None, default=None
        Threads; None takes every core. It never changes the result.

    Attributes
    ----------
    search_ : ExactSearch
        The prepared pool.
    graphs_ : list of faiss.IndexHNSWFlat
        Graphs over equal shares of the rows that have a class: one, or two of more than
        50,000 rows.

    Notes
    -----
    A walk finds the nearest rows of any class. Where fewer than `k` that may be found are
    among these, because the query lies among its own class, it visits the nearest k-means
    cells of other classes, or is compared with every row where such queries are few. Most
    are missed where classes are just so far apart that cells are visited for rows at their
    very rims: raise `n_probe` there. Rows of the query's own class are always searched
    exactly.

    The graphs take most of the time of `fit`, and pay only where queries are many. Memory
    grows with the pool, which the graphs hold once more, and its links.

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
        ef_search: int = 64,
        n_probe: int = 64,
        n_jobs: int | None = None,
    ) -> None:
        self.n_links = n_links
        self.ef_build = ef_build
        self.ef_search = ef_search
        self.n_probe = n_probe
        self.n_jobs = n_jobs

    def check_parameters(self) -> None:
        super().check_parameters()
        check_number(self.n_links, "n_links", low=2, integer=True)
        check_number(self.ef_build, "ef_build", low=1, integer=True)
        check_number(self.ef_search, "ef_search", low=1, integer=True)

    def _prepare(self) -> None:
        import faiss

        super()._prepare()
        pool, order = self.search_.pool, self.search_.order
        # By the number of rows alone, so that the result never depends on the threads.
        n_shards = 1 if len(order) <= SHARD_ROWS else 2
        self.graphs_ = [faiss.IndexHNSWFlat(pool.shape[1], self.n_links) for _ in range(n_shards)]

        def build(shard: int) -> None:
            with one_faiss_thread():
                graph = self.graphs_[shard]
                graph.hnsw.efConstruction = self.ef_build
                graph.add(self._for_faiss(pool[order[shard::n_shards]]))

        run_tiles(build, n_shards, self.n_jobs, nanoseconds=1e5 * len(order))

    def _candidates(self, queries: FloatArray, width: int) -> IndexArray:
        import faiss

        rows = self._for_faiss(queries)
        walk = faiss.SearchParametersHNSW(efSearch=max(self.ef_search, width))
        n_shards = len(self.graphs_)
        found = []
        with one_faiss_thread():
            for shard, graph in enumerate(self.graphs_):
                _, near = graph.search(rows, min(width, graph.ntotal), params=walk)
                found.append(np.where(near < 0, -1, near * n_shards + shard))
        return np.concatenate(found, axis=1)
