"""Selection among rows that search each other: one tile of distances serves both its sides.

As in `skhnm.kernels._select`, the tile only tells who may be selected, and the exact
distance decides.
"""

from __future__ import annotations

import numpy as np

from skhnm.kernels._common import kernel, squared_distance
from skhnm.kernels._select import BLOCK, is_before, replace_worst


@kernel()
def any_below(values, limit, limits):  # type: ignore[no-untyped-def]
    """Whether any of `values` (c,) is at most `limit`, or its own of `limits`, or is no number."""
    found = False
    for j in range(values.shape[0]):
        found |= not values[j] > max(limit, limits[j])
    return found


@kernel()
def select_mutual_tile(  # type: ignore[no-untyped-def]
    tile,
    row,
    column,
    sign,
    unit,
    row_slack,
    slack,
    allowed,
    groups,
    upper,
    pool,
    order,
    distances,
    indices,
):
    """Merge one tile into the heaps of its rows and into those of its columns.

    Parameters
    ----------
    tile : (r, c) float32
        Signed squared distances of sorted rows to sorted rows, in scaled units.
    row, column : int
        Sorted positions of the tile's first row and first column. Of a tile on the
        diagonal, each pair is looked at once.
    sign : float
        1 for the nearest, -1 for the farthest.
    unit : float
        One squared scaled unit, in squared units of the data.
    row_slack, slack : (r,) and (c,) float64
        Bounds of the rounding error along a row, and along a column.
    allowed : (N, 4) intp
        Sorted positions [a, b) and [c, d) in which each row may select; if one row may
        select another, the other may select it.
    groups : (N,) intp
        Group of each row; rows of one group never select each other, -1 is no group.
    upper : (N,) float64
        Only signed squared distances below are selected.
    pool : (N', m) float
        The original rows.
    order : (N,) intp
        Pool index at each sorted position.
    distances : (N, k) float64
        Max-heaps, changed in place; infinity where empty.
    indices : (N, k) intp
        Pool indices in the heaps; the largest intp where empty.
    """
    n_columns = tile.shape[1]
    ceilings = np.empty(n_columns, dtype=np.float32)
    for c in range(n_columns):
        j = column + c
        ceilings[c] = min(distances[j, 0], upper[j]) / unit + slack[c]
    for r in range(tile.shape[0]):
        i = row + r
        ceiling = np.float32(min(distances[i, 0], upper[i]) / unit + row_slack[r])
        for part in range(2):
            begin = max(allowed[i, 2 * part], column, i + 1) - column
            end = min(allowed[i, 2 * part + 1], column + n_columns) - column
            for block in range(begin, end, BLOCK):
                block_end = min(block + BLOCK, end)
                if not any_below(tile[r, block:block_end], ceiling, ceilings[block:block_end]):
                    continue
                for c in range(block, block_end):
                    if tile[r, c] > ceiling and tile[r, c] > ceilings[c]:
                        continue
                    j = column + c
                    if groups[i] >= 0 and groups[i] == groups[j]:
                        continue
                    a, b = order[i], order[j]
                    d = sign * squared_distance(pool, a, pool, b)
                    if d < upper[i] and is_before(d, b, distances[i, 0], indices[i, 0]):
                        replace_worst(distances, indices, i, d, b)
                        ceiling = np.float32(min(distances[i, 0], upper[i]) / unit + row_slack[r])
                    if d < upper[j] and is_before(d, a, distances[j, 0], indices[j, 0]):
                        replace_worst(distances, indices, j, d, a)
                        ceilings[c] = min(distances[j, 0], upper[j]) / unit + slack[c]
