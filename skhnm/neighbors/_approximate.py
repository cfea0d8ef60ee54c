"""What the approximate indexes share: faiss, kept to the calling thread.

faiss runs in our own threads, and starts none of its own there. Its own threads
would build another graph each time, and GNU OpenMP's threads do not survive a fork.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.neighbors._backend import BackendIndex, Part, Questions
from skhnm.neighbors._cells import CELL_ROWS, N_PROBE, Cells
from skhnm.neighbors._padded import Found
from skhnm.neighbors._robust import centre_and_norms, sample_rows
from skhnm.neighbors._sorted import Side

_BLOCK = 4096  # rows that are in float64 at a time
# In typical distances from the centre:
_OUTSKIRTS = 4.0  # farther away, rows are so few that the structures lose their way
_REACH = 1e4  # farther away, float32 sees little else


class ApproximateIndex(BackendIndex):
    """Finds most of the nearest rows with faiss.

    A subclass builds its structures over `_for_faiss` of the rows, and asks them with
    `_for_faiss` of the queries. Cells of other classes complete what these miss.
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

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_cells"}

    def _nearest(
        self,
        queries: FloatArray,
        codes: IndexArray,
        k: int,
        side: Side,
        own: IndexArray,
        groups: IndexArray | None,
    ) -> tuple[IndexArray, FloatArray]:
        with one_faiss_thread():
            return super()._nearest(queries, codes, k, side, own, groups)

    def _prepare(self) -> None:
        self.__dict__.pop("_cells", None)
        rows = sample_rows(self.search_.pool, self.search_.order)
        self._centre, norms = centre_and_norms(rows)
        self._scale = float(np.median(norms)) if len(norms) else 1.0
        self._outskirts = _OUTSKIRTS
        if len(norms):
            self._outskirts = max(_OUTSKIRTS, float(np.quantile(norms, 0.99)) / self._scale)
        with one_faiss_thread():
            super()._prepare()

    def _for_faiss(self, rows: FloatArray) -> NDArray[np.float32]:
        """Centre and scale rows: float32 would cancel far from the origin, or overflow.

        By medians, which a few far rows do not move. Those are pulled in on a straight line:
        seen from far away, who is near is a matter of the direction.
        """
        near = np.empty(rows.shape, dtype=np.float32)
        for begin in range(0, len(rows), _BLOCK):
            block = slice(begin, begin + _BLOCK)
            moved = (rows[block] - self._centre) / self._scale
            norms = np.linalg.norm(moved, axis=1, keepdims=True)
            near[block] = moved * (_REACH / np.maximum(norms, _REACH))
        return near

    def _is_doubtful(self, queries: FloatArray) -> NDArray[np.bool_]:
        far: NDArray[np.bool_] = np.linalg.norm(self._for_faiss(queries), axis=1) > self._outskirts
        return far

    def _complete(self, part: Part, asked: Questions) -> Found:
        # By the part and the query alone: who is asked together must not change an answer.
        is_small = part.end - part.begin <= N_PROBE * CELL_ROWS
        may_find_itself = (asked.own >= 0) & (self.search_.codes[asked.own] != asked.codes)
        if is_small or asked.side != "other" or may_find_itself.any():
            return super()._complete(part, asked)
        indices, distances = self._cells.nearest(
            asked.queries, asked.codes, asked.k, part.classes, asked.groups
        )
        if asked.groups is not None:  # rows of one's group may have filled all the cells
            short = np.flatnonzero((indices < 0).any(axis=1))
            if len(short):
                indices[short], distances[short] = super()._complete(part, asked.take(short))
        return indices, distances

    @cached_property
    def _cells(self) -> Cells:
        """Made when they are first needed; two threads that both make them make the same."""
        return Cells(self.search_)


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
