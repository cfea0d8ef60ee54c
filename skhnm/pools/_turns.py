"""Whose turn it is among the rows of each class."""

from __future__ import annotations

import numpy as np

from skhnm.common._typing import IndexArray


class Turns:
    """The rows of each class in a shuffled order: each comes once before any comes again.

    Parameters
    ----------
    codes : (n,) intp
        Classes of the rows.
    random : numpy.random.Generator
        Shuffles them, at first and whenever all of a class have come.

    Attributes
    ----------
    sizes : list of int
        Rows of each class that has some.
    """

    def __init__(self, codes: IndexArray, random: np.random.Generator) -> None:
        self._codes = codes
        self._random = random
        by_class = np.argsort(codes, kind="stable")
        members = np.split(by_class, np.flatnonzero(np.diff(codes[by_class])) + 1)
        self._rows = [random.permutation(rows) for rows in members]
        self._next = [0] * len(members)
        self.sizes = [len(rows) for rows in members]

    @staticmethod
    def going_on(before: Turns | None, codes: IndexArray, random: np.random.Generator) -> Turns:
        """Return the turns that were taken before, if they are of the same rows, or new ones."""
        if before is None or not np.array_equal(before._codes, codes):
            return Turns(codes, random)
        before._random = random
        return before

    def take(self, number: int, n: int) -> IndexArray:
        """Return the next n rows of a class, none twice, or all of them if it has fewer."""
        rows, here = self._rows[number], self._next[number]
        if n >= len(rows):
            return rows
        taken = rows[here : here + n]
        if len(taken) < n:  # reshuffle, but for the rows that are taken already
            rest = self._random.permutation(np.setdiff1d(rows, taken))
            more = n - len(taken)
            self._rows[number] = np.concatenate([rest, self._random.permutation(taken)])
            self._next[number] = more
            return np.concatenate([taken, rest[:more]])
        self._next[number] = here + n
        return taken
