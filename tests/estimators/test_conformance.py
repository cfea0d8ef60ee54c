"""scikit-learn's own checks, with no expected failure."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from skhnm import HardNegativeMetricLearner

LEARNERS = [
    HardNegativeMetricLearner(),
    HardNegativeMetricLearner(pool="batch"),
    HardNegativeMetricLearner(solver="adam"),
    HardNegativeMetricLearner(pool="batch", solver="lbfgs"),
]


@pytest.mark.jit
@parametrize_with_checks(LEARNERS)
def test_every_check_of_scikit_learn_passes(estimator, check):
    check(estimator)
