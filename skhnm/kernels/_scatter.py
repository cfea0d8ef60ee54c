"""The gradient of pair distances, gathered to each row: no two threads write one row.

A tuple's pairs touch two rows each. Adding to both from several threads would race, or
depend on the order of the threads; so the pairs are indexed once by the rows that they
touch, and each row then sums its own pairs, in a fixed order.
"""

from __future__ import annotations

import numpy as np

from skhnm.kernels._common import kernel


@kernel()
def group_by_value(values, n):  # type: ignore[no-untyped-def]
    """Return (start (n + 1,), members): the positions in `values` of each of 0 .. n - 1.

    A stable counting sort; negative values (padding) belong to nobody.
    """
    start = np.zeros(n + 1, dtype=np.intp)
    for v in values:
        if v >= 0:
            start[v + 1] += 1
    for i in range(n):
        start[i + 1] += start[i]
    members = np.empty(start[n], dtype=np.intp)
    fill = start[:-1].copy()
    for position in range(values.shape[0]):
        v = values[position]
        if v >= 0:
            members[fill[v]] = position
            fill[v] += 1
    return start, members


@kernel()
def anchor_gradient_tile(Z, P, others, G, start, members, begin, end, out):  # type: ignore[no-untyped-def]
    """Add ``2 Σ G[t, s] (Z[i] - P[others[t, s]])`` over the tuples t of each anchor i.

    Parameters
    ----------
    Z : (n, m) float
        Embeddings of the anchors.
    P : (N, m) float
        Embeddings of the pool.
    others : (t, k) intp
        Rows of `P`; -1 is padding.
    G : (t, k) float64
        Derivative of the objective by each squared distance.
    start, members
        Tuples of each anchor, from `group_by_value`.
    begin, end : int
        The anchors of this tile.
    out : (n, m) float64
        Changed in place, rows [begin, end) only.
    """
    m = Z.shape[1]
    for i in range(begin, end):
        for entry in range(start[i], start[i + 1]):
            t = members[entry]
            for s in range(others.shape[1]):
                g = 2.0 * G[t, s]
                if g != 0.0:
                    j = others[t, s]
                    for f in range(m):
                        out[i, f] += g * (np.float64(Z[i, f]) - np.float64(P[j, f]))


@kernel()
def pool_gradient_tile(Z, P, anchors, width, G, start, members, begin, end, out):  # type: ignore[no-untyped-def]
    """Add ``2 Σ G (P[j] - Z[anchor])`` over the pairs in which each pool row j stands.

    Parameters as in `anchor_gradient_tile`; `G` is flat (t * width,), and `start`,
    `members` give the flat positions of the pairs of each pool row.
    """
    m = Z.shape[1]
    for j in range(begin, end):
        for entry in range(start[j], start[j + 1]):
            position = members[entry]
            g = 2.0 * G[position]
            if g != 0.0:
                a = anchors[position // width]
                for f in range(m):
                    out[j, f] += g * (np.float64(P[j, f]) - np.float64(Z[a, f]))
