import numpy as np
import pytest

from skhnm import Tuples
from skhnm.pools._members import Members
from skhnm.training._minibatch import AdamSolver, SGDSolver

CENTRE = np.array([1.0, -2.0, 0.5])
BOTH = pytest.mark.parametrize("make", [AdamSolver, SGDSolver])


class Objective:
    """A function of three parameters: two are the embedding's, the last is a proxy's."""

    class model:
        parts = np.array([2, 3, 3])

    def __init__(self, function):
        self.function = function

    def __call__(self, x):
        return self.function(x)


def quadratic(x):
    """Ill-conditioned, with its minimum of 3 at CENTRE."""
    away = (x - CENTRE) * np.array([1.0, 5.0, 0.2])
    return 3.0 + 0.5 * away @ (x - CENTRE), away


def solver(make, rate=0.1, proxy_rate=None, batch_size=1, in_batches=True, schedule="cosine"):
    return make(rate, proxy_rate, batch_size, in_batches, schedule)


def mined(t=23, n=12):
    random = np.random.default_rng(0)
    rows = np.sort(random.permutation(100)[:n])
    tuples = Tuples(
        random.integers(0, n, t), random.integers(-1, n, (t, 2)), random.integers(-1, n, (t, 3)),
        np.arange(float(t)),
    )  # fmt: skip
    return Members(rows, np.zeros((n, 1)), rows % 3), tuples


def in_the_data_set(members, tuples):
    """Each tuple with rows of the data set in place of local indices."""
    lookup = [*members.rows.tolist(), -1]
    return [
        (lookup[a], [lookup[i] for i in p], [lookup[i] for i in n], w)
        for a, p, n, w in zip(
            tuples.anchors, tuples.positives, tuples.negatives, tuples.weights, strict=True
        )
    ]


def test_each_epoch_has_every_tuple_once_in_pieces_of_the_batch_size():
    everything = mined()
    pieces = list(
        solver(AdamSolver, batch_size=5, in_batches=False).pieces(
            [everything], 3, np.random.default_rng(0)
        )
    )
    assert [len(piece) for _, piece in pieces] == [5, 5, 5, 5, 3] * 3
    found = [t for members, piece in pieces for t in in_the_data_set(members, piece)]
    for epoch in range(3):
        part = found[23 * epoch : 23 * (epoch + 1)]
        assert sorted(part) == sorted(in_the_data_set(*everything))
    assert found[:23] != found[23:46]


def test_what_was_mined_in_batches_is_passed_on_as_it_is():
    batches = [mined(t=4), mined(t=7)]
    pieces = solver(AdamSolver, batch_size=2).pieces(iter(batches), 5, np.random.default_rng(0))
    assert list(pieces) == batches


@BOTH
@pytest.mark.parametrize("in_batches", [False, True])
def test_the_loss_of_an_epoch_is_the_mean_over_its_steps(make, in_batches):
    s = solver(make, batch_size=8, in_batches=in_batches)
    values = iter([3.0, 4.0, 8.0, 1.0, 1.0, 4.0])
    epochs = 1 if in_batches else 2
    batches = [mined(t=8)] * 3 if in_batches else [mined()]
    for _ in s.pieces(batches, epochs, np.random.default_rng(0)):
        s.step(Objective(lambda x: (next(values), np.zeros(3))), np.zeros(3), 1)
    assert s.losses == [5.0, 2.0][:epochs]
    s.begin_round(0.5)
    assert s.losses == []


def test_adam_takes_the_steps_of_the_paper():
    s, x = solver(AdamSolver), np.zeros(3)
    expected, m, v = np.zeros(3), np.zeros(3), np.zeros(3)
    for step in range(1, 8):
        x = s.step(Objective(quadratic), x, 1)
        _, g = quadratic(expected)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        m_hat, v_hat = m / (1 - 0.9**step), v / (1 - 0.999**step)
        expected = expected - 0.1 * m_hat / (np.sqrt(v_hat) + 1e-8)
        np.testing.assert_allclose(x, expected, rtol=1e-7)


def test_sgd_has_the_momentum_of_nesterov():
    s, x = solver(SGDSolver), np.zeros(3)
    velocity, ahead = np.zeros(3), np.zeros(3)  # the look-ahead form: the same steps
    for _ in range(8):
        x = s.step(Objective(quadratic), x, 1)
        _, g = quadratic(ahead)
        velocity = 0.9 * velocity - 0.1 * g
        ahead = ahead + 0.9 * velocity - 0.1 * g
        np.testing.assert_allclose(x, ahead, rtol=1e-12)


@pytest.mark.parametrize(
    ("schedule", "progress", "factor"),
    [
        ("cosine", 0.0, 1.0), ("cosine", 0.5, 0.5), ("cosine", 2 / 3, 0.25),
        ("linear", 0.0, 1.0), ("linear", 0.75, 0.25), ("constant", 0.9, 1.0),
    ],
)  # fmt: skip
def test_the_step_size_follows_its_schedule_and_proxies_have_their_own(schedule, progress, factor):
    s = solver(AdamSolver, 0.2, 0.8, schedule=schedule)
    s.begin_round(progress)
    slope = np.array([1.0, -4.0, 2.0])
    moved = s.step(Objective(lambda x: (0.0, slope)), np.zeros(3), 1)
    np.testing.assert_allclose(moved, factor * np.array([-0.2, 0.2, -0.8]), rtol=1e-6)


@BOTH
def test_float32_parameters_stay_float32_and_move_alike(make):
    x = {dtype: np.zeros(3, dtype) for dtype in (np.float32, np.float64)}
    for dtype in x:
        s = solver(make)
        for _ in range(5):
            x[dtype] = s.step(Objective(quadratic), x[dtype], 1)
        assert x[dtype].dtype == dtype
    np.testing.assert_allclose(x[np.float32], x[np.float64], rtol=1e-5)


@BOTH
def test_a_quadratic_is_minimised(make):
    s, x = solver(make, 0.2 if make is AdamSolver else 0.03), np.zeros(3)
    for step in range(400):
        s.begin_round(step / 400)
        x = s.step(Objective(quadratic), x, 1)
    np.testing.assert_allclose(x, CENTRE, atol=2e-2)
    assert not s.has_converged()
