"""Copies: rows that are equal but for the rounding of what was put in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhnm.common._threads import cut, run_tiles
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.kernels._copies import mark_copies
from skhnm.neighbors._search import ExactSearch, TooManyFound
from skhnm.neighbors._sides import MAX_ENTRIES
from skhnm.neighbors._tiling import Lists

_ROUNDINGS = 8
"""Twice what two rows may lose at most: each when it was put in, scaled, and put at unit length."""


def copy_tolerance(*dtypes: Any) -> float:
    """Return how far apart copies may be, relative to the longer of the two: a few roundings.

    Of rows of several types, those of the coarsest.
    """
    return _ROUNDINGS * max(float(np.finfo(dtype).eps) for dtype in dtypes)


def find_copies(
    Z: FloatArray,
    pool: FloatArray,
    listed: IndexArray,
    positives: Lists,
    tolerance: float,
    n_jobs: int | None,
    width: int | None = None,
) -> NDArray[np.bool_]:
    """Return which of the listed pool rows (n, c) are copies of a query or of its positives.

    Parameters
    ----------
    Z, pool : (n, m), (N, m) float
        Of which the first `width` columns are compared.
    listed : (n, c) intp
        Rows of the pool; -1 is padding.
    positives : lists
        Of each query, rows of the pool.
    tolerance : float
        From `copy_tolerance`.
    n_jobs : int or None
    width : int, optional
        Left out: all.
    """
    width = Z.shape[1] if width is None else width
    Z_squares, pool_squares = (
        np.einsum("ij,ij->i", rows[:, :width], rows[:, :width], dtype=np.float64)
        for rows in (Z, pool)
    )
    marks = np.empty(listed.shape, dtype=bool)
    parts = cut(slice(0, len(Z)), listed.shape[1])

    def mark(part: int) -> None:
        mark_copies(
            Z, Z_squares, pool, pool_squares, width, listed, *positives, tolerance,
            parts[part].start, parts[part].stop, marks,
        )  # fmt: skip

    n_pairs = listed.shape[1] * (len(Z) + len(positives[1]))
    run_tiles(mark, len(parts), n_jobs, nanoseconds=2.0 * n_pairs)
    return marks


def copies_of_positives(search: ExactSearch, positives: IndexArray, reach: float) -> Lists | None:
    """List the pool rows of other classes that equal one of an anchor's positives (n, p).

    Parameters
    ----------
    search : ExactSearch
        Over the pool.
    positives : (n, p) intp
        Rows of the pool; -1 is padding.
    reach : float
        Squared distance up to which rows are copies.

    Returns
    -------
    lists : lists or None
        Rows of the pool, ascending; None if there are no copies at all.
    """
    anchors, columns = np.nonzero(positives >= 0)
    known, place = np.unique(positives[anchors, columns], return_inverse=True)
    lower = np.full((len(known), 1), -np.inf)
    upper = np.full((len(known), 1), np.nextafter(reach, np.inf))
    try:
        copies, first = search.list_within(
            search.pool[known], search.codes[known], lower=lower, upper=upper, most=MAX_ENTRIES
        )
        counts = np.diff(first)[place]
        if counts.sum() > MAX_ENTRIES:
            raise TooManyFound(int(counts.sum()))
    except TooManyFound as error:
        raise ValueError(
            f"drop_copies finds {error.args[0]:.2g} copies of positives in other classes, above "
            f"the limit of {MAX_ENTRIES:.2g}: drop repeated rows before mining, or mine in "
            "batches (pool='batch' in a learner)"
        ) from None
    if not len(copies):
        return None
    before = np.repeat(first[place] - (np.cumsum(counts) - counts), counts)
    rows = copies[before + np.arange(len(before))]
    pairs = np.unique(np.repeat(anchors, counts) * len(search.pool) + rows)
    anchors, rows = np.divmod(pairs, len(search.pool))
    return np.searchsorted(anchors, np.arange(len(positives) + 1)).astype(np.intp), rows
