"""skhnm: metric learning from hard negatives, in scikit-learn's idiom."""

from skhnm._comparison import compare_miners
from skhnm._comparison_result import MinerComparison
from skhnm._tuples import Tuples
from skhnm.estimators._linear import HardNegativeMetricLearner
from skhnm.estimators._mlp import MLPMetricLearner
from skhnm.offline._function import mine_hard_negatives

__version__ = "0.1.0.dev0"

__all__ = [
    "HardNegativeMetricLearner",
    "MLPMetricLearner",
    "MinerComparison",
    "Tuples",
    "compare_miners",
    "mine_hard_negatives",
]
