"""Who takes part in one mining: rows of the data, and candidates that are no rows.

Rows come first, extras after them; tuples index this joint list.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from skhnm.common._tuples import Tuples
from skhnm.common._typing import FloatArray, IndexArray


class Extras(ABC):
    """Candidates that are no rows: where they lie, and what moves with them.

    Attributes
    ----------
    codes : (e,) intp
        Their classes; -1 hides one.
    move : bool
        Whether a step moves them: whether anything becomes of their gradient.
    """

    codes: IndexArray
    move: ClassVar[bool] = True

    @property
    def rows(self) -> IndexArray:
        """The training rows (e,) that they were; -1 where they are none."""
        return np.full(len(self.codes), -1, dtype=np.intp)

    @abstractmethod
    def embed(self, Z: FloatArray, proxies: FloatArray) -> FloatArray:
        """Return where they lie (e, m), given the rows' embeddings and learned proxies."""

    def pull_back(  # noqa: B027
        self, gradient: FloatArray, by_rows: FloatArray, by_proxies: FloatArray
    ) -> None:
        """Add what their gradient (e, m) means for the rows and the proxies; here, nothing."""

    def frozen(self, E: FloatArray) -> Extras:
        """Return extras that do not need the rows, lying at E (e, m)."""
        return self


class Constants(Extras):
    """Embeddings of an earlier time: they do not move."""

    move = False

    def __init__(self, E: FloatArray, codes: IndexArray, rows: IndexArray | None = None) -> None:
        self.E = E
        self.codes = codes
        self._rows = rows

    @property
    def rows(self) -> IndexArray:
        return super().rows if self._rows is None else self._rows

    def embed(self, Z: FloatArray, proxies: FloatArray) -> FloatArray:
        return self.E


class ClassMeans(Extras):
    """The mean of each class's rows, which moves with them."""

    def __init__(self, row_codes: IndexArray) -> None:
        self.codes, self._class = np.unique(row_codes, return_inverse=True)
        self._share = 1.0 / np.bincount(self._class)
        self._begin = np.flatnonzero(np.diff(row_codes, prepend=-1))
        self._is_sorted = len(self._begin) == len(self.codes)

    def embed(self, Z: FloatArray, proxies: FloatArray) -> FloatArray:
        if self._is_sorted:
            sums = np.add.reduceat(Z, self._begin, axis=0, dtype=np.float64)
        else:
            sums = np.zeros((len(self.codes), Z.shape[1]))
            np.add.at(sums, self._class, Z)
        return (sums * self._share[:, None]).astype(Z.dtype)

    def pull_back(self, gradient: FloatArray, by_rows: FloatArray, by_proxies: FloatArray) -> None:
        by_rows += (gradient * self._share[:, None])[self._class]

    def frozen(self, E: FloatArray) -> Extras:
        return Constants(E, self.codes)


class Proxies(Extras):
    """Points that are learned beside the embedding."""

    def __init__(self, codes: IndexArray) -> None:
        self.codes = codes

    def embed(self, Z: FloatArray, proxies: FloatArray) -> FloatArray:
        return proxies

    def pull_back(self, gradient: FloatArray, by_rows: FloatArray, by_proxies: FloatArray) -> None:
        by_proxies += gradient


class Stack(Extras):
    """Several extras, one after the other."""

    def __init__(self, parts: Sequence[Extras]) -> None:
        self.parts = list(parts)
        self.codes = np.concatenate(
            [np.empty(0, dtype=np.intp), *[part.codes for part in self.parts]]
        )
        ends = np.cumsum([0, *[len(part.codes) for part in self.parts]])
        self._places = [slice(a, b) for a, b in itertools.pairwise(ends)]

    @property
    def rows(self) -> IndexArray:
        return np.concatenate([np.empty(0, dtype=np.intp), *[part.rows for part in self.parts]])

    def embed(self, Z: FloatArray, proxies: FloatArray) -> FloatArray:
        nobody = np.empty((0, Z.shape[1]), dtype=Z.dtype)
        return np.concatenate([nobody, *[part.embed(Z, proxies) for part in self.parts]])

    def pull_back(self, gradient: FloatArray, by_rows: FloatArray, by_proxies: FloatArray) -> None:
        for part, place in zip(self.parts, self._places, strict=True):
            part.pull_back(gradient[place], by_rows, by_proxies)

    def frozen(self, E: FloatArray) -> Extras:
        places = zip(self.parts, self._places, strict=True)
        return Stack([part.frozen(E[place]) for part, place in places])


@dataclass
class Members:
    """Rows and extras of one mining, and of the steps on what it found.

    Parameters
    ----------
    rows : (r,) intp
        Rows of the training data.
    X : (r, d) float
        Their features.
    codes : (r + e,) intp
        Classes of the rows, then of the extras.
    extras : Extras
        Candidates that are no rows.
    E : (e, m) float
        Where the extras lay when they were mined.
    forwarded : tuple, optional
        What the embedding remembers of the rows, where all members lie, and what the model
        remembers of that: for the step that comes next.
    """

    rows: IndexArray
    X: FloatArray
    codes: IndexArray
    extras: Extras = field(default_factory=lambda: Stack([]))
    E: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    forwarded: tuple[Any, FloatArray, Any] | None = None

    def restricted(self, tuples: Tuples) -> tuple[Members, Tuples]:
        """Return the rows that some tuples use, with all extras, and the tuples renumbered."""
        used = _used_rows(tuples, len(self.rows))
        extras = self.extras.frozen(self.E) if len(self.E) else self.extras
        codes = np.concatenate([self.codes[used], self.codes[len(self.rows) :]])
        members = Members(self.rows[used], self.X[used], codes, extras, self.E)
        to = np.empty(len(self.codes), dtype=np.intp)
        to[used] = np.arange(len(used))
        to[len(self.rows) :] = len(used) + np.arange(len(self.codes) - len(self.rows))
        return members, renumber(tuples, to)

    @staticmethod
    def join(mined: Sequence[tuple[Members, Tuples]]) -> tuple[Members, Tuples]:
        """Put several sets with the same extras, and their tuples, into one."""
        first = mined[0][0]
        rows, inverse = np.unique(
            np.concatenate([members.rows for members, _ in mined]), return_inverse=True
        )
        ends = np.cumsum([len(members.rows) for members, _ in mined])
        n_extras = len(first.codes) - len(first.rows)
        of_extras = len(rows) + np.arange(n_extras)
        X = np.empty((len(rows), first.X.shape[1]), dtype=first.X.dtype)
        codes = np.empty(len(rows) + n_extras, dtype=np.intp)
        codes[len(rows) :] = first.codes[len(first.rows) :]
        parts = []
        for (members, tuples), end in zip(mined, ends, strict=True):
            to = inverse[end - len(members.rows) : end]
            X[to] = members.X
            codes[to] = members.codes[: len(members.rows)]
            parts.append(renumber(tuples, np.concatenate([to, of_extras])))
        return Members(rows, X, codes, first.extras, first.E), Tuples.concatenate(parts)


def _used_rows(tuples: Tuples, n_rows: int) -> IndexArray:
    """Sorted rows below n_rows that the tuples index."""
    used = np.zeros(n_rows + 1, dtype=bool)
    for indices in (tuples.anchors, tuples.positives, tuples.negatives):
        used[np.where((indices < 0) | (indices > n_rows), n_rows, indices)] = True
    return np.flatnonzero(used[:n_rows])


def renumber(tuples: Tuples, to: IndexArray) -> Tuples:
    """Replace each index i of the tuples by ``to[i]``; padding stays."""
    lookup = np.append(to, -1)
    return Tuples(
        lookup[tuples.anchors], lookup[tuples.positives], lookup[tuples.negatives], tuples.weights
    )
