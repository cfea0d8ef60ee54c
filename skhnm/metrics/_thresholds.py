"""What each threshold of a distance accepts, and which is best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skhnm.common._typing import FloatArray, IndexArray

_ROUNDED = 1e-6


@dataclass(frozen=True)
class Thresholds:
    """Thresholds (t,) from accepting nobody to accepting all, and what each accepts.

    Parameters
    ----------
    distances : (t,) float64
        A pair is accepted if its distance is at most the threshold: one between every two
        distances that were seen, one below the least, and one just above the largest.
    true_accepts, false_accepts : (t,)
        Pairs of one class, and of two, that are accepted, or their weight.
    """

    distances: FloatArray
    true_accepts: IndexArray | FloatArray
    false_accepts: IndexArray | FloatArray

    @property
    def TAR(self) -> FloatArray:
        """True accept rates (t,)."""
        return self.true_accepts / self.true_accepts[-1]

    @property
    def FAR(self) -> FloatArray:
        """False accept rates (t,)."""
        return self.false_accepts / self.false_accepts[-1]

    @property
    def accuracy(self) -> FloatArray:
        """Shares of all pairs that are decided right (t,)."""
        n_same, n_different = self.true_accepts[-1], self.false_accepts[-1]
        right = self.true_accepts + n_different - self.false_accepts
        return right / (n_same + n_different)

    def f_beta(self, beta: float = 1.0) -> FloatArray:
        """Return the F-scores of the accepted pairs (t,): recall counts `beta` times as much."""
        n_accepted = self.true_accepts + self.false_accepts
        share = self.true_accepts / (n_accepted + beta**2 * self.true_accepts[-1])
        return (1.0 + beta**2) * share

    def equal_error_rate(self) -> float:
        """Return the error rate where the ROC curve meets the line TAR = 1 - FAR."""
        FAR = self.FAR
        lead = (1.0 - self.TAR) - FAR  # falls from 1 to -1
        after = int(np.argmax(lead <= 0.0))
        before = after - 1
        share = lead[before] / (lead[before] - lead[after])
        return float(FAR[before] + share * (FAR[after] - FAR[before]))

    def nearest_to_equal_errors(self) -> int:
        """Return at which threshold both error rates are nearest each other."""
        return int(np.argmin(np.abs(1.0 - self.TAR - self.FAR)))


def thresholds_of(
    distances: FloatArray, same: NDArray[np.bool_], weights: FloatArray | None = None
) -> Thresholds:
    """Return every threshold that makes a difference to pairs (t,) of some distances."""
    order = np.argsort(distances)
    ascending = distances[order]
    last = np.flatnonzero(np.append(np.diff(ascending) > 0, True))  # of those equally far
    seen = ascending[last]
    between = (seen[:-1] + seen[1:]) / 2.0
    between = np.where(between < seen[1:], between, seen[:-1])  # it may have been rounded up
    below = seen[0] / 2.0 if seen[0] > 0 else -1.0
    counts = np.ones(len(same), dtype=np.intp) if weights is None else weights[order]
    accepted = [np.cumsum(np.where(kind, counts, 0))[last] for kind in (same[order], ~same[order])]
    # The farthest pair, asked about alone, may be rounded otherwise.
    return Thresholds(
        np.concatenate([[below], between, seen[-1:] * (1.0 + _ROUNDED)]),
        *(np.append(0, each) for each in accepted),
    )
