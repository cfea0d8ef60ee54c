"""What pairs, their loss and the choice of a threshold must be."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhnm.estimators.tuples._base import refuse, same_index
from skhnm.estimators.tuples._read import Read
from skhnm.estimators.tuples._threshold import check_calibration


def check_pairs(read: Read, alike: NDArray[np.bool_]) -> None:
    """Refuse pairs that say nothing, and tell of those that contradict each other."""
    refuse(same_index(read, 0, 1), read, "pairs", "a row with itself")
    same = read.which[:, 0] == read.which[:, 1]
    if same.any():
        warnings.warn(
            f"Of {len(read)} pairs, two equal rows make up {int(same.sum())}, from which no "
            "metric can learn: left out of the learning",
            UserWarning,
            stacklevel=3,
        )
    low, high = np.sort(read.which, axis=1).T
    keys = low * len(read.X) + high
    both = np.intersect1d(keys[alike], keys[~alike])
    if len(both):
        first = int(np.flatnonzero(keys == both[0])[0])
        warnings.warn(
            f"Given both as alike and as different: {len(both)} of {len(read)} pairs, first "
            f"pairs[{first}], {read.shown[first].tolist()}. Drop the wrong one of each",
            UserWarning,
            stacklevel=3,
        )


def check_judges_pairs(loss: Any) -> None:
    """Raise if a loss costs nothing where there is no negative, or no positive.

    Raises
    ------
    ValueError
        If it only compares the two.
    """
    distances = (1.9, 0.05) if getattr(loss, "metric", "") == "cosine" else (1e6, 0.0)
    far, near, nobody = (np.array([[d]]) for d in (*distances, np.inf))
    if loss.value_and_grad(far, nobody)[1].any() and loss.value_and_grad(-nobody, near)[2].any():
        return
    raise ValueError(
        f"The loss {loss!r} compares positives with negatives, but a pair has only one of them: "
        "take 'logistic', 'contrastive' or 'margin', or give triplets to TripletMetricLearner"
    )


def check_calibration_params(given: dict[str, Any]) -> None:
    """Raise if `calibrate_threshold` would not take these."""
    known = {"strategy": "accuracy", "min_rate": None, "beta": 1.0}
    for name in given:
        if name not in known:
            raise ValueError(
                f"calibration_params has {name!r}, but calibrate_threshold takes {[*known]}"
            )
    check_calibration(**(known | given))


def both_kinds(alike: NDArray[np.bool_], method: str) -> NDArray[np.bool_]:
    if alike.all() or not alike.any():
        raise ValueError(
            f"{method} needs pairs of both kinds, got {'+1' if alike.any() else '-1'} only"
        )
    return alike
