"""The learners, with the face of scikit-learn's estimators: fitted at once, or by a stream."""

from skhnm.estimators._linear import HardNegativeMetricLearner
from skhnm.estimators._mlp import MLPMetricLearner

__all__ = ["HardNegativeMetricLearner", "MLPMetricLearner"]
