"""Where a query's first match stands, if that is far down its ranking."""

from __future__ import annotations

import numpy as np

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.kernels._distances import pair_distances_tile
from skhnm.kernels._ties import mean_reciprocal
from skhnm.metrics._left_out import LeftOut
from skhnm.neighbors._search import ExactSearch


def far_reciprocal_ranks(
    search: ExactSearch, Z: FloatArray, rows: IndexArray, left_out: LeftOut
) -> FloatArray:
    """Return one over the place of the nearest match of some rows of Z, each of which has one.

    The rows before it are counted, not listed: those of other classes, less those of the query's
    group, which are counted among their group alone.
    """
    queries, own = Z[rows], left_out.own[rows]
    codes, groups, both = (
        queried[rows] for queried, _ in (left_out.codes, left_out.groups, left_out.of_both)
    )
    _, distance = search.nearest(queries, codes, 1, side="own", own=own, groups=groups)
    below, above = np.nextafter(distance, -np.inf), np.nextafter(distance, np.inf)
    # Two windows: whoever is nearer, and whoever is equally far.
    lower = np.hstack([np.full_like(distance, -np.inf), below])
    upper = np.hstack([distance, above])
    others = search.count_within(queries, codes, lower=lower, upper=upper).reshape(-1, 2)
    matches = search.count_within(queries, codes, side="own", lower=below, upper=above)
    in_group, of_class = (
        ExactSearch(search.pool, among, search.n_jobs)
        .count_within(queries, asked, side="own", lower=lower, upper=upper)
        .reshape(-1, 2)
        for asked, among in ((groups, left_out.of_group[1]), (both, left_out.of_both[1]))
    )
    others -= in_group - of_class
    matches -= of_class[:, 1]
    to_own = np.empty_like(distance)
    apart = np.where(left_out.is_apart[rows], own, -1)[:, None]
    pair_distances_tile(
        queries, search.pool, np.arange(len(own)), apart, np.inf, 0, len(own), to_own
    )
    matches -= (to_own == distance)[:, 0]
    everywhere = np.iinfo(np.intp).max
    return np.array(
        [
            mean_reciprocal(tied + h, h, nearer, everywhere)
            for (nearer, tied), h in zip(others, matches, strict=True)
        ]
    )
