"""Listing all pool rows inside a window, by index."""

from __future__ import annotations

import numpy as np

from skhnm.kernels._common import kernel, squared_distance
from skhnm.kernels._select import any_within, is_hidden

_BLOCK = 16


@kernel()
def mark_tile(  # type: ignore[no-untyped-def]
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
    marks,
    counts,
):
    """Mark the pool rows inside each query's window, and count them.

    Parameters as in `skhnm.kernels._select.window_tile`, and:

    marks : (q, N) bool
        True where a pool row is in the window; changed in place.
    counts : (q,) intp
        How many are marked.
    """
    width = counts.shape[0] // tile.shape[0]
    stop_column = column + tile.shape[1]
    for q in range(counts.shape[0]):
        if not lower[q] < upper[q]:  # a window of nothing, or of NaN
            continue
        r = q // width
        floor = np.float32(lower[q] / unit - slack[r])
        ceiling = np.float32(upper[q] / unit + slack[r])
        sure_floor = lower[q] / unit + slack[r]
        sure_ceiling = upper[q] / unit - slack[r]
        for part in range(2):
            begin = max(allowed[r, 2 * part], column) - column
            end = min(allowed[r, 2 * part + 1], stop_column) - column
            for block in range(begin, end, _BLOCK):
                block_end = min(block + _BLOCK, end)
                if not any_within(tile[r, block:block_end], floor, ceiling):
                    continue
                for c in range(block, block_end):
                    v = tile[r, c]
                    if v < floor or v > ceiling:
                        continue
                    i = order[column + c]
                    if is_hidden(first, hidden, rows[r], i):
                        continue
                    if not sure_floor < v < sure_ceiling:  # too close to call
                        d = squared_distance(queries, rows[r], pool, i)
                        if not lower[q] < d < upper[q]:
                            continue
                    marks[q, i] = True
                    counts[q] += 1


@kernel()
def list_marked(marks, words, counts, listed):  # type: ignore[no-untyped-def]
    """Fill `listed` (Σ counts,) intp with the columns marked in each row, in order.

    `words` (q, N / 8) uint64 are the marks (q, N) again, eight at a time: most are empty.
    """
    place = 0
    for q in range(counts.shape[0]):
        stop = place + counts[q]
        for w in range(words.shape[1]):
            if place == stop:
                break
            if words[q, w] != 0:
                for i in range(8 * w, 8 * w + 8):
                    if marks[q, i]:
                        listed[place] = i
                        place += 1


@kernel()
def place_lists(found, counts, places, listed):  # type: ignore[no-untyped-def]
    """Copy lists of so many entries, one after the other in `found`, to their places (q,)."""
    start = 0
    for q in range(counts.shape[0]):
        for s in range(counts[q]):
            listed[places[q] + s] = found[start + s]
        start += counts[q]


@kernel()
def least_distances(Z, pool, listed, first, begin, end, least):  # type: ignore[no-untyped-def]
    """Fill ``least[q]`` (q,) with the least squared distance of Z[q] to its list; inf if empty."""
    for q in range(begin, end):
        least[q] = np.inf
        for place in range(first[q], first[q + 1]):
            least[q] = min(least[q], squared_distance(Z, q, pool, listed[place]))


@kernel()
def spread_lists(listed, first, begin, end, rows):  # type: ignore[no-untyped-def]
    """Fill rows [begin, end) of `rows` (q, k) with ``listed[first[q] : first[q + 1]]``, then -1."""
    for q in range(begin, end):
        n = first[q + 1] - first[q]
        for s in range(rows.shape[1]):
            rows[q, s] = listed[first[q] + s] if s < n else -1
