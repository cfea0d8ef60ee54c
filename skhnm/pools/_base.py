"""Where negatives may come from: who sees whom when tuples are mined."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator

from skhnm.common._tuples import Tuples
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.neighbors._candidates import Candidates
from skhnm.pools._members import Extras, Stack


class BasePool(BaseEstimator, ABC):
    """Hands out rows that are mined together, and further candidates for them.

    Attributes
    ----------
    mined_each_step : bool
        Whether a mini-batch solver mines anew at each of its steps.
    needs_steps : bool
        Whether it lives from one small step to the next, which L-BFGS does not take.
    rows_see_each_other : bool
        Whether the rows that are handed out are candidates, or only the extras.
    has_proxies : bool
        Whether its extras are learned.
    """

    mined_each_step: ClassVar[bool]
    needs_steps: ClassVar[bool] = False
    rows_see_each_other: ClassVar[bool] = True
    has_proxies: ClassVar[bool] = False

    def check_parameters(self) -> None:
        """Raise if a parameter is out of its range."""

    def reset(self) -> None:
        """Forget what earlier minings found, at the start of a fit."""

    def start(
        self, embed: Callable[[], FloatArray], codes: IndexArray, random: np.random.Generator
    ) -> FloatArray | None:
        """Return where proxies begin (c, m), if the pool has them.

        ``embed()`` gives the embeddings (n, m) of all training rows, of classes `codes`.
        """
        return None

    def begin_round(self, embed: Callable[[], FloatArray]) -> None:
        """Begin a round; ``embed()`` gives the embeddings (n, m) of all training rows."""

    @abstractmethod
    def draws(
        self, codes: IndexArray, batch_size: int | None, random: np.random.Generator
    ) -> Iterator[IndexArray]:
        """Yield sets of rows; those of a set are mined together.

        Parameters
        ----------
        codes : (n,) intp
            Classes of the training rows.
        batch_size : int or None
            Rows that the solver looks at in one step; None is all of them.
        random : numpy.random.Generator
            Source of every random choice.
        """

    def extras(self, rows: IndexArray, codes: IndexArray) -> Extras:
        """Return candidates beside the rows of a set, of the classes `codes` (n,) of all."""
        return Stack([])

    def saw(self, rows: IndexArray, codes: IndexArray, Z: FloatArray) -> None:
        """Take note of where the rows of a set lie (r, m), once it has been mined."""

    def narrowed(self, candidates: Candidates) -> Candidates:
        """Return whom the miners are to ask, who may be fewer than all candidates."""
        return candidates

    def hints(self, rows: IndexArray) -> IndexArray | None:
        """Return negatives (r, h) that earlier minings found for the rows of a set, if any."""
        return None

    def remember(self, rows: IndexArray, tuples: Tuples) -> Tuples:
        """Add to freshly mined tuples of a set whatever is kept from earlier minings."""
        return tuples

    def views(self, n_rows: int, extras: Extras) -> list[tuple[BasePool, IndexArray]]:
        """Return whom the anchors see: for each mining of a set, its pool and candidates.

        Candidates are given as members: rows of the set from 0, and extras after them.
        """
        first = 0 if self.rows_see_each_other else n_rows
        return [(self, np.arange(first, n_rows + len(extras.codes)))]


def all_rows(codes: IndexArray) -> IndexArray:
    """Return every row, as one set."""
    return np.arange(len(codes), dtype=np.intp)
