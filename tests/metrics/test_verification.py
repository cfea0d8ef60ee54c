"""How well a distance tells pairs of one class from pairs of two."""

import pickle
import tracemalloc

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import cosine_distances, paired_cosine_distances

from skhnm.metrics import VerificationReport, verification_report
from skhnm.metrics._verification import draw_pairs
from tests import cases, naive_metrics

Z, Y = cases.uneven()
NOTHING_TO_JUDGE = {"singletons", "one class", "none labelled", "one row", "no rows"}
FAR = (0.0, 0.001, 0.1, 0.35, 1.0)


@pytest.mark.parametrize("case", [name for name in cases.CASES if name not in NOTHING_TO_JUDGE])
def test_it_is_what_plain_loops_say(case):
    Z, y = cases.CASES[case]
    found = verification_report(Z, y, far=FAR, unlabelled=-1)
    expected = naive_metrics.verification(Z, y, naive_metrics.pairs_of(y), FAR)
    assert list(found) == list(expected)
    assert found == pytest.approx(expected, rel=1e-9)


def test_given_pairs_are_judged_as_they_are():
    random = np.random.default_rng(0)
    pairs = random.integers(0, 25, size=(200, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    found = verification_report(Z, Y, pairs=pairs, far=FAR)
    assert found == pytest.approx(naive_metrics.verification(Z, Y, pairs.tolist(), FAR))
    assert verification_report(Z, Y, pairs=pairs.tolist(), far=FAR) == found
    assert verification_report(Z, Y, pairs=pairs[:, ::-1], far=FAR) == found


def test_given_pairs_with_an_unlabelled_row_are_left_out():
    pairs = np.array(naive_metrics.pairs_of(Y))
    labelled = (Y[pairs] != 0).all(axis=1)
    found = verification_report(Z, Y, pairs=pairs, unlabelled=0)
    assert found == verification_report(Z, Y, pairs=pairs[labelled])
    assert found == pytest.approx(verification_report(Z, Y, unlabelled=0))


def test_the_area_is_scikit_learns(digits):
    X, y = digits
    pairs = np.array(naive_metrics.pairs_of(y))
    same = y[pairs[:, 0]] == y[pairs[:, 1]]
    distances = np.linalg.norm(X[pairs[:, 0]] - X[pairs[:, 1]], axis=1)
    report = verification_report(X, y)
    assert report["roc_auc"] == pytest.approx(roc_auc_score(same, -distances))
    by_cosine = paired_cosine_distances(X[pairs[:, 0]], X[pairs[:, 1]])
    report = verification_report(X, y, metric="cosine")
    assert report["roc_auc"] == pytest.approx(roc_auc_score(same, -by_cosine))


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_the_threshold_gives_the_accuracy_that_is_promised(digits, metric):
    X, y = digits
    report = verification_report(X, y, metric=metric)
    pairs = np.array(naive_metrics.pairs_of(y))
    same = y[pairs[:, 0]] == y[pairs[:, 1]]
    if metric == "euclidean":
        distances = np.linalg.norm(X[pairs[:, 0]] - X[pairs[:, 1]], axis=1)
    else:
        distances = cosine_distances(X)[*pairs.T]
    accepted = distances <= report["best_threshold"]
    accuracy = (accepted[same].mean() + (~accepted)[~same].mean()) / 2
    assert report["best_balanced_accuracy"] == pytest.approx(accuracy)


def test_a_perfect_embedding():
    report = verification_report([[0.0], [1.0], [10.0], [11.0]], [0, 0, 1, 1], far=[0.0])
    assert report == {
        "roc_auc": 1.0, "eer": 0.0, "tar_at_far_0": 1.0,
        "best_threshold": 5.0, "best_balanced_accuracy": 1.0, "n_same": 2, "n_different": 4,
    }  # fmt: skip


def test_an_embedding_that_is_always_wrong_still_has_a_threshold():
    report = verification_report([[0.0], [9.0], [0.0], [9.0]], [0, 0, 1, 1], pairs=[[0, 1], [0, 2]])
    assert report["roc_auc"] == 0.0
    assert report["eer"] == 1.0
    assert report["best_threshold"] == 9.0
    assert report["best_balanced_accuracy"] == 0.5


def test_identical_rows_tell_nothing():
    report = verification_report(np.ones((12, 2)), np.arange(12) % 3)
    assert report["roc_auc"] == report["eer"] == report["best_balanced_accuracy"] == 0.5


def test_far_from_the_origin_nothing_changes():
    grid, y = cases.on_a_grid()
    expected = verification_report(grid, y)
    assert verification_report(grid + 1e6, y) == expected
    assert verification_report((grid + 1e6).astype(np.float32), y) == expected


def test_labels_may_be_of_any_type():
    expected = verification_report(Z, Y)
    assert verification_report(Z, Y.astype(str)) == expected
    assert verification_report(Z, Y.astype(float)) == expected
    assert verification_report(Z, np.where(Y == 0, -1, Y)) == pytest.approx(expected)


def test_by_cosine_a_zero_row_is_similar_to_none_but_zero_rows():
    Z = np.array([[0.0, 0.0], [0.0, 0.0], [3.0, 0.0], [4.0, 0.0]])
    report = verification_report(Z, [0, 0, 1, 1], metric="cosine")
    assert report["best_threshold"] == pytest.approx(0.5)  # between 0 and 1
    assert report["roc_auc"] == 1.0


# Which pairs.


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


# What it is, and what it refuses.


def test_it_prints_as_a_table_and_is_a_dict_of_plain_numbers():
    report = verification_report(Z * 1e-6, Y, far=(1e-5, 0.01))
    lines = str(report).split("\n")
    assert len({len(line) for line in lines}) == 1
    assert "tar_at_far_1e-05" in report
    assert "e-06" in lines[list(report).index("best_threshold")]  # not 0.0000
    assert {type(value) for value in report.values()} == {float, int}
    again = pickle.loads(pickle.dumps(report))
    assert type(again) is VerificationReport
    assert again == report


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"Z": Z[:4]}, ValueError, "inconsistent numbers of samples"),
        ({"Z": Z * np.nan}, ValueError, "Input Z contains NaN"),
        ({"y": None}, ValueError, "y is None"),
        ({"metric": "manhattan"}, ValueError, "metric must be one of 'euclidean', 'cosine'"),
        ({"max_pairs": 1}, ValueError, "max_pairs must be an integer >= 2"),
        ({"random_state": "seed"}, ValueError, "random_state must be"),
        ({"far": 0.1}, TypeError, "far must be several rates"),
        ({"far": [0.1, 2]}, ValueError, "each of far must be a number >= 0 and <= 1, got 2"),
        ({"pairs": [[0, 1, 2]]}, ValueError, r"pairs must have shape \(t, 2\), got \(1, 3\)"),
        ({"pairs": [0, 1]}, ValueError, r"pairs must have shape \(2, k\), got \(2,\)"),
        ({"pairs": 3}, ValueError, "pairs must have shape"),
        ({"pairs": [[0, 1], [2]]}, ValueError, "pairs must have shape"),
        ({"pairs": [[0.0, 1.0]]}, ValueError, "pairs must hold integer row indices"),
        (
            {"pairs": [[0, 1], [2, 25]]}, ValueError,
            r"pairs\[1\] is \[2, 25\], which is no row of the 25 of Z",
        ),
        ({"pairs": [[0, -1]]}, ValueError, r"pairs\[0\] is \[0, -1\], which is no row"),
        ({"pairs": [[0, 1], [4, 4]]}, ValueError, r"pairs\[1\] is \[4, 4\], a row with itself"),
        # Nothing to tell apart.
        ({"Z": Z[:0], "y": Y[:0]}, ValueError, "no pairs of labelled rows"),
        ({"Z": Z[:1], "y": Y[:1]}, ValueError, "no pairs of labelled rows"),
        ({"y": np.full(25, -1), "unlabelled": -1}, ValueError, "no pairs of labelled rows"),
        ({"y": np.zeros(25)}, ValueError, "no pairs of different classes.*two classes"),
        ({"y": np.arange(25)}, ValueError, "no pairs of one class.*two rows"),
        (
            {"y": np.arange(25) // 13, "pairs": [[0, 1], [2, 3]]}, ValueError,
            "no pairs of different classes.*pass pairs of both kinds",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        verification_report(**{"Z": Z, "y": Y, **arguments})
