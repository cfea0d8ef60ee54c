"""skhnm: metric learning from hard negatives, in scikit-learn's idiom."""

import sys

from skhnm.common._tuples import Tuples
from skhnm.comparison._function import compare_miners
from skhnm.comparison._result import MinerComparison
from skhnm.estimators._linear import HardNegativeMetricLearner
from skhnm.estimators._mlp import MLPMetricLearner
from skhnm.estimators.adapter._adapter import EmbeddingAdapter
from skhnm.estimators.classifier._classifier import HardNegativeClassifier
from skhnm.estimators.tuples._pairs import PairMetricLearner
from skhnm.estimators.tuples._relative import QuadrupletMetricLearner, TripletMetricLearner
from skhnm.offline._function import mine_hard_negatives

__version__ = "0.1.0.dev0"

__all__ = [
    "EmbeddingAdapter",
    "HardNegativeClassifier",
    "HardNegativeMetricLearner",
    "MLPMetricLearner",
    "MinerComparison",
    "PairMetricLearner",
    "QuadrupletMetricLearner",
    "TripletMetricLearner",
    "Tuples",
    "compare_miners",
    "mine_hard_negatives",
]

# Pickles of before the rooms were built say where these lay then.
for _former, _now in {
    "_tuples": "common._tuples",
    "_comparison": "comparison._function",
    "_comparison_result": "comparison._result",
}.items():
    sys.modules[f"skhnm.{_former}"] = sys.modules[f"skhnm.{_now}"]
