import numpy as np
import pytest

from skhnm import Tuples
from skhnm.common import _threads
from skhnm.embeddings._linear import LinearEmbedding
from skhnm.kernels._rows import unit_rows
from skhnm.losses import ContrastiveLoss, NPairLoss, TripletLoss
from skhnm.losses._known import LOSSES
from skhnm.pools._members import Members
from skhnm.training import _objective
from skhnm.training._model import Model
from skhnm.training._objective import Objective
from tests import cases, naive_losses

VARIANTS = cases.listed(cases.LOSSES)
every_variant = pytest.mark.parametrize(("name", "loss"), VARIANTS, ids=lambda v: str(v))


def problem(n=11, t=8, p=2, k=6, weighted=True, dtype=np.float64):
    """Rows, asymmetric tuples with padding, and an embedding away from its start."""
    random = np.random.default_rng(n)
    X = random.normal(size=(n, 5)).astype(dtype)
    anchors = random.integers(0, n, t)
    positives, negatives = random.integers(0, n, (t, p)), random.integers(0, n, (t, k))
    positives[1, 1] = negatives[0, 3] = negatives[2, 0] = -1
    negatives[3] = -1
    negatives[(negatives == anchors[:, None]) & (negatives >= 0)] += 1 - n
    positives[(positives == anchors[:, None]) & (positives >= 0)] += 1 - n
    negatives[negatives < 0] = positives[positives < 0] = -1
    weights = random.uniform(0.1, 2.0, t) if weighted else None
    embedding = LinearEmbedding(0.3 * random.normal(size=(3, 5)))
    parameters = embedding.start + 0.2 * random.normal(size=15)
    return embedding, X, Tuples(anchors, positives, negatives, weights), parameters


class objective_of:
    """The objective by the embedding's parameters, where the loss has learned no shift."""

    def __init__(self, loss, embedding, X, tuples, alpha=0.0, n_jobs=1):
        codes = np.arange(len(X)) % 3
        n_shifts = {None: 0, "shared": 1, "class": 3}[getattr(loss, "shift", None)]
        normalize = getattr(loss, "metric", None) == "cosine"
        model = Model(embedding, np.empty((0, embedding.shape[0])), n_shifts, normalize)
        members = Members(np.arange(len(X)), X, codes)
        self.objective = Objective(model, members, tuples, loss, alpha, n_jobs)
        self.no_shifts = np.zeros(n_shifts)

    def __call__(self, parameters):
        value, slope = self.objective(np.concatenate([parameters, self.no_shifts]))
        return value, slope[: len(parameters)]

    @property
    def statistics(self):
        return self.objective.statistics


def test_objective_covers_every_loss_and_so_every_distance():
    assert {name for name, _ in VARIANTS} == set(LOSSES)
    assert {loss.metric for _, loss in VARIANTS} == set(naive_losses.METRICS)


@every_variant
@pytest.mark.parametrize("weighted", [False, True])
def test_value_is_the_naive_mean_loss_and_the_shrinkage(name, loss, weighted):
    embedding, X, tuples, parameters = problem(weighted=weighted)
    value, _ = objective_of(loss, embedding, X, tuples, alpha=0.3)(parameters)
    Z = X @ (embedding.scale * parameters.reshape(3, 5)).T
    mean = naive_losses.mean_loss(name, loss.get_params(), loss.metric, Z, tuples)
    away = sum((a - b) ** 2 for a, b in zip(parameters, embedding.start, strict=True))
    assert value == pytest.approx(mean + 0.3 * away, rel=1e-12)


@every_variant
@pytest.mark.parametrize("alpha", [0.0, 0.3])
def test_gradient_by_the_parameters_equals_finite_differences(name, loss, alpha):
    objective = objective_of(loss, *problem()[:3], alpha=alpha)
    parameters = problem()[3]
    _, slope = objective(parameters)
    step = 1e-6 * np.eye(15)
    expected = [(objective(parameters + h)[0] - objective(parameters - h)[0]) / 2e-6 for h in step]
    np.testing.assert_allclose(slope, expected, rtol=1e-6, atol=1e-8)
    assert (slope != 0).all()


@every_variant
@pytest.mark.parametrize("n_jobs", [2, 4, None])
def test_results_are_identical_on_any_number_of_threads(monkeypatch, name, loss, n_jobs):
    monkeypatch.setattr(_threads, "_WORTH_A_THREAD", 0.0)
    monkeypatch.setattr(_objective, "_ENTRIES_A_TILE", 1)
    embedding, X, tuples, parameters = problem(n=1100, t=150)
    expected = objective_of(loss, embedding, X, tuples, n_jobs=1)(parameters)
    value, slope = objective_of(loss, embedding, X, tuples, n_jobs=n_jobs)(parameters)
    assert value == expected[0]
    np.testing.assert_array_equal(slope, expected[1])


@every_variant
def test_the_cut_of_the_tuples_does_not_matter(monkeypatch, name, loss):
    embedding, X, tuples, parameters = problem(n=30, t=150)
    expected = objective_of(loss, embedding, X, tuples)(parameters)
    monkeypatch.setattr(_objective, "_ENTRIES_A_TILE", 1)
    value, slope = objective_of(loss, embedding, X, tuples)(parameters)
    assert value == pytest.approx(expected[0], rel=1e-14)
    np.testing.assert_allclose(slope, expected[1], rtol=1e-12)


@every_variant
def test_float32_rows_come_close_to_float64(name, loss):
    parameters = problem()[3]
    value, slope = objective_of(loss, *problem(dtype=np.float32)[:3])(parameters)
    expected = objective_of(loss, *problem()[:3])(parameters)
    assert value == pytest.approx(expected[0], rel=1e-4)
    np.testing.assert_allclose(slope, expected[1], rtol=1e-3, atol=1e-4)
    assert slope.dtype == np.float64


def test_weights_count_relative_to_their_sum():
    embedding, X, tuples, parameters = problem()
    heavier = Tuples(tuples.anchors, tuples.positives, tuples.negatives, 8.0 * tuples.weights)
    for a, b in zip(
        objective_of(TripletLoss(), embedding, X, heavier)(parameters),
        objective_of(TripletLoss(), embedding, X, tuples)(parameters),
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)


def test_a_tuple_of_weight_zero_counts_as_if_it_were_not_there():
    embedding, X, tuples, parameters = problem()
    tuples.weights[[0, 5]] = 0.0
    rest = tuples[tuples.weights > 0]
    value, slope = objective_of(TripletLoss(), embedding, X, tuples)(parameters)
    expected = objective_of(TripletLoss(), embedding, X, rest)(parameters)
    assert value == pytest.approx(expected[0], rel=1e-14)
    np.testing.assert_allclose(slope, expected[1], rtol=1e-12)


@every_variant
def test_equal_rows_and_rows_at_the_origin_have_a_finite_gradient(name, loss):
    embedding = LinearEmbedding(np.eye(2))
    X = np.array([[0.0, 0.0], [1.0, 2.0], [1.0, 2.0], [0.0, 0.0]])
    tuples = Tuples([1, 0, 3], [[2], [1], [0]], [[0, 3, -1], [3, 2, -1], [1, 2, -1]])
    value, slope = objective_of(loss, embedding, X, tuples)(embedding.start)
    assert np.isfinite(value)
    assert np.isfinite(slope).all()


class Pull:
    """The simplest loss: it names no distance, and does not care about padding."""

    def value_and_grad(self, d_pos, d_neg):
        return d_pos.max(axis=1), np.ones_like(d_pos), np.ones_like(d_neg)


def test_a_loss_without_a_metric_is_given_squared_distances_and_may_ignore_padding():
    embedding, X = LinearEmbedding(np.eye(1)), np.array([[1.0], [3.0], [5.0]])
    tuples = Tuples([0], [[1, -1]], [[-1, -1, -1]])
    value, slope = objective_of(Pull(), embedding, X, tuples)(embedding.start)
    assert value == 4.0
    assert slope.tolist() == [8.0]


@pytest.mark.parametrize(
    ("loss", "active"), [(TripletLoss(), 0.5), (ContrastiveLoss(), 1.0)], ids=str
)
def test_statistics_describe_the_embedding_of_the_first_call(loss, active):
    X = np.array([[0.0], [1.0], [3.0], [7.0]])
    tuples = Tuples([0, 2], [[1, -1], [3, -1]], [[2, -1], [1, 0]])
    objective = objective_of(loss, LinearEmbedding(np.eye(1)), X, tuples)
    objective(np.ones(1))
    objective(np.full(1, 50.0))
    found = objective.statistics
    assert found.n_tuples == 2
    assert found.active == active
    assert found.hardness == pytest.approx((1 / (1 + 3) + 4 / (4 + 2)) / 2)
    assert found.spread == pytest.approx((3 + 2) / 2)


def test_statistics_of_cosine_distances_are_chords_of_the_unit_circle_over_root_two():
    X = np.array([[1.0, 0.0], [0.0, 2.0], [-3.0, 0.0]])
    embedding = LinearEmbedding(np.eye(2))
    objective = objective_of(NPairLoss(), embedding, X, Tuples([0], [[1]], [[2]]))
    objective(embedding.start)
    assert objective.statistics.hardness == pytest.approx(1.0 / (1.0 + np.sqrt(2.0)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_unit_rows_have_length_one_but_a_zero_row_stays_zero(dtype):
    Z = np.array([[3.0, 4.0], [0.0, 0.0], [0.0, -2.0]], dtype=dtype)
    unit, norms = unit_rows(Z)
    assert unit.dtype == dtype
    np.testing.assert_allclose(unit, [[0.6, 0.8], [0.0, 0.0], [0.0, -1.0]], rtol=1e-6)
    assert norms.tolist() == [5.0, 1.0, 2.0]
