"""The learners' own figures: what chance, the order of rows and folds of one class do to them."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhnm import HardNegativeMetricLearner, MLPMetricLearner
from skhnm.estimators import _fitting
from skhnm.estimators._data import TrainingData
from skhnm.metrics import precision_at_k
from tests import naive, naive_metrics

LEARNERS = [
    HardNegativeMetricLearner(max_iter=2),
    HardNegativeMetricLearner(max_iter=2, normalize=True),
    HardNegativeMetricLearner(3, loss="npair", max_iter=2),
    MLPMetricLearner((8,), 4, max_iter=1),
]
every_learner = pytest.mark.parametrize(
    "learner", LEARNERS, ids=["linear", "unit", "cosine", "network"]
)


def grey_digits(n=300):
    """Digits of four grey levels: many are equally far, and some stand there twice."""
    X, y = load_digits(return_X_y=True)
    X, y = X[:n] // 4, y[:n]
    return np.vstack([X, X[:40], X[:40]]), np.concatenate([y, y[:40], (y[:40] + 1) % 10])


def round_by_position(embed):
    """As a matrix product may: a row comes out a little different in another place."""

    def rounded(X):
        Z = embed(X)
        return Z * (1.0 + 1e-7 * (np.arange(len(Z)) % 3))[:, None].astype(Z.dtype)

    return rounded


@pytest.mark.jit
@every_learner
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_order_of_rows_changes_not_a_bit(learner, dtype, monkeypatch):
    X, y = grey_digits()
    X, random = X.astype(dtype), np.random.default_rng(0)
    learner.set_params(random_state=0).fit(X, y)
    monkeypatch.setattr(learner, "_embed", round_by_position(learner._embed))
    expected = learner.score(X, y)
    assert 0.3 < expected < 0.95
    for _ in range(3):
        order = random.permutation(len(X))
        assert learner.score(X[order], y[order]) == expected
    assert learner.score(np.asfortranarray(X), y) == expected


@every_learner
def test_it_is_precision_at_one_of_the_embeddings(learner, iris):
    X, y = iris
    learner.fit(X, y)
    metric = "cosine" if learner.loss == "npair" else "euclidean"
    assert learner.score(X, y) == pytest.approx(
        precision_at_k(learner.transform(X), y, metric=metric), abs=1e-12
    )


def test_where_rows_are_equally_near_it_is_the_mean_over_them():
    X, y = grey_digits(100)
    X = X[:, 18:22]
    learner = HardNegativeMetricLearner(2).fit(X, y)
    learner.components_ = np.eye(4)[:2]
    Z = X[:, :2]
    expected = naive_metrics.precision_at_k(naive_metrics.rankings(Z, y, Z, y, range(len(y))))
    assert learner.score(X, y) == pytest.approx(expected)


def test_a_metric_for_which_all_rows_are_the_same_is_as_good_as_chance(iris):
    X, y = iris
    X, y = X[:110], y[:110]
    learner = HardNegativeMetricLearner().fit(X, y)
    learner.components_ = np.zeros((4, 4))
    chance = (50 * 49 + 50 * 49 + 10 * 9) / 110 / 109
    assert learner.score(X, y) == pytest.approx(chance)
    assert learner.score(X[::-1], y[::-1]) == learner.score(X, y)


# Folds of one class.


def test_rows_of_one_class_are_refused(iris):
    X, y = iris
    learner = HardNegativeMetricLearner(unlabelled=-1).fit(X, y)
    message = r"y holds one class only, so any ranking is perfect: .*cv=StratifiedKFold\(3, shuffle"
    with pytest.raises(ValueError, match=message):
        learner.score(X[:50], y[:50])
    with pytest.raises(ValueError, match=message):
        learner.score(X, np.where(y == 0, 0, -1))
    with pytest.raises(ValueError, match="two labelled rows of one class"):
        learner.score(X, np.full(150, -1))
    assert learner.score(X[:51], y[:51]) == 1.0  # a row of another class could have been nearer


def test_folds_of_one_class_give_no_score_and_stratified_ones_do(iris):
    """scikit-learn's own are not stratified for what is no classifier."""
    pipe = make_pipeline(StandardScaler(), HardNegativeMetricLearner())
    with pytest.warns(UserWarning, match=r"Scoring failed[\s\S]*y holds one class only"):
        assert np.isnan(cross_val_score(pipe, *iris, cv=3)).all()
    with pytest.raises(ValueError, match="StratifiedKFold"):
        cross_val_score(pipe, *iris, cv=3, error_score="raise")
    scores = cross_val_score(pipe, *iris, cv=StratifiedKFold(3, shuffle=True, random_state=0))
    assert (scores < 1.0).any()
    assert (scores > 0.9).all()
    grid = {"hardnegativemetriclearner__n_components": [1, 2]}
    with pytest.warns(UserWarning, match="Scoring failed|non-finite"):
        search = GridSearchCV(pipe, grid, cv=3).fit(*iris)
    assert np.isnan(search.cv_results_["mean_test_score"]).all()


# The judge of held-out rows.


class Scaled:
    """An embedding."""

    def __init__(self, *weights):
        self.weights = np.array(weights, dtype=float)

    def embed(self, X):
        return X * self.weights


class Rounded(Scaled):
    """One that rounds by position."""

    def embed(self, X):
        return round_by_position(super().embed)(X)


@pytest.mark.parametrize(
    ("embedding", "normalize"),
    [
        (Scaled(1, 1, 1), False),
        (Scaled(1, 1, 1), True),
        (Scaled(1, 2, 0), True),
        (Scaled(0, 0, 0), False),
        (Rounded(1, 2, 3), False),
    ],
)
def test_the_judge_takes_the_mean_over_all_orders_of_tied_rows(embedding, normalize):
    random = np.random.default_rng(0)
    X, codes = random.integers(1, 3, (120, 3)) * 1.0, random.integers(0, 3, 120)
    whole = TrainingData(X, codes, np.ones(120))
    data, held_out = whole.take(np.arange(80)), whole.take(np.arange(80, 120))
    found = _fitting.make_judge(data, held_out, normalize, 1)(embedding)
    Z = X * embedding.weights
    Z = naive.at_unit_length(Z) if normalize else Z
    ranked = naive_metrics.rankings(Z[80:], codes[80:], Z[:80], codes[:80], [-1] * 40)
    assert found == pytest.approx(naive_metrics.precision_at_k(ranked))


def test_held_out_rows_of_one_class_are_judged_among_all_classes():
    random = np.random.default_rng(0)
    X, y = random.normal(size=(46, 2)), np.repeat([0, 1, 2, 3], [34, 4, 4, 4])
    learner = HardNegativeMetricLearner(
        early_stopping=True, validation_fraction=0.3, max_iter=4, random_state=0
    )
    assert min(learner.fit(X, y).validation_scores_) < 1.0
