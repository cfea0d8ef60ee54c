"""Which pairs a verification compares: those that are given, all, or a sample."""

import tracemalloc

import numpy as np
import pytest

from skhnm.metrics import verification_report
from skhnm.metrics._pairs import draw_cross_pairs, draw_pairs
from tests import cases, naive_metrics

Z, Y = cases.uneven()
FAR = (0.0, 0.001, 0.1, 0.35, 1.0)


# Pairs that are given.


def test_given_pairs_are_judged_as_they_are():
    random = np.random.default_rng(0)
    pairs = random.integers(0, 25, size=(200, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    found = verification_report(Z, Y, pairs=pairs, far=FAR)
    assert found == pytest.approx(naive_metrics.verification_of_rows(Z, Y, pairs.tolist(), FAR))
    assert verification_report(Z, Y, pairs=pairs.tolist(), far=FAR) == found
    assert verification_report(Z, Y, pairs=pairs[:, ::-1], far=FAR) == found


def test_given_pairs_with_an_unlabelled_row_are_left_out():
    pairs = np.array(naive_metrics.pairs_of(Y))
    labelled = (Y[pairs] != 0).all(axis=1)
    found = verification_report(Z, Y, pairs=pairs, unlabelled=0)
    assert found == verification_report(Z, Y, pairs=pairs[labelled])
    assert found == pytest.approx(verification_report(Z, Y, unlabelled=0))


def test_pairs_may_come_with_what_they_are_in_place_of_labels():
    pairs = np.array(naive_metrics.pairs_of(Y))
    expected = verification_report(Z, Y, pairs=pairs)
    kinds = np.where(Y[pairs[:, 0]] == Y[pairs[:, 1]], 1, -1)
    for pair_y in (kinds, kinds.astype(float), kinds.tolist()):
        assert verification_report(Z, pairs=pairs, pair_y=pair_y) == expected


def test_they_may_be_of_two_sets():
    reference, pairs = Z[::-1] + 0.1, np.stack([np.arange(20), np.arange(20) % 7], axis=1)
    pair_y = np.where(np.arange(20) % 3 == 0, 1, -1)
    found = verification_report(Z, reference=reference, pairs=pairs, pair_y=pair_y, far=FAR)
    d = np.linalg.norm(Z[pairs[:, 0]] - reference[pairs[:, 1]], axis=1).tolist()
    assert found == pytest.approx(naive_metrics.verification(d, pair_y == 1, FAR))


# Probes and who is enrolled.


def test_two_sets_are_compared_in_every_pair():
    reference, reference_y = Z[5:] + 0.2, np.where(np.arange(20) % 4 == 0, -1, Y[5:])
    found = verification_report(
        Z, Y, reference=reference, reference_y=reference_y, unlabelled=-1, far=FAR
    )
    pairs = naive_metrics.cross_pairs_of(Y, reference_y)
    d = [float(np.linalg.norm(Z[i] - reference[j])) for i, j in pairs]
    same = [bool(Y[i] == reference_y[j]) for i, j in pairs]
    expected = naive_metrics.verification(d, same, FAR)
    assert found == pytest.approx(expected)
    given = {"reference": reference, "reference_y": reference_y, "pairs": pairs, "far": FAR}
    assert verification_report(Z, Y, unlabelled=-1, **given) == pytest.approx(expected)


def test_a_row_of_one_set_may_be_compared_with_the_same_number_of_the_other():
    given = {"reference": Z[::-1], "reference_y": Y[::-1], "pairs": [[4, 4], [0, 0], [12, 12]]}
    report = verification_report(Z, Y, **given)
    assert report["n_same"] + report["n_different"] == 3


def test_two_sets_by_cosine():
    reference = {"reference": [[2.0, 0.0], [0.0, 3.0]], "reference_y": [0, 1]}
    report = verification_report([[1.0, 0.1], [0.0, 0.0]], [0, 1], metric="cosine", **reference)
    assert (report["n_same"], report["n_different"]) == (2, 2)
    assert report["best_accuracy"] == 0.75  # the zero row is as far from both


# All, or a sample.


def as_set(pairs):
    return {frozenset(pair) for pair in pairs.tolist()}


@pytest.mark.parametrize(
    "case", ["uneven", "some unlabelled", "one class", "singletons", "no rows"]
)
def test_few_rows_are_compared_in_every_pair_once(case):
    _, y = cases.CASES[case]
    pairs = draw_pairs(y, 300, np.random.default_rng(0))
    assert len(pairs) == len(as_set(pairs))
    assert as_set(pairs) == {frozenset(pair) for pair in naive_metrics.pairs_of(y)}


def test_of_many_rows_as_many_pairs_of_each_kind_are_drawn_without_repetition():
    y = np.random.default_rng(0).permutation(np.repeat([-1, 0, 1, 2], [5, 30, 20, 10]))
    pairs = draw_pairs(y, 200, np.random.default_rng(0))
    same = y[pairs[:, 0]] == y[pairs[:, 1]]
    assert len(as_set(pairs)) == 200
    assert same.sum() == 100
    assert (y[pairs] >= 0).all()
    assert (pairs[:, 0] != pairs[:, 1]).all()


def test_few_rows_of_two_sets_are_compared_in_every_pair_once():
    y, pool_y = np.array([2, -1, 0, 1, 1, 7]), np.array([1, 0, -1, 1, 3, 2, 0])
    pairs = draw_cross_pairs(y, pool_y, 30, np.random.default_rng(0))
    assert len(pairs) == 30
    assert set(map(tuple, pairs.tolist())) == set(naive_metrics.cross_pairs_of(y, pool_y))
    nobody = draw_cross_pairs(y, np.full(4, -1), 30, np.random.default_rng(0))
    assert nobody.shape == (0, 2)


def test_of_many_rows_of_two_sets_each_pair_of_a_kind_is_as_likely():
    y, pool_y = np.array([0, 1, -1, 0, 2]), np.array([0, 2, 0, 1, -1, 1, 0, 5])
    counts = np.zeros((5, 8))
    random = np.random.default_rng(0)
    for _ in range(4000):
        pairs = draw_cross_pairs(y, pool_y, 10, random)
        assert len(set(map(tuple, pairs.tolist()))) == 10
        counts[pairs[:, 0], pairs[:, 1]] += 1
    labelled = (y[:, None] >= 0) & (pool_y >= 0)
    same = labelled & (y[:, None] == pool_y)
    assert counts[~labelled].sum() == 0
    for kind in (same, labelled & ~same):
        expected = 4000 * 5 / kind.sum()
        assert np.abs(counts[kind] - expected).max() < 5 * np.sqrt(expected)


def test_all_of_a_kind_are_taken_where_there_are_fewer():
    report = verification_report(np.arange(100.0)[:, None], np.arange(100) // 2, max_pairs=1000)
    assert (report["n_same"], report["n_different"]) == (50, 500)


def test_every_pair_is_as_likely_as_any_other_of_its_kind():
    y = np.repeat([0, 1, 2], [6, 3, 2])
    counts = np.zeros((11, 11))
    random = np.random.default_rng(0)
    for _ in range(4000):
        pairs = draw_pairs(y, 10, random)
        counts[pairs.min(axis=1), pairs.max(axis=1)] += 1
    upper = np.triu(np.ones((11, 11), dtype=bool), 1)
    same = upper & (y[:, None] == y)
    for kind in (same, upper & ~same):
        expected = 4000 * 5 / kind.sum()
        assert counts[~upper].sum() == 0
        assert np.abs(counts[kind] - expected).max() < 5 * np.sqrt(expected)


def test_the_sample_follows_the_seed():
    first = verification_report(Z, Y, max_pairs=60, random_state=1)
    assert first == verification_report(Z, Y, max_pairs=60, random_state=1)
    assert first != verification_report(Z, Y, max_pairs=60, random_state=2)
    whole = verification_report(Z, Y, max_pairs=300, random_state=1)
    assert whole == verification_report(Z, Y, random_state=2)


def test_memory_grows_with_the_pairs_and_not_with_the_square_of_the_rows():
    n = 40_000  # n² bytes would be 1.6 GB
    Z = np.random.default_rng(0).normal(size=(n, 2))
    tracemalloc.start()
    report = verification_report(Z, np.arange(n) % 100, max_pairs=20_000, random_state=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6
    assert report["n_same"] == report["n_different"] == 10_000
    assert report["roc_auc"] == pytest.approx(0.5, abs=0.02)


def test_memory_grows_with_the_pairs_of_two_sets_and_not_with_all():
    n = 40_000  # n² bytes would be 1.6 GB
    Z = np.random.default_rng(0).normal(size=(n, 2))
    enrolled = {"reference": Z[::-1].copy(), "reference_y": np.arange(n) % 100}
    tracemalloc.start()
    report = verification_report(Z, np.arange(n) % 100, max_pairs=20_000, **enrolled)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6
    assert report["n_same"] == report["n_different"] == 10_000
