"""Ranking: where the rows of a query's own class stand among its nearest rows.

As in `skhnm.kernels._select`, float32 distances of a tile tell who *may* stand where. Rows
so near each other that rounding could have swapped them, and of which some are matches and
some are not, have their distances computed exactly. Those that are equally far, to the last
bit, stand in no order: what is counted is the mean over all orders of them.
"""

from __future__ import annotations

import numpy as np

from skhnm.kernels._common import kernel, squared_distance
from skhnm.kernels._select import replace_worst
from skhnm.kernels._ties import count_places, is_match, mark_tied

DIGIT = 11
"""Bits of each of the two passes of a sort: so many that the table stays in the first cache."""

STEPS = 2 ** (2 * DIGIT)
"""Distances are told apart, before the exact ones are asked for, in so many steps."""


@kernel()
def value_at_place(sample, places, value):  # type: ignore[no-untyped-def]
    """Fill `value` (r,) with what stands in a place, from 0, of each row (r, c) float32."""
    depth = places.max() + 1
    values, order = np.empty((1, depth)), np.empty((1, depth), dtype=np.intp)
    for r in range(sample.shape[0]):
        nearest, indices = values[:, : places[r] + 1], order[:, : places[r] + 1]
        nearest[:], indices[:] = np.inf, 0
        for j in range(sample.shape[1]):
            if sample[r, j] < nearest[0, 0]:
                replace_worst(nearest, indices, 0, np.float64(sample[r, j]), j)
        value[r] = nearest[0, 0]


@kernel()
def collect_tile(tile, column, limit, counts, values, columns):  # type: ignore[no-untyped-def]
    """Append the entries of one tile that are at most each row's limit to its list.

    Parameters
    ----------
    tile : (r, c) float32
        Squared distances of r queries to c sorted rows, in scaled units.
    column : int
        Sorted position of the tile's first column.
    limit : (r,) float32
        Largest distance to collect.
    counts : (r,) intp
        Lengths of the lists, changed in place.
    values, columns : (r, w) float32, int32
        The lists, filled in place. What finds no room is counted all the same.
    """
    last = values.shape[1] - 1
    is_near = np.empty(tile.shape[1] // 8 * 8, dtype=np.uint8)
    eight = is_near.view(np.uint64)
    for r in range(tile.shape[0]):
        entries, row_values, row_columns = tile[r], values[r], columns[r]
        row_limit, n = limit[r], counts[r]
        for j in range(is_near.shape[0]):  # without a branch: sixteen at a time
            is_near[j] = not entries[j] > row_limit  # what is no number is looked at later
        for e in range(eight.shape[0]):
            if eight[e] != 0:
                for j in range(8 * e, 8 * e + 8):
                    place = min(n, last)
                    row_values[place] = entries[j]  # without a branch: the next overwrites it
                    row_columns[place] = column + j
                    n += is_near[j]
        for j in range(is_near.shape[0], entries.shape[0]):
            place = min(n, last)
            row_values[place] = entries[j]
            row_columns[place] = column + j
            n += not entries[j] > row_limit
        counts[r] = n


@kernel()
def collect_tile_of_columns(tile, row, limit, counts, values, columns):  # type: ignore[no-untyped-def]
    """Append the entries of one tile to the lists of its columns, which are queries as well.

    Parameters as in `collect_tile`, but of the tile's columns (c,), and `row` is the sorted
    position of its first row.
    """
    last = values.shape[1] - 1
    is_near = np.zeros(-(-tile.shape[1] // 8) * 8, dtype=np.uint8)
    eight = is_near.view(np.uint64)
    for r in range(tile.shape[0]):
        entries = tile[r]
        for j in range(entries.shape[0]):
            is_near[j] = not entries[j] > limit[j]
        for e in range(eight.shape[0]):
            if eight[e] != 0:
                for j in range(8 * e, min(8 * e + 8, entries.shape[0])):
                    if is_near[j]:
                        place = min(counts[j], last)
                        values[j, place] = entries[j]
                        columns[j, place] = row + r
                        counts[j] += 1


@kernel()
def count_tile(values, counts, ceiling, n_below):  # type: ignore[no-untyped-def]
    """Fill `n_below` (r,) with how many of each list (r, w) are at most its ceiling (r,)."""
    for r in range(values.shape[0]):
        row, high, n = values[r], ceiling[r], 0
        for i in range(counts[r]):
            n += not row[i] > high
        n_below[r] = n


@kernel()
def judge_tile(  # type: ignore[no-untyped-def]
    values,
    columns,
    counts,
    begin,
    end,
    own,
    groups,
    row_groups,
    query_norms,
    norms,
    roundoff,
    places,
    ks,
    queries,
    rows,
    pool,
    order,
    last_first,
    hits,
    found,
    r_hits,
    precision,
    reciprocal,
):
    """Rank each query's list, and count the matches in its first places.

    Parameters
    ----------
    values, columns : (r, w) float32, int32
        Scaled squared distances and sorted positions of what was collected.
    counts : (r,) intp
        Length of each list.
    begin, end : (r,) intp
        Sorted positions of the query's own class.
    own : (r,) intp
        Pool index of the query itself, which has no place; -1 if it is not in the pool.
    groups, row_groups : (r,), (N',) intp
        Groups of the queries, and of the rows by sorted position: rows of the query's group have
        no place. -1 is no group.
    query_norms, norms : (r,), (N',) float64
        Squared norms of the scaled queries, and of the scaled rows by sorted position.
    roundoff : float
        The rounding error of a value, relative to the squared sum of both norms.
    places : (r, 2) intp
        How many places count in all, and for R-precision and MAP@R.
    ks : (s,) intp
        Depths at which to count, ascending.
    queries : (n, m) float
        Original rows of the queries.
    rows : (r,) intp
        Row of `queries` behind each row here.
    pool, order : (N, m) float, (N',) intp
        Original rows, and the pool index at each sorted position.
    last_first : int
        Last place at which a first match counts for `reciprocal`.
    hits, found : (r, s) float64
        Matches within each depth, and the probability of any.
    r_hits : (r,) float64
        Matches within the places that count for R-precision.
    precision : (r,) float64
        Mean over these places of precision where there is a match, and 0 where there is none.
    reciprocal : (r,) float64
        One over the place of the first match; 0 if it has none of the places.
    """
    width = values.shape[1]
    ranked, spare = np.empty(width, dtype=np.uint64), np.empty(width, dtype=np.uint64)
    starts = np.empty((2, 2**DIGIT), dtype=np.intp)
    distances, matches = np.empty(width), np.empty(width, dtype=np.uint64)
    for r in range(values.shape[0]):
        n = _leave_out(values[r], columns[r], counts[r], order, own[r], groups[r], row_groups)
        listed = columns[r, :n]
        norm = 0.0
        for i in range(n):
            norm = max(norm, norms[listed[i]])
        slack = roundoff * (np.sqrt(query_norms[r]) + np.sqrt(norm)) ** 2
        gap = _number(values[r, :n], listed, begin[r], end[r], slack, ranked, starts)
        _sort(ranked, spare, starts, n)
        n_places = min(n, places[r, 0])
        _settle(ranked[:n], n_places, gap, queries, rows[r], pool, order, distances, matches)
        r_hits[r], precision[r], reciprocal[r] = count_places(
            ranked[:n], n_places, places[r, 1], ks, last_first, hits[r], found[r]
        )


@kernel()
def _step(entry):  # type: ignore[no-untyped-def]
    """Distance of an entry of `_number`, in steps."""
    return np.int64(entry >> np.uint64(32))


@kernel()
def _leave_out(values, columns, n, order, own, group, row_groups):  # type: ignore[no-untyped-def]
    """Take the query and its group out of its list of n, and return how many are left."""
    n_left = 0
    for at in range(n):
        column = columns[at]
        if order[column] != own and (group < 0 or row_groups[column] != group):
            values[n_left], columns[n_left] = values[at], column
            n_left += 1
    return n_left


@kernel()
def _number(values, columns, begin, end, slack, entries, starts):  # type: ignore[no-untyped-def]
    """Write each of a list as one number: its distance in steps, its column, if it is a match.

    Matches are the columns in [begin, end); `starts` (2, 2**DIGIT) becomes where the runs of each
    digit begin. Returns how many steps apart two may be and yet be swapped.
    """
    low, high = np.float32(np.inf), np.float32(-np.inf)
    for i in range(values.shape[0]):
        low, high = min(low, values[i]), max(high, values[i])
    span = np.float64(high) - np.float64(low)
    is_finite = 0.0 < span < np.inf  # else a query so far away that float32 overflows, or all tie
    scale = np.float32((STEPS - 1) / span) if is_finite else np.float32(0)
    starts[:] = 0
    for i in range(values.shape[0]):
        step = min(np.int64((values[i] - low) * scale), STEPS - 1) if is_finite else 0
        starts[0, step & (2**DIGIT - 1)] += 1
        starts[1, step >> DIGIT] += 1
        column = np.int64(columns[i])
        entries[i] = np.uint64(step << 32 | column << 1 | (begin <= column < end))
    for digit in range(2):
        total = 0
        for level in range(2**DIGIT):
            n = starts[digit, level]
            starts[digit, level] = total
            total += n
    # Three for the roundings of the steps themselves.
    return np.int64(min(2.0 * slack * scale + 3.0, np.float64(STEPS)))


@kernel()
def _sort(entries, spare, starts, n):  # type: ignore[no-untyped-def]
    """Sort n entries by their steps: a radix sort of two passes."""
    for i in range(n):
        level = _step(entries[i]) & (2**DIGIT - 1)
        spare[starts[0, level]] = entries[i]
        starts[0, level] += 1
    for i in range(n):
        level = _step(spare[i]) >> DIGIT
        entries[starts[1, level]] = spare[i]
        starts[1, level] += 1


@kernel()
def _settle(  # type: ignore[no-untyped-def]
    entries, n_places, gap, queries, q, pool, order, distances, matches
):
    """Order runs that rounding leaves open, where some match and some do not, by exact distance."""
    start, is_mixed = 0, False
    for stop in range(1, entries.shape[0] + 1):
        if stop < entries.shape[0] and _step(entries[stop]) - _step(entries[stop - 1]) <= gap:
            is_mixed |= is_match(entries[stop]) != is_match(entries[start])
            continue
        if is_mixed:
            _settle_run(entries, start, stop, queries, q, pool, order, distances, matches)
        if stop >= n_places:
            break
        start, is_mixed = stop, False


@kernel()
def _settle_run(entries, start, stop, queries, q, pool, order, distances, matches):  # type: ignore[no-untyped-def]
    """Sort a run by exact distance; all that is kept is who matches, and who ties.

    This is Shell's sort (1959), with gaps after Gonnet and Baeza-Yates (1991): most runs are of
    two or three, some of everything.
    """
    n, in_order = stop - start, True
    for i in range(n):
        row = order[np.int64(entries[start + i] & np.uint64(2**32 - 1)) >> 1]
        distances[i] = squared_distance(queries, q, pool, row)
        matches[i] = is_match(entries[start + i])
        in_order &= distances[i] >= distances[max(0, i - 1)]
    width = 1 if in_order else n  # in order, as where all tie: nothing to sort
    while width > 1:
        width = max(1, 5 * width // 11)
        for i in range(width, n):
            d, match, place = distances[i], matches[i], i
            while place >= width and d < distances[place - width]:
                distances[place], matches[place] = distances[place - width], matches[place - width]
                place -= width
            distances[place], matches[place] = d, match
    entries[start] = matches[0]
    for i in range(1, n):
        entries[start + i] = mark_tied(matches[i], distances[i] == distances[i - 1])
