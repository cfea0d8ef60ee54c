"""What the linear learner learns, and what each of its parameters does."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from skhnm import HardNegativeMetricLearner, MLPMetricLearner
from skhnm.estimators._data import TrainingData
from skhnm.losses import RobustNCALoss, SupConLoss
from skhnm.losses._known import LOSSES
from skhnm.miners import HardestMiner
from skhnm.miners._base import NEGATIVE_MINERS
from skhnm.miners.positives import POSITIVE_MINERS
from skhnm.pools import DatasetPool, ProxyPool
from skhnm.pools._known import POOLS

pytestmark = pytest.mark.jit


def precision_at_1(X, y):
    D = ((X[:, None] - X[None]) ** 2).sum(-1)
    np.fill_diagonal(D, np.inf)
    return (y[D.argmin(1)] == y).mean()


# What it is for.


def test_a_fit_brings_classes_apart_that_noise_had_mixed(noisy):
    X, y = noisy
    Z = HardNegativeMetricLearner().fit_transform(X, y)
    assert precision_at_1(Z, y) > precision_at_1(X, y) + 0.15


@pytest.mark.parametrize("negative_miner", [m for m in NEGATIVE_MINERS if m != "easy"])
def test_every_negative_miner_improves_on_the_features(noisy, negative_miner):
    X, y = noisy
    learner = HardNegativeMetricLearner(negative_miner=negative_miner, random_state=0)
    assert learner.fit(X, y).score(X, y) > precision_at_1(X, y)


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_improves_on_the_features(noisy, loss):
    X, y = noisy
    every = {"negative_miner": "all", "positive_miner": "all", "solver": "lbfgs"}
    needs = {
        "proxy_anchor": {"pool": "proxies", **every},
        "soft_triple": {"pool": ProxyPool(10), **every},
    }
    learner = HardNegativeMetricLearner(loss=loss, **needs.get(loss, {})).fit(X, y)
    if loss == "proxy_anchor":  # in so few rows it separates classes, not neighbours
        assert learner.loss_curve_[-1] < 0.9 * learner.loss_curve_[0]
    else:
        assert learner.score(X, y) > precision_at_1(X, y)


@pytest.mark.parametrize("positive_miner", POSITIVE_MINERS)
def test_every_positive_miner_improves_on_the_features(noisy, positive_miner):
    X, y = noisy
    learner = HardNegativeMetricLearner(
        positive_miner=positive_miner, refresh_every=30, random_state=0
    )
    assert learner.fit(X, y).score(X, y) > precision_at_1(X, y)


def three_neighbours(learner, train, test):
    """Accuracy of three nearest neighbours after a learner, or as the features are."""
    (X, y), (X_test, y_test) = train, test
    if learner is not None:
        X_test = learner.fit(X, y).transform(X_test)
        X = learner.transform(X)
    return KNeighborsClassifier(3).fit(X, y).score(X_test, y_test)


SEGMENTS = np.array([
    [1, 1, 1, 0, 1, 1, 1], [0, 0, 1, 0, 0, 1, 0], [1, 0, 1, 1, 1, 0, 1], [1, 0, 1, 1, 0, 1, 1],
    [0, 1, 1, 1, 0, 1, 0], [1, 1, 0, 1, 0, 1, 1], [1, 1, 0, 1, 1, 1, 1], [1, 0, 1, 0, 0, 1, 0],
    [1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 1, 1],
], dtype=bool)  # fmt: skip


def display(seed, n=1000):
    """Digits of a display of seven segments, of which one in ten is wrong."""
    random = np.random.default_rng(seed)
    y = random.integers(10, size=n)
    return (SEGMENTS[y] ^ (random.random((n, 7)) < 0.1)).astype(float), y


def chessmen(seed, n=800):
    """Coordinates of two men and of two more that stand idle; how many king's moves apart."""
    X = np.random.default_rng(seed).integers(8, size=(n, 8)).astype(float)
    return X, np.abs(X[:, :2] - X[:, 2:4]).max(axis=1)


@pytest.mark.parametrize("learner", [HardNegativeMetricLearner(), MLPMetricLearner(random_state=0)])
@pytest.mark.parametrize(("table", "gain"), [(display, -0.01), (chessmen, 0.2)])
def test_on_a_lattice_of_values_learning_does_no_harm(learner, table, gain):
    pairs = [(table(seed), table(100 + seed)) for seed in range(4)]
    before, after = (
        np.mean([three_neighbours(each, *pair) for pair in pairs]) for each in (None, learner)
    )
    assert after > before + gain


EVERY_POOL = [*POOLS, ("batch", "proxies"), ("dataset", "centers"), ("memory", "centers")]


@pytest.mark.parametrize("solver", ["lbfgs", "adam", "sgd"])
@pytest.mark.parametrize("pool", EVERY_POOL, ids=str)
def test_every_solver_with_every_pool_improves_on_the_features(noisy, pool, solver):
    if solver == "lbfgs" and "memory" in pool:
        pytest.skip("an error, tested among the bad input")
    X, y = noisy
    rate = 0.3 if solver == "sgd" else 0.01
    learner = HardNegativeMetricLearner(
        pool=pool, solver=solver, learning_rate=rate, random_state=0
    )
    assert learner.fit(X, y).score(X, y) > precision_at_1(X, y)


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_a_batch_of_all_rows_is_the_data_set(digits, solver):
    X, y = digits
    common = {"solver": solver, "max_iter": 3, "refresh_every": 1, "random_state": 0}
    batch = HardNegativeMetricLearner(pool="batch", batch_size=1000, **common).fit(X, y)
    dataset = HardNegativeMetricLearner(
        pool=DatasetPool(keep=False), batch_size=1000, **common
    ).fit(X, y)
    assert batch.components_ == pytest.approx(dataset.components_, rel=1e-6, abs=1e-9)


def test_a_function_and_an_object_stand_in_for_a_miner_and_a_loss(noisy):
    X, y = noisy

    def first_of_another_class(Z, y, positives, pool, pool_y, random_state):
        return np.array([[np.flatnonzero(pool_y != label)[0]] for label in y])

    def next_of_own_class(Z, y, pool, pool_y, random_state):
        rows = np.arange(len(y))
        return np.array([np.flatnonzero((pool_y == y[r]) & (rows != r))[:1] for r in rows])

    class SquaredGap:
        def value_and_grad(self, d_pos, d_neg):
            gap = np.maximum(1.0 + d_pos - d_neg, 0.0)
            return (gap**2).sum(axis=1), 2 * gap, -2 * gap

    learner = HardNegativeMetricLearner(
        negative_miner=first_of_another_class, positive_miner=next_of_own_class, loss=SquaredGap()
    )
    assert learner.fit(X, y).loss_curve_[-1] < learner.loss_curve_[0]


# How it learns.


@pytest.fixture
def wide(noisy):
    """Sixty rows of 200 features: those of `noisy` and more noise."""
    X, y = noisy
    noise = np.random.default_rng(0).normal(size=(60, 190))
    return np.hstack([X[::2], noise]), y[::2]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "choices", [{}, {"early_stopping": True}, {"normalize": True}, {"warm_start": True}], ids=str
)
def test_few_rows_of_many_features_give_the_same_metric_in_their_span(
    wide, choices, dtype, monkeypatch
):
    X, y = wide[0].astype(dtype), wide[1]

    def fitted():
        learner = HardNegativeMetricLearner(tol=0, max_iter=8, refresh_every=4, random_state=0)
        learner.set_params(**choices)
        return learner.fit(X, y).fit(X, y) if "warm_start" in choices else learner.fit(X, y)

    in_span, bases = fitted(), []
    monkeypatch.setattr(HardNegativeMetricLearner, "_basis", lambda *_: bases.append(None))
    everywhere = fitted()
    assert bases
    tolerance = 1e-3 if dtype == np.float32 else 1e-8
    expected = everywhere.get_mahalanobis_matrix()
    assert in_span.get_mahalanobis_matrix() == pytest.approx(
        expected, rel=tolerance, abs=tolerance * float(abs(expected).max())
    )


def test_the_span_is_taken_where_it_pays_and_changes_nothing(wide):
    learner = HardNegativeMetricLearner()

    def basis(n_rows, n_features=200, **parameters):
        learner.set_params(**{"n_components": None, "pool": "dataset", **parameters})
        data = TrainingData(wide[0][:n_rows, :n_features], wide[1][:n_rows], np.ones(n_rows))
        return learner._basis(data, {"pool": POOLS[learner.pool]()})

    found = basis(60)
    assert found.shape == (60, 200)
    assert np.allclose(wide[0] @ found.T @ found, wide[0])
    assert basis(60, n_features=100) is None
    assert basis(60, n_components=10) is None
    assert basis(60, pool="batch") is None


def test_alpha_shrinks_towards_the_start(noisy):
    X, y = noisy

    def change(alpha):
        L = HardNegativeMetricLearner(alpha=alpha, init="identity").fit(X, y).components_
        return np.linalg.norm(L / np.linalg.norm(L) - np.eye(10) / np.sqrt(10))

    assert change(1e-4) > change(1e-1) > change(1e3)
    assert change(1e3) < 1e-2


def test_alpha_auto_is_the_weight_of_two_rows_or_a_thousandth_for_unit_embeddings(noisy):
    X, y = noisy

    def components(**parameters):
        return HardNegativeMetricLearner(**parameters).fit(X, y).components_

    assert np.array_equal(components(), components(alpha=2 / 120))
    for unit in ({"normalize": True}, {"loss": "npair"}):
        assert np.array_equal(components(**unit), components(alpha=1e-3, **unit))


def test_loss_auto_is_robust_nca_or_supervised_contrastive_for_unit_embeddings(noisy):
    assert isinstance(HardNegativeMetricLearner().fit(*noisy).loss_, RobustNCALoss)
    assert isinstance(HardNegativeMetricLearner(normalize=True).fit(*noisy).loss_, SupConLoss)


def test_the_curves_have_an_entry_for_each_iteration_and_each_round(digits):
    learner = HardNegativeMetricLearner(max_iter=7, refresh_every=3, tol=0).fit(*digits)
    assert learner.n_iter_ == len(learner.loss_curve_) == 7
    assert len(learner.mining_curve_) == 3
    assert all(row["n_tuples"] == 200 for row in learner.mining_curve_)
    assert all(0 <= row["active"] <= 1 for row in learner.mining_curve_)
    assert all(0 <= row["hardness"] <= 1 for row in learner.mining_curve_)


def test_adam_on_mined_batches_has_one_round_an_epoch(digits):
    learner = HardNegativeMetricLearner(pool="batch", max_iter=4, tol=0, batch_size=64)
    learner.fit(*digits)
    assert learner.n_iter_ == len(learner.loss_curve_) == len(learner.mining_curve_) == 4


def test_early_stopping_keeps_the_round_that_was_best_on_the_held_out_rows(noisy):
    X, y = noisy
    learner = HardNegativeMetricLearner(
        early_stopping=True, pool="batch", batch_size=32, max_iter=30, n_iter_no_change=3,
        learning_rate=0.1, random_state=0,
    ).fit(X, y)  # fmt: skip
    scores = learner.validation_scores_
    assert len(scores) - 1 == len(learner.mining_curve_) <= 30
    assert max(scores) > scores[0] or len(scores) <= 4


@pytest.mark.jit
@pytest.mark.parametrize("learner", [HardNegativeMetricLearner, MLPMetricLearner])
@pytest.mark.parametrize("early_stopping", [True, "classes"])
@pytest.mark.parametrize("rows_a_class", [2, 4])
def test_small_classes_can_be_held_out(learner, early_stopping, rows_a_class):
    random = np.random.default_rng(0)
    y = np.repeat(np.arange(60), rows_a_class)
    X = random.normal(size=(len(y), 8)) + random.normal(size=(60, 8))[y] * 3
    fitted = learner(early_stopping=early_stopping, max_iter=6, random_state=0).fit(X, y)
    assert len(fitted.validation_scores_) > 1
    assert max(fitted.validation_scores_) > 0.3
    assert fitted.classes_.tolist() == list(range(60))


def test_verbose_prints_a_line_after_each_round(digits, capsys):
    learner = HardNegativeMetricLearner(max_iter=4, refresh_every=2, tol=0, verbose=1)
    learner.fit(*digits)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert "HardNegativeMetricLearner" in lines[0]
    assert "loss" in lines[0]


# Weights and labels.


def test_a_row_of_weight_zero_might_as_well_not_be_there(digits):
    X, y = digits
    weights = (np.arange(len(y)) % 3 > 0).astype(float)
    weighted = HardNegativeMetricLearner().fit(X, y, sample_weight=weights)
    without = HardNegativeMetricLearner().fit(X[weights > 0], y[weights > 0])
    assert np.array_equal(weighted.components_, without.components_)


def test_the_scale_of_the_weights_does_not_matter(digits):
    X, y = digits
    weights = np.random.default_rng(0).uniform(1, 2, len(y))
    once = HardNegativeMetricLearner().fit(X, y, sample_weight=weights).components_
    twice = HardNegativeMetricLearner().fit(X, y, sample_weight=2 * weights).components_
    assert twice == pytest.approx(once, rel=1e-3, abs=1e-6)


def test_balanced_weights_are_those_of_the_dict_that_spells_them_out(digits):
    X, y = digits
    X, y = X[(y < 2) | (np.arange(200) % 4 == 0)], y[(y < 2) | (np.arange(200) % 4 == 0)]
    counts = np.bincount(y)
    spelled = {c: len(y) / (len(counts) * n) for c, n in enumerate(counts)}
    balanced = HardNegativeMetricLearner(class_weight="balanced").fit(X, y)
    dictionary = HardNegativeMetricLearner(class_weight=spelled).fit(X, y)
    assert np.array_equal(balanced.components_, dictionary.components_)
    assert not np.allclose(balanced.components_, HardNegativeMetricLearner().fit(X, y).components_)


@pytest.mark.parametrize(
    "rename",
    [
        lambda y: np.array(["zero", "one", "two", "three"])[y],
        lambda y: y.astype(float),
        lambda y: np.array([-1, 1, 7, 2**24])[y],
        lambda y: np.array([2**24, 2**24 + 1, 2**24 + 2, 2**53 + 1])[y],
        lambda y: [str(v) for v in y],
    ],
)
def test_the_names_of_the_classes_do_not_matter(digits, rename):
    X, y = digits
    plain = HardNegativeMetricLearner().fit(X, y)
    renamed = HardNegativeMetricLearner().fit(X, rename(y))
    # Another order of the classes is another order of summation, no more.
    assert renamed.get_mahalanobis_matrix() == pytest.approx(
        plain.get_mahalanobis_matrix(), rel=1e-3, abs=1e-5
    )
    assert len(renamed.classes_) == 4


def test_booleans_and_categoricals_are_labels(digits):
    pd = pytest.importorskip("pandas")
    X, y = digits
    assert HardNegativeMetricLearner().fit(X, y < 2).classes_.tolist() == [False, True]
    categories = pd.Series(y).map({0: "a", 1: "b", 2: "c", 3: "d"}).astype("category")
    assert HardNegativeMetricLearner().fit(X, categories).classes_.tolist() == list("abcd")


def test_minus_one_is_a_class_unless_it_is_named_unlabelled(digits):
    X, y = digits
    y = np.where(y == 3, -1, y)
    known = y >= 0
    assert HardNegativeMetricLearner().fit(X, y).classes_.tolist() == [-1, 0, 1, 2]
    semi = HardNegativeMetricLearner(unlabelled=-1).fit(X, y)
    assert semi.classes_.tolist() == [0, 1, 2]
    assert np.array_equal(
        semi.components_, HardNegativeMetricLearner().fit(X[known], y[known]).components_
    )
    assert semi.score(X, y) == semi.score(X[known], y[known])


def test_a_class_with_one_row_is_no_anchor_but_still_a_negative(noisy):
    X, y = noisy
    alone = y.copy()
    alone[7] = 9
    learner = HardNegativeMetricLearner().fit(X, alone)
    assert learner.mining_curve_[0]["n_tuples"] == 119
    without = HardNegativeMetricLearner().fit(np.delete(X, 7, 0), np.delete(y, 7))
    assert not np.allclose(learner.components_, without.components_)


def test_more_negatives_asked_than_there_are_gives_those_there_are(iris):
    X, y = iris
    many = HardNegativeMetricLearner(negative_miner=HardestMiner(10_000)).fit(X, y)
    every = HardNegativeMetricLearner(negative_miner="all").fit(X, y)
    assert np.allclose(many.components_, every.components_, rtol=1e-3, atol=1e-6)
