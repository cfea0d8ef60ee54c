"""Adam and SGD over mini-batches."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator

import numpy as np

from skhnm.common._threads import cut, run_tiles
from skhnm.common._typing import FloatArray
from skhnm.kernels._step import adam_step
from skhnm.training._objective import Objective
from skhnm.training._solver import BaseSolver, Mined

SCHEDULES = ("cosine", "linear", "constant")


class MiniBatchSolver(BaseSolver):
    """One step for each mini-batch, with a step size that follows a schedule.

    Parameters
    ----------
    learning_rate : float
        First step size.
    proxy_rate : float or None
        First step size of the pool's proxies; None is the same.
    batch_size : int
        Tuples of a step.
    mined_in_batches : bool
        Whether tuples arrive one batch at a time: then each batch is a step.
    schedule : {"cosine", "linear", "constant"}
        How the step size falls to 0 over the fit. Cosine: Loshchilov and Hutter (2017),
        "SGDR", ICLR.
    n_jobs : int or None
        Threads; never changes a result.
    """

    stochastic = True

    def __init__(
        self,
        learning_rate: float,
        proxy_rate: float | None,
        batch_size: int,
        mined_in_batches: bool,
        schedule: str,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__()
        self.rates = (learning_rate, proxy_rate or learning_rate, learning_rate)
        self.batch_size = batch_size
        self.takes_whole_sets = mined_in_batches
        self.schedule = schedule
        self.n_jobs = n_jobs
        self._decay = 1.0
        self._values: list[float] = []

    def begin_round(self, progress: float) -> None:
        super().begin_round(progress)
        self._decay = {
            "cosine": 0.5 * (1.0 + np.cos(np.pi * progress)),
            "linear": 1.0 - progress,
            "constant": 1.0,
        }[self.schedule]

    def pieces(
        self, mined: Iterable[Mined], n_iterations: int, random: np.random.Generator
    ) -> Iterator[Mined]:
        if self.takes_whole_sets:
            yield from mined
            self._end_epoch()
            return
        for members, tuples in mined:
            for _ in range(n_iterations):
                order = random.permutation(len(tuples))
                for start in range(0, len(order), self.batch_size):
                    yield members.restricted(tuples[order[start : start + self.batch_size]])
                self._end_epoch()

    def step(self, objective: Objective, parameters: FloatArray, n_iterations: int) -> FloatArray:
        value, slope = objective(parameters)
        self._values.append(value)
        begin = 0
        slope = slope.astype(parameters.dtype, copy=False)
        for end, rate in zip(objective.model.parts, self.rates, strict=True):
            if end > begin:
                self._move(parameters, slope, slice(begin, end), rate * self._decay)
            begin = end
        self._n_steps += 1
        return parameters

    @abstractmethod
    def _move(self, parameters: FloatArray, slope: FloatArray, part: slice, rate: float) -> None:
        """Change a part of the parameters in place."""

    def _end_epoch(self) -> None:
        if self._values:
            self.losses.append(float(np.mean(self._values)))
            self._values = []

    _n_steps = 0


class AdamSolver(MiniBatchSolver):
    """Adam.

    References
    ----------
    Kingma and Ba (2015), "Adam: A Method for Stochastic Optimization", ICLR.
    """

    _mean: FloatArray | None = None
    _square: FloatArray | None = None

    def _move(self, parameters: FloatArray, slope: FloatArray, part: slice, rate: float) -> None:
        if self._mean is None or self._square is None:
            self._mean, self._square = np.zeros_like(parameters), np.zeros_like(parameters)
        mean, square = self._mean, self._square
        n = self._n_steps + 1
        unbiased = [0.1, 0.001, rate / (1.0 - 0.9**n), 1.0 / (1.0 - 0.999**n), 1e-8]
        constants = tuple(parameters.dtype.type(c) for c in unbiased)
        parts = cut(part)

        def move(i: int) -> None:
            p = parts[i]
            adam_step(parameters[p], slope[p], mean[p], square[p], constants)

        run_tiles(move, len(parts), self.n_jobs, 1.0 * (part.stop - part.start))


class SGDSolver(MiniBatchSolver):
    """Stochastic gradient descent with Nesterov's momentum of 0.9.

    References
    ----------
    Sutskever, Martens, Dahl and Hinton (2013), "On the Importance of Initialization and
    Momentum in Deep Learning", ICML.
    """

    _velocity: FloatArray | None = None

    def _move(self, parameters: FloatArray, slope: FloatArray, part: slice, rate: float) -> None:
        if self._velocity is None:
            self._velocity = np.zeros_like(parameters)
        velocity, step = self._velocity[part], rate * slope[part]
        velocity *= 0.9
        velocity -= step
        parameters[part] += 0.9 * velocity - step
