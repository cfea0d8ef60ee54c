"""Rows far from the origin: no more error than the rounding of the rows themselves."""

import numpy as np
import pytest

from skhnm import HardNegativeMetricLearner, MLPMetricLearner
from skhnm.metrics import precision_at_k

pytestmark = pytest.mark.jit

LEARNERS = {
    "linear": HardNegativeMetricLearner(),
    "linear, fewer components": HardNegativeMetricLearner(n_components=5),
    "linear, by Adam": HardNegativeMetricLearner(pool="batch", max_iter=5, random_state=0),
    "network": MLPMetricLearner(max_iter=5, random_state=0),
    "network, not at unit length": MLPMetricLearner(
        loss="robust_nca", normalize=False, max_iter=5, random_state=0
    ),
    "network without a linear path": MLPMetricLearner(
        skip=False, loss="triplet", normalize=False, max_iter=5, random_state=0
    ),
}
every_learner = pytest.mark.parametrize("learner", LEARNERS.values(), ids=LEARNERS)
every_kind_of_fit = pytest.mark.parametrize("fit", ["fit", "partial_fit"])


@pytest.fixture
def far():
    random = np.random.default_rng(0)
    y = np.arange(300) % 3
    near = random.normal(size=(300, 20)) + y[:, None]
    near[:, 7] = 0.25  # a constant feature
    return near.astype(np.float32) + np.float32(1e6), y


def exact_distances(learner, a, b):
    metric = learner.get_metric()
    return [metric(u.astype(np.float64), v.astype(np.float64)) for u, v in zip(a, b, strict=True)]


@every_kind_of_fit
@every_learner
def test_distances_are_those_of_the_rows_in_double_precision(learner, fit, far):
    X, y = far
    getattr(learner, fit)(X, y)
    for _again in range(2):  # a stream, or a warm start, goes on from where it is
        Z = learner.transform(X)
        assert Z.dtype == np.float32
        expected = exact_distances(learner, X[:100], X[100:200])
        found = np.linalg.norm(Z[:100] - Z[100:200], axis=1)
        np.testing.assert_allclose(found, expected, atol=1e-4 * np.mean(expected))
        pairs = np.stack([X[:100], X[100:200]], axis=1)
        np.testing.assert_allclose(
            learner.pair_distance(pairs), expected, atol=1e-4 * np.mean(expected)
        )
        learner.set_params(warm_start=True)
        getattr(learner, fit)(X, y)
    learner.set_params(warm_start=False)


@every_learner
def test_score_and_mine_see_those_distances(learner, far):
    X, y = far
    learner.fit(X, y)
    exact = learner.transform(X.astype(np.float64))
    assert learner.score(X, y) == pytest.approx(precision_at_k(exact, y), abs=1 / len(y))
    mined, expected = learner.mine(X, y), learner.mine(X.astype(np.float64), y)
    assert (mined.anchors[:20] == expected.anchors[:20]).mean() > 0.9


@every_learner
def test_rows_that_are_not_far_are_mapped_as_the_components_say(learner, far):
    X, y = far
    X = X - np.float32(1e6)
    assert learner.fit(X, y).offset_ is None


def test_only_features_that_are_far_lose_their_mean(far):
    X, y = far
    X[:, :10] -= np.float32(1e6)
    offset = HardNegativeMetricLearner().fit(X, y).offset_
    np.testing.assert_array_equal(offset[:10], 0)
    np.testing.assert_allclose(offset[10:], 1e6, atol=5)


def test_doubles_may_lie_as_much_farther():
    random = np.random.default_rng(0)
    y = np.arange(120) % 3
    X = random.normal(size=(120, 5)) + y[:, None] + 1e14
    learner = HardNegativeMetricLearner().fit(X, y)
    Z = learner.transform(X)
    expected = exact_distances(learner, X[:50], X[50:100])
    np.testing.assert_allclose(np.linalg.norm(Z[:50] - Z[50:100], axis=1), expected, rtol=1e-9)
