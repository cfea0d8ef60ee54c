"""The hash index: approximate, for wide embeddings."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhnm.common._typing import FloatArray, IndexArray, RandomState
from skhnm.common._validation import check_generator, check_number
from skhnm.neighbors._approximate import ApproximateIndex, one_faiss_thread

# In typical distances from the centre. More tells the rows near the centre better apart, and
# rows of one length, as embeddings of length 1, worse.
_OFFSET = 0.3


class LSHIndex(ApproximateIndex):
    """Compare each query with every row by a few bits, then with the likeliest rows exactly.

    A bit says on which side of a random hyperplane near the rows' median a row lies; the
    likeliest rows share the most bits with the query. It is faiss's ``IndexLSH``: ``pip
    install 'skhnm[ann]'``. Distances are as exact as those of `ExactIndex`; of the rows,
    some of the nearest may be missed.

    Parameters
    ----------
    n_bits : int, default=512
        Hyperplanes. More find more, and take more memory and time.
    n_candidates : int, default=256
        Rows that are compared exactly, for each query. More find more, more slowly.
    random_state : int, RandomState, Generator or None, default=0
        Draws the hyperplanes.
    n_jobs : int or None, default=None
        Threads; None takes every core. It never changes the result.

    Attributes
    ----------
    search_ : ExactSearch
        The prepared pool.
    parts_ : list of Part
        Bits of the rows, over shares of the classes: eight, or fewer where there are fewer
        classes, or fewer than 4,000 rows.

    Notes
    -----
    The bits of every row are compared, so the time grows as that of `ExactIndex` does, only
    more slowly with the number of features: meant for several hundred of these.
    Memory grows with the pool and its bits.

    Bits know no classes, so the classes are dealt out to several parts. Those without the
    query's own class are asked for the nearest rows, and no more. The one with it is asked
    for some more; a query that only meets its own class there is compared with the other
    rows of this part: with all of them or, in a part of more than 32,768, with those of the
    nearest 32 k-means cells. With ``side="own"`` the search is exact.

    Far rows cost the others nothing, whose median and typical distance from it set the
    hyperplanes. A query from the outskirts (four times as far from the median as is typical,
    and farther than 99 % of the pool) is compared with other rows in the same way. Where only
    one or two columns vary, hyperplanes tell little: take `TreeIndex`.

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
        random_state: RandomState = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.n_bits = n_bits
        self.n_candidates = n_candidates
        self.random_state = random_state
        self.n_jobs = n_jobs

    def check_parameters(self) -> None:
        super().check_parameters()
        check_number(self.n_bits, "n_bits", low=1, integer=True)
        check_number(self.n_candidates, "n_candidates", low=1, integer=True)
        check_generator(self.random_state)

    def _prepare(self) -> None:
        self._seed = int(check_generator(self.random_state).integers(2**31))
        super()._prepare()

    def _for_faiss(self, rows: FloatArray) -> NDArray[np.float32]:
        """Move the hyperplanes off the centre, which would see only the direction of a row."""
        offset = np.full((len(rows), 1), _OFFSET, dtype=np.float32)
        return np.hstack([super()._for_faiss(rows), offset])

    def _build(self, rows: FloatArray) -> Any:
        import faiss

        hashes = faiss.IndexLSH(rows.shape[1] + 1, self.n_bits)
        with one_faiss_thread():
            hashes.rrot.init(self._seed)
            hashes.add(self._for_faiss(rows))
        return hashes

    def _ask(self, structure: Any, queries: FloatArray, width: int) -> IndexArray:
        n_candidates = max(self.n_candidates // len(self.parts_), width)
        n_candidates = min(n_candidates, structure.ntotal)
        with one_faiss_thread():
            found: IndexArray = structure.search(self._for_faiss(queries), n_candidates)[1]
        return found
