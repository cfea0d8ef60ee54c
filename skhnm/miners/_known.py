"""Negative miners by name."""

from __future__ import annotations

from skhnm._registry import Registry
from skhnm.miners._base import FunctionMiner
from skhnm.miners._ranked import EasyMiner, HardestMiner, RankMiner
from skhnm.miners._relative import SemiHardMiner, ViolatingMiner
from skhnm.miners._unranked import AllMiner, RandomMiner

NEGATIVE_MINERS = Registry(
    "negative_miner",
    "Miner",
    [RandomMiner, EasyMiner, HardestMiner, SemiHardMiner, ViolatingMiner, AllMiner, RankMiner],
    methods=["mine", "select"],
    from_function=FunctionMiner,
)
