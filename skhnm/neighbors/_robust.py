"""Where most rows lie, and how widely: figures that a few far rows do not move."""

from __future__ import annotations

import numpy as np

from skhnm.common._typing import FloatArray, IndexArray

_SAMPLE = 4096


def sample_rows(rows: FloatArray, order: IndexArray | None = None) -> FloatArray:
    """Take some rows, evenly spread, that stand for all of them, or for those of an order."""
    n = len(rows) if order is None else len(order)
    some = np.arange(0, n, max(1, n // _SAMPLE))
    return rows[some if order is None else order[some]]


def centre_and_norms(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Find the median of each column (m,), and the distances from there that are not 0."""
    rows = rows.astype(np.float64, copy=False)
    centre = np.median(rows, axis=0) if len(rows) else np.zeros(rows.shape[1])
    norms = np.linalg.norm(rows - centre, axis=1)
    return centre, norms[norms > 0]
