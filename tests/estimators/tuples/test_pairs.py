"""Pairs: the threshold, pairs of one kind only, and what cannot be meant."""

import warnings

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, fbeta_score, roc_auc_score

from skhnm import HardNegativeMetricLearner, PairMetricLearner
from skhnm.estimators.tuples._mined import (
    MinedNegatives,
    different_pairs,
    partners_of,
    share_a_partner,
)
from skhnm.exceptions import MiningWarning
from skhnm.losses._known import LOSSES
from skhnm.miners import FilteredMiner, HardestMiner
from tests.estimators.tuples.conftest import draw, rows

X, labels = rows()
pairs, y = draw(PairMetricLearner)


@pytest.fixture(scope="module")
def fitted():
    return PairMetricLearner(preprocessor=X).fit(pairs, y)


def rates(d, y, threshold):
    accepted = d <= threshold
    return accepted[y > 0].mean(), (~accepted)[y < 0].mean()


def value(d, y, threshold, strategy, min_rate, beta):
    predicted = np.where(d <= threshold, 1, -1)
    tpr, tnr = rates(d, y, threshold)
    if strategy == "accuracy":
        return accuracy_score(y, predicted)
    if strategy == "f_beta":
        return fbeta_score(y, predicted, beta=beta, zero_division=0)
    kept, best = (tnr, tpr) if strategy == "max_tpr" else (tpr, tnr)
    return best if kept >= min_rate else -1.0


STRATEGIES = [
    ("accuracy", None, 1.0),
    ("f_beta", None, 1.0),
    ("f_beta", None, 0.3),
    *[(s, rate, 1.0) for s in ("max_tpr", "max_tnr") for rate in (0.0, 0.3, 0.95, 1.0)],
]


@pytest.mark.parametrize(("strategy", "min_rate", "beta"), STRATEGIES)
@pytest.mark.parametrize("case", ["random", "ties", "all alike near", "reversed", "zeros"])
def test_calibration_reaches_the_best_that_any_threshold_can(case, strategy, min_rate, beta):
    random = np.random.default_rng(0)
    kinds = np.where(random.random(40) < 0.4, 1, -1)
    kinds[:2] = [1, -1]
    points = {
        "random": random.random(40),
        "ties": random.integers(0, 4, 40).astype(float),
        "all alike near": np.where(kinds > 0, 1.0, 5.0),
        "reversed": np.where(kinds > 0, 5.0, 1.0),
        "zeros": np.zeros(40),
    }[case]
    learner = PairMetricLearner().fit([[[0.0], [1.0]], [[0.0], [2.0]]], [1, -1])
    learner.components_ = [[1.0]]
    given = np.stack([np.zeros(40), points], axis=1)[:, :, None]
    learner.calibrate_threshold(given, kinds, strategy, min_rate=min_rate, beta=beta)
    every = [-1.0, *np.unique(points)]
    best = max(value(points, kinds, t, strategy, min_rate, beta) for t in every)
    reached = value(points, kinds, learner.threshold_, strategy, min_rate, beta)
    assert reached == pytest.approx(best, abs=1e-12)
    assert np.isfinite(learner.threshold_)
    tpr, _ = rates(points, kinds, learner.threshold_)
    assert tpr == (learner.predict(given)[kinds > 0] > 0).mean()


def test_threshold_is_between_the_distances_that_were_seen():
    learner = PairMetricLearner().fit([[[0.0], [1.0]], [[0.0], [2.0]]], [1, -1])
    learner.components_ = [[1.0]]
    learner.calibrate_threshold([[[0.0], [1.0]], [[0.0], [2.0]]], [1, -1])
    assert learner.threshold_ == 1.5


def test_more_are_accepted_as_the_threshold_rises(fitted):
    accepted = [(fitted.set_threshold(t).predict(pairs) > 0).sum() for t in np.linspace(-1, 9, 30)]
    assert accepted == sorted(accepted)
    assert accepted[0] == 0
    assert accepted[-1] == len(pairs)
    assert set(fitted.set_threshold(1).predict(pairs)) == {-1, 1}


def test_score_is_the_area_under_the_curve(fitted):
    assert fitted.score(pairs, y) == roc_auc_score(y, -fitted.pair_distance(pairs))


def test_fit_calibrates_as_it_is_told():
    learner = PairMetricLearner(preprocessor=X)
    told = learner.fit(pairs, y, calibration_params={"strategy": "max_tpr", "min_rate": 0.99})
    assert (told.predict(pairs)[y < 0] < 0).mean() >= 0.99
    strict = told.threshold_
    assert learner.fit(pairs, y).threshold_ > strict


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"strategy": "best"}, "strategy must be one of"),
        ({"strategy": "max_tpr"}, "needs min_rate"),
        ({"strategy": "max_tnr", "min_rate": 2}, "min_rate must be"),
        ({"strategy": "f_beta", "beta": 0}, "beta must be"),
        ({"rate": 0.5}, "calibration_params has 'rate'"),
    ],
)
def test_calibration_is_checked_before_anything_is_learned(given, message):
    learner = PairMetricLearner(preprocessor=X)
    with pytest.raises(ValueError, match=message):
        learner.fit(pairs, y, calibration_params=given)
    assert not hasattr(learner, "learner_")


@pytest.mark.parametrize("threshold", ["1", None, [1, 2], np.nan])
def test_threshold_must_be_a_number(fitted, threshold):
    with pytest.raises(ValueError, match="threshold must be a number"):
        fitted.set_threshold(threshold)


@pytest.mark.parametrize("kinds", [np.ones(600), -np.ones(600)])
@pytest.mark.parametrize("method", ["score", "calibrate_threshold"])
def test_judging_needs_both_kinds(fitted, method, kinds):
    with pytest.raises(ValueError, match="needs pairs of both kinds"):
        getattr(fitted, method)(pairs, kinds)


# All alike, and all different.


def test_negatives_are_mined_where_all_are_alike():
    alike = pairs[y > 0]
    with pytest.warns(MiningWarning, match="negatives are mined"):
        learned = PairMetricLearner(preprocessor=X).fit(alike, np.ones(len(alike)))
    M = learned.get_mahalanobis_matrix()
    assert M[0, 0] > 5 * M[3, 3]
    assert learned.score(pairs, y) > 0.6
    assert 0 < (learned.predict(pairs) > 0).mean() < 1


def test_any_miner_finds_these_negatives():
    alike = pairs[y > 0][:80]
    found = []
    for miner in ("random", "semi_hard", FilteredMiner("hardest", relative_margin=0.05)):
        learner = PairMetricLearner(preprocessor=X, negative_miner=miner, random_state=0)
        with pytest.warns(MiningWarning, match="negatives are mined"):
            learner.fit(alike, np.ones(80))
        found.append(learner.components_)
    assert not np.array_equal(found[0], found[1])
    assert not np.array_equal(found[1], found[2])


def test_no_negative_is_alike_at_one_step_or_two():
    chain = np.array([[0, 1], [1, 2], [2, 3], [5, 6]])
    expected = {(0, 1), (1, 2), (2, 3), (5, 6), (0, 2), (1, 3)}
    partners = partners_of(chain, 8)
    a, b = np.triu_indices(8, 1)
    known = share_a_partner(partners, a, b) | (partners[a, b] > 0)
    assert set(zip(a[known].tolist(), b[known].tolist(), strict=True)) == expected
    others = different_pairs(chain, partners, np.random.default_rng(0))
    assert len(others) == 4
    assert not {tuple(sorted(pair)) for pair in others.tolist()} & expected
    assert (others[:, 0] != others[:, 1]).all()
    Z = np.random.default_rng(0).normal(size=(8, 2))
    mined = MinedNegatives(chain, None, 8, HardestMiner(10), False, np.random.default_rng(0), 1)(Z)
    found = {tuple(sorted(t)) for t in mined.triplets()[:, [0, 2]].tolist()}
    assert not found & expected
    assert {(0, 3), (0, 5)} <= found


def test_the_order_of_alike_pairs_does_not_matter():
    alike = pairs[y > 0]
    found = []
    for given in (alike, alike[::-1], alike[:, ::-1]):
        with pytest.warns(MiningWarning, match="negatives are mined"):
            learned = PairMetricLearner(preprocessor=X, random_state=0).fit(
                given, np.ones(len(alike))
            )
        found.append((learned.threshold_, learned.components_))
    for threshold, components in found[1:]:
        assert threshold == pytest.approx(found[0][0])
        assert np.allclose(components, found[0][1])


def test_a_row_in_many_pairs_costs_no_square():
    star = np.column_stack([np.zeros(3000, dtype=int), np.arange(1, 3001)])
    assert partners_of(star, 3001).nnz == 6000


@pytest.mark.parametrize("name", ["logistic", "contrastive", "multi_similarity"])
def test_a_loss_by_name_is_the_loss_itself(name):
    by_name, by_instance = (
        PairMetricLearner(HardNegativeMetricLearner(loss=loss), X).fit(pairs, y).components_
        for loss in (name, LOSSES.resolve(name))
    )
    assert np.array_equal(by_name, by_instance)


def test_miners_of_the_learner_are_not_used():
    learner = HardNegativeMetricLearner(negative_miner="adaptive")
    plain = PairMetricLearner(preprocessor=X).fit(pairs, y)
    assert np.array_equal(
        PairMetricLearner(learner, X).fit(pairs, y).components_, plain.components_
    )


def test_the_farthest_pair_is_accepted_alone_as_among_others(fitted):
    fitted.calibrate_threshold(pairs, y, strategy="max_tpr", min_rate=0.0)
    assert all(fitted.predict(pairs[i : i + 1])[0] == 1 for i in np.flatnonzero(y > 0))


def test_all_different_is_an_error():
    with pytest.raises(ValueError, match="no pair of two different rows with a weight is alike"):
        PairMetricLearner(preprocessor=X).fit(pairs, -np.ones(len(pairs)))


# What cannot be meant.


@pytest.mark.parametrize("kinds", [y > 0, (y > 0).astype(int), np.where(y > 0, "yes", "no"), y * 2])
def test_kinds_are_plus_and_minus_one(kinds):
    with pytest.raises(ValueError, match=r"y must be \+1 .* np.where\(alike, 1, -1\)"):
        PairMetricLearner(preprocessor=X).fit(pairs, kinds)


def test_each_pair_has_a_kind():
    with pytest.raises(ValueError, match="y has 599 entries, but there are 600 pairs"):
        PairMetricLearner(preprocessor=X).fit(pairs, y[1:])
    with pytest.raises(ValueError, match="y is needed"):
        PairMetricLearner(preprocessor=X).fit(pairs, None)


def test_a_row_with_itself_says_nothing():
    given = pairs.copy()
    given[3] = 5
    with pytest.raises(ValueError, match=r"pairs\[3\] is \[5, 5\], a row with itself; 1 of 600"):
        PairMetricLearner(preprocessor=X).fit(given, y)


def test_equal_rows_are_left_out_and_told():
    doubled = np.concatenate([X, X[:1]])
    given, kinds = np.append(pairs, [[0, 60]], axis=0), np.append(y, 1)
    with pytest.warns(UserWarning, match="Of 601 pairs, two equal rows make up 1"):
        learned = PairMetricLearner(preprocessor=doubled).fit(given, kinds)
    assert np.array_equal(
        learned.components_, PairMetricLearner(preprocessor=X).fit(pairs, y).components_
    )


def test_contradictions_are_told():
    given, kinds = np.append(pairs, pairs[:1, ::-1], axis=0), np.append(y, -y[0])
    with pytest.warns(
        UserWarning, match=r"Given both as alike and as different: 1 of 601 pairs, first pairs\[0\]"
    ):
        PairMetricLearner(preprocessor=X).fit(given, kinds)


@pytest.mark.parametrize("loss", ["triplet", "nca", "large_margin", "multi_similarity"])
def test_a_loss_that_compares_is_refused_or_judges_pairs(loss):
    learner = PairMetricLearner(HardNegativeMetricLearner(loss=loss), X)
    if loss == "multi_similarity":
        assert np.isfinite(learner.fit(pairs, y).threshold_)
        return
    with pytest.raises(ValueError, match="compares positives with negatives"):
        learner.fit(pairs, y)


@pytest.mark.parametrize("loss", ["contrastive", "margin", "logistic"])
def test_losses_of_single_pairs(loss):
    learner = PairMetricLearner(HardNegativeMetricLearner(loss=loss, alpha=0.03), X)
    assert learner.fit(pairs, y).score(pairs, y) > 0.8


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ({"pool": "proxies"}, "pool"),
        ({"class_weight": "balanced"}, "class_weight"),
        ({"early_stopping": True}, "early_stopping"),
        ({"warm_start": True}, "warm_start"),
    ],
)
def test_what_needs_labels_is_refused(setting, name):
    with pytest.raises(ValueError, match=f"{name}=.* needs labels of rows"):
        PairMetricLearner(HardNegativeMetricLearner(**setting), X).fit(pairs, y)


def test_one_class_of_everything_has_no_other_pair():
    """Everybody is known to be alike: there is no negative, and the pairs given are accepted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        learned = PairMetricLearner(preprocessor=X[:3]).fit([[0, 1], [1, 2]], [1, 1])
    assert (learned.predict([[0, 1], [1, 2]]) > 0).all()
