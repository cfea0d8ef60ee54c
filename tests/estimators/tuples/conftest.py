"""Tuples of two classes that differ along one of four features, and the rows they index."""

import numpy as np
import pytest

from skhnm import PairMetricLearner, QuadrupletMetricLearner, TripletMetricLearner

LEARNERS = [PairMetricLearner, TripletMetricLearner, QuadrupletMetricLearner]
SIZES = {PairMetricLearner: 2, TripletMetricLearner: 3, QuadrupletMetricLearner: 4}


def rows(n=60, seed=0):
    """Rows of two classes: the first feature tells, the others are noise, the last a loud one."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    X = random.normal(size=(n, 4)) * [0.3, 1.0, 1.0, 5.0]
    X[:, 0] += labels
    return X, labels


def draw(learner, n=600, seed=1, n_rows=60):
    """Draw tuples of a learner's kind as indices, and their y (None where there is none)."""
    random = np.random.default_rng(seed)
    labels = np.arange(n_rows) % 2
    drawn = np.array([random.permutation(n_rows)[:4] for _ in range(6 * n)])
    a, b, c, d = labels[drawn].T
    if learner is PairMetricLearner:
        return drawn[:n, :2], np.where(a == b, 1, -1)[:n]
    if learner is TripletMetricLearner:
        return drawn[(a == b) & (a != c)][:n, :3], None
    return drawn[(a == b) & (c != d)][:n], None


def fit(learner, tuples, y, **more):
    """Fit, with a y where there is one."""
    return learner.fit(tuples, **more) if y is None else learner.fit(tuples, y, **more)


@pytest.fixture(params=LEARNERS, ids=lambda cls: cls.__name__)
def Learner(request):
    return request.param
