"""Negatives that grow harder as training progresses."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from skhnm.common._tuples import Tuples
from skhnm.common._validation import check_choice, check_number
from skhnm.miners._base import BaseMiner
from skhnm.neighbors._candidates import Candidates


class CurriculumMiner(BaseMiner):
    """Negatives from a window of ranks that narrows to the hardest during a fit.

    They are drawn at random from the anchor's nearest ``max_rank`` negatives, where
    ``max_rank`` goes from `start` at the first mining of a fit to `end` at the last. Mined
    alone, outside a fit, it is `end`.

    Parameters
    ----------
    start : int, default=200
        The window at the beginning, at least `end`.
    end : int, default=20
        The window at the end, at least 1.
    schedule : {"linear", "cosine", "step"}, default="linear"
        How it narrows: evenly, slowly at both ends, or in four steps.
    n_negatives : int, default=20
        Negatives of each anchor, at least 1; a smaller window is taken whole.

    Attributes
    ----------
    max_rank_ : int
        The window of the last mining. In a fit, each round's stands in ``mining_curve_``.

    References
    ----------
    Bengio, Louradour, Collobert and Weston (2009), "Curriculum Learning", ICML.

    Examples
    --------
    >>> from skhnm.miners import CurriculumMiner
    >>> Z, y = [[0.0], [1.0], [3.0], [7.0]], ["a", "a", "b", "b"]
    >>> miner = CurriculumMiner(start=2, end=1)
    >>> miner.mine(Z, y, random_state=0).triplets()
    array([[0, 1, 2],
           [1, 0, 2],
           [2, 3, 1],
           [3, 2, 1]])
    >>> miner.max_rank_
    1
    """

    needs_positives: ClassVar[bool] = False

    def __init__(
        self, start: int = 200, end: int = 20, *, schedule: str = "linear", n_negatives: int = 20
    ) -> None:
        self.start = start
        self.end = end
        self.schedule = schedule
        self.n_negatives = n_negatives

    def check_parameters(self) -> None:
        check_number(self.end, "end", low=1, integer=True)
        check_number(self.start, "start", low=self.end, integer=True)
        check_choice(self.schedule, "schedule", ("linear", "cosine", "step"))
        check_number(self.n_negatives, "n_negatives", low=1, integer=True)

    def select(self, candidates: Candidates) -> Tuples:
        done = {
            "linear": candidates.progress,
            "cosine": 0.5 - 0.5 * np.cos(np.pi * candidates.progress),
            "step": min(np.floor(4.0 * candidates.progress), 3.0) / 3.0,
        }[self.schedule]
        self.max_rank_ = round(self.start + (self.end - self.start) * done)
        window, _ = candidates.nearest(self.max_rank_)
        if self.n_negatives < window.shape[1]:
            window = candidates.sample_of(window, self.n_negatives)
        return candidates.by_anchor(window)

    def report(self) -> dict[str, float]:
        return {"max_rank": self.max_rank_} if hasattr(self, "max_rank_") else {}
