"""L-BFGS over all that was mined: SciPy's."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator

import numpy as np
from scipy.optimize import OptimizeResult, minimize
from sklearn.exceptions import ConvergenceWarning

from skhnm.common._typing import FloatArray
from skhnm.pools._members import Members
from skhnm.training._objective import Objective
from skhnm.training._solver import BaseSolver, Mined


class LBFGSSolver(BaseSolver):
    """Some iterations of L-BFGS on all tuples together.

    Parameters
    ----------
    tol : float
        A round ends early when an iteration improves the objective by less than this
        share of the round's first value; a round that improves it by no more in all has
        converged.
    """

    stochastic = False

    def __init__(self, tol: float) -> None:
        super().__init__()
        self.tol = tol
        self._gain = np.inf
        self._has_moved = False

    def pieces(
        self, mined: Iterable[Mined], n_iterations: int, random: np.random.Generator
    ) -> Iterator[Mined]:
        everything = list(mined)
        yield everything[0] if len(everything) == 1 else Members.join(everything)

    def step(self, objective: Objective, parameters: FloatArray, n_iterations: int) -> FloatArray:
        unit = 0.0

        def evaluate(x: FloatArray) -> tuple[float, FloatArray]:
            nonlocal unit
            value, slope = objective(x)
            unit = unit or abs(value) or 1.0
            return value / unit, slope / unit

        def record(intermediate_result: OptimizeResult) -> None:
            self.losses.append(unit * float(intermediate_result.fun))

        result = minimize(
            evaluate,
            parameters,
            jac=True,
            method="L-BFGS-B",
            callback=record,
            options={"maxiter": n_iterations, "ftol": self.tol, "gtol": 1e-12},
        )
        if not self._has_moved and not result.nit and not result.success:
            warnings.warn(
                "No step along the gradient lowers the loss, so the metric stays at its start. "
                "That may be a corner of the loss, over which solver='adam' goes on; if the "
                "loss is your own, compare its derivatives with differences.",
                ConvergenceWarning,
                stacklevel=6,
            )
        self._has_moved = self._has_moved or bool(result.nit)
        self._gain = 1.0 - float(result.fun) if result.nit else 0.0
        best: FloatArray = result.x
        return best

    def has_converged(self) -> bool:
        return self._gain <= self.tol
