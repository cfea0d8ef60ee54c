"""Two maps learned together: each row through its own, and gradients equal to differences."""

import numpy as np
import pytest

from skhnm.common._tuples import Tuples
from skhnm.embeddings._linear import LinearEmbedding
from skhnm.embeddings._split import SplitEmbedding
from skhnm.losses import NPairLoss
from skhnm.pools._members import Members
from skhnm.training._model import Model
from skhnm.training._objective import Objective

random = np.random.default_rng(0)
A, B = random.normal(size=(3, 4)), random.normal(size=(3, 2))
X = random.normal(size=(9, 4))
X[5:, 2:] = 0.0


def split():
    return SplitEmbedding(LinearEmbedding(A), LinearEmbedding(B), 5)


def test_each_row_goes_through_its_own_map():
    Z = split().embed(X)
    assert np.allclose(Z[:5], X[:5] @ A.T)
    assert np.allclose(Z[5:], X[5:, :2] @ B.T)


def test_gradient():
    tuples = Tuples(
        np.arange(5), 5 + np.arange(5)[:, None] % 4, 5 + (np.arange(5)[:, None] + 1) % 4
    )
    model = Model(split(), np.empty((0, 3)), 0, True)
    members = Members(np.arange(9), X, np.zeros(9, dtype=np.intp))
    objective = Objective(model, members, tuples, NPairLoss(0.5), 0.1, 1)
    start = model.parameters + 0.1
    _, slope = objective(start)
    for i in range(len(start)):
        step = np.zeros(len(start))
        step[i] = 1e-6
        difference = (objective(start + step)[0] - objective(start - step)[0]) / 2e-6
        assert slope[i] == pytest.approx(difference, rel=1e-5, abs=1e-7)
