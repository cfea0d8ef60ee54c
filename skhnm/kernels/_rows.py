"""Rows one by one: an order of their own, and unit length."""

from __future__ import annotations

import numpy as np

from skhnm._typing import FloatArray
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


def unit_rows(Z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the rows at unit length, and their lengths; a zero row stays zero."""
    norms = np.sqrt(np.einsum("ij,ij->i", Z, Z, dtype=np.float64))
    norms = np.where(norms > 0, norms, 1.0)
    return (Z / norms[:, None]).astype(Z.dtype, copy=False), norms
