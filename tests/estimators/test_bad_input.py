"""Bad input is refused before any work is done, with a message that says what to do."""

import warnings

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from skhnm import HardNegativeMetricLearner
from skhnm.exceptions import MiningWarning
from skhnm.losses import ContrastiveLoss, NCALoss, NPairLoss, TripletLoss
from skhnm.miners import BaseMiner, HardestMiner, NearestPositives, RankMiner, SemiHardMiner
from skhnm.pools import BatchPool


class WithoutMethods:
    pass


X = np.random.default_rng(0).normal(size=(12, 3))
y = np.repeat([0, 1, 2], 4)


def with_value(value):
    bad = X.copy()
    bad[3, 1] = value
    return bad


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (with_value(np.nan), y, "NaN"),
        (with_value(np.inf), y, "infinity"),
        (X, None, "requires y"),
        (X, y[:5], "inconsistent numbers of samples"),
        (X, X[:, 0], "continuous"),
        (X, np.where(y == 2, np.nan, y), "NaN"),
        (X, np.array([None, "a", "b"] * 4, dtype=object), "missing labels"),
        (X, np.array([1, "a", 2.5] * 4, dtype=object), "mixes types"),
        (X, np.stack([y, y], axis=1), "1d array"),
        (X, np.zeros(12), "at least two.*1 class"),
        (X, np.arange(12), "No class has two different rows"),
        (np.ones((12, 3)), y, "No class has two different rows"),
        (X[:0], y[:0], "0 sample"),
        (X[:1], y[:1], "1 sample|minimum of 2"),
        (csr_matrix(X), y, "[Ss]parse"),
        (X[:, 0], y, "2D array"),
    ],
)
def test_data_that_cannot_be_learned_from(X, y, message):
    with pytest.raises((ValueError, TypeError), match=message):
        HardNegativeMetricLearner().fit(X, y)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_components": 0}, "n_components must be an integer >= 1"),
        ({"n_components": 4}, "n_components must be at most the number of features, 3"),
        ({"n_components": 1.5}, "n_components must be an integer"),
        ({"negative_miner": "hardes"}, "Did you mean 'hardest'.*'random'.*'semi_hard'"),
        ({"positive_miner": "near"}, "Known names: 'all', 'hardest', 'nearest', 'random'"),
        ({"pool": "memories"}, "'batch', 'centers', 'dataset', 'memory', 'proxies'"),
        ({"loss": "tripplet"}, "Did you mean 'triplet'"),
        ({"negative_miner": WithoutMethods()}, "inherits from BaseMiner"),
        ({"positive_miner": WithoutMethods()}, "inherits from BasePositiveMiner"),
        ({"negative_miner": NearestPositives()}, "NearestPositives.* is no BaseMiner"),
        ({"positive_miner": HardestMiner()}, "HardestMiner.* is no BasePositiveMiner"),
        ({"loss": WithoutMethods()}, r"lacks value_and_grad\(\)"),
        ({"pool": WithoutMethods()}, r"lacks draws\(\), extras\(\)"),
        ({"negative_miner": HardestMiner}, r"write HardestMiner\(\)"),
        ({"negative_miner": HardestMiner(0)}, "n_negatives must be an integer >= 1"),
        ({"negative_miner": SemiHardMiner(margin=0)}, "margin must be a number > 0, or None"),
        ({"negative_miner": SemiHardMiner(fallback="soft")}, "'drop', 'hardest', 'easy'"),
        ({"negative_miner": RankMiner(5, 4)}, "max_rank must be an integer >= 5"),
        ({"positive_miner": NearestPositives(-1)}, "n_positives must be an integer >= 1"),
        ({"loss": TripletLoss(margin=-1)}, "margin must be a number > 0"),
        ({"loss": ContrastiveLoss(margin=0)}, "margin must be a number > 0"),
        ({"loss": NPairLoss(temperature=0)}, "temperature must be a number > 0"),
        ({"loss": NCALoss(scale=np.nan)}, "scale must be a number > 0"),
        ({"pool": BatchPool(1)}, "rows_per_class must be an integer >= 2"),
        (
            {"init": "identical"},
            "init must be one of 'auto', 'identity', 'rca', 'pca', 'lda', 'random'",
        ),
        ({"init": np.eye(2)}, r"init must have shape .* = \(3, 3\), got \(2, 2\)"),
        ({"init": np.full((3, 3), np.nan)}, "init contains NaN"),
        ({"init": np.zeros((3, 3))}, "init is zero everywhere"),
        ({"init": "lda"}, "init='lda' gives at most 2 components"),
        ({"solver": "newton"}, "solver must be one of 'auto', 'lbfgs', 'adam', 'sgd'"),
        ({"schedule": "step"}, "schedule must be one of 'cosine', 'linear', 'constant'"),
        ({"pool": "memory", "solver": "lbfgs"}, "choose solver='adam' or 'sgd'"),
        ({"pool": ("batch", "dataset")}, "take one: got BatchPool"),
        ({"pool": ("proxies", "proxies")}, "of pools with proxies, take one"),
        ({"pool": ()}, "a tuple of pools must not be empty"),
        ({"loss": "proxy_anchor"}, "has none: take pool='proxies'"),
        ({"loss": "soft_triple", "pool": "proxies"}, r"take pool=ProxyPool\(10\)"),
        ({"max_iter": 0}, "max_iter must be an integer >= 1"),
        ({"tol": -1.0}, "tol must be a number >= 0"),
        ({"refresh_every": 0}, "refresh_every"),
        ({"batch_size": 2}, "batch_size must be an integer >= 4"),
        ({"learning_rate": 0.0}, "learning_rate must be a number > 0"),
        ({"alpha": -1.0}, "alpha must be 'auto', or it must be a number >= 0"),
        ({"alpha": "much"}, "alpha must be 'auto', or it must be a number >= 0, got 'much'"),
        ({"class_weight": "even"}, "class_weight must be 'balanced', a dict"),
        ({"class_weight": {7: 1.0}}, r"names the class 7, but y has \[0, 1, 2\]"),
        ({"class_weight": {0: -1.0}}, r"class_weight\[0\] must be a number >= 0"),
        ({"class_weight": {0: 1.0, 7: np.nan}}, r"class_weight\[7\] must be a number >= 0"),
        ({"class_weight": {0: "much"}}, r"class_weight\[0\] must be a number >= 0"),
        ({"class_weight": {"0": 1.0}}, r"names the class '0', but y has \[0, 1, 2\]"),
        ({"early_stopping": True, "validation_fraction": 1.5}, "validation_fraction"),
        ({"early_stopping": "classes"}, "early_stopping holds out .*turn it off"),
        ({"early_stopping": "rows"}, "early_stopping must be a bool, or .* 'classes'"),
        ({"n_iter_no_change": 0}, "n_iter_no_change"),
        ({"random_state": "now"}, "random_state must be a whole number"),
        ({"n_jobs": 0}, "n_jobs == 0 has no meaning"),
        ({"n_jobs": "all"}, "n_jobs must be an integer, or None"),
        ({"verbose": -1}, "verbose"),
        ({"unlabelled": 0, "class_weight": {0: 1.0}}, "names the class 0"),
    ],
)
def test_parameters_that_make_no_sense(parameters, message):
    learner = HardNegativeMetricLearner(**parameters)
    with pytest.raises((ValueError, TypeError), match=message):
        learner.fit(X, y)
    assert not [name for name in vars(learner) if name.endswith("_")]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (-np.ones(12), "must not be negative"),
        (np.zeros(12), "zero for every row"),
        (np.ones(5), r"expected \(12,\)"),
        (np.full(12, np.nan), "NaN"),
    ],
)
def test_weights_that_make_no_sense(weights, message):
    with pytest.raises(ValueError, match=message):
        HardNegativeMetricLearner().fit(X, y, sample_weight=weights)


def test_transform_before_fit_and_with_other_columns():
    with pytest.raises(NotFittedError):
        HardNegativeMetricLearner().transform(X)
    with pytest.raises(NotFittedError):
        HardNegativeMetricLearner().get_metric()
    learner = HardNegativeMetricLearner().fit(X, y)
    with pytest.raises(ValueError, match="expecting 3 features"):
        learner.transform(X[:, :2])


def test_warm_start_with_another_shape_says_so():
    learner = HardNegativeMetricLearner(warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="set warm_start=False"):
        learner.fit(X[:, :2], y)


@pytest.mark.parametrize("bad_X", [with_value(np.nan), X[:, :0]])
def test_a_failed_fit_leaves_a_fitted_learner_as_it_was(bad_X):
    learner = HardNegativeMetricLearner().fit(X, y)
    before = {k: v for k, v in vars(learner).items() if k.endswith("_")}
    with pytest.raises(ValueError, match=r"NaN|0 feature"):
        learner.fit(bad_X, y)
    assert {k: v for k, v in vars(learner).items() if k.endswith("_")} == before


@pytest.mark.parametrize("refit", [False, True])
def test_an_interrupted_fit_leaves_the_learner_as_it_was(refit):
    calls = []

    def miner(Z, y, positives, pool, pool_y, random_state):
        calls.append(1)
        if len(calls) > 1:
            raise KeyboardInterrupt
        return np.array([[np.flatnonzero(pool_y != label)[0]] for label in y])

    learner = HardNegativeMetricLearner(refresh_every=1, tol=0)
    if refit:
        learner.fit(X, y)
    before = {k: v for k, v in vars(learner).items() if k.endswith("_")}
    learner.set_params(negative_miner=miner)
    with pytest.raises(KeyboardInterrupt):
        learner.fit(X[:, ::-1] if not refit else X[:, [0, 1, 2]] * 2, y)
    assert len(calls) == 2
    assert {k: v for k, v in vars(learner).items() if k.endswith("_")} == before


class Wild(BaseMiner):
    def __init__(self, row=10**6):
        self.row = row

    def select(self, candidates):
        return candidates.by_anchor(np.full((len(candidates), 1), self.row))


@pytest.mark.parametrize("row", [10**6, 12, 0])
@pytest.mark.parametrize("pool", ["dataset", "batch"])
def test_a_miner_that_gives_rows_it_may_not_is_refused(row, pool):
    with pytest.raises(ValueError, match=r"Wild\(.*negative"):
        HardNegativeMetricLearner(negative_miner=Wild(row), pool=pool).fit(X, y)
    with pytest.raises(ValueError, match=r"Wild\(.*negative"):
        Wild(row).mine(X, y)


@pytest.mark.parametrize("unlabelled", ["-1", [1]])
def test_a_value_for_unlabelled_that_no_label_can_have(unlabelled):
    with pytest.raises((TypeError, ValueError), match="unlabelled"):
        HardNegativeMetricLearner(unlabelled=unlabelled).fit(X, y)


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_a_loss_that_is_not_finite_is_named(solver):
    class NotANumber:
        def value_and_grad(self, d_pos, d_neg):
            return np.full(len(d_pos), np.nan), np.zeros_like(d_pos), np.zeros_like(d_neg)

    with pytest.raises(ValueError, match=r"The loss .*NotANumber.* not finite"):
        HardNegativeMetricLearner(loss=NotANumber(), solver=solver).fit(X, y)


def test_a_loss_with_an_unknown_metric_is_refused():
    class Typo(TripletLoss):
        metric = "euclidian"

    with pytest.raises(ValueError, match="'sqeuclidean', 'euclidean', 'cosine'"):
        HardNegativeMetricLearner(loss=Typo()).fit(X, y)


@pytest.mark.parametrize("factor", [1e-160, 1e160])
def test_features_whose_squares_leave_floating_point_are_refused(factor):
    with pytest.raises(ValueError, match="leave the range of floating point"):
        HardNegativeMetricLearner().fit(X * factor, y)


def test_rules_that_nothing_meets_give_the_start_and_one_warning():
    far = X + 1000.0 * y[:, None]
    learner = HardNegativeMetricLearner(negative_miner="violating", init="identity")
    with pytest.warns(MiningWarning, match="No tuple was mined") as caught:
        learner.fit(far, y)
    assert len(caught) == 1
    assert np.allclose(learner.components_ / learner.components_[0, 0], np.eye(3))


@pytest.mark.jit
def test_the_hardest_negatives_from_a_cold_start_collapse_and_the_remedies_help():
    digits, labels = load_digits(return_X_y=True)
    digits, labels = digits[:600] / 16, labels[:600]
    cold = HardNegativeMetricLearner(
        2, init="random", pool="batch", loss="triplet", positive_miner="hardest",
        negative_miner=HardestMiner(1), learning_rate=1.0, batch_size=128, random_state=0,
    )  # fmt: skip
    with pytest.warns(ConvergenceWarning, match="has collapsed.*semi_hard.*init='auto'"):
        cold.fit(digits, labels)
    cold.set_params(negative_miner="semi_hard").fit(digits, labels)  # warnings are errors
    HardNegativeMetricLearner().fit(digits, labels)


@pytest.mark.jit
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_the_defaults_do_not_collapse_where_labels_mean_nothing(solver):
    random = np.random.default_rng(0)
    noise, labels = random.normal(size=(300, 20)), random.integers(0, 5, 300)
    learner = HardNegativeMetricLearner(solver=solver).fit(noise, labels)  # warnings are errors
    assert learner.mining_curve_[-1]["spread"] > 0.1 * learner.mining_curve_[0]["spread"]


def test_a_collapse_is_told_with_its_remedy():
    def pull_together(d_pos, d_neg):
        return d_neg.sum(axis=1), np.zeros_like(d_pos), np.ones_like(d_neg)

    class Collapse:
        value_and_grad = staticmethod(pull_together)

    with pytest.warns(UserWarning, match="collapsed.*semi_hard"):
        HardNegativeMetricLearner(loss=Collapse(), alpha=0, refresh_every=10).fit(X, y)


def test_a_loss_whose_derivatives_point_the_wrong_way_is_told():
    class Backwards(NCALoss):
        def value_and_grad(self, d_pos, d_neg):
            values, g_pos, g_neg = super().value_and_grad(d_pos, d_neg)
            return values, -g_pos, -g_neg

    with pytest.warns(ConvergenceWarning, match="compare its derivatives with differences"):
        HardNegativeMetricLearner(loss=Backwards()).fit(X, y)


@pytest.mark.parametrize("wrong", [lambda d: d.sum(), lambda d: (d, d, d), lambda d: (d[:, 0], d)])
def test_a_loss_of_the_wrong_shape_is_named(wrong):
    class Wrong:
        def value_and_grad(self, d_pos, d_neg):
            return wrong(d_pos)

    with pytest.raises(ValueError, match=r"value_and_grad of the loss .*Wrong.* must return"):
        HardNegativeMetricLearner(loss=Wrong()).fit(X, y)


def test_parameters_are_never_changed_by_fit():
    miner, loss, pool = SemiHardMiner(margin=0.5), TripletLoss(), BatchPool(4)
    learner = HardNegativeMetricLearner(
        negative_miner=miner, loss=loss, pool=pool, init="pca", n_components=2, random_state=0
    )
    before = repr(learner.get_params())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        learner.fit(X, y)
    assert repr(learner.get_params()) == before
    assert learner.negative_miner is miner
    assert learner.negative_miner_ is not miner
    assert vars(miner) == vars(SemiHardMiner(margin=0.5))
    assert vars(pool) == vars(BatchPool(4))
