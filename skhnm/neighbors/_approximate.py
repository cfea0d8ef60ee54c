"""What the approximate indexes share: faiss, in one thread at a time.

faiss runs in the threads of `run_tiles`, in one thread at a time each. Its own threads
would build another graph each time, and GNU OpenMP's threads do not survive a fork.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from skhnm._typing import FloatArray, IndexArray
from skhnm.neighbors._backend import BackendIndex
from skhnm.neighbors._search import Side

_BLOCK = 4096  # rows that are in float64 at a time


class ApproximateIndex(BackendIndex):
    """Finds most of the nearest rows with faiss.

    A subclass builds its structures over `_for_faiss` of the rows, and asks them with
    `_for_faiss` of the queries.
    """

    def check_parameters(self) -> None:
        super().check_parameters()
        try:
            import faiss  # noqa: F401
        except ImportError as error:
            raise ImportError(
                f"{type(self).__name__} needs faiss: pip install 'skhnm[ann]'. ExactIndex and "
                "TreeIndex need no extra package."
            ) from error

    def _nearest(
        self, queries: FloatArray, codes: IndexArray, k: int, side: Side, own: IndexArray
    ) -> tuple[IndexArray, FloatArray]:
        with one_faiss_thread():
            return super()._nearest(queries, codes, k, side, own)

    def _prepare(self) -> None:
        self._centre, self._scale = np.zeros(1), 1.0
        if len(self.search_):
            rows = self.search_.pool[self.search_.order]
            self._centre = rows.mean(axis=0, dtype=np.float64)
            ends = np.stack([rows.min(axis=0), rows.max(axis=0)])
            self._scale = float(np.abs(ends - self._centre).max()) or 1.0
        with one_faiss_thread():
            super()._prepare()

    def _for_faiss(self, rows: FloatArray) -> NDArray[np.float32]:
        """Centre and scale rows: float32 would cancel far from the origin, or overflow."""
        near = np.empty(rows.shape, dtype=np.float32)
        for begin in range(0, len(rows), _BLOCK):
            block = slice(begin, begin + _BLOCK)
            near[block] = (rows[block] - self._centre) / self._scale
        return near


@contextmanager
def one_faiss_thread() -> Iterator[None]:
    """Keep faiss to the calling thread, whose setting this is, and leave it as found."""
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
