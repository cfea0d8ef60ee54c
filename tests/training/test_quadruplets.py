"""The objective of quadruplets equals a loop, and its gradient differences."""

import numpy as np
import pytest

from skhnm.common._tuples import Tuples
from skhnm.embeddings._linear import LinearEmbedding
from skhnm.embeddings._mlp import MLPEmbedding
from skhnm.losses import LogisticLoss, NCALoss, TripletLoss
from skhnm.pools._members import Members
from skhnm.training._model import Model
from skhnm.training._objective import Objective
from skhnm.training._quadruplets import QuadrupletObjective

random = np.random.default_rng(0)
X = random.normal(size=(12, 3))
QUADRUPLETS = random.integers(0, 12, size=(9, 4))
MEMBERS = Members(np.arange(12), X, np.zeros(12, dtype=np.intp))


def objective(loss, weights, embedding, normalize):
    tuples = Tuples(QUADRUPLETS[:, 0], QUADRUPLETS[:, 1:2], QUADRUPLETS[:, 2:], weights)
    n_shifts = 1 if isinstance(loss, LogisticLoss) else 0
    model = Model(embedding, np.empty((0, 2)), n_shifts, normalize)
    return QuadrupletObjective(model, MEMBERS, tuples, loss, 0.1, 1), model


def embeddings():
    layers = [random.normal(size=(3, 4)), random.normal(size=(4, 2))]
    network = MLPEmbedding(layers, [np.zeros(4), np.zeros(2)], None, None, "tanh", 1)
    return {"linear": LinearEmbedding(random.normal(size=(2, 3))), "mlp": network}


@pytest.mark.parametrize("kind", ["linear", "mlp"])
@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", [NCALoss(), TripletLoss(margin=0.3), LogisticLoss()], ids=str)
def test_value_and_gradient(kind, normalize, weighted, loss):
    weights = random.random(9) if weighted else None
    f, model = objective(loss, weights, embeddings()[kind], normalize)
    start = model.parameters.copy() + 0.05
    value, slope = f(start)

    Z = model.seen(model.embedding.embed(X))
    a, b, c, d = Z[QUADRUPLETS.T]
    near, far = (np.square(p - q).sum(axis=1)[:, None] for p, q in ((a, b), (c, d)))
    if f.loss.metric == "euclidean":
        near, far = np.sqrt(near), np.sqrt(far)
    shift = model.shifts[0] if len(model.shifts) else 0.0
    costs = loss.value_and_grad(near - shift, far - shift)[0]
    moved = model.embedding.parameters - model.embedding.start
    shrunk = 0.1 * np.square(moved[: model.embedding.n_shrunk]).sum()
    assert value == pytest.approx(np.average(costs, weights=weights) + shrunk, rel=1e-10)

    for i in range(len(start)):
        step = np.zeros(len(start))
        step[i] = 1e-6
        difference = (f(start + step)[0] - f(start - step)[0]) / 2e-6
        assert slope[i] == pytest.approx(difference, rel=1e-4, abs=1e-6)


def test_a_triplet_is_a_quadruplet_with_a_row_in_common():
    embedding = embeddings()["linear"]
    model = Model(embedding, np.empty((0, 2)), 0, False)
    a, b, c = random.integers(0, 12, size=(3, 9))
    triplets = Tuples(a, b[:, None], c[:, None])
    quadruplets = Tuples(a, b[:, None], np.column_stack([a, c]))
    ours = Objective(model, MEMBERS, triplets, NCALoss(), 0.0, 1)(embedding.start + 0.1)
    theirs = QuadrupletObjective(model, MEMBERS, quadruplets, NCALoss(), 0.0, 1)(
        embedding.start + 0.1
    )
    assert ours[0] == pytest.approx(theirs[0])
    assert np.allclose(ours[1], theirs[1])
