"""The mini-batch as pool: online mining."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from skhnm.common._typing import IndexArray
from skhnm.common._validation import check_number
from skhnm.pools._base import BasePool
from skhnm.pools._turns import Turns


class BatchPool(BasePool):
    """The rows of a class-balanced mini-batch are each other's candidates.

    A batch has classes of K rows each, as many as fill it; a class with fewer than K rows gives
    them all. An epoch has as many batches as fill the number of rows, and every class is visited
    equally often: so of n rows in C classes, an epoch takes about n / C of each. The rows of a
    class take turns: all come before one comes again, from one epoch of a fit to the next. Of a
    class with m rows, T epochs use about min(1, T n / (C m)); where that is too little, raise
    ``max_iter``.

    Parameters
    ----------
    rows_per_class : int, default=8
        The K above, at least 2. Where there are too few classes to fill a batch, each gives
        more rows.

    References
    ----------
    Hermans, Beyer and Leibe (2017), "In Defense of the Triplet Loss for Person
    Re-Identification", arXiv:1703.07737.
    """

    mined_each_step: ClassVar[bool] = True

    def __init__(self, rows_per_class: int = 8) -> None:
        self.rows_per_class = rows_per_class

    def check_parameters(self) -> None:
        check_number(self.rows_per_class, "rows_per_class", low=2, integer=True)

    def reset(self) -> None:
        self._turns: Turns | None = None

    def draws(
        self, codes: IndexArray, batch_size: int | None, random: np.random.Generator
    ) -> Iterator[IndexArray]:
        batch_size = batch_size or len(codes)
        self._turns = turns = Turns.going_on(getattr(self, "_turns", None), codes, random)
        n_batches = -(-len(codes) // batch_size)
        share = batch_size // len(turns.sizes)
        per_class = max(2, min(self.rows_per_class, batch_size // 2), share)
        gives = [min(per_class, size) for size in turns.sizes]
        for chosen in _deal_classes(gives, batch_size, n_batches, random):
            yield np.concatenate([turns.take(c, per_class) for c in chosen])


def _deal_classes(
    gives: list[int], batch_size: int, n_batches: int, random: np.random.Generator
) -> Iterator[list[int]]:
    """Yield different classes for each batch until their rows fill it, at least two.

    `gives` are the rows that each class would add. All classes come once before one comes
    again.
    """
    waiting: list[int] = []
    for _ in range(n_batches):
        chosen: list[int] = []
        passed: list[int] = []
        room = batch_size
        while len(chosen) < len(gives):
            if not waiting:
                waiting = random.permutation(len(gives)).tolist()
            if len(chosen) >= 2 and gives[waiting[0]] > room:
                break
            c = waiting.pop(0)
            if c in chosen:  # a new round of the classes began within this batch
                passed.append(c)
                continue
            chosen.append(c)
            room -= gives[c]
        waiting = passed + waiting
        yield chosen
