"""Online hard example mining: only the costliest tuples."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np

from skhnm.common._tuples import Tuples
from skhnm.common._typing import FloatArray
from skhnm.common._validation import check_number
from skhnm.miners._inner import OuterMiner
from skhnm.neighbors._candidates import Candidates


class OHEMMiner(OuterMiner):
    """Of another miner's tuples, those that cost most under the learner's loss.

    Mined alone, where there is no learner, tuples are ranked by their worst violation, the
    farthest positive's distance less the nearest negative's.

    Parameters
    ----------
    keep : float or int, default=0.25
        A share in (0, 1] of the tuples to keep, or (an int) how many, at least 1. Among
        equals the earlier stay.
    miner : str, miner or function, default="hardest"
        Where the tuples come from.

    References
    ----------
    Shrivastava, Gupta and Girshick (2016), "Training Region-Based Object Detectors with
    Online Hard Example Mining", CVPR.

    Examples
    --------
    >>> from skhnm.miners import HardestMiner, OHEMMiner
    >>> Z, y = [[0.0], [1.0], [3.0], [7.0]], ["a", "a", "b", "b"]
    >>> OHEMMiner(keep=1, miner=HardestMiner(1)).mine(Z, y).triplets()
    array([[2, 3, 1]])
    """

    needs_positives: ClassVar[bool] = True

    def __init__(self, keep: Any = 0.25, *, miner: Any = "hardest") -> None:
        self.keep = keep
        self.miner = miner

    def check_parameters(self) -> None:
        if isinstance(self.keep, Integral):
            check_number(self.keep, "keep", low=1, integer=True)
        else:
            check_number(self.keep, "keep", low=0, low_open=True, high=1)
        super().check_parameters()

    def select(self, candidates: Candidates) -> Tuples:
        tuples = self._inner.select(candidates)
        if not len(tuples):
            return tuples
        whole = isinstance(self.keep, Integral)
        n_kept = int(self.keep) if whole else int(np.ceil(self.keep * len(tuples)))
        cost = candidates.costs or (lambda tuples: _violations(tuples, candidates))
        order = np.argsort(-cost(tuples), kind="stable")
        return tuples[np.sort(order[:n_kept])]


def _violations(tuples: Tuples, candidates: Candidates) -> FloatArray:
    """Return max d_ap - min d_an (t,) of each tuple; without a positive it is least of all."""
    d_ap = candidates.distances(tuples.positives, -np.inf, tuples.anchors)
    d_an = candidates.distances(tuples.negatives, np.inf, tuples.anchors)
    worst: FloatArray = d_ap.max(axis=1, initial=-np.inf) - d_an.min(axis=1)
    return worst
