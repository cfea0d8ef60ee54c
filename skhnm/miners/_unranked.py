"""Miners that do not rank: random negatives, and all of them."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from skhnm.common._tuples import Tuples
from skhnm.common._validation import check_number
from skhnm.miners._base import BaseMiner
from skhnm.neighbors._candidates import Candidates


class RandomMiner(BaseMiner):
    """Negatives drawn uniformly without replacement: the baseline of every comparison.

    Parameters
    ----------
    n_negatives : int, default=20
        Negatives of each anchor, at least 1.

    Examples
    --------
    >>> from skhnm.miners import RandomMiner
    >>> Z, y = [[0.0], [1.0], [3.0]], ["a", "a", "b"]
    >>> RandomMiner(n_negatives=1).mine(Z, y, random_state=0).triplets()
    array([[0, 1, 2],
           [1, 0, 2]])
    """

    needs_positives: ClassVar[bool] = False

    def __init__(self, n_negatives: int = 20) -> None:
        self.n_negatives = n_negatives

    def check_parameters(self) -> None:
        check_number(self.n_negatives, "n_negatives", low=1, integer=True)

    def select(self, candidates: Candidates) -> Tuples:
        return candidates.by_anchor(candidates.sample(self.n_negatives))


class AllMiner(BaseMiner):
    """Every negative, by index; with a margin, those that are nearer than it.

    Its result grows with the anchors times the pool: meant for batches.

    Parameters
    ----------
    margin : float or None, default=None
        Squared distance below which a negative is taken, above 0; None takes all.

    Examples
    --------
    >>> from skhnm.miners import AllMiner
    >>> Z, y = [[0.0], [1.0], [3.0], [7.0]], ["a", "a", "b", "b"]
    >>> AllMiner().mine(Z, y).negatives
    array([[2, 3],
           [2, 3],
           [0, 1],
           [0, 1]])
    """

    needs_positives: ClassVar[bool] = False

    def __init__(self, margin: float | None = None) -> None:
        self.margin = margin

    def check_parameters(self) -> None:
        check_number(self.margin, "margin", low=0, low_open=True, optional=True)

    def select(self, candidates: Candidates) -> Tuples:
        if self.margin is None:
            return candidates.by_anchor(candidates.every())
        return candidates.by_anchor(candidates.within(np.full((len(candidates), 1), self.margin)))
