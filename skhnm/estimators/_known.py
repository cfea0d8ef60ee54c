"""Learners by name."""

from __future__ import annotations

from typing import Any

from skhnm.common._registry import Registry
from skhnm.estimators._base import BaseMetricLearner
from skhnm.estimators._linear import HardNegativeMetricLearner
from skhnm.estimators._mlp import MLPMetricLearner


def learners(*also: str) -> Registry:
    """Return the learners by name; the caller resolves further names."""
    return Registry(
        "learner",
        "MetricLearner",
        [HardNegativeMetricLearner, MLPMetricLearner],
        base=BaseMetricLearner,
        renamed={"hard_negative": "linear"},
        also=also,
    )


def resolve_learner(known: Registry, given: Any, owner: Any) -> BaseMetricLearner:
    """Return a fresh learner, with the owner's seed and threads where it has none of its own."""
    learner: BaseMetricLearner = known.resolve(given)
    for name in ("random_state", "n_jobs"):
        if getattr(learner, name) is None:
            learner.set_params(**{name: getattr(owner, name)})
    return learner
