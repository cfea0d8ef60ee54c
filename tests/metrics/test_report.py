"""Every measure of retrieval, from one ranking."""

import pickle

import numpy as np
import pytest

from skhnm import metrics
from skhnm.metrics import RetrievalReport, retrieval_report
from tests import cases

Z, Y = cases.uneven()


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize(
    "reference", [{}, {"reference": Z[9:] + 0.1, "reference_y": Y[9:]}, {"unlabelled": 3}]
)
def test_it_says_what_each_function_says(reference, metric):
    report = retrieval_report(Z, Y, ks=(1, 3, 50), metric=metric, **reference)
    for k in (1, 3, 50):
        for name in ("recall_at", "relevant_recall_at", "precision_at"):
            function = getattr(metrics, f"{name}_k")
            assert report[f"{name}_{k}"] == function(Z, Y, k=k, metric=metric, **reference)
    for name in ("r_precision", "map_at_r", "mean_reciprocal_rank"):
        assert report[name] == getattr(metrics, name)(Z, Y, metric=metric, **reference)


def test_its_keys_stand_in_order():
    assert list(retrieval_report(Z, Y)) == [
        "recall_at_1", "recall_at_5", "recall_at_10",
        "relevant_recall_at_1", "relevant_recall_at_5", "relevant_recall_at_10",
        "precision_at_1", "precision_at_5", "precision_at_10",
        "r_precision", "map_at_r", "mean_reciprocal_rank", "n_queries", "n_without_match",
    ]  # fmt: skip
    assert next(iter(retrieval_report(Z, Y, ks=[]))) == "r_precision"


@pytest.mark.parametrize("average", ["query", "class"])
def test_it_takes_groups_and_averages_and_keeps_what_each_query_has(average):
    options = {"groups": np.arange(25) // 2}
    report = retrieval_report(Z, Y, ks=(3,), average=average, **options)
    counts = {"n_queries", "n_without_match"}
    assert report.per_query.keys() == report.keys() - counts
    for name, values in report.per_query.items():
        function = getattr(metrics, name.replace("_3", "_k"))
        place = {"k": 3} if "_3" in name else {}
        assert report[name] == function(Z, Y, average=average, **place, **options)
        np.testing.assert_array_equal(values, function(Z, Y, average=None, **place, **options))
        assert np.isnan(values).sum() == report["n_without_match"]


def test_it_takes_a_mean_over_queries_or_classes():
    for average in (None, "rows"):
        with pytest.raises(ValueError, match="average must be one of 'query', 'class'; got"):
            retrieval_report(Z, Y, average=average)


def test_it_counts_queries_and_those_without_a_match():
    report = retrieval_report(Z, Y)  # one class has one row
    assert (report["n_queries"], report["n_without_match"]) == (25, 1)
    report = retrieval_report(Z, Y, reference=Z[Y > 1] + 0.1, reference_y=Y[Y > 1])
    assert (report["n_queries"], report["n_without_match"]) == (25, 17)
    report = retrieval_report(Z, Y, unlabelled=0)
    assert (report["n_queries"], report["n_without_match"]) == (15, 1)


@pytest.mark.jit
def test_it_prints_as_a_table():
    report = retrieval_report(np.repeat(Z, 60, axis=0), np.repeat(Y, 60), ks=(1, 10))
    lines = str(report).split("\n")
    assert len({len(line) for line in lines}) == 1
    assert lines[0] == "recall_at_1            1.0000"
    assert lines[-2] == "n_queries               1,500"


def test_it_is_a_dict_of_plain_numbers():
    report = retrieval_report(Z, Y)
    assert isinstance(report, dict)
    assert {type(value) for value in report.values()} == {float, int}
    again = pickle.loads(pickle.dumps(report))
    assert again == report == dict(report)
    assert type(again) is RetrievalReport
    assert again.per_query.keys() == report.per_query.keys()
    assert str(again) == str(report)


@pytest.mark.parametrize(
    ("ks", "error", "message"),
    [
        (5, TypeError, "ks must be several whole numbers"),
        ("5", TypeError, "ks must be several whole numbers"),
        ([1, 0], ValueError, "each of ks must be an integer >= 1, got 0"),
        ([1.5], TypeError, "each of ks must be an integer >= 1, got 1.5"),
    ],
)
def test_places_are_several_whole_numbers_from_one(ks, error, message):
    with pytest.raises(error, match=message):
        retrieval_report(Z, Y, ks=ks)


def test_places_may_be_an_array_or_come_from_an_iterator():
    expected = retrieval_report(Z, Y, ks=(2, 4))
    assert retrieval_report(Z, Y, ks=np.array([2, 4, 2])) == expected
    assert retrieval_report(Z, Y, ks=iter([2, 4])) == expected
