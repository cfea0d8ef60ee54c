"""What miners that steer other miners have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from skhnm.common._registry import NamedParts, Registry
from skhnm.miners._base import NEGATIVE_MINERS, BaseMiner


class OuterMiner(NamedParts, BaseMiner):
    """A miner around another one, its parameter `miner`, which keeps its state in a fit."""

    _registries: ClassVar[dict[str, Registry]] = {"miner": NEGATIVE_MINERS}
    miner: Any

    def check_parameters(self) -> None:
        NEGATIVE_MINERS.resolve(self.miner)

    def reset(self) -> None:
        self._inner_miner: BaseMiner = NEGATIVE_MINERS.resolve(self.miner)
        self._inner_miner.reset()

    @property
    def _inner(self) -> BaseMiner:
        if not hasattr(self, "_inner_miner"):
            self.reset()
        return self._inner_miner

    @property
    def wants_gain(self) -> bool:  # type: ignore[override]
        return NEGATIVE_MINERS.resolve(self.miner).wants_gain

    @property
    def needs_positives(self) -> bool:  # type: ignore[override]
        return NEGATIVE_MINERS.resolve(self.miner).needs_positives

    def learn(self, gain: float) -> None:
        self._inner.learn(gain)

    def report(self) -> dict[str, float]:
        return self._inner.report()
