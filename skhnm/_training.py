"""The loop: candidates, embeddings, mining, loss, step. Everything else is delegated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from skhnm._monitor import Monitor
from skhnm._objective import Objective, as_seen_by
from skhnm._tuples import Tuples
from skhnm._typing import FloatArray, IndexArray
from skhnm.embeddings._base import BaseEmbedding
from skhnm.miners._base import BaseMiner, select_checked
from skhnm.miners.positives import BasePositiveMiner, choose_checked
from skhnm.neighbors._candidates import Candidates
from skhnm.pools._base import BasePool
from skhnm.solvers._base import BaseSolver, Mined


@dataclass
class Problem:
    """The rows to learn from, and the choices on each axis.

    `X` (n, d) is centred, `codes` (n,) are classes from 0 and `weights` (n,) those of the
    anchors.
    """

    X: FloatArray
    codes: IndexArray
    weights: FloatArray
    pool: BasePool
    positive_miner: BasePositiveMiner
    negative_miner: BaseMiner
    loss: Any
    alpha: float
    batch_size: int
    random: np.random.Generator
    n_jobs: int | None


def train(
    problem: Problem,
    embedding: BaseEmbedding,
    solver: BaseSolver,
    monitor: Monitor,
    schedule: list[int],
) -> None:
    """Move the embedding's parameters, until the schedule ends or there is a reason to stop.

    `schedule` holds the iterations of each round, see `rounds`.
    """
    p = problem
    p.pool.reset()
    monitor.begin(embedding)
    for number, n_iterations in enumerate(schedule):
        monitor.begin_round()
        solver.begin_round(number / len(schedule))
        for rows, tuples in solver.pieces(_mine(p, embedding, monitor), n_iterations, p.random):
            if len(tuples):
                X = _take(p.X, rows)
                objective = Objective(embedding, X, tuples, p.loss, p.alpha, p.n_jobs)
                embedding.parameters = solver.step(objective, embedding.parameters, n_iterations)
                monitor.saw(objective.statistics)
        if monitor.end_round(embedding, solver.losses) or solver.has_converged():
            break
    monitor.finish(embedding)
    p.pool.reset()


def rounds(max_iter: int, refresh_every: int, solver: BaseSolver, pool: BasePool) -> list[int]:
    """Cut the iterations into rounds.

    A round is one mining and the iterations on what it found; or, where a mini-batch
    solver mines at each step, one epoch.
    """
    length = 1 if solver.stochastic and pool.mined_each_step else refresh_every
    return [min(length, max_iter - done) for done in range(0, max_iter, length)]


def _take(X: FloatArray, rows: IndexArray) -> FloatArray:
    """Return the rows, without a copy where they are all rows in their order."""
    everything = len(rows) == len(X) and np.array_equal(rows, np.arange(len(X)))
    return X if everything else X[rows]


def _mine(problem: Problem, embedding: BaseEmbedding, monitor: Monitor) -> Iterator[Mined]:
    """Mine each set of candidates that the pool hands out, under the current embedding."""
    p = problem
    for rows in p.pool.candidates(p.codes, p.batch_size, p.random):
        X = _take(p.X, rows)
        Z = as_seen_by(p.loss, embedding.forward(X)[0])
        codes = p.codes[rows]
        own = np.arange(len(rows), dtype=np.intp)
        candidates = Candidates(Z, codes, Z, codes, own, p.random, n_jobs=p.n_jobs)
        candidates.positives = choose_checked(p.positive_miner, candidates)
        mined = p.pool.remember(select_checked(p.negative_miner, candidates))
        monitor.mined(len(mined))
        weights = p.weights[rows][mined.anchors]
        yield rows, Tuples(mined.anchors, mined.positives, mined.negatives, weights)
