"""Where the linear learner starts, by its parameter `init`."""

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.decomposition import PCA

from skhnm import HardNegativeMetricLearner
from skhnm.miners import NearestPositives

pytestmark = pytest.mark.jit

AT_THE_START = {"alpha": 1e9, "max_iter": 1}


def same_up_to_scale(A, B):
    return np.allclose(A / np.linalg.norm(A), B / np.linalg.norm(B))


@pytest.mark.parametrize("init", ["auto", "rca"])
def test_the_start_is_an_inverse_root_of_the_shrunk_covariance_within_classes(noisy, init):
    X, y = noisy
    within = X - np.array([X[y == c].mean(axis=0) for c in range(3)])[y]
    shrinkage = max(0.1, ledoit_wolf_shrinkage(within, assume_centered=True))
    covariance = within.T @ within / len(X)
    sphere = np.trace(covariance) / 10 * np.eye(10)
    expected = np.linalg.inv((1 - shrinkage) * covariance + shrinkage * sphere)
    learner = HardNegativeMetricLearner(init=init, **AT_THE_START).fit(X, y)
    assert same_up_to_scale(learner.get_mahalanobis_matrix(), expected)


def test_with_more_features_than_rows_the_start_is_the_same(noisy):
    """Along directions in which no row varies, it is as far as the shrinkage goes."""
    X, y = noisy
    wide = np.hstack([X, np.zeros((120, 200))])
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(210, 210)))[0]
    plain = HardNegativeMetricLearner(**AT_THE_START).fit(wide, y).get_mahalanobis_matrix()
    turned = HardNegativeMetricLearner(**AT_THE_START).fit(wide @ rotation, y)
    turned = rotation @ turned.get_mahalanobis_matrix() @ rotation.T
    assert np.allclose(turned, plain, atol=1e-9 * abs(plain).max())
    assert np.isfinite(plain).all()


@pytest.mark.parametrize("n_components", [2, 5])
def test_a_start_of_fewer_components_is_the_principal_ones_of_the_whitened_rows(
    noisy, n_components
):
    X, y = noisy
    start = HardNegativeMetricLearner(**AT_THE_START).fit(X, y)
    low = HardNegativeMetricLearner(n_components, **AT_THE_START).fit(X, y).components_
    principal = PCA(n_components, svd_solver="full").fit(start.transform(X)).components_
    expected = principal @ start.components_
    signs = np.sign((low * expected).sum(axis=1))[:, None]
    assert same_up_to_scale(signs * low, expected)


def test_a_start_of_few_components_is_the_same_in_every_fit():
    random = np.random.default_rng(0)
    X, y = random.normal(size=(700, 100)), random.integers(0, 3, 700)
    first, second = (
        HardNegativeMetricLearner(10, **AT_THE_START).fit(X, y).components_ for _ in range(2)
    )
    assert np.array_equal(first, second)


def test_a_constant_feature_has_no_part_in_an_lda_start(noisy):
    X, y = noisy
    start = HardNegativeMetricLearner(2, init="lda", **AT_THE_START).fit(X, y).components_
    with_constant = np.column_stack([X, np.full(120, 0.1)])
    found = HardNegativeMetricLearner(2, init="lda", **AT_THE_START).fit(with_constant, y)
    assert np.allclose(found.components_[:, :-1], start)
    assert np.abs(found.components_[:, -1]).max() < 1e-12


def test_there_may_be_more_components_than_rows(noisy):
    X, y = noisy
    rows = [0, 1, 40, 41]
    for learner in (
        HardNegativeMetricLearner(6).fit(X[rows], y[rows]),
        HardNegativeMetricLearner(6).partial_fit(X[rows], y[rows]),
    ):
        assert np.linalg.matrix_rank(learner.components_) == 6


def test_a_first_chunk_in_which_no_class_varies_starts_from_the_features(noisy):
    X, y = noisy
    learner = HardNegativeMetricLearner().partial_fit(X[[0, 40]], y[[0, 40]])
    assert same_up_to_scale(learner.components_, np.eye(10))


def test_an_array_is_a_start_up_to_its_scale(noisy):
    X, y = noisy
    given = np.random.default_rng(0).normal(size=(4, 10))
    learner = HardNegativeMetricLearner(4, init=given, alpha=1e9, max_iter=1).fit(X, y)
    assert same_up_to_scale(learner.components_, given)


def test_the_start_has_positives_at_a_median_squared_distance_of_one(noisy):
    X, y = noisy
    Z = HardNegativeMetricLearner(alpha=1e9, max_iter=1).fit_transform(X, y)
    positives = NearestPositives().mine(Z, y)
    assert np.median(((Z[:, None] - Z[positives]) ** 2).sum(-1)) == pytest.approx(1.0)


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_the_unit_of_the_features_does_not_matter(noisy, factor):
    X, y = noisy
    Z = HardNegativeMetricLearner().fit_transform(X, y)
    assert HardNegativeMetricLearner().fit_transform(factor * X, y) == pytest.approx(Z, rel=1e-4)


def test_init_random_depends_on_the_seed_alone(noisy):
    X, y = noisy
    fits = [
        HardNegativeMetricLearner(3, init="random", random_state=seed).fit(X, y).components_
        for seed in (0, 0, 1)
    ]
    assert np.array_equal(fits[0], fits[1])
    assert not np.allclose(fits[0], fits[2])


def test_warm_start_continues_where_the_last_fit_ended(noisy):
    X, y = noisy
    learner = HardNegativeMetricLearner(max_iter=3, tol=0, warm_start=True).fit(X, y)
    reached = learner.loss_curve_[-1]
    assert learner.fit(X, y).loss_curve_[-1] < reached
