"""Rows, class means, proxies and shifts: one vector, and its derivative."""

import numpy as np
import pytest

from skhnm import Tuples
from skhnm.embeddings._linear import LinearEmbedding
from skhnm.embeddings._mlp import MLPEmbedding
from skhnm.losses import MarginLoss, NPairLoss, ProxyAnchorLoss, TripletLoss
from skhnm.pools._members import ClassMeans, Constants, Members, Proxies, Stack
from skhnm.training._model import Model
from skhnm.training._objective import Objective, costs_of
from tests import naive_losses

CODES = np.array([0, 0, 1, 1, 1, 2, 2])
LOSSES = [
    TripletLoss(soft=True), NPairLoss(), ProxyAnchorLoss(alpha=4.0), MarginLoss(2.0),
    MarginLoss(2.0, learn_beta="class"),
]  # fmt: skip


def problem(loss, normalize, make_embedding=None):
    """Seven rows, three class means, four proxies, two constants, and tuples among them all."""
    random = np.random.default_rng(0)
    X = random.normal(size=(7, 4))
    extras = Stack(
        [
            ClassMeans(CODES),
            Proxies(np.array([0, 1, 2, 2])),
            Constants(random.normal(size=(2, 3)), np.array([1, 2])),
        ]
    )
    members = Members(np.arange(7), X, np.concatenate([CODES, extras.codes]), extras)
    embedding = make_embedding(random) if make_embedding else LinearEmbedding(
        random.normal(size=(3, 4))
    )  # fmt: skip
    n_shifts = {None: 0, "shared": 1, "class": 3}[loss.shift]
    model = Model(embedding, random.normal(size=(4, 3)), n_shifts, normalize)
    tuples = Tuples(
        anchors=[0, 3, 5, 8, 11, 13],
        positives=[[1, 7], [8, -1], [9, 12], [2, 4], [4, 14], [9, -1]],
        negatives=[[2, 9, 10], [13, 15, -1], [0, 14, 11], [5, 7, 12], [1, 6, 15], [3, 10, 8]],
        weights=[1.0, 2.0, 0.5, 1.0, 3.0, 1.0],
    )
    parameters = model.parameters + 0.1 * random.normal(size=len(model.parameters))
    return Objective(model, members, tuples, loss, 0.1, 1), parameters


def mlp(random):
    coefs = [random.normal(size=(4, 5)), random.normal(size=(5, 3))]
    return MLPEmbedding(coefs, [np.zeros(5), np.zeros(3)], random.normal(size=(4, 3)), None, "tanh")


@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("make_embedding", [None, mlp], ids=["linear", "mlp"])
def test_gradient_by_everything_learned_equals_finite_differences(loss, normalize, make_embedding):
    objective, parameters = problem(loss, normalize, make_embedding)
    _, slope = objective(parameters)
    steps = 1e-6 * np.eye(len(parameters))
    expected = [(objective(parameters + h)[0] - objective(parameters - h)[0]) / 2e-6 for h in steps]
    np.testing.assert_allclose(slope, expected, rtol=1e-5, atol=1e-7)
    assert (slope[objective.model.parts[0] :] != 0).any()


@pytest.mark.parametrize("normalize", [False, True])
def test_members_lie_where_they_should(normalize):
    objective, parameters = problem(TripletLoss(), normalize)
    model, members = objective.model, objective.members
    model.parameters = parameters
    Z, _ = model.embedding.forward(members.X)

    def seen(rows):
        return rows / np.linalg.norm(rows, axis=1, keepdims=True) if normalize else rows

    means = [seen(Z)[c == CODES].mean(axis=0) for c in range(3)]
    fixed = members.extras.parts[2].E
    expected = np.concatenate([seen(Z), seen(np.concatenate([means, model.proxies, fixed]))])
    np.testing.assert_allclose(model.place(Z, members)[0], expected, rtol=1e-12)


def test_the_embedding_shares_the_vector():
    model = problem(TripletLoss(), False)[0].model
    model.parameters[0] = 7.0
    assert model.embedding.parameters[0] == 7.0
    assert len(model.parameters) == 12 + 12


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_costs_for_miners_are_the_values_of_the_loss(loss):
    objective, parameters = problem(loss, False)
    model, members = objective.model, objective.members
    model.parameters = parameters
    P, _ = model.place(model.embedding.forward(members.X)[0], members)
    tuples = Tuples([0, 3], [[1, 7], [8, -1]], [[2, 9], [13, -1]])
    found = costs_of(tuples, P, members.codes, loss, model.shifts)
    metric = naive_losses.METRICS[loss.metric]
    if loss.metric == "cosine":
        P = P / np.linalg.norm(P, axis=1, keepdims=True)
    which = {None: [0, 0], "shared": [0, 0], "class": [0, 1]}[loss.shift]
    for value, t, shift in zip(found, range(2), which, strict=True):
        moved = model.shifts[shift] if loss.shift else 0.0
        d_pos = [metric(P[tuples.anchors[t]], P[p]) - moved for p in tuples.positives[t] if p >= 0]
        d_neg = [metric(P[tuples.anchors[t]], P[n]) - moved for n in tuples.negatives[t] if n >= 0]
        expected = loss.value_and_grad(np.array([d_pos]), np.array([d_neg]))[0][0]
        if loss.metric != "cosine":  # costs are of members as they were placed
            assert value == pytest.approx(expected, rel=1e-10)
