"""A bandit that learns during a fit which miner helps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from skhnm.common._tuples import Tuples
from skhnm.common._validation import check_number
from skhnm.miners._base import NEGATIVE_MINERS, BaseMiner
from skhnm.neighbors._candidates import Candidates


class AdaptiveMiner(BaseMiner):
    """At each mining, the miner whose tuples have changed most so far, or a rarely tried one.

    A miner is rewarded with how much the step on its tuples lowered their loss, relative to
    the largest such gain of all. Each is tried once; then the one with the highest ``mean
    reward + exploration · √(2 log t / n)`` is asked, after t minings, n of them its own:
    the bandit UCB1. Mined alone, outside a fit, the first miner answers.

    Parameters
    ----------
    miners : sequence of str, miner or function, default=("hardest", "semi_hard", "random")
        To choose from, at least one.
    exploration : float, default=1.0
        How much a rarely tried miner is worth, at least 0.

    Attributes
    ----------
    counts_ : array of shape (n_miners,), intp
        How often each was asked in the fit. Each round's shares stand in ``mining_curve_``.
    rewards_ : array of shape (n_miners,), float64
        Mean reward of each, in [0, 1].
    choices_ : list of int
        Which was asked, mining after mining.

    References
    ----------
    Auer, Cesa-Bianchi and Fischer (2002), "Finite-Time Analysis of the Multiarmed Bandit
    Problem", Machine Learning 47.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skhnm import HardNegativeMetricLearner
    >>> from skhnm.miners import AdaptiveMiner
    >>> learner = HardNegativeMetricLearner(
    ...     negative_miner=AdaptiveMiner(["hardest", "random"]), pool="batch", random_state=0
    ... )
    >>> learner = learner.fit(*load_iris(return_X_y=True))
    >>> bool(learner.negative_miner_.counts_.sum() == len(learner.negative_miner_.choices_))
    True
    """

    wants_gain: ClassVar[bool] = True

    def __init__(
        self,
        miners: Sequence[Any] = ("hardest", "semi_hard", "random"),
        *,
        exploration: float = 1.0,
    ) -> None:
        self.miners = miners
        self.exploration = exploration

    def check_parameters(self) -> None:
        if isinstance(self.miners, str) or not len(self.miners):
            raise ValueError(
                f"miners must be a sequence of at least one miner, got {self.miners!r}"
            )
        for miner in self.miners:
            NEGATIVE_MINERS.resolve(miner)
        check_number(self.exploration, "exploration", low=0)

    @property
    def needs_positives(self) -> bool:  # type: ignore[override]
        return any(NEGATIVE_MINERS.resolve(miner).needs_positives for miner in self.miners)

    def reset(self) -> None:
        self._arms = [NEGATIVE_MINERS.resolve(miner) for miner in self.miners]
        for arm in self._arms:
            arm.reset()
        self.counts_ = np.zeros(len(self._arms), dtype=np.intp)
        self.choices_: list[int] = []
        self._sums = np.zeros(len(self._arms))  # of the mean gain of each mining
        self._gain, self._n_steps, self._largest = 0.0, 0, 0.0
        self._n_reported = 0
        self.rewards_ = np.zeros(len(self._arms))

    def select(self, candidates: Candidates) -> Tuples:
        if not hasattr(self, "_arms"):
            self.reset()
        untried = np.flatnonzero(self.counts_ == 0)
        if len(untried):
            arm = int(untried[0])
        else:
            bonus = np.sqrt(2.0 * np.log(len(self.choices_)) / self.counts_)
            arm = int(np.argmax(self.rewards_ + self.exploration * bonus))
        self.counts_[arm] += 1
        self.choices_.append(arm)
        self._gain, self._n_steps = 0.0, 0
        return self._arms[arm].select(candidates)

    def learn(self, gain: float) -> None:
        """Take how much a step lowered the loss of the tuples of the last mining."""
        arm = self.choices_[-1]
        self._arms[arm].learn(gain)
        before, self._n_steps = self._gain, self._n_steps + 1
        self._gain += (max(0.0, gain) - before) / self._n_steps
        self._sums[arm] += self._gain - before
        self._largest = max(self._largest, self._gain)
        self.rewards_ = self._sums / np.maximum(self.counts_, 1) / (self._largest or 1.0)

    def report(self) -> dict[str, float]:
        recent = self.choices_[self._n_reported :]
        self._n_reported = len(self.choices_)
        counts = np.bincount(recent, minlength=len(self._arms))
        shares = counts / max(1, len(recent))
        return {f"share of {self._name(i)}": float(s) for i, s in enumerate(shares)}

    def _name(self, arm: int) -> str:
        """Name a miner; with its number, if there are several of that name."""
        names = [
            miner if isinstance(miner, str) else type(resolved).__name__
            for miner, resolved in zip(self.miners, self._arms, strict=True)
        ]
        return names[arm] if names.count(names[arm]) == 1 else f"{names[arm]} {arm}"
