"""When a fit stops, and what it keeps."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from skhnm.embeddings._linear import LinearEmbedding
from skhnm.training._monitor import Monitor
from skhnm.training._objective import MiningStatistics

SOME = MiningStatistics(n_tuples=3, active=1.0, hardness=0.5, spread=1.0)


def run(scores, patience=2, tol=0.0):
    """Let a judge give the scores, the start's first; parameters count the rounds."""
    said = iter(scores)
    monitor = Monitor(
        "Learner", verbose=0, tol=tol, n_iter_no_change=patience, judge=lambda _: next(said)
    )
    embedding = LinearEmbedding(np.eye(2))
    embedding.parameters = np.zeros(4)
    monitor.begin(embedding)
    for n_rounds in range(1, len(scores)):
        monitor.begin_round()
        monitor.mined(3)
        monitor.saw(SOME)
        embedding.parameters = np.full(4, float(n_rounds))
        if monitor.end_round(embedding, [1.0], {}):
            break
    monitor.finish(embedding)
    return n_rounds, embedding.parameters[0], monitor


@pytest.mark.parametrize(
    ("scores", "n_rounds", "best"),
    [
        ([0.5, 0.9, 0.7, 0.7, 1.0], 3, 1),  # stops before the last
        ([0.5, 0.6, 0.6, 0.7, 0.6], 4, 3),  # one round without a better is forgiven
        ([0.9, 0.8, 0.7, 0.6, 0.5], 2, 0),  # nothing beats the start
        ([0.1, 0.2, 0.3, 0.4, 0.5], 4, 4),
    ],
)
def test_the_best_round_is_kept_and_patience_runs_out(scores, n_rounds, best):
    assert run(scores)[:2] == (n_rounds, best)


def test_an_improvement_within_the_tolerance_is_kept_but_does_not_count():
    assert run([0.5, 0.51, 0.52, 0.53], patience=2, tol=0.1)[:2] == (2, 2)


def test_the_curve_has_the_means_over_all_tuples_of_a_round():
    monitor = Monitor("Learner", verbose=0, tol=0, n_iter_no_change=1)
    monitor.begin_round()
    for n_tuples, hardness in ((1, 0.2), (3, 0.6)):
        monitor.mined(n_tuples)
        monitor.saw(MiningStatistics(n_tuples, active=1.0, hardness=hardness, spread=1.0))
    assert not monitor.end_round(LinearEmbedding(np.eye(2)), [1.0], {"max_rank": 7})
    means = {"active": 1.0, "hardness": pytest.approx(0.5), "spread": 1.0}
    assert monitor.mining_curve == [{"n_iter": 1, "n_tuples": 4, **means, "max_rank": 7}]


@pytest.mark.parametrize(
    ("first", "last", "collapsed"),
    [
        ((1.0, 0.6), (0.01, 0.6), True),
        ((1.0, 0.3), (0.0, 0.5), True),  # everything in one point
        ((1.0, 0.6), (0.01, 0.4), False),  # smaller, but told apart
        ((1.0, 0.6), (0.2, 0.7), False),
    ],
)
def test_a_collapse_is_told_from_a_change_of_scale(first, last, collapsed):
    monitor = Monitor("Learner", verbose=0, tol=0, n_iter_no_change=1)
    embedding = LinearEmbedding(np.eye(2))
    for spread, hardness in (first, last):
        monitor.begin_round()
        monitor.mined(3)
        monitor.saw(MiningStatistics(3, active=1.0, hardness=hardness, spread=spread))
        monitor.end_round(embedding, [1.0], {})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        monitor.finish(embedding)
    assert [w.category for w in caught] == [ConvergenceWarning] * collapsed


def test_an_empty_round_after_others_ends_the_fit_in_silence():
    monitor = Monitor("Learner", verbose=0, tol=0, n_iter_no_change=1)
    embedding = LinearEmbedding(np.eye(2))
    monitor.begin_round()
    monitor.saw(SOME)
    assert not monitor.end_round(embedding, [1.0], {})
    monitor.begin_round()
    assert monitor.end_round(embedding, [], {})
