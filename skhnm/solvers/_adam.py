"""Adam over mini-batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from skhnm._objective import Objective
from skhnm._tuples import Tuples
from skhnm._typing import FloatArray, IndexArray
from skhnm.solvers._base import BaseSolver, Mined


class AdamSolver(BaseSolver):
    """One step of Adam for each mini-batch, the step size decaying along a cosine.

    Parameters
    ----------
    learning_rate : float
        First step size, in units of the start.
    batch_size : int
        Tuples of a step.
    mined_in_batches : bool
        Whether tuples arrive one batch at a time: then each batch is a step.

    References
    ----------
    Kingma and Ba (2015), "Adam: A Method for Stochastic Optimization", ICLR. Cosine:
    Loshchilov and Hutter (2017), "SGDR", ICLR.
    """

    stochastic = True

    def __init__(self, learning_rate: float, batch_size: int, mined_in_batches: bool) -> None:
        super().__init__()
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.mined_in_batches = mined_in_batches
        self._rate = learning_rate
        self._mean: FloatArray | None = None
        self._square: FloatArray | None = None
        self._n_steps = 0
        self._values: list[float] = []

    def begin_round(self, progress: float) -> None:
        super().begin_round(progress)
        self._rate = self.learning_rate * 0.5 * (1.0 + np.cos(np.pi * progress))

    def pieces(
        self, mined: Iterable[Mined], n_iterations: int, random: np.random.Generator
    ) -> Iterator[Mined]:
        if self.mined_in_batches:
            yield from mined
            self._end_epoch()
            return
        for rows, tuples in mined:
            for _ in range(n_iterations):
                order = random.permutation(len(tuples))
                for start in range(0, len(order), self.batch_size):
                    used, piece = compact(tuples[order[start : start + self.batch_size]])
                    yield rows[used], piece
                self._end_epoch()

    def step(self, objective: Objective, parameters: FloatArray, n_iterations: int) -> FloatArray:
        value, slope = objective(parameters)
        self._values.append(value)
        self._n_steps += 1
        if self._mean is None or self._square is None:
            self._mean, self._square = np.zeros_like(slope), np.zeros_like(slope)
        self._mean += 0.1 * (slope - self._mean)
        self._square += 0.001 * (slope * slope - self._square)
        mean = self._mean / (1.0 - 0.9**self._n_steps)
        square = self._square / (1.0 - 0.999**self._n_steps)
        return parameters - self._rate * mean / (np.sqrt(square) + 1e-8)

    def _end_epoch(self) -> None:
        if self._values:
            self.losses.append(float(np.mean(self._values)))
            self._values = []


def compact(tuples: Tuples) -> tuple[IndexArray, Tuples]:
    """Return the rows that the tuples use, and the tuples as indices into these."""
    t, p = tuples.positives.shape
    everything = np.concatenate(
        [tuples.anchors, tuples.positives.ravel(), tuples.negatives.ravel()]
    )
    rows, inverse = np.unique(everything, return_inverse=True)
    shift = int(len(rows) > 0 and rows[0] < 0)
    local = inverse.reshape(-1).astype(np.intp) - shift
    return rows[shift:], Tuples(
        local[:t],
        local[t : t + t * p].reshape(t, p),
        local[t + t * p :].reshape(t, -1),
        tuples.weights,
    )
