"""Where negatives may come from: which rows see each other when tuples are mined."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator

from skhnm._tuples import Tuples
from skhnm._typing import IndexArray


class BasePool(BaseEstimator, ABC):
    """Hands out the rows that are each other's candidates.

    Attributes
    ----------
    mined_each_step : bool
        Whether a mini-batch solver mines anew at each of its steps.
    """

    mined_each_step: ClassVar[bool]

    def check_parameters(self) -> None:
        """Raise if a parameter is out of its range."""

    def reset(self) -> None:
        """Forget what earlier minings found, at the start of a fit."""

    @abstractmethod
    def candidates(
        self, codes: IndexArray, batch_size: int, random: np.random.Generator
    ) -> Iterator[IndexArray]:
        """Yield sets of rows; those of a set are anchors and candidates of each other.

        Parameters
        ----------
        codes : (n,) intp
            Classes of the training rows.
        batch_size : int
            Rows that the solver looks at in one step.
        random : numpy.random.Generator
            Source of every random choice.
        """

    def remember(self, tuples: Tuples) -> Tuples:
        """Add to freshly mined tuples whatever the pool keeps from earlier minings."""
        return tuples
