"""Over queries, over classes, or of each query."""

import numpy as np
import pytest

from skhnm.metrics import (
    map_at_r,
    mean_reciprocal_rank,
    precision_at_k,
    r_precision,
    recall_at_k,
    relevant_recall_at_k,
)
from tests import cases, naive_metrics

FUNCTIONS = [
    recall_at_k, relevant_recall_at_k, precision_at_k, r_precision, map_at_r, mean_reciprocal_rank,
]  # fmt: skip
every_function = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)

Z, Y = cases.uneven()


@every_function
@pytest.mark.parametrize("average", ["query", "class", None])
@pytest.mark.parametrize("case", ["uneven", "ties", "some unlabelled"])
def test_it_is_what_plain_loops_say(function, average, case):
    Z, y = cases.CASES[case]
    ranked = naive_metrics.every_ranking(Z, y, Z, y, range(len(Z)))
    measure = getattr(naive_metrics, function.__name__)
    expected = naive_metrics.averaged(measure, ranked, y, average)
    found = function(Z, y, average=average, unlabelled=-1)
    assert found == pytest.approx(expected, abs=1e-12, nan_ok=True)
    assert type(found) is (np.ndarray if average is None else float)


def test_by_hand():
    """Three of four queries of a find a match; of b one does, and one in one of two orders."""
    line, y = [[0.0], [1.0], [2.0], [9.0], [10.0], [8.0]], [*"aaabba"]
    each = recall_at_k(line, y, average=None)
    assert each.tolist() == [1, 1, 1, 0.5, 1, 0]
    assert recall_at_k(line, y) == pytest.approx(4.5 / 6)
    assert recall_at_k(line, y, average="class") == pytest.approx((3 / 4 + 1.5 / 2) / 2)


@every_function
def test_each_class_counts_as_much_as_any_other(function):
    repeated = np.append(np.arange(25), np.flatnonzero(Y == 0).repeat(3))
    asked = {"reference": Z, "reference_y": Y, "own": repeated, "average": "class"}
    found = function(Z[repeated], Y[repeated], **asked)
    assert found == pytest.approx(function(Z, Y, average="class"))


@every_function
def test_where_classes_are_equally_large_both_means_are_the_same(function):
    y = np.arange(24) % 4
    assert function(Z[:24], y, average="class") == pytest.approx(function(Z[:24], y))


@every_function
def test_queries_that_are_not_judged_are_no_numbers(function):
    y = np.where(Y == 3, -1, Y)  # the class 4 is of one row
    each = function(Z, y, average=None, unlabelled=-1)
    assert each.shape == (25,)
    np.testing.assert_array_equal(np.isnan(each), (y == -1) | (y == 4))
    assert np.nanmean(each) == pytest.approx(function(Z, y, unlabelled=-1))


@every_function
def test_the_order_of_rows_changes_not_a_bit(function):
    grid, y = cases.on_a_grid()
    order = np.random.default_rng(0).permutation(len(y))
    expected = function(grid, y, average="class")
    assert function(grid[order], y[order], average="class") == expected
    each = function(grid, y, average=None)
    np.testing.assert_array_equal(function(grid[order], y[order], average=None), each[order])


@every_function
@pytest.mark.parametrize("average", ["macro", 1, ["query"], np.zeros(2)])
def test_other_averages_are_refused(function, average):
    with pytest.raises(ValueError, match="average must be one of 'query', 'class', or None; got"):
        function(Z, Y, average=average)
