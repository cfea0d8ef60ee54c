import numpy as np
import pytest

from skhnm import Tuples
from skhnm.solvers._adam import AdamSolver, compact
from tests import naive

CENTRE = np.array([1.0, -2.0, 0.5])


def quadratic(x):
    """Ill-conditioned, with its minimum of 3 at CENTRE."""
    away = (x - CENTRE) * np.array([1.0, 5.0, 0.2])
    return 3.0 + 0.5 * away @ (x - CENTRE), away


def mined(t=23, n=12):
    random = np.random.default_rng(0)
    tuples = Tuples(
        random.integers(0, n, t),
        random.integers(-1, n, (t, 2)),
        random.integers(-1, n, (t, 3)),
        np.arange(float(t)),
    )
    return np.sort(random.permutation(100)[:n]), tuples


def in_the_data_set(rows, tuples):
    """Each tuple with rows of the data set in place of local indices."""
    lookup = [*rows.tolist(), -1]
    return [
        (lookup[a], [lookup[i] for i in p], [lookup[i] for i in n], w)
        for a, p, n, w in zip(
            tuples.anchors, tuples.positives, tuples.negatives, tuples.weights, strict=True
        )
    ]


def test_compact_tuples_mean_the_same_rows_and_there_are_no_others():
    rows, tuples = mined()
    piece = tuples[np.array([4, 9, 4])]
    used, local = compact(piece)
    assert in_the_data_set(rows[used], local) == in_the_data_set(rows, piece)
    entries = np.concatenate([local.anchors, local.positives.ravel(), local.negatives.ravel()])
    assert set(entries[entries >= 0]) == set(range(len(used)))


@pytest.mark.parametrize("padding", [-1, 4])
def test_compact_leaves_padding_as_it_is(padding):
    rows, local = compact(Tuples([7], [[2]], [[7, padding]]))
    assert rows.tolist() == ([2, 7] if padding < 0 else [2, 4, 7])
    assert local.triplets().tolist() == naive.triplets(local)
    assert local.negatives[0, 1] == (-1 if padding < 0 else 1)


def test_each_epoch_has_every_tuple_once_in_pieces_of_the_batch_size():
    rows, tuples = mined()
    solver = AdamSolver(0.1, batch_size=5, mined_in_batches=False)
    pieces = list(solver.pieces([(rows, tuples)], 3, np.random.default_rng(0)))
    assert [len(piece) for _, piece in pieces] == [5, 5, 5, 5, 3] * 3
    found = [t for used, piece in pieces for t in in_the_data_set(used, piece)]
    for epoch in range(3):
        part = found[23 * epoch : 23 * (epoch + 1)]
        assert sorted(part) == sorted(in_the_data_set(rows, tuples))
    assert found[:23] != found[23:46]


def test_what_was_mined_in_batches_is_passed_on_as_it_is():
    batches = [mined(t=4), mined(t=7)]
    solver = AdamSolver(0.1, batch_size=2, mined_in_batches=True)
    assert list(solver.pieces(iter(batches), 5, np.random.default_rng(0))) == batches


@pytest.mark.parametrize("in_batches", [False, True])
def test_the_loss_of_an_epoch_is_the_mean_over_its_steps(in_batches):
    solver = AdamSolver(0.1, batch_size=8, mined_in_batches=in_batches)
    values = iter([3.0, 4.0, 8.0, 1.0, 1.0, 4.0])
    epochs = 1 if in_batches else 2
    batches = [mined(t=8)] * 3 if in_batches else [mined()]
    for _ in solver.pieces(batches, epochs, np.random.default_rng(0)):
        solver.step(lambda x: (next(values), np.zeros(1)), np.zeros(1), 1)
    assert solver.losses == [5.0, 2.0][:epochs]
    solver.begin_round(0.5)
    assert solver.losses == []


def test_steps_equal_those_of_the_paper():
    solver, x = AdamSolver(0.1, 1, True), np.zeros(3)
    expected, m, v = np.zeros(3), np.zeros(3), np.zeros(3)
    for step in range(1, 8):
        x = solver.step(quadratic, x, 1)
        _, g = quadratic(expected)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        m_hat, v_hat = m / (1 - 0.9**step), v / (1 - 0.999**step)
        expected = expected - 0.1 * m_hat / (np.sqrt(v_hat) + 1e-8)
        np.testing.assert_allclose(x, expected, rtol=1e-12)


@pytest.mark.parametrize(("progress", "rate"), [(0.0, 0.2), (0.5, 0.1), (2 / 3, 0.05)])
def test_the_step_size_decays_along_a_cosine(progress, rate):
    solver = AdamSolver(0.2, 1, True)
    solver.begin_round(progress)
    moved = solver.step(lambda x: (0.0, np.array([1.0, -4.0])), np.zeros(2), 1)
    np.testing.assert_allclose(moved, [-rate, rate], rtol=1e-6)


def test_parameters_are_not_changed_in_place():
    x = np.zeros(3)
    AdamSolver(0.1, 1, True).step(quadratic, x, 1)
    assert x.tolist() == [0.0] * 3


def test_a_quadratic_is_minimised():
    solver, x = AdamSolver(0.2, 1, True), np.zeros(3)
    for step in range(300):
        solver.begin_round(step / 300)
        x = solver.step(quadratic, x, 1)
    np.testing.assert_allclose(x, CENTRE, atol=1e-2)
    assert not solver.has_converged()
