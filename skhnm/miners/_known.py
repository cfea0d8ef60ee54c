"""Which negative miners have a name."""

from __future__ import annotations

from skhnm.miners._adaptive import AdaptiveMiner
from skhnm.miners._base import NEGATIVE_MINERS
from skhnm.miners._context import ContextMiner
from skhnm.miners._curriculum import CurriculumMiner
from skhnm.miners._diverse import DiverseMiner
from skhnm.miners._filtered import FilteredMiner
from skhnm.miners._ohem import OHEMMiner
from skhnm.miners._ranked import EasyMiner, HardestMiner, RankMiner
from skhnm.miners._relative import BoundaryMiner, SemiHardMiner, ViolatingMiner
from skhnm.miners._similarity import MultiSimilarityMiner
from skhnm.miners._unranked import AllMiner, RandomMiner
from skhnm.miners._weighted import DistanceWeightedMiner

NEGATIVE_MINERS.add(
    [
        RandomMiner,
        EasyMiner,
        HardestMiner,
        RankMiner,
        SemiHardMiner,
        ViolatingMiner,
        BoundaryMiner,
        AllMiner,
        DistanceWeightedMiner,
        MultiSimilarityMiner,
        DiverseMiner,
        ContextMiner,
        FilteredMiner,
        OHEMMiner,
        CurriculumMiner,
        AdaptiveMiner,
    ]
)
