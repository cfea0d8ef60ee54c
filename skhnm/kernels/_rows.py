"""Rows one by one: an order of their own, and unit length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.kernels._common import kernel


@kernel()
def project_rows(X, direction, out):  # type: ignore[no-untyped-def]
    """Fill ``out[i] = X[i] · direction`` (n,) float64: equal rows get equal numbers.

    A matrix product would not do: BLAS may sum a row differently in another place.
    """
    for i in range(X.shape[0]):
        total = 0.0
        for f in range(X.shape[1]):
            total += np.float64(X[i, f]) * direction[f]
        out[i] = total


def row_keys(X: FloatArray) -> FloatArray:
    """Return a number for each row (n,): equal for equal rows, and seldom else."""
    keys = np.empty(len(X))
    project_rows(X, np.cos(np.arange(1.0, X.shape[1] + 1.0)), keys)
    return keys


def sort_rows(X: FloatArray, codes: IndexArray) -> tuple[IndexArray, NDArray[np.bool_]]:
    """Sort rows by code, then by what depends on the rows alone.

    Returns
    -------
    order : (n,) intp
        The rows in their order.
    is_new : (n,) bool
        Whether each of these differs from the one before, in a feature or in its code.
    """
    keys = row_keys(X)
    order = np.lexsort((keys, codes))
    keys, sorted_codes = keys[order], codes[order]
    is_new = np.ones(len(X), dtype=bool)
    twins = np.flatnonzero((keys[1:] == keys[:-1]) & (sorted_codes[1:] == sorted_codes[:-1])) + 1
    is_new[twins] = (X[order[twins]] != X[order[twins - 1]]).any(axis=1)
    if is_new[twins].any():  # the keys do not tell these apart: sort by the columns
        order = np.lexsort((*X.T, codes))
        is_new[1:] = codes[order[1:]] != codes[order[:-1]]
        is_new[1:] |= (X[order[1:]] != X[order[:-1]]).any(axis=1)
    return order, is_new


def distinct_rows(X: FloatArray) -> tuple[IndexArray, IndexArray]:
    """Return where each distinct row stands first (u,), and which of these each row is (n,).

    The distinct rows come in an order that depends on the rows alone.
    """
    order, is_new = sort_rows(X, np.zeros(len(X), dtype=np.intp))
    which = np.empty_like(order)
    which[order] = np.cumsum(is_new) - 1
    return order[is_new], which


def unit_rows(Z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the rows at unit length, and their lengths (float64); a zero row stays zero."""
    unit, norms = np.empty_like(Z), np.empty(len(Z))
    scale_rows(Z, unit, norms)
    return unit, norms


@kernel()
def scale_rows(Z, unit, norms):  # type: ignore[no-untyped-def]
    """Fill ``norms[i]`` with the length of Z[i], 1 for a zero row, and ``unit`` with Z / norms."""
    for i in range(Z.shape[0]):
        total = 0.0
        for f in range(Z.shape[1]):
            total += np.float64(Z[i, f]) * np.float64(Z[i, f])
        norms[i] = np.sqrt(total) if total > 0.0 else 1.0
        for f in range(Z.shape[1]):
            unit[i, f] = Z[i, f] / norms[i]


@kernel()
def first_misplaced(rows, anchors, codes, pool_codes, own, same, begin, end):  # type: ignore[no-untyped-def]
    """Flat position of the first of ``rows[begin:end]`` (t, k) that may not be there; -1 if none.

    With `same`, a row must be of the anchor's own class and other than itself; without, of
    another class. -1 is padding among the rows, and "no class" among the codes. Whatever is
    no row of the pool may not be there either.
    """
    for t in range(begin, end):
        a = anchors[t]
        for s in range(rows.shape[1]):
            j = rows[t, s]
            if j == -1:
                continue
            if j < -1 or j >= pool_codes.shape[0]:
                return t * rows.shape[1] + s
            known = codes[a] >= 0 if same else pool_codes[j] >= 0
            if not known or (pool_codes[j] == codes[a]) != same or (same and j == own[a]):
                return t * rows.shape[1] + s
    return -1
