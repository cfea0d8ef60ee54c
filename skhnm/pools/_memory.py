"""The batch and earlier batches as pool: cross-batch memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

import numpy as np

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.common._validation import check_number
from skhnm.pools._base import BasePool
from skhnm.pools._batch import BatchPool
from skhnm.pools._members import Constants, Extras, Stack


class MemoryPool(BasePool):
    """The rows of a batch see each other, and the embeddings of earlier batches.

    The embedding drifts slowly, so what it gave a few batches ago is still nearly right:
    thousands of candidates at the price of a batch. The remembered embeddings do not move;
    a row is remembered once, as it was seen last, and a row in the batch is not
    remembered at the same time, so that nothing meets its own earlier copy.

    Parameters
    ----------
    size : int, default=8192
        Most rows to remember, at least 1. Also the rows that ``partial_fit`` keeps of the
        past, shared evenly among the classes.
    warm_up : int, default=1
        Epochs before the memory is used: at first the embedding moves too fast.
    rows_per_class : int, default=8
        As in `BatchPool`.

    References
    ----------
    Wang, Zhang, Huang and Scott (2020), "Cross-Batch Memory for Embedding Learning", CVPR.

    Examples
    --------
    >>> from skhnm import HardNegativeMetricLearner
    >>> from skhnm.pools import MemoryPool
    >>> X, y = [[0.0, 0], [1, 0], [0, 1], [1, 1]], [0, 0, 1, 1]
    >>> learner = HardNegativeMetricLearner(pool=MemoryPool(size=4), random_state=0)
    >>> learner.fit(X, y).pool_
    MemoryPool(size=4)
    """

    mined_each_step: ClassVar[bool] = True
    needs_steps: ClassVar[bool] = True

    def __init__(self, size: int = 8192, *, warm_up: int = 1, rows_per_class: int = 8) -> None:
        self.size = size
        self.warm_up = warm_up
        self.rows_per_class = rows_per_class

    def check_parameters(self) -> None:
        check_number(self.size, "size", low=1, integer=True)
        check_number(self.warm_up, "warm_up", low=0, integer=True)
        BatchPool(self.rows_per_class).check_parameters()

    def reset(self) -> None:
        self._batches = BatchPool(self.rows_per_class)
        self._n_rounds = 0
        self._next = 0
        self._E: FloatArray | None = None
        self._rows = self._codes = self._slots = np.empty(0, dtype=np.intp)

    def begin_round(self, embed: Callable[[], FloatArray]) -> None:
        self._n_rounds += 1

    def draws(
        self, codes: IndexArray, batch_size: int | None, random: np.random.Generator
    ) -> Iterator[IndexArray]:
        return self._batches.draws(codes, batch_size, random)

    def extras(self, rows: IndexArray, codes: IndexArray) -> Extras:
        if self._E is None or self._n_rounds <= self.warm_up:
            return Stack([])
        known = np.where(np.isin(self._rows, rows), -1, self._codes)
        return Constants(self._E, known, self._rows)

    def saw(self, rows: IndexArray, codes: IndexArray, Z: FloatArray) -> None:
        if self._n_rounds < self.warm_up:  # the epoch before the first use fills it
            return
        if self._E is None:
            size = min(self.size, len(codes))
            self._E = np.zeros((size, Z.shape[1]), dtype=Z.dtype)
            self._rows = np.full(size, -1, dtype=np.intp)
            self._codes = np.full(size, -1, dtype=np.intp)
            self._slots = np.full(len(codes), -1, dtype=np.intp)
        rows, Z = rows[-len(self._E) :], Z[-len(self._E) :]
        slots = self._slots[rows]
        new = np.flatnonzero(slots < 0)
        slots[new] = self._vacate(len(new), slots[slots >= 0])
        self._slots[rows] = slots
        self._E[slots], self._rows[slots], self._codes[slots] = Z, rows, codes[rows]

    def _vacate(self, n: int, in_use: IndexArray) -> IndexArray:
        """Free the n oldest slots, but for those in use."""
        order = (self._next + np.arange(len(self._rows))) % len(self._rows)
        chosen = order[~np.isin(order, in_use)][:n]
        if n:
            self._next = int(chosen[-1] + 1) % len(self._rows)
        gone = self._rows[chosen]
        self._slots[gone[gone >= 0]] = -1
        return chosen
