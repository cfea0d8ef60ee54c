"""Checks that a miner, a loss or an index of your own can run; ours run the same ones."""

from skhnm.testing._indexes import check_index, index_checks
from skhnm.testing._losses import check_loss, loss_checks
from skhnm.testing._miners import check_miner, miner_checks

__all__ = [
    "check_index",
    "check_loss",
    "check_miner",
    "index_checks",
    "loss_checks",
    "miner_checks",
]
