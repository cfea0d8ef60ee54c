"""Selection fused with the scan of a tile of distances, while the tile is in cache.

A tile holds squared distances in float32, from one matrix product. It only tells who *may*
be selected. Whoever passes has its distance computed exactly, in float64 from the original
rows, and the exact distance decides; ties go to the lower index. So the result does not
depend on the tile's size, on the order of the pool, nor on where the data lie. An entry that
is no number tells nothing, so it passes.

One anchor may ask several queries (one for each of its positives), all rows of a tile
equally many. A query is given its own open window ``lower < d < upper``. Distances here
are signed: -d where the farthest are wanted.
"""

from __future__ import annotations

import numpy as np

from skhnm.kernels._common import kernel, squared_distance

BLOCK = 128
"""Entries that are compared at once, before one of them is looked at."""


@kernel()
def any_within(values, floor, ceiling):  # type: ignore[no-untyped-def]
    """Whether any of `values` (c,) float32 has ``floor <= v <= ceiling``, or is no number.

    Without a branch, so that the compiler compares sixteen at a time.
    """
    found = False
    for j in range(values.shape[0]):
        found |= not ((values[j] < floor) | (values[j] > ceiling))
    return found


@kernel()
def is_before(d, i, other_d, other_i):  # type: ignore[no-untyped-def]
    """Whether (d, i) sorts before (other_d, other_i): by distance, then by index."""
    return d < other_d or (d == other_d and i < other_i)


@kernel()
def replace_worst(distances, indices, q, d, i):  # type: ignore[no-untyped-def]
    """Replace the root of the max-heap ``distances[q], indices[q]`` (k,) by (d, i)."""
    k = distances.shape[1]
    here = 0
    while True:
        child = 2 * here + 1
        if child >= k:
            break
        right = child + 1
        if right < k and is_before(
            distances[q, child], indices[q, child], distances[q, right], indices[q, right]
        ):
            child = right
        if not is_before(d, i, distances[q, child], indices[q, child]):
            break
        distances[q, here] = distances[q, child]
        indices[q, here] = indices[q, child]
        here = child
    distances[q, here] = d
    indices[q, here] = i


@kernel()
def is_hidden(first, hidden, q, i):  # type: ignore[no-untyped-def]
    """Whether i is among ``hidden[first[q]:first[q + 1]]``, which ascend."""
    low, high = first[q], first[q + 1]
    while low < high:
        middle = (low + high) // 2
        if hidden[middle] < i:
            low = middle + 1
        else:
            high = middle
    return low < first[q + 1] and hidden[low] == i


@kernel()
def select_tile(  # type: ignore[no-untyped-def]
    tile,
    column,
    sign,
    unit,
    slack,
    allowed,
    own,
    groups,
    column_groups,
    first,
    hidden,
    lower,
    upper,
    queries,
    rows,
    pool,
    order,
    distances,
    indices,
):
    """Merge one tile into the heaps of the k smallest signed distances of each query.

    Parameters
    ----------
    tile : (r, c) float32
        Signed squared distances of r anchors to c sorted pool rows, in scaled units.
    column : int
        Sorted position of the tile's first column.
    sign : float
        1 for the nearest, -1 for the farthest.
    unit : float
        One squared scaled unit, in squared units of the data.
    slack : (r,) float64
        Bound of the rounding error of a row of the tile.
    allowed : (r, 4) intp
        Sorted positions [a, b) and [c, d) in which the row may select.
    own : (r,) intp
        Pool index of the anchor itself, never selected; -1 if it is not in the pool.
    groups : (r,) intp
        Group of each anchor, whose rows it never selects; -1 if it is in none.
    column_groups : (N,) intp
        Group of each sorted pool row; not looked at where no anchor is in a group.
    first, hidden : (n + 1,), (t,) intp
        Row i of `queries` never selects the pool rows ``hidden[first[i]:first[i + 1]]``, which
        ascend.
    lower, upper : (q,) float64
        Open window of each query, in signed squared units of the data.
    queries : (n, m) float
        The anchors' original rows.
    rows : (r,) intp
        Row of `queries` behind each row of the tile.
    pool : (N, m) float
        The original pool.
    order : (N,) intp
        Pool index at each sorted position.
    distances : (q, k) float64
        Max-heaps, changed in place; infinity where empty.
    indices : (q, k) intp
        Pool indices in the heaps; the largest intp where empty.
    """
    stop_column = column + tile.shape[1]
    per_row = lower.shape[0] // tile.shape[0]
    for r in range(tile.shape[0]):
        for q in range(r * per_row, (r + 1) * per_row):
            if not lower[q] < upper[q]:  # a window of nothing, or of NaN
                continue
            floor = np.float32(lower[q] / unit - slack[r])
            ceiling = np.float32(min(distances[q, 0], upper[q]) / unit + slack[r])
            for part in range(2):
                begin = max(allowed[r, 2 * part], column) - column
                end = min(allowed[r, 2 * part + 1], stop_column) - column
                for block in range(begin, end, BLOCK):
                    block_end = min(block + BLOCK, end)
                    if not any_within(tile[r, block:block_end], floor, ceiling):
                        continue
                    for j in range(block, block_end):
                        if tile[r, j] > ceiling or tile[r, j] < floor:
                            continue
                        i = order[column + j]
                        if i == own[r]:
                            continue
                        if groups[r] >= 0 and column_groups[column + j] == groups[r]:
                            continue
                        if is_hidden(first, hidden, rows[r], i):
                            continue
                        d = sign * squared_distance(queries, rows[r], pool, i)
                        if lower[q] < d < upper[q] and is_before(
                            d, i, distances[q, 0], indices[q, 0]
                        ):
                            replace_worst(distances, indices, q, d, i)
                            ceiling = np.float32(min(distances[q, 0], upper[q]) / unit + slack[r])


@kernel()
def window_tile(  # type: ignore[no-untyped-def]
    tile,
    column,
    unit,
    slack,
    allowed,
    first,
    hidden,
    lower,
    upper,
    queries,
    rows,
    pool,
    order,
    wanted,
    counts,
    found,
):
    """Count the pool rows inside each query's window, and take those that are wanted.

    Parameters as in `select_tile`, with nearest distances of other classes only, and:

    wanted : (q, k) intp
        Ordinals, ascending, of the rows in the window to take; k = 0 only counts.
    counts : (q, 2) intp
        Rows of the window seen so far, and how many of the wanted were taken.
    found : (q, k) intp
        Pool indices of what was taken.
    """
    stop_column = column + tile.shape[1]
    per_row = lower.shape[0] // tile.shape[0]
    for r in range(tile.shape[0]):
        for q in range(r * per_row, (r + 1) * per_row):
            if not lower[q] < upper[q]:
                continue
            low, high = lower[q] / unit, upper[q] / unit
            floor, ceiling = np.float32(low - slack[r]), np.float32(high + slack[r])
            for part in range(2):
                begin = max(allowed[r, 2 * part], column) - column
                end = min(allowed[r, 2 * part + 1], stop_column) - column
                for j in range(begin, end):
                    v = tile[r, j]
                    if v < floor or v > ceiling:
                        continue
                    i = order[column + j]
                    if is_hidden(first, hidden, rows[r], i):
                        continue
                    if not low + slack[r] < v < high - slack[r]:  # too close to call
                        d = squared_distance(queries, rows[r], pool, i)
                        if not lower[q] < d < upper[q]:
                            continue
                    taken = counts[q, 1]
                    if taken < wanted.shape[1] and wanted[q, taken] == counts[q, 0]:
                        found[q, taken] = i
                        counts[q, 1] += 1
                    counts[q, 0] += 1
