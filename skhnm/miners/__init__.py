"""Which candidates become negatives, and which rows of its own class an anchor's positives."""

import skhnm.miners._known  # noqa: F401, so that miners are known by name
from skhnm.miners._adaptive import AdaptiveMiner
from skhnm.miners._base import BaseMiner
from skhnm.miners._context import ContextMiner
from skhnm.miners._curriculum import CurriculumMiner
from skhnm.miners._diverse import DiverseMiner
from skhnm.miners._filtered import FilteredMiner
from skhnm.miners._given import GivenMiner, GivenPositives
from skhnm.miners._ohem import OHEMMiner
from skhnm.miners._ranked import EasyMiner, HardestMiner, RankMiner
from skhnm.miners._relative import BoundaryMiner, SemiHardMiner, ViolatingMiner
from skhnm.miners._similarity import MultiSimilarityMiner
from skhnm.miners._unranked import AllMiner, RandomMiner
from skhnm.miners._weighted import DistanceWeightedMiner
from skhnm.miners.positives import (
    AllPositives,
    BasePositiveMiner,
    HardestPositives,
    NearestPositives,
    RandomPositives,
)
from skhnm.neighbors._candidates import Candidates

__all__ = [
    "AdaptiveMiner",
    "AllMiner",
    "AllPositives",
    "BaseMiner",
    "BasePositiveMiner",
    "BoundaryMiner",
    "Candidates",
    "ContextMiner",
    "CurriculumMiner",
    "DistanceWeightedMiner",
    "DiverseMiner",
    "EasyMiner",
    "FilteredMiner",
    "GivenMiner",
    "GivenPositives",
    "HardestMiner",
    "HardestPositives",
    "MultiSimilarityMiner",
    "NearestPositives",
    "OHEMMiner",
    "RandomMiner",
    "RandomPositives",
    "RankMiner",
    "SemiHardMiner",
    "ViolatingMiner",
]
