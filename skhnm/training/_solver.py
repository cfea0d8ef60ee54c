"""How the parameters move, given an objective."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator

import numpy as np

from skhnm.common._tuples import Tuples
from skhnm.common._typing import FloatArray
from skhnm.pools._members import Members
from skhnm.training._objective import Objective

Mined = tuple[Members, Tuples]
"""Who was mined together, and tuples that index them."""


class BaseSolver(ABC):
    """Takes what was mined in pieces, and steps down the objective of each.

    Attributes
    ----------
    stochastic : bool
        Whether it looks at a mini-batch at a time.
    takes_whole_sets : bool
        Whether a step is on all rows that were mined together.
    losses : list of float
        The objective after each iteration since the round began.
    """

    stochastic: bool
    takes_whole_sets: bool = True

    def __init__(self) -> None:
        self.losses: list[float] = []

    @abstractmethod
    def pieces(
        self, mined: Iterable[Mined], n_iterations: int, random: np.random.Generator
    ) -> Iterator[Mined]:
        """Join or cut what was mined, for the iterations of one round."""

    @abstractmethod
    def step(self, objective: Objective, parameters: FloatArray, n_iterations: int) -> FloatArray:
        """Return better parameters."""

    def begin_round(self, progress: float) -> None:
        """Begin a round, after the share `progress` in [0, 1) of all iterations."""
        self.losses = []

    def has_converged(self) -> bool:
        """Whether the round that has ended found nothing more to gain."""
        return False
