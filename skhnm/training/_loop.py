"""The loop: candidates, embeddings, mining, loss, step. Everything else is delegated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from skhnm.common._threads import cut, run_tiles
from skhnm.common._tuples import Tuples
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.embeddings._base import BaseEmbedding
from skhnm.miners._base import BaseMiner, select_checked
from skhnm.miners.positives import BasePositiveMiner, choose_checked
from skhnm.neighbors._candidates import Candidates
from skhnm.pools._base import BasePool
from skhnm.pools._members import Members
from skhnm.training._model import Model
from skhnm.training._monitor import Monitor
from skhnm.training._objective import Objective, costs_of, is_normalized
from skhnm.training._solver import BaseSolver, Mined


@dataclass
class Problem:
    """The rows to learn from, and the choices on each axis.

    `X` (n, d) are the rows, `codes` (n,) their classes from 0 and `weights` (n,) those of
    the anchors. `rows` (n,) are the user's rows that they are, -1 where nobody knows, and
    `stands` says which row is here for each of the user's, see `TrainingData`. Where there is a
    `supply`, nothing is mined by classes: it is given the embeddings (n, m) at each refresh, and
    returns the tuples of rows to learn from.
    """

    X: FloatArray
    codes: IndexArray
    weights: FloatArray
    rows: IndexArray
    stands: IndexArray | None
    pool: BasePool
    positive_miner: BasePositiveMiner
    negative_miner: BaseMiner
    loss: Any
    normalize: bool
    alpha: float
    batch_size: int
    random: np.random.Generator
    n_jobs: int | None
    supply: Callable[[FloatArray], Tuples] | None = None
    objective: type[Objective] = Objective


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
    p.negative_miner.reset()
    model = _start(p, embedding)
    monitor.begin(embedding)
    for number, n_iterations in enumerate(schedule):
        monitor.begin_round()
        solver.begin_round(number / len(schedule))
        p.pool.begin_round(lambda: model.seen(embedding.embed(p.X)))
        progress = number / (len(schedule) - 1) if len(schedule) > 1 else 1.0
        if p.supply is None:
            mined = _mine(p, model, monitor, progress, solver)
        else:
            mined = iter([_supplied(p, p.supply, model, monitor)])
        for members, tuples in solver.pieces(mined, n_iterations, p.random):
            if len(tuples):
                objective = p.objective(model, members, tuples, p.loss, p.alpha, p.n_jobs)
                model.parameters = solver.step(objective, model.parameters, n_iterations)
                monitor.saw(objective.statistics)
                if (
                    p.supply is None
                    and p.negative_miner.wants_gain
                    and objective.first_value is not None
                ):
                    gain = objective.first_value - objective(model.parameters)[0]
                    p.negative_miner.learn(gain)
        if monitor.end_round(embedding, solver.losses, p.negative_miner.report()):
            break
        if solver.has_converged():
            break
    monitor.finish(embedding)
    p.pool.reset()
    getattr(p.loss, "learned", lambda shifts: None)(model.shifts.astype(np.float64))


def rounds(max_iter: int, refresh_every: int, solver: BaseSolver, pool: BasePool) -> list[int]:
    """Cut the iterations into rounds.

    A round is one mining and the iterations on what it found; or, where a mini-batch
    solver mines at each step, one epoch.
    """
    length = 1 if solver.stochastic and pool.mined_each_step else refresh_every
    return [min(length, max_iter - done) for done in range(0, max_iter, length)]


def _start(problem: Problem, embedding: BaseEmbedding) -> Model:
    """Return the model at the start: proxies where the pool wants them, shifts at 0."""
    p = problem
    Z = embedding.embed(p.X[:1])
    n_shifts = {None: 0, "shared": 1, "class": int(p.codes.max()) + 1}
    model = Model(
        embedding,
        np.empty((0, Z.shape[1])),
        n_shifts[getattr(p.loss, "shift", None)],
        is_normalized(p.normalize, p.loss),
    )
    proxies = p.pool.start(lambda: model.seen(embedding.embed(p.X)), p.codes, p.random)
    if proxies is None:
        return model
    return Model(embedding, proxies, len(model.shifts), model.normalize)


def _take(X: FloatArray, rows: IndexArray, n_jobs: int | None) -> FloatArray:
    """Return the rows, without a copy where they are all rows in their order."""
    if len(rows) == len(X) and np.array_equal(rows, np.arange(len(X))):
        return X
    taken = np.empty((len(rows), X.shape[1]), dtype=X.dtype)
    parts = cut(slice(0, len(rows)), X.shape[1])

    def copy(i: int) -> None:
        np.take(X, rows[parts[i]], axis=0, out=taken[parts[i]], mode="clip")

    run_tiles(copy, len(parts), n_jobs, float(taken.size))
    return taken


def _supplied(
    problem: Problem, supply: Callable[[FloatArray], Tuples], model: Model, monitor: Monitor
) -> Mined:
    """Ask for the tuples of a round, among all rows."""
    p = problem
    tuples = supply(model.seen(model.embedding.embed(p.X)))
    monitor.mined(len(tuples))
    return Members(np.arange(len(p.X), dtype=np.intp), p.X, p.codes), tuples


def _mine(
    problem: Problem, model: Model, monitor: Monitor, progress: float, solver: BaseSolver
) -> Iterator[Mined]:
    """Mine each set of rows that the pool hands out, under the current embedding."""
    p = problem
    in_batches = solver.stochastic or p.pool.rows_see_each_other
    for rows in p.pool.draws(p.codes, p.batch_size if in_batches else None, p.random):
        X = _take(p.X, rows, p.n_jobs)
        extras = p.pool.extras(rows, p.codes)
        codes = np.concatenate([p.codes[rows], extras.codes])
        members = Members(rows, X, codes, extras)
        whole = solver.takes_whole_sets
        Z, memory = model.embedding.forward(X) if whole else (model.embedding.embed(X), None)
        P, placed = model.place(Z, members)
        if whole:  # the step that comes next begins where this mining stands
            members.forwarded = memory, P, placed
        found = [
            _mine_view(p, model, members, P, pool, seen, progress)
            for pool, seen in p.pool.views(len(rows), extras)
        ]
        p.pool.saw(rows, p.codes, Z)
        tuples = Tuples.concatenate(found)
        monitor.mined(len(tuples))
        yield members, tuples


def _mine_view(
    problem: Problem,
    model: Model,
    members: Members,
    P: FloatArray,
    pool: BasePool,
    seen: IndexArray,
    progress: float,
) -> Tuples:
    """Mine the anchors of a set against those of its members that they see."""
    p = problem
    n_rows = len(members.rows)
    from_proxies = pool.has_proxies and getattr(p.loss, "anchors", "rows") == "proxies"
    if from_proxies:  # the loss is written from their side: rows are candidates
        anchors, seen = seen, np.arange(n_rows)
    else:
        anchors = np.arange(n_rows)
    hidden = np.full(len(P), -1, dtype=np.intp)
    hidden[seen] = members.codes[seen]

    def row_numbers() -> tuple[IndexArray, IndexArray]:
        numbers = np.append(p.rows, -1)[np.concatenate([members.rows, members.extras.rows])]
        return numbers[anchors], np.where(hidden >= 0, numbers, -1)

    candidates = Candidates(
        P if len(anchors) == len(P) else P[anchors],
        members.codes[anchors],
        P,
        hidden,
        np.where(hidden[anchors] >= 0, anchors, -1),
        p.random,
        n_jobs=p.n_jobs,
        progress=progress,
        needs_positive=not from_proxies,
        hints=None if from_proxies else pool.hints(members.rows),
        row_numbers=row_numbers,
        stands=p.stands,
    )

    def numbered(tuples: Tuples) -> Tuples:
        return Tuples(anchors[tuples.anchors], tuples.positives, tuples.negatives)

    candidates = pool.narrowed(candidates)
    candidates.costs = lambda tuples: costs_of(
        numbered(tuples), P, members.codes, p.loss, model.shifts
    )
    candidates.positives = choose_checked(p.positive_miner, candidates)
    mined = pool.remember(members.rows, numbered(select_checked(p.negative_miner, candidates)))
    weights = _weights_of(mined, p.weights[members.rows])
    return Tuples(mined.anchors, mined.positives, mined.negatives, weights)


def _weights_of(tuples: Tuples, weights: FloatArray) -> FloatArray:
    """Return the weight of each anchor; a proxy has the mean weight of its positives."""
    n_rows = len(weights)
    if not len(tuples) or tuples.anchors.max() < n_rows:
        return weights[tuples.anchors]
    some = tuples.positives >= 0
    sums = np.where(some, weights[np.where(some, tuples.positives, 0)], 0.0).sum(axis=1)
    counts = some.sum(axis=1)
    means: FloatArray = np.where(counts > 0, sums / np.maximum(counts, 1), weights.mean())
    return means
