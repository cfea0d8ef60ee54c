"""The distance up to which a pair is taken to be alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.common._validation import check_choice, check_number

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
    alike: IndexArray,
    weights: FloatArray | None = None,
    *,
    strategy: str = "accuracy",
    min_rate: float | None = None,
    beta: float = 1.0,
) -> float:
    """Return the threshold with the best value that any can have on these pairs.

    Every distance that was seen is a cut, accepting what is no farther, and so is accepting
    nobody. Of several best cuts the strictest is taken, and the threshold lies halfway to the
    next distance.
    """
    order = np.argsort(distances, kind="stable")
    d = distances[order]
    weights = np.ones(len(d)) if weights is None else weights[order]
    positive = np.where(alike[order] > 0, weights, 0.0)
    ends = np.append(np.flatnonzero(np.diff(d)), len(d) - 1)  # the last of each distance
    accepted, hits = (np.append(0.0, np.cumsum(w)[ends]) for w in (weights, positive))
    false = accepted - hits
    n_alike, n_others = hits[-1], false[-1]
    TPR, TNR = hits / n_alike, (n_others - false) / n_others
    value, allowed = {
        "accuracy": (hits - false, np.ones(len(hits), dtype=bool)),
        "f_beta": (
            hits / (accepted + beta**2 * n_alike), np.ones(len(hits), dtype=bool)
        ),
        "max_tpr": (TPR, min_rate is None or min_rate <= TNR),
        "max_tnr": (TNR, min_rate is None or min_rate <= TPR),
    }[strategy]  # fmt: skip
    best = int(np.argmax(np.where(allowed, value, -np.inf)))
    return cut_after(np.append(-np.inf, d[ends]), best)


def cut_after(d: FloatArray, place: int) -> float:
    """Return a threshold that accepts ascending distances up to a place, and none after it."""
    if place == len(d) - 1:
        return float(d[place])
    if not np.isfinite(d[place]):
        return float(d[place + 1] / 2 if d[place + 1] > 0 else -1.0)
    middle = float(d[place] + (d[place + 1] - d[place]) / 2)
    return middle if middle < d[place + 1] else float(d[place])
