"""Learners by name."""

from __future__ import annotations

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
