"""scikit-learn's own checks, with no expected failure."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from skhnm import HardNegativeClassifier, HardNegativeMetricLearner, MLPMetricLearner
from skhnm.losses import MarginLoss
from skhnm.pools import DatasetPool, MemoryPool, ProxyPool

EVERY = {"negative_miner": "all", "positive_miner": "all"}
FEW = {"max_iter": 10}
LEARNERS = [
    HardNegativeMetricLearner(),
    HardNegativeMetricLearner(pool="batch"),
    HardNegativeMetricLearner(solver="adam"),
    HardNegativeMetricLearner(pool="batch", solver="lbfgs"),
    # The checks have random labels, for which all but a short fit or a strong shrinkage collapses.
    HardNegativeMetricLearner(normalize=True, loss="sup_con", max_iter=10),
    HardNegativeMetricLearner(pool=MemoryPool(20, warm_up=0), **FEW),
    HardNegativeMetricLearner(pool=DatasetPool(rows_per_class=10)),
    HardNegativeMetricLearner(
        pool=("dataset", "centers"), loss=MarginLoss(0.25, learn_beta="class"), alpha=1.0
    ),
    HardNegativeMetricLearner(pool=ProxyPool(2), loss="proxy_anchor", **EVERY, **FEW),
    HardNegativeMetricLearner(negative_miner="adaptive", pool="batch", solver="sgd", **FEW),
    MLPMetricLearner(max_iter=10),
    MLPMetricLearner(normalize=True, max_iter=10),
    MLPMetricLearner(
        (8, 4), None, normalize=False, loss="nca", pool="dataset", activation="tanh", **FEW
    ),
    HardNegativeClassifier(),
    HardNegativeClassifier(MLPMetricLearner((8,), max_iter=2), encoding=4, index="tree"),
]


@pytest.mark.jit
@parametrize_with_checks(LEARNERS)
def test_every_check_of_scikit_learn_passes(estimator, check):
    check(estimator)
