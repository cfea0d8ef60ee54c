"""The mini-batch as pool: online mining."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from skhnm._typing import IndexArray
from skhnm._validation import check_number
from skhnm.pools._base import BasePool


class BatchPool(BasePool):
    """The rows of a class-balanced mini-batch are each other's candidates.

    A batch has P classes of K rows each. Every class is visited equally often, and all
    rows of a class are used before one is used again; a class with fewer than K rows
    gives them all.

    Parameters
    ----------
    rows_per_class : int, default=8
        The K above, at least 2. P is the batch size over K; where there are fewer classes
        than that, each gives more rows.

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

    def candidates(
        self, codes: IndexArray, batch_size: int, random: np.random.Generator
    ) -> Iterator[IndexArray]:
        members = [np.flatnonzero(codes == c) for c in np.unique(codes)]
        n_classes = min(len(members), max(2, batch_size // self.rows_per_class))
        per_class = max(2, batch_size // n_classes)
        rows = _Cycle([len(m) for m in members], random)
        classes = _Cycle([len(members)], random)
        for _ in range(-(-len(codes) // batch_size)):
            chosen = classes.take(0, n_classes)
            yield np.concatenate([members[c][rows.take(c, per_class)] for c in chosen])


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
