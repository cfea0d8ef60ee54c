"""Queries that stand in the reference: they are named, or somebody is told."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

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

FUNCTIONS = [
    recall_at_k, relevant_recall_at_k, precision_at_k, r_precision, map_at_r, mean_reciprocal_rank,
]  # fmt: skip
Z, Y = cases.uneven()

every_function = pytest.mark.parametrize(
    "function", [*FUNCTIONS, retrieval_report], ids=lambda f: f.__name__
)


# With own rows.


@every_function
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("case", ["uneven", "ties", "repeated rows", "some unlabelled"])
def test_with_their_own_rows_named_queries_are_ranked_as_among_themselves(function, metric, case):
    Z, y = cases.CASES[case]
    options = {"metric": metric, "unlabelled": -1}
    alone = function(Z, y, **options)
    for reference in (Z, Z.copy()):
        named = {"reference": reference, "reference_y": y, "own": np.arange(len(Z))}
        assert function(Z, y, **named, **options) == alone
    order = np.random.default_rng(0).permutation(len(Z))
    own = np.argsort(order)
    apart = {"reference": Z[order], "reference_y": y[order], "own": own}
    assert function(Z, y, **apart, **options) == alone


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_it_is_what_plain_loops_say(function):
    random = np.random.default_rng(0)
    queries, own = random.permutation(25)[:12], np.full(12, -1)
    own[:8] = queries[:8]  # the others are new
    asked = np.where(own[:, None] >= 0, Z[queries], Z[queries] + 0.3)
    asked[3] += 0.7  # nor need a query lie where its own row lies
    expected = naive_metrics.rankings(asked, Y[queries], Z, Y, own)
    found = function(asked, Y[queries], reference=Z, reference_y=Y, own=own)
    assert found == pytest.approx(getattr(naive_metrics, function.__name__)(expected))


def test_several_queries_may_be_of_one_row():
    own = np.repeat(np.arange(25), 2)
    twice = {"reference": Z, "reference_y": Y, "own": own}
    found = map_at_r(Z[own], Y[own], **twice)
    assert found == pytest.approx(map_at_r(Z, Y))


def test_a_row_that_nobody_finds_is_nobodys_own():
    """Where the reference does not know its label."""
    known = np.where(np.arange(25) % 3 == 0, -1, Y)
    named = {"reference": Z, "reference_y": known, "own": np.arange(25), "unlabelled": -1}
    own = np.where(known == -1, -1, np.arange(25))
    expected = naive_metrics.r_precision(naive_metrics.rankings(Z, Y, Z, known, own))
    assert r_precision(Z, Y, **named) == pytest.approx(expected)


@pytest.mark.parametrize("kind", [list, pd.Series, lambda own: own.astype(np.int8)])
def test_own_rows_may_be_of_any_type(kind):
    own = kind(np.arange(25))
    assert recall_at_k(Z, Y, reference=Z, reference_y=Y, own=own) == recall_at_k(Z, Y)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"reference": None, "reference_y": None}, ValueError, "own holds rows of the reference"),
        ({"own": np.arange(25.0)}, ValueError, "own must be whole numbers from 0, or -1 for none"),
        ({"own": np.arange(25) - 2}, ValueError, "own must be whole numbers from 0, or -1 for no"),
        ({"own": [None] * 25}, ValueError, "own must be whole numbers"),
        ({"own": np.arange(24)}, ValueError, r"own must have shape \(25,\), one for each of Z"),
        ({"own": np.zeros((25, 2), dtype=int)}, ValueError, "should be a 1d array"),
        ({"own": np.arange(25) + 1}, ValueError, r"own\[24\] is 25, but the reference has 25 rows"),
        (
            {"own": np.roll(np.arange(25), 1)}, ValueError,
            r"own\[0\] is 24, but y\[0\] is 1 and reference_y\[24\] is 4: a query and its own row",
        ),
        (
            {"y": [*"abcde"] * 5, "reference_y": [*"abcde"] * 5, "own": np.arange(25) // 2},
            ValueError, r"own\[1\] is 0, but y\[1\] is 'b' and reference_y\[0\] is 'a'",
        ),
        (
            {"y": np.arange(25), "reference_y": np.arange(25)}, ValueError,
            "no row of Z has a match: reference_y holds no row of their classes but their own",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_their_own_rows_is_refused(arguments, error, message):
    asked = {"Z": Z, "y": Y, "reference": Z, "reference_y": Y, "own": np.arange(25)}
    for function in [*FUNCTIONS, retrieval_report]:
        with pytest.raises(error, match=message):
            function(**{**asked, **arguments})


# Without.


def digits(n=300, levels=None):
    X, y = load_digits(return_X_y=True)
    X, y = X[:n] + np.random.default_rng(0).normal(size=(n, 64)), y[:n]
    return (X if levels is None else np.floor(X * levels / 17)), y


@every_function
def test_one_warning_names_the_remedy_where_a_query_would_find_itself(function):
    with pytest.warns(
        UserWarning, match=r"100% of the queries stand in the reference.*pass own"
    ) as told:
        function(Z, Y, reference=Z, reference_y=Y)
    assert len(told) == 1
    assert told[0].filename == __file__


SOME = np.random.default_rng(0).permutation(300)[:90]
WITHIN = {
    "the same object": lambda X: (slice(None), X),
    "a copy": lambda X: (slice(None), X.copy()),
    "a view": lambda X: (slice(None), X[::-1]),
    "a subset": lambda X: (SOME, X),
    "a subset, the queries in float32": lambda X: (SOME, X),
    "a copy in float32": lambda X: (slice(None), X.astype(np.float32)),
    "a copy that was float32": lambda X: (slice(None), X.astype(np.float32).astype(float)),
    "a data frame": lambda X: (slice(None), pd.DataFrame(X)),
    "a ninth of them": lambda X: (slice(None), np.vstack([X[:34], X[34:] + 1e-3])),
}


@pytest.mark.parametrize("how", WITHIN)
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_whoever_stands_in_the_reference_is_noticed(how, metric):
    X, y = digits()
    rows, reference = WITHIN[how](X)
    y_there = y[::-1] if how == "a view" else y
    queries = X[rows].astype(np.float32 if "queries in float32" in how else float)
    with pytest.warns(UserWarning, match="of the queries stand in the reference"):
        recall_at_k(queries, y[rows], reference=reference, reference_y=y_there, metric=metric)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recall_at_k(
            queries, y[rows], reference=reference, reference_y=y_there, metric=metric,
            own=np.full(len(queries), -1),
        )  # fmt: skip


def noise_far_away():
    """Other rows, so far from the origin that float32 could not tell them apart."""
    X = np.random.default_rng(0).normal(size=(400, 2)) * 1e-9 + 1.0
    return X[:200], np.arange(200) % 5, X[200:], np.arange(200) % 5


def few_of_them():
    X, y = digits()
    return X[:290], y[:290], X[271:], y[271:]


def codes_of_few_bits():
    """Honest duplicates: queries have them among themselves as well."""
    random = np.random.default_rng(0)
    return (
        random.integers(0, 2, (200, 6)), np.arange(200) % 5,
        random.integers(0, 2, (200, 6)), np.arange(200) % 5,
    )  # fmt: skip


def other_labels():
    X, y = digits()
    return X, y, X, (y + 1) % 10


def other_half():
    X, y = digits(levels=3)
    return X[::2], y[::2], X[1::2], y[1::2]


@pytest.mark.parametrize(
    "make", [noise_far_away, few_of_them, codes_of_few_bits, other_labels, other_half]
)
def test_nobody_is_told_of_rows_that_are_others(make):
    queries, y, reference, reference_y = make()
    recall_at_k(queries, y, reference=reference, reference_y=reference_y)  # warnings are errors


def test_queries_that_are_not_judged_do_not_count():
    X, y = digits()
    y[:250] = -1
    reference_y = np.where(np.arange(300) < 250, y, (y + 1) % 10)
    apart = {"reference": X, "reference_y": reference_y, "unlabelled": -1}
    recall_at_k(X, y, **apart)
    with pytest.warns(UserWarning, match="100% of the queries"):
        recall_at_k(X, y, **(apart | {"reference_y": y}))
