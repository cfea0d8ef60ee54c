"""What Displays are made from: fitted learners with their margins, and tuples with distances."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skhnm.common._steps import fitted_steps, transform
from skhnm.common._tuples import Tuples
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.estimators._base import BaseMetricLearner
from skhnm.kernels._distances import pair_distances_tile
from skhnm.kernels._rows import unit_rows
from skhnm.losses._hinge import LargeMarginLoss, TripletLoss
from skhnm.miners._relative import SemiHardMiner, ViolatingMiner


def fitted_learner(estimator: Any, X: Any = None) -> tuple[BaseMetricLearner, Any]:
    """Return the fitted learner, and X as the steps before it leave it.

    Parameters
    ----------
    estimator : metric learner, Pipeline or search
        A pipeline holds the learner as its last step, or before a classifier; of a search
        over these, the best estimator is taken.
    X : array-like, optional
        Rows; None is handed back.

    Raises
    ------
    TypeError
        If there is no metric learner.
    NotFittedError
        If it is not fitted.
    """
    steps = fitted_steps(estimator)
    found = [i for i, step in enumerate(steps) if isinstance(step, BaseMetricLearner)]
    if not found:
        raise TypeError(
            "estimator must be a fitted metric learner (HardNegativeMetricLearner, "
            "MLPMetricLearner), or a Pipeline or a fitted search that holds one; got "
            f"{estimator!r}"
        )
    learner = steps[found[-1]]
    check_is_fitted(learner)
    return learner, X if X is None else transform(steps[: found[-1]], X)


def margin_of(learner: BaseMetricLearner) -> float | None:
    """Return the margin that a learner was fitted with, in its loss's distance, if any."""
    loss: Any = learner.loss_
    if isinstance(loss, LargeMarginLoss) or (isinstance(loss, TripletLoss) and not loss.soft):
        return loss.margin
    if getattr(loss, "metric", "sqeuclidean") == "sqeuclidean":
        return margin_of_miner(learner.negative_miner_)
    return None


def margin_of_miner(miner: Any) -> float | None:
    """Return the margin of a miner that selects by one, if it has one."""
    return miner.margin if isinstance(miner, (SemiHardMiner, ViolatingMiner)) else None


def check_tuples(tuples: Any, n_anchors: int, n_pool: int) -> Tuples:
    """Return the tuples, if all of their rows exist.

    Raises
    ------
    TypeError
        If they are no `Tuples`.
    ValueError
        If one indexes a row that is not there.
    """
    if not isinstance(tuples, Tuples):
        raise TypeError(
            f"tuples must be skhnm.Tuples, as miners and learners give them; got {tuples!r}"
        )
    others = np.concatenate([tuples.positives, tuples.negatives], axis=1)
    for rows, least, n_rows, whose in (
        (tuples.anchors, 0, n_anchors, "anchors"),
        (others, -1, n_pool, "positives and negatives"),
    ):
        if rows.size and not (rows.min() >= least and rows.max() < n_rows):
            wrong = rows.min() if rows.min() < least else rows.max()
            raise ValueError(
                f"The {whose} of tuples index row {wrong}, but there are {n_rows} rows: pass the "
                "embeddings that the tuples were mined from"
            )
    return tuples


def distances_of(Z: FloatArray, P: FloatArray, triplets: IndexArray, metric: str) -> FloatArray:
    """Return (t, 2) float64: each anchor's distance to its positive and to its negative."""
    if metric == "cosine":
        Z, P = unit_rows(Z)[0], unit_rows(P)[0]
    d = np.empty((len(triplets), 2))
    others = np.ascontiguousarray(triplets[:, 1:])
    anchors = np.ascontiguousarray(triplets[:, 0])
    pair_distances_tile(Z, P, anchors, others, np.nan, 0, len(d), d)
    if metric == "euclidean":
        np.sqrt(d, out=d)
    elif metric == "cosine":  # |u - v|² = 2 (1 - cos) at unit length
        d /= 2
    return d
