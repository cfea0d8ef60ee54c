"""Offline mining: hard negatives for anyone who has embeddings."""

from skhnm.offline._function import HardNegatives
from skhnm.offline._report import MiningReport

__all__ = ["HardNegatives", "MiningReport"]
