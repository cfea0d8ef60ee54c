"""From a user's arrays to the candidates of one mining."""

from __future__ import annotations

from typing import Any

from skhnm.common._threads import effective_n_jobs
from skhnm.common._typing import RandomState
from skhnm.common._validation import check_generator, check_number, check_sides
from skhnm.neighbors._candidates import Candidates


def make_candidates(
    Z: Any,
    y: Any,
    pool: Any,
    pool_y: Any,
    unlabelled: Any,
    random_state: RandomState,
    n_jobs: int | None,
) -> Candidates:
    """Validate the arguments of a public ``mine`` and encode their labels together.

    Raises
    ------
    ValueError
        If only one of `pool` and `pool_y` is given, shapes do not fit, or values are
        not finite.
    """
    random = check_generator(random_state)
    check_number(n_jobs, "n_jobs", integer=True, optional=True)
    effective_n_jobs(n_jobs)
    sides = check_sides(Z, y, pool, pool_y, unlabelled, ("pool", "pool_y"))
    return Candidates(*sides, random, n_jobs=n_jobs)
