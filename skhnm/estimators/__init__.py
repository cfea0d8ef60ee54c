"""The estimators."""

from skhnm.estimators._linear import HardNegativeMetricLearner
from skhnm.estimators._mlp import MLPMetricLearner

__all__ = ["HardNegativeMetricLearner", "MLPMetricLearner"]
