"""The distance up to which a pair is taken to be alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhnm.common._typing import FloatArray
from skhnm.common._validation import check_choice, check_number
from skhnm.metrics._thresholds import thresholds_of

STRATEGIES = ("accuracy", "f_beta", "max_tpr", "max_tnr")
_RATE = {"max_tpr": "true negative", "max_tnr": "true positive"}


def check_calibration(strategy: Any, min_rate: Any, beta: Any) -> None:
    """Raise if a threshold cannot be chosen like this.

    Raises
    ------
    ValueError
        For an unknown strategy, or a rate that is missing or none.
    TypeError
        For what is no number.
    """
    check_choice(strategy, "strategy", STRATEGIES)
    check_number(beta, "beta", low=0, low_open=True)
    if strategy in _RATE:
        if min_rate is None:
            raise ValueError(
                f"strategy={strategy!r} needs min_rate, the least {_RATE[strategy]} rate to keep, "
                "in [0, 1]"
            )
        check_number(min_rate, "min_rate", low=0, high=1)


def best_threshold(
    distances: FloatArray,
    alike: NDArray[np.bool_],
    weights: FloatArray | None = None,
    *,
    strategy: str = "accuracy",
    min_rate: float | None = None,
    beta: float = 1.0,
) -> float:
    """Return the threshold with the best value that any can have on these pairs.

    Of several best the strictest.
    """
    thresholds = thresholds_of(distances, alike, weights)
    n_others = thresholds.false_accepts[-1]
    TAR, TNR = thresholds.TAR, (n_others - thresholds.false_accepts) / n_others
    least = -np.inf if min_rate is None else min_rate
    values = {"accuracy": thresholds.accuracy, "f_beta": thresholds.f_beta(beta)}
    values["max_tpr"] = np.where(least <= TNR, TAR, -np.inf)
    values["max_tnr"] = np.where(least <= TAR, TNR, -np.inf)
    return float(thresholds.distances[int(np.argmax(values[strategy]))])
