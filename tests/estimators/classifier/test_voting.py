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


def test_a_row_that_stands_for_several_is_dealt_as_so_many():
    weights = np.array([1.0, 4.0, 1.0, 1.0, 0.5])
    dealt = deal(weights, np.zeros(5, dtype=int), 3)
    assert_allclose(dealt.sum(axis=0), weights)
    assert sorted(dealt[:, 1]) == [1, 1, 2]
    assert (np.count_nonzero(dealt[:, [0, 2, 3, 4]], axis=0) == 1).all()


@pytest.mark.parametrize("unit", [1e-3, 1e6])
def test_dealing_knows_no_unit_of_weight(unit):
    weights = 1.0 + np.arange(20) % 3
    codes = np.zeros(20, dtype=int)
    assert_allclose(deal(unit * weights, codes, 3), unit * deal(weights, codes, 3))


def test_thinning_keeps_rare_classes_and_spreads_over_the_others():
    codes = np.repeat([0, 1, 3], [1000, 40, 3])
    rows = thin(codes, 100, fewest=20)
    assert_array_equal(np.bincount(codes[rows], minlength=4), [95, 20, 0, 3])
    assert rows[:95].max() > 980
    assert_array_equal(thin(codes, 2000), np.arange(len(codes)))


def test_held_out_rows_are_taken_with_their_weights():
    data = TrainingData(np.eye(3), np.array([0, 0, 1]), np.ones(3))
    part = weighted(data, np.array([0.0, 2.0, 0.5]))
    assert_array_equal(part.X, np.eye(3)[1:])
    assert_array_equal(part.weights, [2.0, 0.5])
