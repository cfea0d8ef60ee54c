"""What is counted in a ranking where some rows are equally far: means over all orders of them.

An entry of a ranking is a number whose lowest bit says if it is a match, and whose highest if
it ties with the one before. Of a run of n that tie, h of them matches, every order is as likely.
"""

from __future__ import annotations

import numpy as np

from skhnm.kernels._common import kernel

NEGLIGIBLE = 2.0**-60
"""A probability that changes no sum."""


@kernel()
def is_match(entry):  # type: ignore[no-untyped-def]
    """Whether an entry is of the query's class: 1 or 0."""
    return np.intp(entry & np.uint64(1))


@kernel()
def mark_tied(entry, tied):  # type: ignore[no-untyped-def]
    """Return the entry, which says whether it ties with the one before."""
    return entry | np.uint64(tied) << np.uint64(63)


@kernel()
def _is_tied(entry):  # type: ignore[no-untyped-def]
    """Whether an entry ties with the one before."""
    return entry >> np.uint64(63) != 0


@kernel()
def count_places(entries, n_places, n_r_places, ks, last_first, hits, found):  # type: ignore[no-untyped-def]
    """Count the matches in the first places of a ranking, after McSherry and Najork (2008).

    Parameters
    ----------
    entries : (n,) uint64
        The ranking: the places that count, and whatever ties with the last of them.
    n_places, n_r_places : int
        How many places count in all, and for R-precision and MAP@R.
    ks : (s,) intp
        Depths at which to count, ascending.
    last_first : int
        Last place at which a first match counts for the reciprocal rank.
    hits, found : (s,) float64
        Filled with the matches within each depth, and the probability of any.

    Returns
    -------
    r_hits, precision, reciprocal : float
        Matches within the places for R-precision; mean of the precision over them, 0 where there
        is no match; one over the place of the first match.
    """
    deepest = ks[-1] if ks.shape[0] else 0
    r_hits, precision, reciprocal = 0.0, 0.0, 0.0
    before, start = 0, 0  # matches and places before the run
    while start < n_places:
        h, stop = is_match(entries[start]), start + 1
        if stop == entries.shape[0] or not _is_tied(entries[stop]):  # without a branch: most are so
            before += h
            counts = h * (start < n_r_places)
            r_hits += counts
            precision += counts * (before / stop)
            if h & ((before == 1) | (start < deepest)):
                if before == 1 and stop <= last_first:
                    reciprocal = 1.0 / stop
                for s in range(ks.shape[0]):
                    if start < ks[s]:
                        hits[s] += 1.0
                        found[s] = 1.0
            start = stop
            continue
        while stop < entries.shape[0] and _is_tied(entries[stop]):
            h += is_match(entries[stop])
            stop += 1
        if h > 0:
            n = stop - start
            for s in range(ks.shape[0]):
                m = min(n, ks[s] - start)
                if m > 0:
                    hits[s] += m * h / n
                    if before == 0:
                        found[s] = _any_of_first(m, n, h)
            m = min(n, n_r_places - start)
            if m > 0:
                r_hits += m * h / n
                precision += _precisions(m, n, h, before, start)
            if before == 0:
                reciprocal = mean_reciprocal(n, h, start, last_first)
            before += h
        start = stop
    return r_hits, precision / max(1, n_r_places), reciprocal


@kernel()
def judge_nearest(  # type: ignore[no-untyped-def]
    distances,
    match,
    places,
    ks,
    last_first,
    hits,
    found,
    r_hits,
    precision,
    reciprocal,
    is_open,
):
    """Count the matches in the first places of lists (q, k) of the nearest rows, nearest first.

    Parameters as in `skhnm.kernels._rank.judge_tile`, and:

    distances, match : (q, k) float64, bool
        Exact distances, NaN where there are fewer rows, and who is of the query's class.
    is_open : (q,) bool
        Filled with whether rows beyond the list may tie with the last place: nothing is counted.
    """
    entries = np.empty(distances.shape[1], dtype=np.uint64)
    for q in range(distances.shape[0]):
        n = 0
        while n < distances.shape[1] and not np.isnan(distances[q, n]):
            tied = n > 0 and distances[q, n] == distances[q, n - 1]
            entries[n] = mark_tied(np.uint64(match[q, n]), tied)
            n += 1
        n_places = min(n, places[q, 0])
        is_open[q] = n == distances.shape[1]
        for i in range(n_places, n):
            is_open[q] &= _is_tied(entries[i])
        if not is_open[q]:
            r_hits[q], precision[q], reciprocal[q] = count_places(
                entries[:n], n_places, places[q, 1], ks, last_first, hits[q], found[q]
            )


@kernel()
def mean_reciprocal(n, h, start, last):  # type: ignore[no-untyped-def]
    """Mean of one over the place of the first match, in a run after `start` places without one.

    A place beyond the `last` counts 0.
    """
    total, none = 0.0, 1.0
    for j in range(min(n - h + 1, last - start)):
        total += none * h / ((n - j) * (start + j + 1))
        none *= (n - h - j) / (n - j)
        if none < NEGLIGIBLE:
            break
    return total


@kernel()
def _any_of_first(m, n, h):  # type: ignore[no-untyped-def]
    """Probability that one of the h matches of a run stands in its first m places."""
    if m > n - h:
        return 1.0
    some, none = 0.0, 1.0
    for j in range(m):
        some += none * h / (n - j)
        none *= (n - h - j) / (n - j)
        if none < NEGLIGIBLE:
            break
    return some


@kernel()
def _precisions(m, n, h, before, start):  # type: ignore[no-untyped-def]
    """Sum over the first m places of a run of the mean precision where there is a match."""
    total, others = 0.0, (h - 1) / (n - 1)  # share of matches among those that stand before one
    for j in range(m):
        total += (before + 1 + j * others) / (start + j + 1)
    return total * h / n
