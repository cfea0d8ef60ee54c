"""Which candidates become negatives, and which rows of its own class an anchor's positives."""

from skhnm.miners._base import BaseMiner
from skhnm.miners._ranked import EasyMiner, HardestMiner, RankMiner
from skhnm.miners._relative import SemiHardMiner, ViolatingMiner
from skhnm.miners._unranked import AllMiner, RandomMiner
from skhnm.miners.positives import (
    AllPositives,
    BasePositiveMiner,
    HardestPositives,
    NearestPositives,
    RandomPositives,
)
from skhnm.neighbors._candidates import Candidates

__all__ = [
    "AllMiner",
    "AllPositives",
    "BaseMiner",
    "BasePositiveMiner",
    "Candidates",
    "EasyMiner",
    "HardestMiner",
    "HardestPositives",
    "NearestPositives",
    "RandomMiner",
    "RandomPositives",
    "RankMiner",
    "SemiHardMiner",
    "ViolatingMiner",
]
