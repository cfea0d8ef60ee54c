"""The mini-batch as pool: online mining."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from skhnm.common._typing import IndexArray
from skhnm.common._validation import check_number
from skhnm.pools._base import BasePool


class BatchPool(BasePool):
    """The rows of a class-balanced mini-batch are each other's candidates.

    A batch has classes of K rows each, as many as fill it. Every class is visited equally
    often, and within an epoch all rows of a class are used before one is used again; a
    class with fewer than K rows gives them all.

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

    def draws(
        self, codes: IndexArray, batch_size: int | None, random: np.random.Generator
    ) -> Iterator[IndexArray]:
        batch_size = batch_size or len(codes)
        by_class = np.argsort(codes, kind="stable")
        members = np.split(by_class, np.flatnonzero(np.diff(codes[by_class])) + 1)
        n_batches = -(-len(codes) // batch_size)
        per_class = max(2, min(self.rows_per_class, batch_size // 2), batch_size // len(members))
        gives = [min(per_class, len(m)) for m in members]
        rows = _Cycle([len(m) for m in members], random)
        for chosen in _deal_classes(gives, batch_size, n_batches, random):
            yield np.concatenate([members[c][rows.take(c, per_class)] for c in chosen])


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


class _Cycle:
    """Deals shuffled decks: each card once before any comes again."""

    def __init__(self, sizes: list[int], random: np.random.Generator) -> None:
        self._random = random
        self._decks = [random.permutation(size) for size in sizes]
        self._next = [0] * len(sizes)

    def take(self, deck: int, n: int) -> IndexArray:
        """Deal n different cards of a deck, or all of them if it has fewer."""
        cards, here = self._decks[deck], self._next[deck]
        if n >= len(cards):
            return cards
        dealt = cards[here : here + n]
        if len(dealt) < n:  # reshuffle, but for the cards already in this hand
            rest = self._random.permutation(np.setdiff1d(cards, dealt))
            more = n - len(dealt)
            self._decks[deck] = np.concatenate([rest, self._random.permutation(dealt)])
            self._next[deck] = more
            return np.concatenate([dealt, rest[:more]])
        self._next[deck] = here + n
        return dealt
