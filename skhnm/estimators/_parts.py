"""From a learner's constructor parameters to the parts of a fit."""

from __future__ import annotations

from typing import Any

import numpy as np

from skhnm.common._threads import effective_n_jobs
from skhnm.common._validation import check_choice, check_number
from skhnm.losses._known import LOSSES
from skhnm.miners._base import NEGATIVE_MINERS
from skhnm.miners.positives import POSITIVE_MINERS
from skhnm.pools._known import POOLS, resolve_pool
from skhnm.training._lbfgs import LBFGSSolver
from skhnm.training._minibatch import SCHEDULES, AdamSolver, SGDSolver
from skhnm.training._solver import BaseSolver

AXES = {
    "pool": POOLS,
    "negative_miner": NEGATIVE_MINERS,
    "positive_miner": POSITIVE_MINERS,
    "loss": LOSSES,
}
"""What the names of parts mean, by parameter."""


def setting(learner: Any, name: str) -> Any:
    """Return a parameter of a learner, and for "auto" what it stands for."""
    given = getattr(learner, name)
    if isinstance(given, str) and given == "auto" and name in learner._auto:
        return learner._auto[name][bool(learner.normalize)]
    return given


def check_setting(learner: Any, name: str, **bounds: Any) -> None:
    """Raise if a parameter is no number within bounds, nor "auto" where it may be that."""
    auto = name in learner._may_be_auto or name in learner._auto
    check_number(getattr(learner, name), name, auto=auto, **bounds)


def check_shared_parameters(learner: Any, solvers: tuple[str, ...]) -> None:
    """Raise if a parameter that all learners share is out of its range."""
    check_setting(learner, "max_iter", low=1, integer=True)
    check_number(learner.tol, "tol", low=0)
    check_number(learner.refresh_every, "refresh_every", low=1, integer=True)
    check_setting(learner, "batch_size", low=4, integer=True)
    check_setting(learner, "learning_rate", low=0, low_open=True)
    check_setting(learner, "alpha", low=0)
    if not isinstance(learner.early_stopping, (bool, np.bool_)):
        check_choice(learner.early_stopping, "early_stopping must be a bool, or it", ("classes",))
    check_number(learner.n_iter_no_change, "n_iter_no_change", low=1, integer=True)
    check_number(
        learner.validation_fraction, "validation_fraction",
        low=0, high=1, low_open=True, high_open=True,
    )  # fmt: skip
    if not isinstance(learner.verbose, bool):
        check_number(learner.verbose, "verbose", low=0, integer=True)
    check_number(learner.n_jobs, "n_jobs", integer=True, optional=True)
    effective_n_jobs(learner.n_jobs)
    check_choice(learner.solver, "solver", solvers)
    check_choice(learner.schedule, "schedule", SCHEDULES)


def resolve_parts(learner: Any) -> dict[str, Any]:
    """Return fresh objects for the three axes, by the name of their parameter.

    Raises
    ------
    ValueError
        If one is unknown, or does not go with the others.
    TypeError
        If one is of the wrong kind.
    """
    parts = {
        "pool": resolve_pool(setting(learner, "pool")),
        "negative_miner": NEGATIVE_MINERS.resolve(learner.negative_miner),
        "positive_miner": POSITIVE_MINERS.resolve(setting(learner, "positive_miner")),
        "loss": LOSSES.resolve(setting(learner, "loss")),
    }
    loss, pool = parts["loss"], parts["pool"]
    check_choice(
        getattr(loss, "metric", "sqeuclidean"),
        f"metric of {loss!r}",
        ("sqeuclidean", "euclidean", "cosine"),
    )
    if getattr(loss, "anchors", "rows") == "proxies" and not pool.has_proxies:
        raise ValueError(
            f"The loss {loss!r} is written from the side of proxies, but the pool {pool!r} has "
            "none: take pool='proxies'"
        )
    if pool.needs_steps and learner.solver == "lbfgs":
        raise ValueError(
            f"The pool {pool!r} lives from one small step to the next, which L-BFGS does not "
            "take: choose solver='adam' or 'sgd'"
        )
    return parts


def resolve_alpha(alpha: float | str, n_rows: int, normalized: bool) -> float:
    """Return the weight of the shrinkage; "auto" is that of two rows.

    Unit embeddings are for classes that are not seen in training. What holds for these is
    learned from classes, not from rows, however many rows there are.
    """
    if not isinstance(alpha, str):
        return alpha
    return 1e-3 if normalized else 2.0 / n_rows


def make_solver(learner: Any, pool: Any, solvers: tuple[str, ...]) -> BaseSolver:
    """Return the solver of a fit, one of those that the learner knows.

    "auto" takes steps where each step mines.
    """
    solver = learner.solver
    if solver == "auto":
        solver = "adam" if pool.mined_each_step or "lbfgs" not in solvers else "lbfgs"
    if solver == "lbfgs":
        return LBFGSSolver(learner.tol)
    pools = getattr(pool, "pools", [pool])
    proxy_rates = [getattr(part, "learning_rate", None) for part in pools]
    make = AdamSolver if solver == "adam" else SGDSolver
    return make(
        setting(learner, "learning_rate"),
        next((rate for rate in proxy_rates if rate is not None), None),
        setting(learner, "batch_size"),
        pool.mined_each_step,
        learner.schedule,
        learner.n_jobs,
    )
