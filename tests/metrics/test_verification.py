"""How well a distance tells pairs of one class from pairs of two."""

import pickle

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import cosine_distances, paired_cosine_distances

from skhnm.metrics import VerificationReport, verification_report
from tests import cases, naive_metrics

Z, Y = cases.uneven()
NOTHING_TO_JUDGE = {"singletons", "one class", "none labelled", "one row", "no rows"}
FAR = (0.0, 0.001, 0.1, 0.35, 1.0)
GIVEN = {"y": None, "pairs": [[0, 1], [0, 2]], "pair_y": [1, -1]}


@pytest.mark.parametrize("case", [name for name in cases.CASES if name not in NOTHING_TO_JUDGE])
def test_it_is_what_plain_loops_say(case):
    Z, y = cases.CASES[case]
    found = verification_report(Z, y, far=FAR, unlabelled=-1)
    expected = naive_metrics.verification_of_rows(Z, y, naive_metrics.pairs_of(y), FAR)
    assert list(found) == list(expected)
    assert found == pytest.approx(expected, rel=1e-9)


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
        "roc_auc": 1.0, "eer": 0.0, "eer_threshold": 5.0,
        "tar_at_far_0": 1.0, "threshold_at_far_0": 5.0,
        "best_f1": 1.0, "best_f1_threshold": 5.0, "best_accuracy": 1.0,
        "best_accuracy_threshold": 5.0, "best_threshold": 5.0, "best_balanced_accuracy": 1.0,
        "n_same": 2, "n_different": 4,
    }  # fmt: skip


def test_an_embedding_that_is_always_wrong_still_has_a_threshold():
    report = verification_report([[0.0], [9.0], [0.0], [9.0]], [0, 0, 1, 1], pairs=[[0, 1], [0, 2]])
    assert report["roc_auc"] == 0.0
    assert report["eer"] == 1.0
    assert report["best_threshold"] == pytest.approx(9.0, rel=1e-5)
    assert report["best_balanced_accuracy"] == 0.5


def test_identical_rows_tell_nothing():
    report = verification_report(np.ones((12, 2)), np.arange(12) % 3)
    assert report["roc_auc"] == report["eer"] == report["best_balanced_accuracy"] == 0.5


# Thresholds.


def figures_beside(report):
    """The name of the figure that each threshold attains, and what the report says of it."""
    yield "balanced_accuracy", report["best_threshold"], report["best_balanced_accuracy"]
    for name in ("f1", "accuracy"):
        yield name, report[f"best_{name}_threshold"], report[f"best_{name}"]
    for key in report:
        if key.startswith("tar_at_far"):
            yield "tar", report[key.replace("tar", "threshold", 1)], report[key]


@pytest.mark.parametrize("seed", range(20))
def test_each_threshold_attains_the_figure_beside_it(seed):
    """Of few distances, so that many tie, zero among them; with more pairs of one kind."""
    random = np.random.default_rng(seed)
    Z = random.integers(seed % 2, 5, size=(40, 1)) * 1.0
    pairs = np.stack([random.permutation(40)[:2] for _ in range(60)])
    pair_y = np.where(random.random(60) < (0.1, 0.5, 0.9)[seed % 3], 1, -1)
    pair_y[:2] = 1, -1
    report = verification_report(Z, pairs=pairs, pair_y=pair_y, far=FAR)
    d = np.abs(Z[pairs[:, 0], 0] - Z[pairs[:, 1], 0]).tolist()
    for name, threshold, figure in figures_beside(report):
        assert np.isfinite(threshold)
        assert naive_metrics.figures_at(d, pair_y == 1, threshold)[name] == figure
    for rate in FAR:
        at = naive_metrics.figures_at(d, pair_y == 1, report[f"threshold_at_far_{rate:g}"])
        assert at["far"] <= rate
    assert report == pytest.approx(naive_metrics.verification(d, pair_y == 1, FAR))


def test_distances_next_to_each_other_are_told_apart_all_the_same():
    """Halfway between two numbers that have none between them would be one of them."""
    one = np.nextafter(1.0, 2.0)
    for near, far in ((1.0, one), (one, np.nextafter(one, 2.0))):
        Z = [[0.0], [near], [far]]
        report = verification_report(Z, pairs=[[0, 1], [0, 2]], pair_y=[1, -1])
        assert report["best_accuracy"] == 1.0
        assert near <= report["best_accuracy_threshold"] < far


def test_a_threshold_that_accepts_nobody_is_below_every_distance():
    """Pairs of one class are the farthest, so that every accept is false."""
    given = {"pairs": [[0, 1], [0, 2]], "pair_y": [-1, 1], "far": [0.5]}
    report = verification_report([[0.0], [1.0], [2.0]], **given)
    assert (report["tar_at_far_0.5"], report["threshold_at_far_0.5"]) == (0.0, 0.5)
    report = verification_report([[0.0], [0.0], [2.0]], **given)
    assert (report["tar_at_far_0.5"], report["threshold_at_far_0.5"]) == (0.0, -1.0)
    assert (report["best_accuracy"], report["best_accuracy_threshold"]) == (0.5, -1.0)


def test_the_threshold_of_equal_errors_is_where_they_are_nearest_each_other():
    Z = [[0.0], [1.0], [2.0], [3.0], [4.0]]
    pairs, pair_y = [[0, 1], [0, 2], [0, 3], [0, 4]], [1, -1, 1, -1]
    report = verification_report(Z, pairs=pairs, pair_y=pair_y)
    assert (report["eer"], report["eer_threshold"]) == (0.5, 2.5)


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
        # Pairs with what they are.
        ({"y": None, "pairs": [[0, 1]]}, ValueError, "y is None, and so is pair_y"),
        ({"pairs": [[0, 1]], "pair_y": [1]}, ValueError, "pair_y and labels of rows both say"),
        ({"y": None, "pair_y": [1]}, ValueError, "pair_y is given without pairs"),
        ({**GIVEN, "reference_y": Y}, ValueError, "pair_y and labels of rows both say"),
        ({**GIVEN, "unlabelled": -1}, ValueError, "unlabelled names a label, but pair_y is"),
        ({**GIVEN, "pair_y": [1, 0]}, ValueError, r"pair_y must be \+1 for .* -1 .*, got 0"),
        ({**GIVEN, "pair_y": [True, False]}, ValueError, r"pair_y must be \+1 .*, got False"),
        ({**GIVEN, "pair_y": ["1", "-1"]}, ValueError, r"pair_y must be \+1 .*, got '-1'"),
        ({**GIVEN, "pair_y": [1, None]}, ValueError, "pair_y contains missing"),
        ({**GIVEN, "pair_y": [1, 1]}, ValueError, "no pairs of different classes.*both kinds"),
        ({**GIVEN, "pair_y": [-1, -1]}, ValueError, "no pairs of one class.*both kinds"),
        ({**GIVEN, "pair_y": [1]}, ValueError, "pair_y has 1 entries, but there are 2 pairs"),
        ({**GIVEN, "pairs": [[0, 1], [25, 2]]}, ValueError, r"pairs\[1\] is \[25, 2\], which is"),
        # Two sets.
        ({"reference": Z}, ValueError, "reference and reference_y go together"),
        ({"reference": Z[:, :2], "reference_y": Y}, ValueError, "reference has 2 columns, but Z"),
        (
            {"reference": Z[:7], "reference_y": Y[:7], "pairs": [[20, 2], [2, 20]]}, ValueError,
            r"pairs\[1\] is \[2, 20\], which is no row of the 25 of Z, and one of the 7 of the ref",
        ),
        (
            {"reference": Z, "reference_y": Y + 9}, ValueError,
            "no pairs of one class.*y and reference_y need two classes, and one in common",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        verification_report(**{"Z": Z, "y": Y, **arguments})
