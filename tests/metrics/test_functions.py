"""The measures of retrieval: what they are, what they are equal to, and what they refuse."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score
from sklearn.metrics.pairwise import cosine_distances, euclidean_distances
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from skhnm.metrics import (
    map_at_r,
    mean_reciprocal_rank,
    precision_at_k,
    r_precision,
    recall_at_k,
    relevant_recall_at_k,
    retrieval_report,
)
from tests import cases, naive, naive_metrics

AT_K = [recall_at_k, relevant_recall_at_k, precision_at_k]
FUNCTIONS = [*AT_K, r_precision, map_at_r, mean_reciprocal_rank]
WITH_PLACES = [*AT_K, map_at_r, mean_reciprocal_rank]
TRIALS = [(f, {}) for f in FUNCTIONS] + [(f, {"k": k}) for f in WITH_PLACES for k in (1, 3, 100)]
NOTHING_TO_JUDGE = {"singletons", "one class", "none labelled", "one row", "no rows"}

every_function = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
every_trial = pytest.mark.parametrize(
    ("function", "arguments"), TRIALS, ids=[f"{f.__name__}-{a.get('k')}" for f, a in TRIALS]
)

Z, Y = cases.uneven()
NONE = np.full(25, -1)  # no query stands in the reference


def judged_by_loops(function, arguments, *data):
    return getattr(naive_metrics, function.__name__)(naive_metrics.rankings(*data), **arguments)


# What they are.


@every_trial
@pytest.mark.parametrize("case", [name for name in cases.CASES if name not in NOTHING_TO_JUDGE])
@pytest.mark.parametrize("make", [cases.with_batch, cases.with_pool])
def test_it_is_what_plain_loops_say(function, arguments, case, make):
    Z, y, pool, pool_y, own = make(*cases.CASES[case])
    reference = {} if pool is Z else {"reference": pool, "reference_y": pool_y, "own": own}
    found = function(Z, y, **reference, unlabelled=-1, **arguments)
    expected = judged_by_loops(function, arguments, Z, y, pool, pool_y, own)
    assert found == pytest.approx(expected, abs=1e-12)
    assert type(found) is float


@every_trial
def test_far_from_the_origin_nothing_changes(function, arguments):
    grid, y = cases.on_a_grid()
    assert function(grid + 1e6, y, **arguments) == function(grid, y, **arguments)
    far = (grid + 1e6).astype(np.float32)
    assert function(far, y, **arguments) == function(grid, y, **arguments)


def test_by_hand():
    line, y = np.array([[0.0], [1.0], [3.0], [7.0], [15.0]]), ["a", "b", "a", "a", "b"]
    # Matches of the rows of a and b in turn: 01 1 0, 001 0, 01 1 0 (3: 1, 0, 7, 15), 10 1 0, 0001.
    first = [2, 4, 2, 1, 3]
    ranked = naive_metrics.rankings(line, [0, 1, 0, 0, 1], line, [0, 1, 0, 0, 1], range(5))
    assert [runs.index([True]) + 1 for runs in ranked] == first
    assert recall_at_k(line, y, k=2) == 3 / 5
    assert relevant_recall_at_k(line, y, k=2) == pytest.approx((1 / 2 + 1 / 2 + 1 / 2) / 5)
    assert precision_at_k(line, y, k=1) == 1 / 5
    assert mean_reciprocal_rank(line, y) == pytest.approx(np.mean(1 / np.array(first)))
    assert mean_reciprocal_rank(line, y, k=2) == pytest.approx((1 + 3 / 2 - 1 / 2) / 5)
    assert r_precision(line, y) == pytest.approx((1 / 2 + 1 / 2 + 1 / 2) / 5)
    assert map_at_r(line, y) == pytest.approx((1 / 4 + 1 / 4 + 1 / 2) / 5)


def test_where_rows_are_equally_near_it_is_the_mean_over_all_orders_of_them():
    same, y = np.zeros((4, 2)), [0, 0, 1, 1]  # each has one match among three
    assert recall_at_k(same, y) == precision_at_k(same, y) == r_precision(same, y) == 1 / 3
    assert recall_at_k(same, y, k=2) == pytest.approx(2 / 3)
    assert relevant_recall_at_k(same, y, k=2) == pytest.approx(2 / 3)
    assert precision_at_k(same, y, k=2) == 1 / 3
    assert mean_reciprocal_rank(same, y) == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)
    assert mean_reciprocal_rank(same, y, k=2) == pytest.approx((1 + 1 / 2) / 3)
    line, y = np.array([[0.0], [1.0], [-1.0], [2.0], [-2.0]]), [0, 1, 0, 0, 2]
    # Row 0 ranks 1 and 2 in either order, then 3 and 4: 01 | 10, with P = 1/2 or 1 in two places.
    found = map_at_r(line[:1], y[:1], reference=line[1:], reference_y=y[1:])
    assert found == pytest.approx((1 / 2 + 1) / 2 / 2)


@every_trial
def test_a_collapsed_embedding_is_as_good_as_chance(function, arguments):
    y = np.repeat([0, 1], [90, 10])
    n, R = 99, np.where(y == 0, 89, 9)
    k = np.minimum(arguments.get("k") or (1 if function in AT_K else n), n)
    places = np.arange(1, n + 1)[:, None]
    none = np.vstack([np.ones(100), np.cumprod(1 - R / (n - places + 1), axis=0)])  # of the first
    chance = {
        recall_at_k: 1 - none[k],
        relevant_recall_at_k: np.full(100, k / n),
        precision_at_k: R / n,
        r_precision: R / n,
        map_at_r: (
            (R / n * (1 + (places - 1) * (R - 1) / (n - 1)) / places)
            * (places <= np.minimum(R, k))
        ).sum(axis=0) / np.minimum(R, k),
        mean_reciprocal_rank: ((none[:-1] - none[1:]) / places)[:k].sum(axis=0),
    }  # fmt: skip
    for order in (np.arange(100), np.arange(100)[::-1], np.random.default_rng(0).permutation(100)):
        found = function(np.zeros((100, 4)), y[order], **arguments)
        assert found == pytest.approx(chance[function].mean())


@every_trial
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_the_order_of_rows_changes_not_a_bit(function, arguments, metric):
    X, y = load_digits(return_X_y=True)
    X, y = X[:400] // 4, y[:400]
    order = np.random.default_rng(0).permutation(400)
    expected = function(X, y, metric=metric, **arguments)
    assert function(X[order], y[order], metric=metric, **arguments) == expected
    apart = {"reference": X[100:][::-1], "reference_y": y[100:][::-1], "own": NONE.repeat(4)}
    expected = function(X[:100], y[:100], metric=metric, **apart, **arguments)
    apart = {"reference": X[100:], "reference_y": y[100:], "own": NONE.repeat(4)}
    found = function(X[99::-1], y[99::-1], metric=metric, **apart, **arguments)
    assert found == expected


def test_a_row_is_left_out_of_its_own_ranking_by_position_and_repeated_rows_are_not():
    Z, y = np.array([[0.0], [0.0], [1.0], [5.0]]), [0, 0, 1, 1]
    assert recall_at_k(Z, y) == 3 / 4
    assert recall_at_k(Z, y, reference=Z, reference_y=y, own=[-1] * 4) == 1.0  # finds itself


def test_more_places_than_rows_count_every_row():
    assert precision_at_k(Z, Y % 2, k=1000) == precision_at_k(Z, Y % 2, k=24)
    assert recall_at_k(Z, Y % 2, k=1000) == 1.0
    y = np.where(np.arange(25) < 5, "none", (Y % 2).astype(str))  # 20 labelled rows
    found = precision_at_k(Z, y, k=1000, unlabelled="none")
    assert found == pytest.approx(precision_at_k(Z[5:], Y[5:] % 2, k=19))


def test_where_k_is_less_than_R_MAP_is_that_of_the_first_k_places():
    Z, y = np.array([[0.0], [1.0], [2.0], [3.0], [4.0]]), [0, 0, 0, 1, 1]
    # Row 2 ranks 1, 3, 0, 4 (match, none, match, none); row 3 ranks 2, 4, 1, 0.
    expected = (1 + 1 + 1 + 0 + 1) / 5
    assert map_at_r(Z, y, k=1) == pytest.approx(expected)
    assert map_at_r(Z, y, k=1) == precision_at_k(Z, y, k=1)


@every_function
def test_one_for_a_perfect_embedding_and_less_for_any_other(function):
    y = np.arange(24) % 2
    k = {"k": 11} if function is relevant_recall_at_k else {}  # all the matches that there are
    apart = 10.0 * y[:, None] + np.linspace(0, 1, 24)[:, None]
    assert function(apart, y, **k) == 1.0
    assert 0.0 < function(np.random.default_rng(0).normal(size=(24, 2)), y, **k) < 1.0


def test_one_match_satisfies_one_recall_and_the_other_wants_all():
    gallery = {"reference": [[1.0], [2.0], [3.0], [4.0]], "reference_y": ["a", "b", "a", "a"]}
    for k, found in ((1, 1 / 3), (2, 1 / 3), (3, 2 / 3), (4, 1.0)):
        assert recall_at_k([[0.0]], ["a"], k=k, **gallery) == 1.0
        assert relevant_recall_at_k([[0.0]], ["a"], k=k, **gallery) == found


# What they are equal to.


def test_precision_at_1_is_the_accuracy_of_one_neighbour_each_row_left_out(iris):
    X, y = iris
    X = X + np.random.default_rng(0).normal(size=X.shape) * 1e-3  # no ties
    accuracy = cross_val_score(KNeighborsClassifier(1), X, y, cv=LeaveOneOut()).mean()
    assert precision_at_k(X, y) == pytest.approx(accuracy)
    assert recall_at_k(X, y) == pytest.approx(accuracy)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("k", [1, 4])
def test_recall_and_precision_are_those_of_scikit_learns_neighbours(digits, k, metric):
    X, y = digits
    rows = NearestNeighbors(n_neighbors=k, metric=metric).fit(X).kneighbors(return_distance=False)
    hits = y[rows] == y[:, None]
    assert recall_at_k(X, y, k=k, metric=metric) == pytest.approx(hits.any(axis=1).mean())
    assert precision_at_k(X, y, k=k, metric=metric) == pytest.approx(hits.mean())

    queries, found = X[:50], NearestNeighbors(n_neighbors=k, metric=metric).fit(X[50:])
    hits = y[50:][found.kneighbors(queries, return_distance=False)] == y[:50, None]
    reference = {"reference": X[50:], "reference_y": y[50:]}
    recall = recall_at_k(queries, y[:50], k=k, metric=metric, **reference)
    assert recall == pytest.approx(hits.any(axis=1).mean())


def test_with_one_match_each_the_reciprocal_rank_is_label_ranking_average_precision():
    Z = np.random.default_rng(0).normal(size=(30, 3))
    reference = np.random.default_rng(1).normal(size=(12, 3))
    y = np.arange(30) % 12
    matches = y[:, None] == np.arange(12)
    expected = label_ranking_average_precision_score(matches, -euclidean_distances(Z, reference))
    found = mean_reciprocal_rank(Z, y, reference=reference, reference_y=np.arange(12))
    assert found == pytest.approx(expected)
    # With one match, its discounted gain among the first k is 1 / log2(1 + rank).
    gain = ndcg_score(matches, -euclidean_distances(Z, reference), k=1)
    assert recall_at_k(Z, y, reference=reference, reference_y=np.arange(12)) == pytest.approx(gain)


def test_where_all_matches_come_first_MAP_and_average_precision_are_one():
    Z, y = np.array([[0.0], [1.0], [10.0], [11.0], [12.0]]), np.array([0, 0, 1, 1, 1])
    assert map_at_r(Z, y) == r_precision(Z, y) == 1.0


# What they are given.


@every_trial
@pytest.mark.parametrize(
    "label_as", [str, float, lambda c: c == 1, lambda c: f"class {c}", lambda c: c - 7]
)
def test_labels_may_be_of_any_type(function, arguments, label_as):
    binary = Y % 2
    labels = [label_as(int(c)) for c in binary]
    assert function(Z, labels, **arguments) == function(Z, binary, **arguments)
    assert function(Z, pd.Series(labels), **arguments) == function(Z, binary, **arguments)
    apart = {"reference": Z[5:], "reference_y": labels[5:], "own": NONE}
    expected = function(Z, binary, **(apart | {"reference_y": binary[5:]}), **arguments)
    assert function(Z, labels, **apart, **arguments) == expected


@every_function
def test_minus_one_is_a_class_unless_it_is_named(function):
    y = np.where(Y == 0, -1, Y)
    assert function(Z, y) == function(Z, Y)
    assert function(Z, y, unlabelled=-1) == function(Z[y != -1], y[y != -1])
    kept = {"reference": Z[y != -1], "reference_y": y[y != -1], "own": NONE[y != -1]}
    whole = {"reference": Z, "reference_y": y, "own": NONE}
    assert function(Z, y, unlabelled=-1, **whole) == function(Z[y != -1], y[y != -1], **kept)


@every_trial
def test_the_reference_may_be_the_queries_with_other_labels(function, arguments):
    other = Y[::-1].copy()
    found = function(Z, Y, reference=Z, reference_y=other, own=NONE, **arguments)
    assert found == pytest.approx(judged_by_loops(function, arguments, Z, Y, Z, other, NONE))


@every_function
def test_classes_that_the_reference_lacks_are_left_out_of_the_mean(function):
    apart = {"reference": Z[Y > 1] + 0.1, "reference_y": Y[Y > 1]}
    assert function(Z, Y, **apart) == function(Z[Y > 1], Y[Y > 1], **apart)


@every_function
def test_a_row_alone_in_its_class_is_no_query_but_stands_in_the_rankings(function):
    alone = np.vstack([Z, Z[:1] + 1e-9])  # nearer to row 0 than any other
    with_it = function(alone, np.append(Y, 99))
    ranked = naive_metrics.rankings(alone, np.append(Y, 99), alone, np.append(Y, 99), range(26))
    assert with_it == pytest.approx(getattr(naive_metrics, function.__name__)(ranked))
    assert with_it < function(Z, Y)


@every_function
def test_the_reference_may_be_of_another_floating_type(function):
    grid, y = cases.on_a_grid()
    apart = {"reference": grid.astype(np.float32), "reference_y": y, "own": [-1] * 24}
    assert function(grid, y, **apart) == function(grid, y, **(apart | {"reference": grid}))
    assert function(grid.astype(int), y) == function(grid, y)
    assert function(pd.DataFrame(grid), pd.Categorical(y)) == function(grid, y)


@every_function
def test_float32_and_float64_rank_alike(function):
    narrow, y = cases.uneven(dtype=np.float32)
    assert function(narrow, y) == function(narrow.astype(np.float64), y)


@pytest.mark.jit
@every_function
def test_threads_change_nothing(function):
    Z = np.random.default_rng(0).normal(size=(700, 4))
    y = np.arange(700) % 9
    assert function(Z, y, n_jobs=1) == function(Z, y, n_jobs=3)


@every_function
def test_arrays_are_left_as_they_are(function):
    Z, y = cases.uneven()
    Z.flags.writeable = y.flags.writeable = False
    for metric in ("euclidean", "cosine"):
        function(Z, y, metric=metric, reference=Z, reference_y=y, own=NONE)


# Cosine.


@every_trial
def test_by_cosine_the_length_of_a_row_does_not_matter(function, arguments):
    random = np.random.default_rng(0)
    directions = random.normal(size=(25, 3))
    found = function(directions * random.uniform(1, 9, (25, 1)), Y, metric="cosine", **arguments)
    unit = naive.at_unit_length(directions)
    assert found == pytest.approx(
        judged_by_loops(function, arguments, unit, Y, unit, Y, np.arange(25))
    )


def test_by_cosine_a_zero_row_is_similar_to_none_but_zero_rows():
    Z = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [1.0, 0.1], [-1.0, 0.0]])
    y = [0, 0, 1, 0, 1]
    # 0: 1 | 1: 0 | 2: 3, 0, 1, 4 | 3: 2, 0, 1, 4 | 4: 0, 1, 3, 2: nearer than what is opposite.
    similar = 1.0 - cosine_distances(Z)
    assert similar[4, 0] == 0.0 > similar[4, 3] > similar[4, 2]
    assert mean_reciprocal_rank(Z, y, metric="cosine") == pytest.approx(
        (1 + 1 + 1 / 4 + 1 / 2 + 1 / 4) / 5
    )
    slightly = {"reference": [[0.0, 0.0], [0.3, 1.0]], "reference_y": [0, 1]}
    assert recall_at_k([[1.0, 0.0]], [1], metric="cosine", **slightly) == 1.0
    apart = {"reference": Z[2:], "reference_y": y[2:]}
    assert recall_at_k(Z[:2], [1, 1], metric="cosine", **apart) == pytest.approx(
        2 / 3
    )  # three are equally near
    assert recall_at_k(Z[:2], [0, 0], metric="cosine", **apart) == 1 / 3


# What they refuse.


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"Z": Z[:4]}, ValueError, "inconsistent numbers of samples"),
        ({"Z": Z[0]}, ValueError, "Expected 2D array"),
        ({"Z": np.full_like(Z, np.nan)}, ValueError, "Input Z contains NaN"),
        ({"y": None}, ValueError, "y is None"),
        ({"y": Y + 0.5}, ValueError, "y holds continuous values"),
        ({"y": [None, *Y[1:]]}, ValueError, "y contains missing labels"),
        ({"metric": "manhattan"}, ValueError, "metric must be one of 'euclidean', 'cosine'"),
        ({"n_jobs": 0}, ValueError, "n_jobs == 0 has no meaning"),
        ({"n_jobs": 1.5}, TypeError, "n_jobs must be an integer"),
        ({"unlabelled": "none"}, ValueError, "unlabelled is 'none', but y holds labels such as 0"),
        ({"reference": Z}, ValueError, "reference and reference_y go together"),
        ({"reference_y": Y}, ValueError, "reference and reference_y go together"),
        ({"reference": Z, "reference_y": Y[:3]}, ValueError, "inconsistent numbers of samples"),
        (
            {"reference": Z[:, :2], "reference_y": Y}, ValueError,
            "reference has 2 columns, but Z has 3",
        ),
        (
            {"reference": np.full_like(Z, np.inf), "reference_y": Y}, ValueError,
            "Input reference contains",
        ),
        (
            {"reference": Z, "reference_y": Y.astype(str)}, ValueError,
            "y holds numbers and reference_y holds strings",
        ),
        (
            {"reference": Z, "reference_y": Y + 0.5}, ValueError,
            "reference_y holds continuous values",
        ),
        # Nothing to judge.
        ({"Z": Z[:0], "y": Y[:0]}, ValueError, "Z has no rows"),
        ({"reference": Z[:0], "reference_y": Y[:0]}, ValueError, "reference has no rows"),
        ({"y": np.full(25, -1), "unlabelled": -1}, ValueError, "y holds no label but the one"),
        (
            {"reference": Z, "reference_y": np.full(25, -1), "unlabelled": -1}, ValueError,
            "reference_y holds no label but the one",
        ),
        ({"y": np.zeros(25)}, ValueError, "y holds one class only, so any ranking is perfect"),
        (
            {"reference": Z, "reference_y": np.zeros(25)}, ValueError,
            "reference_y holds one class only",
        ),
        ({"y": np.arange(25)}, ValueError, "each is the only one of its class"),
        (
            {"reference": Z, "reference_y": Y + 10}, ValueError,
            "reference_y holds none of the classes of y",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_refused(arguments, error, message):
    for function in [*FUNCTIONS, retrieval_report]:
        with pytest.raises(error, match=message):
            function(**{"Z": Z, "y": Y, **arguments})


@pytest.mark.parametrize("function", WITH_PLACES, ids=lambda f: f.__name__)
@pytest.mark.parametrize(("k", "error"), [(0, ValueError), (-1, ValueError), (2.0, TypeError)])
def test_places_are_whole_numbers_from_one(function, k, error):
    with pytest.raises(error, match="k must be an integer >= 1"):
        function(Z, Y, k=k)
    assert function(Z, Y, k=np.int64(2)) == function(Z, Y, k=2)


@pytest.mark.parametrize("function", AT_K)
def test_recall_and_precision_need_their_k(function):
    with pytest.raises(TypeError, match="k must be an integer >= 1, got None"):
        function(Z, Y, k=None)
