"""From a user's arrays to the candidates of one mining."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_consistent_length

from skhnm._threads import effective_n_jobs
from skhnm._typing import RandomState
from skhnm._validation import (
    check_embeddings,
    check_generator,
    check_number,
    encode_labels,
    encode_together,
)
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
    Z = check_embeddings(Z)
    random = check_generator(random_state)
    check_number(n_jobs, "n_jobs", integer=True, optional=True)
    effective_n_jobs(n_jobs)
    if (pool is None) != (pool_y is None):
        raise ValueError("pool and pool_y go together: give both, or neither")
    if pool is None:
        _, codes = encode_labels(y, unlabelled)
        check_consistent_length(Z, codes)
        own = np.arange(len(Z), dtype=np.intp)
        return Candidates(Z, codes, Z, codes, own, random, n_jobs=n_jobs)

    pool = check_embeddings(pool, "pool")
    dtype = np.result_type(Z, pool)
    Z, pool = Z.astype(dtype, copy=False), pool.astype(dtype, copy=False)
    if pool.shape[1] != Z.shape[1]:
        raise ValueError(f"pool has {pool.shape[1]} columns, but Z has {Z.shape[1]}")
    codes, pool_codes = encode_together(y, pool_y, unlabelled, ("y", "pool_y"))
    check_consistent_length(Z, codes)
    check_consistent_length(pool, pool_codes)
    own = np.full(len(Z), -1, dtype=np.intp)
    return Candidates(Z, codes, pool, pool_codes, own, random, n_jobs=n_jobs)
