"""Putting rows into an order of their own."""

from __future__ import annotations

import numpy as np

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
