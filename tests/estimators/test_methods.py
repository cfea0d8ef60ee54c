"""What a fitted learner offers."""

import pickle

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from skhnm import HardNegativeMetricLearner, Tuples


@pytest.fixture
def fitted(iris):
    return HardNegativeMetricLearner(3).fit(*iris)


def test_euclidean_distance_after_transform_is_the_mahalanobis_distance(fitted, iris):
    X, _ = iris
    Z, M = fitted.transform(X), fitted.get_mahalanobis_matrix()
    difference = X[3] - X[90]
    assert np.linalg.norm(Z[3] - Z[90]) ** 2 == pytest.approx(difference @ M @ difference)


def test_pair_distance_is_euclidean_after_transform_and_pair_score_its_negative(fitted, iris):
    X, _ = iris
    pairs = np.stack([X[:10], X[70:80]], axis=1)
    Z = fitted.transform(X)
    distances = fitted.pair_distance(pairs)
    assert distances == pytest.approx(np.linalg.norm(Z[:10] - Z[70:80], axis=1))
    assert np.array_equal(fitted.pair_score(pairs), -distances)


def test_pair_distance_does_not_suffer_far_from_the_origin(fitted, iris):
    X, _ = iris
    pairs = np.stack([X[:10], X[70:80]], axis=1)
    assert fitted.pair_distance(pairs + 2.0**30) == pytest.approx(
        fitted.pair_distance(pairs), rel=1e-5
    )


@pytest.mark.parametrize("shape", [(5, 4), (5, 3, 4), (5, 2, 3)])
def test_pairs_of_another_shape_are_refused(fitted, shape):
    with pytest.raises(ValueError, match=r"pairs must have shape \(n_pairs, 2, 4\)"):
        fitted.pair_distance(np.zeros(shape))


def test_the_metric_is_a_function_of_two_rows_that_can_be_pickled(fitted, iris):
    X, y = iris
    metric = pickle.loads(pickle.dumps(fitted.get_metric()))
    distance = fitted.pair_distance(X[None, [3, 90]])[0]
    assert metric(X[3], X[90]) == pytest.approx(distance)
    assert metric(X[3], X[90], squared=True) == pytest.approx(distance**2)
    direct = KNeighborsClassifier(3, metric=metric).fit(X[::2], y[::2]).predict(X[1::2])
    Z = fitted.transform(X)
    assert np.array_equal(direct, KNeighborsClassifier(3).fit(Z[::2], y[::2]).predict(Z[1::2]))


def test_the_metric_does_not_change_with_the_next_fit(fitted, iris):
    X, y = iris
    metric = fitted.get_metric()
    before = metric(X[3], X[90])
    fitted.fit(X[::-1] ** 2, y)
    assert metric(X[3], X[90]) == before


def test_score_is_precision_at_one_with_each_row_left_out(fitted, iris):
    X, y = iris
    Z = fitted.transform(X)
    D = ((Z[:, None] - Z[None]) ** 2).sum(-1)
    np.fill_diagonal(D, np.inf)
    assert fitted.score(X, y) == (y[D.argmin(1)] == y).mean()


def test_score_leaves_out_rows_that_are_alone_in_their_class(fitted, iris):
    X, y = iris
    alone = y.copy()
    alone[0] = 7
    assert 0 < fitted.score(X, alone) <= 1
    with pytest.raises(ValueError, match="two labelled rows of one class"):
        fitted.score(X[::50], y[::50])


def test_mine_gives_the_rows_most_confused_first(fitted, iris):
    X, y = iris
    tuples = fitted.mine(X, y, n_negatives=2)
    assert isinstance(tuples, Tuples)
    Z = fitted.transform(X)

    def lead(t):
        anchor = Z[tuples.anchors[t]]
        return np.linalg.norm(anchor - Z[tuples.negatives[t, 0]]) - np.linalg.norm(
            anchor - Z[tuples.positives[t, 0]]
        )

    leads = [lead(t) for t in range(len(tuples))]
    assert len(tuples) == 150
    assert leads == sorted(leads)
    assert (y[tuples.negatives] != y[tuples.anchors][:, None]).all()


def test_mine_finds_a_planted_wrong_label(fitted, iris):
    X, y = iris
    wrong = y.copy()
    wrong[10] = 2
    assert fitted.mine(X, wrong).anchors[0] == 10
