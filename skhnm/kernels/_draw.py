"""Drawing pool rows by weights that fall with their density at a distance."""

from __future__ import annotations

import numpy as np

from skhnm.kernels._common import kernel

_BLOCK = 64


@kernel(error_model="numpy")
def log_inverse_density(squared, dimensions, cutoff):  # type: ignore[no-untyped-def]
    """``-log q(d)`` of two random unit rows, d clipped from below; up to a constant."""
    x = max(squared, cutoff * cutoff)
    value = -0.5 * (dimensions - 2.0) * np.log(x)
    if dimensions != 3.0:
        value -= 0.5 * (dimensions - 3.0) * np.log(max(1.0 - 0.25 * x, 1e-12))
    return value


@kernel(error_model="numpy")
def draw_tile(rows, D, cutoff, dimensions, uniforms, found):  # type: ignore[no-untyped-def]
    """Draw from each anchor's rows one after the other, without replacement.

    Parameters
    ----------
    rows : (r, w) intp
        Rows of the pool to draw from; -1 is no choice.
    D : (r, w) float64
        Their squared distances to the anchor, all at unit length.
    cutoff : float
        Distances below count as this one.
    dimensions : float
        Columns of the embedding.
    uniforms : (r, k) float64
        In [0, 1): one for each draw.
    found : (r, k) intp
        Filled with pool rows, -1 where there are fewer.
    """
    n, k = D.shape[1], found.shape[1]
    n_blocks = (n + _BLOCK - 1) // _BLOCK
    weights = np.empty(n, dtype=np.float64)
    sums = np.empty(n_blocks, dtype=np.float64)
    for r in range(D.shape[0]):
        top = -np.inf
        n_left = 0
        for j in range(n):
            if rows[r, j] >= 0:
                weights[j] = log_inverse_density(D[r, j], dimensions, cutoff)
                top = max(top, weights[j])
                n_left += 1
            else:
                weights[j] = -np.inf
        for b in range(n_blocks):
            total = 0.0
            for j in range(b * _BLOCK, min(n, (b + 1) * _BLOCK)):
                # The least weight is not 0: whoever may be drawn, is drawn in the end.
                weights[j] = max(np.exp(weights[j] - top), 1e-290) if weights[j] > -np.inf else 0.0
                total += weights[j]
            sums[b] = total
        for s in range(k):
            if s >= n_left:
                found[r, s] = -1
                continue
            target = 0.0
            for b in range(n_blocks):
                target += sums[b]
            target *= uniforms[r, s]
            b, last_block = 0, 0
            for candidate in range(n_blocks):
                b = candidate
                if sums[b] > 0.0:
                    last_block = b
                    if target < sums[b]:
                        break
                    target -= sums[b]
            if not (sums[b] > 0.0 and target < sums[b]):  # rounding: past the last one
                b = last_block
            last = -1
            for j in range(b * _BLOCK, min(n, (b + 1) * _BLOCK)):
                if weights[j] > 0.0:
                    last = j
                    if target < weights[j]:
                        break
                    target -= weights[j]
            found[r, s] = rows[r, last]
            weights[last] = 0.0
            total = 0.0
            for j in range(b * _BLOCK, min(n, (b + 1) * _BLOCK)):
                total += weights[j]
            sums[b] = total
