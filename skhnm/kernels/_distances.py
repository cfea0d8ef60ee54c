"""Squared Euclidean distances of given pairs of rows, exact to the last sum."""

from __future__ import annotations

import numpy as np

from skhnm.kernels._common import kernel, squared_distance


@kernel()
def pair_distances_tile(Z, P, anchors, others, padding, start, stop, out):  # type: ignore[no-untyped-def]
    """Fill ``out[t, s] = |Z[anchors[t]] - P[others[t, s]]|²`` for t in [start, stop).

    Parameters
    ----------
    Z : (n, m) float
        Embeddings of the anchors.
    P : (N, m) float
        Embeddings of the pool.
    anchors : (t,) intp
        Rows of `Z`.
    others : (t, k) intp
        Rows of `P`; -1 is padding.
    padding : float
        Written where `others` is -1.
    start, stop : int
        The tuples of this tile.
    out : (t, k) float64
        Filled in place.
    """
    for t in range(start, stop):
        for s in range(others.shape[1]):
            j = others[t, s]
            out[t, s] = padding if j < 0 else squared_distance(Z, anchors[t], P, j)


@kernel()
def squared_distances_from(Z, centre, out):  # type: ignore[no-untyped-def]
    """Fill `out` (n,) with the squared distance of each row of Z (n, m) from a point (1, m)."""
    for i in range(Z.shape[0]):
        out[i] = squared_distance(Z, i, centre, 0)


@kernel()
def augment_rows(Z, rows, centre, scale, query_sign, augmented):  # type: ignore[no-untyped-def]
    """Prepare rows so that one matrix product of two such arrays gives ±|a - b|².

    With b the centred, scaled row ``Z[rows[i]]`` in float32, row i of `augmented`
    (r, m + 2) float32 becomes ``(b, |b|², 1)`` for the pool (`query_sign` 0), and
    ``query_sign * (-2 b, 1, |b|²)`` for queries.

    Returns
    -------
    norms : (r,) float64
        Squared norms |b|² of the float32 rows.
    """
    m = Z.shape[1]
    norms = np.empty(rows.shape[0], dtype=np.float64)
    factor = np.float32(1.0 if query_sign == 0 else -2.0 * query_sign)
    for i in range(rows.shape[0]):
        norm = 0.0
        for f in range(m):
            b = np.float32((Z[rows[i], f] - centre[f]) * scale)
            augmented[i, f] = factor * b
            norm += np.float64(b) * np.float64(b)
        augmented[i, m] = norm if query_sign == 0 else query_sign
        augmented[i, m + 1] = 1.0 if query_sign == 0 else query_sign * norm
        norms[i] = norm
    return norms
