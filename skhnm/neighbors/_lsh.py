"""The hash index: approximate, for wide embeddings."""

from __future__ import annotations

from skhnm._typing import FloatArray, IndexArray, RandomState
from skhnm._validation import check_generator, check_number
from skhnm.neighbors._approximate import ApproximateIndex, one_faiss_thread


class LSHIndex(ApproximateIndex):
    """Compare each query with every row by a few bits, then with the likeliest rows exactly.

    A bit says on which side of a random hyperplane through the rows' mean a row lies; the
    likeliest rows share the most bits with the query. It is faiss's ``IndexLSH``: ``pip
    install 'skhnm[ann]'``. Distances are as exact as those of `ExactIndex`; of the rows,
    some of the nearest may be missed.

    Parameters
    ----------
    n_bits : int, default=512
        Hyperplanes. More find more, and take more memory and time.
    n_candidates : int, default=256
        Rows that are compared exactly, for each query. More find more, more slowly.
    n_probe : int, default=64
        Cells of other classes that are visited for a query whose nearest rows are all of
        its own class. More find more, more slowly.
    random_state : int, RandomState, Generator or None, default=0
        Draws the hyperplanes.
    n_jobs : int or None, default=None
        Threads; None takes every core. It never changes the result.

    Attributes
    ----------
    search_ : ExactSearch
        The prepared pool.
    hashes_ : faiss.IndexLSH
        The bits of the rows that have a class.

    Notes
    -----
    The bits of every row are compared, so the time grows as that of `ExactIndex` does, only
    more slowly with the number of features: meant for several hundred of these.
    Memory grows with the pool and its bits.

    Where fewer than `k` rows that may be found are among the nearest of all, because the
    query lies among its own class, it visits the nearest k-means cells of other classes,
    or is compared with every row where such queries are few. Rows of the query's own class
    are always searched exactly.

    References
    ----------
    Charikar (2002), "Similarity Estimation Techniques from Rounding Algorithms", STOC.

    Examples
    --------
    >>> from skhnm.neighbors import LSHIndex
    >>> pool, codes = [[0.0], [1.0], [3.0], [7.0]], [0, 0, 1, 1]
    >>> indices, distances = LSHIndex().fit(pool, codes).nearest(pool, codes, k=1)
    >>> indices.ravel()
    array([2, 2, 1, 1])
    """

    def __init__(
        self,
        n_bits: int = 512,
        n_candidates: int = 256,
        n_probe: int = 64,
        random_state: RandomState = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.n_bits = n_bits
        self.n_candidates = n_candidates
        self.n_probe = n_probe
        self.random_state = random_state
        self.n_jobs = n_jobs

    def check_parameters(self) -> None:
        super().check_parameters()
        check_number(self.n_bits, "n_bits", low=1, integer=True)
        check_number(self.n_candidates, "n_candidates", low=1, integer=True)
        check_generator(self.random_state)

    def _prepare(self) -> None:
        import faiss

        super()._prepare()
        pool, order = self.search_.pool, self.search_.order
        seed = int(check_generator(self.random_state).integers(2**31))
        with one_faiss_thread():
            self.hashes_ = faiss.IndexLSH(pool.shape[1], self.n_bits)
            self.hashes_.rrot.init(seed)
            self.hashes_.add(self._for_faiss(pool[order]))

    def _candidates(self, queries: FloatArray, width: int) -> IndexArray:
        n_candidates = min(max(self.n_candidates, width), len(self.search_))
        with one_faiss_thread():
            found: IndexArray = self.hashes_.search(self._for_faiss(queries), n_candidates)[1]
        return found
