"""What the literature names: each row of the user guide's table is fitted on digits."""

import numpy as np
import pytest

from benchmarks._techniques import TECHNIQUES
from skhnm import HardNegativeMetricLearner, MLPMetricLearner

pytestmark = pytest.mark.jit
every_technique = pytest.mark.parametrize("name", TECHNIQUES)


@every_technique
def test_a_linear_learner_lowers_the_loss_or_leaves_fewer_tuples(digits, name):
    X, y = digits
    _, parameters = TECHNIQUES[name]
    learner = HardNegativeMetricLearner(init="identity", random_state=0, **parameters).fit(X, y)
    assert learner.score(X, y) >= 0.95
    assert learner.mining_curve_[0]["n_tuples"] > 0
    if learner.pool_.mined_each_step or len(learner.mining_curve_) == 1:
        n_first, n_last = (learner.mining_curve_[i]["n_tuples"] for i in (0, -1))
        assert learner.loss_curve_[-1] < learner.loss_curve_[0] or n_last < 0.5 * n_first


@every_technique
def test_an_mlp_takes_the_same_parameters(digits, name):
    X, y = digits
    _, parameters = TECHNIQUES[name]
    learner = MLPMetricLearner(random_state=0, max_iter=5, **parameters).fit(X, y)
    assert np.isfinite(learner.transform(X)).all()
    assert learner.score(X, y) >= 0.95
