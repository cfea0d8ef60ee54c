"""Rows of one group are neither hits nor misses of each other."""

import tracemalloc
import warnings

import numpy as np
import pandas as pd
import pytest

from skhnm.metrics import (
    map_at_r,
    mean_reciprocal_rank,
    precision_at_k,
    r_precision,
    recall_at_k,
    relevant_recall_at_k,
    retrieval_report,
)
from tests import cases, naive_metrics

AT_K = [recall_at_k, relevant_recall_at_k, precision_at_k]
FUNCTIONS = [*AT_K, r_precision, map_at_r, mean_reciprocal_rank]
WITH_PLACES = [*AT_K, map_at_r, mean_reciprocal_rank]
TRIALS = [(f, {}) for f in FUNCTIONS] + [(f, {"k": k}) for f in WITH_PLACES for k in (3, 100)]

every_function = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
every_trial = pytest.mark.parametrize(
    ("function", "arguments"), TRIALS, ids=[f"{f.__name__}-{a.get('k')}" for f, a in TRIALS]
)

Z, Y = cases.uneven()
GROUPS = {
    "pairs": lambda n: np.arange(n) // 2,
    "many in none": lambda n: np.where(np.arange(n) % 3 == 0, np.arange(n) // 6, -1),
    "each its own": lambda n: np.arange(n),
    "three": lambda n: np.random.default_rng(0).integers(0, 3, n),
}


# What they are.


@every_trial
@pytest.mark.parametrize("case", ["uneven", "ties", "repeated rows", "some unlabelled"])
@pytest.mark.parametrize("grouped", GROUPS)
@pytest.mark.parametrize("average", ["query", "class", None])
def test_it_is_what_plain_loops_say(function, arguments, case, grouped, average):
    Z, y = cases.CASES[case]
    groups = GROUPS[grouped](len(Z))
    found = function(Z, y, groups=groups, unlabelled=-1, average=average, **arguments)
    ranked = naive_metrics.every_ranking(Z, y, Z, y, range(len(Z)), groups, groups)

    def measure(runs):
        return getattr(naive_metrics, function.__name__)(runs, **arguments)

    expected = naive_metrics.averaged(measure, ranked, y, average)
    assert found == pytest.approx(expected, abs=1e-12, nan_ok=True)


@every_trial
@pytest.mark.parametrize("case", ["uneven", "ties", "repeated rows"])
@pytest.mark.parametrize("grouped", GROUPS)
def test_it_is_what_plain_loops_say_of_queries_in_a_reference(function, arguments, case, grouped):
    """Own rows may be in the query's group, out of it, or in none."""
    Z, y = cases.CASES[case]
    random = np.random.default_rng(0)
    rows = random.permutation(len(Z))[:15]
    own = np.where(np.arange(15) < 10, rows, -1)
    asked, labels = np.where(own[:, None] >= 0, Z[rows], Z[rows] + 0.3), y[rows]
    there = GROUPS[grouped](len(Z))
    here = np.where(random.random(15) < 0.7, there[rows], random.permutation(there)[:15])
    named = {"reference": Z, "reference_y": y, "own": own, "groups": (here, there)}
    found = function(asked, labels, **named, **arguments)
    ranked = naive_metrics.rankings(asked, labels, Z, y, own, here, there)
    expected = getattr(naive_metrics, function.__name__)(ranked, **arguments)
    assert found == pytest.approx(expected, abs=1e-12)


def test_by_hand():
    """Two frames each of three videos; the other frame is nearest, and of no worth."""
    frames = [[0.0], [0.1], [2.0], [2.1], [3.0], [3.1]]
    y, videos = ["a", "a", "b", "b", "a", "a"], [1, 1, 2, 2, 3, 3]
    assert recall_at_k(frames, y) == 1.0
    assert recall_at_k(frames, y, groups=videos) == 0.0
    assert mean_reciprocal_rank(frames, y, groups=videos) == 1 / 3  # b, b, a
    report = retrieval_report(frames, y, groups=videos)
    assert (report["n_queries"], report["n_without_match"]) == (6, 2)


@every_function
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_a_group_of_one_row_changes_nothing(function, metric):
    expected = function(Z, Y, metric=metric)
    assert function(Z, Y, groups=np.arange(25), metric=metric) == expected
    assert function(Z, Y, groups=np.full(25, -1), metric=metric) == expected
    assert function(Z, Y, groups=[None] * 25, metric=metric) == expected


@every_function
def test_rows_of_the_group_might_as_well_not_be_there(function):
    groups = np.arange(25) // 4
    each = [
        function(
            Z[q : q + 1], Y[q : q + 1], reference=Z[groups != groups[q]],
            reference_y=Y[groups != groups[q]], average=None,
        )[0]
        if Y[q] in Y[groups != groups[q]] else np.nan
        for q in range(25)
    ]  # fmt: skip
    np.testing.assert_array_equal(function(Z, Y, groups=groups, average=None), each)


@every_function
def test_groups_of_a_reference_that_is_the_queries_are_the_same(function):
    groups = np.arange(25) // 2
    among_themselves = function(Z, Y, groups=groups)
    named = {"reference": Z, "reference_y": Y, "groups": (groups, groups)}
    assert function(Z, Y, own=np.arange(25), **named) == among_themselves
    assert function(Z, Y, **named) == among_themselves  # each is of its own group: no warning


def test_who_is_in_no_group_and_stands_in_the_reference_is_still_told():
    groups = np.where(np.arange(25) < 20, np.arange(25), -1)
    named = {"reference": Z, "reference_y": Y, "groups": (groups, groups)}
    with pytest.warns(UserWarning, match="100% of the queries stand in the reference"):
        recall_at_k(Z, Y, **named)


# What they are given.


@every_function
@pytest.mark.parametrize("kind", [list, pd.Series, lambda g: [f"video {i}" for i in g]])
def test_groups_may_be_of_any_type(function, kind):
    groups = np.arange(25) // 3
    expected = function(Z, Y, groups=groups)
    assert function(Z, Y, groups=kind(groups)) == expected
    apart = {"reference": Z[5:] + 0.1, "reference_y": Y[5:]}
    expected = function(Z, Y, groups=(groups, groups[5:]), **apart)
    assert function(Z, Y, groups=(kind(groups), kind(groups[5:])), **apart) == expected


@every_function
def test_minus_one_is_in_no_group_unless_one_says_so(function):
    groups = np.where(np.arange(25) < 15, np.arange(25) // 3, -1)
    found = function(Z, Y, groups=groups, ungrouped=None)
    assert found == function(Z, Y, groups=np.where(groups == -1, 7, groups))
    alone = np.where(groups == -1, 100 + np.arange(25), groups)
    assert function(Z, Y, groups=groups) == function(Z, Y, groups=alone)
    named = np.where(groups == -1, "none", groups.astype(str))
    assert function(Z, Y, groups=named, ungrouped="none") == function(Z, Y, groups=alone)


def test_minus_one_among_other_negative_groups_warns_where_it_is_passed():
    for function in [*FUNCTIONS, retrieval_report]:
        with pytest.warns(UserWarning, match="-1 is taken to mean 'in no group'") as told:
            function(Z, Y, groups=np.arange(25) // 2 - 5)
        assert [warning.filename for warning in told] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recall_at_k(Z, Y, groups=np.arange(25) // 2 - 5, ungrouped=None)


APART = {"reference": Z, "reference_y": Y, "own": np.arange(25)}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"groups": np.zeros(25)}, ValueError, "no row of Z has a match: all rows of its class"),
        ({"groups": Y}, ValueError, "all rows of its class are of its own group"),
        ({"groups": (Y, Y), **APART}, ValueError, "all rows of its class are of its own group"),
        ({"groups": np.zeros(24)}, ValueError, "groups has 24 entries, but there are 25 queries"),
        ({"groups": np.zeros((25, 2))}, ValueError, "should be a 1d array"),
        ({"groups": Y, **APART}, ValueError, "groups must be a pair .* where there is a reference"),
        (
            {"groups": (Y, Y[:3]), **APART}, ValueError,
            r"groups\[1\] has 3 entries, but there are 25 rows of the reference",
        ),
        ({"groups": (Y, Y.astype(str)), **APART}, ValueError, "no label of one could match"),
        ({"groups": Y, "ungrouped": "none"}, ValueError, "ungrouped is 'none', but groups are"),
        ({"groups": Y, "ungrouped": [1]}, TypeError, "ungrouped must be one group, or None"),
    ],
)  # fmt: skip
def test_what_cannot_be_groups_is_refused(arguments, error, message):
    for function in [*FUNCTIONS, retrieval_report]:
        with pytest.raises(error, match=message):
            function(**{"Z": Z, "y": Y, **arguments})


# At scale.


@pytest.mark.jit
def test_many_rows_give_the_same_on_any_number_of_threads():
    random = np.random.default_rng(0)
    y, groups = random.integers(0, 40, 3000), random.integers(-1, 300, 3000)
    Z = random.integers(0, 4, size=(3000, 6)).astype(float)
    one, two = (retrieval_report(Z, y, groups=groups, n_jobs=n) for n in (1, 2))
    assert one == two
    for name, values in one.per_query.items():
        np.testing.assert_array_equal(values, two.per_query[name])


@pytest.mark.jit
def test_memory_does_not_grow_with_the_square_of_the_rows():
    n = 12_000  # n² bytes would be 144 MB
    random = np.random.default_rng(0)
    Z, groups = random.normal(size=(n, 4)), random.integers(0, 3, n)
    map_at_r(Z[:100], np.arange(100) % 50, groups=groups[:100])
    tracemalloc.start()
    map_at_r(Z, np.arange(n) % 3000, groups=groups, n_jobs=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6
