import numpy as np
import pytest

from skhnm import Tuples
from skhnm.pools._members import Members
from skhnm.training._lbfgs import LBFGSSolver

CENTRE = np.array([1.0, -2.0, 0.5])


def quadratic(x):
    """Ill-conditioned, with its minimum of 3 at CENTRE."""
    away = (x - CENTRE) * np.array([1.0, 50.0, 0.02])
    return 3.0 + 0.5 * away @ (x - CENTRE), away


def members(rows):
    return Members(np.array(rows), np.zeros((len(rows), 1)), np.zeros(len(rows), dtype=int))


def test_one_mining_is_passed_on_as_it_is():
    only = (members([0, 1, 2]), Tuples([0], [[1]], [[2]]))
    assert list(LBFGSSolver(1e-4).pieces([only], 5, np.random.default_rng(0))) == [only]


def test_several_minings_are_joined_over_the_rows_that_they_share():
    a = members([40, 7, 15]), Tuples([0, 2], [[1], [0]], [[2], [1]], [1.0, 2.0])
    b = members([7, 99, 40, 3]), Tuples([3], [[2, 0]], [[1, -1]], [4.0])
    ((joined, tuples),) = LBFGSSolver(1e-4).pieces(iter([a, b]), 5, np.random.default_rng(0))
    rows = joined.rows
    assert rows.tolist() == [3, 7, 15, 40, 99]
    assert rows[tuples.anchors].tolist() == [40, 15, 3]
    assert np.append(rows, -1)[tuples.positives].tolist() == [[7, -1], [40, -1], [40, 7]]
    assert np.append(rows, -1)[tuples.negatives].tolist() == [[15, -1], [7, -1], [99, -1]]
    assert tuples.weights.tolist() == [1.0, 2.0, 4.0]


def test_a_quadratic_is_minimised():
    solver = LBFGSSolver(1e-14)
    found = solver.step(quadratic, np.zeros(3), 100)
    np.testing.assert_allclose(found, CENTRE, atol=1e-4)


def test_losses_are_those_of_the_objective_and_fall():
    solver = LBFGSSolver(0.0)
    found = solver.step(quadratic, np.zeros(3), 6)
    assert 0 < len(solver.losses) <= 6
    assert solver.losses == sorted(solver.losses, reverse=True)
    assert solver.losses[-1] == pytest.approx(quadratic(found)[0], rel=1e-12)
    solver.begin_round(0.5)
    assert solver.losses == []


def test_no_more_iterations_are_made_than_allowed():
    solver = LBFGSSolver(0.0)
    solver.step(quadratic, np.zeros(3), 2)
    assert len(solver.losses) == 2


@pytest.mark.parametrize("unit", [2.0**-60, 2.0**60])
def test_steps_do_not_depend_on_the_unit_of_the_objective(unit):
    expected = LBFGSSolver(1e-6).step(quadratic, np.zeros(3), 5)
    scaled = LBFGSSolver(1e-6).step(
        lambda x: tuple(unit * part for part in quadratic(x)), np.zeros(3), 5
    )
    np.testing.assert_array_equal(scaled, expected)


def test_a_round_that_gains_nothing_has_converged():
    solver = LBFGSSolver(1e-6)
    assert not solver.has_converged()
    solver.step(quadratic, np.zeros(3), 50)
    assert not solver.has_converged()
    solver.step(quadratic, CENTRE + 1e-6, 50)
    assert solver.has_converged()


def test_an_objective_of_zero_has_converged():
    solver = LBFGSSolver(1e-6)
    found = solver.step(lambda x: (0.0, np.zeros(3)), CENTRE, 50)
    assert found.tolist() == CENTRE.tolist()
    assert solver.has_converged()
