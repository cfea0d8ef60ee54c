"""The estimators."""

from skhnm.estimators._linear import HardNegativeMetricLearner

__all__ = ["HardNegativeMetricLearner"]
