"""From neighbours to chances: the fast sums against loops, and the folds that judge them."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skhnm.estimators._data import TrainingData
from skhnm.estimators.classifier._folds import deal, thin, weighted
from skhnm.estimators.classifier._voting import Judgement, Neighbors, Vote

RATES = np.array([0.5, 0.3, 0.2])
VOTES = [Vote(k, s, e) for s, k, e in product((0.0, 0.5, 4.0), (1, 3, 9), (0.0, 0.3))]


def some_neighbors(n=6, k=5):
    random = np.random.default_rng(0)
    rows = random.integers(100, size=(n, k))
    rows[0, 3:] = -1  # fewer were found
    distances = np.sort(random.gamma(1.0, size=(n, k)), axis=1)
    weights = random.uniform(0.5, 2.0, size=(n, k))
    nobody = rows < 0
    return Neighbors(
        rows, np.where(nobody, 0, rows % 3), np.where(nobody, np.nan, distances),
        np.where(nobody, 0.0, weights),
    )  # fmt: skip


def naive_chances(found, vote):
    P = np.zeros((len(found.rows), len(RATES)))
    for i in range(len(P)):
        total = vote.smoothing
        for j in range(min(vote.n_neighbors, found.rows.shape[1])):
            if found.rows[i, j] >= 0:
                farther = found.distances[i, j] - found.distances[i, 0]
                count = found.weights[i, j] * np.exp(-vote.scale * farther)
                P[i, found.codes[i, j]] += count
                total += count
        P[i] = (P[i] + vote.smoothing * RATES) / total
    return P


@pytest.mark.parametrize("vote", VOTES, ids=str)
def test_chances_are_shares_of_the_vote(vote):
    found = some_neighbors()
    P = found.probabilities(vote, RATES)
    assert_allclose(P, naive_chances(found, vote), rtol=1e-12)
    assert_allclose(P.sum(axis=1), 1.0)
    votes, of_base_rates = found.votes(vote)
    assert_allclose(votes.sum(axis=1) + of_base_rates, 1.0)


def test_many_votes_are_counted_together():
    found = some_neighbors()
    together = dict(found.every(VOTES, RATES))
    assert set(together) == set(VOTES)
    for vote, P in together.items():
        assert_allclose(P, naive_chances(found, vote), rtol=1e-12)


def test_where_nobody_is_found_the_base_rates_decide():
    none = np.full((2, 3), -1)
    found = Neighbors(none, np.zeros_like(none), np.full((2, 3), np.nan), np.zeros((2, 3)))
    for vote in (Vote(3, 1.0, 0.0), Vote(3, 1.0, 0.5)):
        assert_allclose(found.probabilities(vote, RATES), [RATES, RATES])


def test_a_judgement_is_the_mean_of_known_scores():
    P, codes, weights = np.array([[0.7, 0.3], [0.4, 0.6]]), np.array([0, 0]), np.array([1.0, 3.0])
    judged = Judgement.of(P, codes, weights)
    assert judged.brier == pytest.approx((1 * (0.09 + 0.09) + 3 * (0.36 + 0.36)) / 4)
    assert judged.log_loss == pytest.approx(-(np.log(0.7) + 3 * np.log(0.4)) / 4)
    assert judged.accuracy == 0.25


def test_every_fold_has_its_part_of_each_class():
    codes = np.repeat([0, 1], [10, 4])
    dealt = deal(np.ones(14), codes, 3)
    assert_array_equal(dealt.sum(axis=0), 1.0)
    for fold in dealt:
        assert_allclose(np.bincount(codes, weights=fold), [10 / 3, 4 / 3], atol=1)


def test_a_row_that_was_given_several_times_is_dealt_as_often():
    weights = np.array([1.0, 4.0, 1.0, 1.0, 1.0])
    dealt = deal(weights, np.zeros(5, dtype=int), 3)
    assert_allclose(dealt.sum(axis=0), weights)
    assert sorted(dealt[:, 1]) == [1, 1, 2]
    assert (np.count_nonzero(dealt[:, [0, 2, 3, 4]], axis=0) == 1).all()


@pytest.mark.parametrize("spread", [0.5, 3.0])
@pytest.mark.parametrize("of_class", [(1.0, 1.0), (1.0, 17.3)])
def test_a_row_that_matters_more_is_in_one_fold_all_the_same(spread, of_class):
    codes = np.repeat([0, 1], 50)
    matters = np.exp(spread * np.random.default_rng(0).standard_normal(100))
    dealt = deal(matters * np.array(of_class)[codes], codes, 3)
    assert (np.count_nonzero(dealt, axis=0) == 1).all()


def test_a_class_that_counts_more_is_dealt_like_the_other():
    codes = np.repeat([0, 1], [30, 6])
    dealt = deal(np.where(codes == 1, 4.7, 1.0), codes, 3)
    assert (np.count_nonzero(dealt, axis=0) == 1).all()


@pytest.mark.parametrize("unit", [1e-3, 1e6])
def test_dealing_knows_no_unit_of_weight(unit):
    weights = 1.0 + np.arange(20) % 3
    codes = np.zeros(20, dtype=int)
    assert_allclose(deal(unit * weights, codes, 3), unit * deal(weights, codes, 3))


def a_table(counts):
    codes = np.repeat(np.arange(len(counts)), counts)
    return TrainingData(np.arange(len(codes))[:, None], codes, 1.0 + codes)


def test_thinning_keeps_rare_classes_and_spreads_over_the_others():
    data = a_table([1000, 40, 0, 3])
    part = thin(data, 100, fewest=20)
    kept = np.bincount(part.codes)
    assert_array_equal(kept[1:], [21, 0, 3])
    assert 90 < len(part) <= 100
    assert part.X[: kept[0]].max() > 950
    assert thin(data, 2000) is data


def test_the_rows_left_have_the_weight_of_all():
    data = a_table([1000, 40, 0, 3])
    part = thin(data, 100, fewest=20)
    expected = np.bincount(data.codes, weights=data.weights)
    assert_allclose(np.bincount(part.codes, weights=part.weights), expected)


@pytest.mark.parametrize("n_classes", [1, 30, 400])
def test_no_number_of_classes_leaves_more_rows_than_were_asked_for(n_classes):
    part = thin(a_table([7 + c % 5 for c in range(n_classes)] + [500]), 300, fewest=20)
    assert len(part) <= 300


def test_held_out_rows_are_taken_with_their_weights():
    data = TrainingData(np.eye(3), np.array([0, 0, 1]), np.ones(3))
    part = weighted(data, np.array([0.0, 2.0, 0.5]))
    assert_array_equal(part.X, np.eye(3)[1:])
    assert_array_equal(part.weights, [2.0, 0.5])
