"""Offline mining: hard negatives for anyone who has embeddings, from ten rows to millions."""

from skhnm.offline._function import HardNegatives, mine_hard_negatives
from skhnm.offline._report import MiningReport

__all__ = ["HardNegatives", "MiningReport", "mine_hard_negatives"]
