"""The learners, with the face of scikit-learn's estimators: fitted at once, or by a stream."""

from skhnm.estimators._linear import HardNegativeMetricLearner
from skhnm.estimators._mlp import MLPMetricLearner
from skhnm.estimators.tuples._groups import groups_of_pairs, pairs_of_groups
from skhnm.estimators.tuples._pairs import PairMetricLearner
from skhnm.estimators.tuples._relative import QuadrupletMetricLearner, TripletMetricLearner

__all__ = [
    "HardNegativeMetricLearner",
    "MLPMetricLearner",
    "PairMetricLearner",
    "QuadrupletMetricLearner",
    "TripletMetricLearner",
    "groups_of_pairs",
    "pairs_of_groups",
]
