"""Drawing pool rows by weights that fall with their density at a distance.

At unit length, the density of distances d in D dimensions is ``d^(D - 2) (1 - d²/4)^((D -
3) / 2)``; with x = d² and y = x (1 - x / 4), that is ``√x y^b`` where b = (D - 3) / 2. A
weight is one over it. The power is a product of squares, because b is a whole or half
number, and is taken of y relative to the anchor's own extreme: so it cannot overflow, in
however many dimensions, and needs no logarithm.
"""

from __future__ import annotations

import numpy as np

from skhnm.kernels._common import SUM_IN_ANY_ORDER, kernel, squared_distance

_BLOCK = 64
_LEAST = 1e-290  # not 0: whoever may be drawn, is drawn in the end
_UNSURE = 1e-12  # of a squared distance between unit rows, from a product in float64


@kernel(error_model="numpy", fastmath=SUM_IN_ANY_ORDER)
def fill_weights(x, weights, extreme, twice_b, factors):  # type: ignore[no-untyped-def]
    """Fill a block's weights (w,) from its x, which are 0 for who may not be drawn.

    `extreme` is the anchor's least y (its largest, where b < 0); `factors` (w,) is space.

    Returns
    -------
    total : float
        The sum of the weights.
    """
    n = x.shape[0]
    for j in range(n):
        y = y_of(x[j])
        factors[j] = (extreme / y if twice_b >= 0 else y / extreme) if x[j] > 0.0 else 0.0
    for j in range(n):
        weights[j] = np.sqrt(factors[j]) if twice_b % 2 else 1.0
    exponent = abs(twice_b) // 2
    while exponent:
        if exponent % 2:
            for j in range(n):
                weights[j] *= factors[j]
        for j in range(n):
            factors[j] *= factors[j]
        exponent //= 2
    total = 0.0
    for j in range(n):
        weights[j] = max(weights[j] / np.sqrt(x[j]), _LEAST) if x[j] > 0.0 else 0.0
        total += weights[j]
    return total


@kernel()
def y_of(x):  # type: ignore[no-untyped-def]
    """``x (1 - x / 4)``, not below a distance of nearly 2."""
    return x * max(1.0 - 0.25 * x, 1e-12)


@kernel()
def mask_tile(D, Z, pool, codes, pool_codes, lower, upper):  # type: ignore[no-untyped-def]
    """Put NaN for the pool rows that an anchor may not have.

    Parameters
    ----------
    D : (r, N) float64
        Squared distances of r anchors to the whole pool, good to a few roundings; changed
        in place. Those that a rounding could move over an end of the window are made exact.
    Z, pool : (r, m), (N, m) float
        The anchors and the pool, at unit length.
    codes, pool_codes : (r,), (N,) intp
        Classes; those of the anchor's own or without one are left out.
    lower, upper : (r,) float64
        Open window of the squared distance.
    """
    for r in range(D.shape[0]):
        d, code = D[r], codes[r]
        low = lower[r] if code >= 0 else np.inf  # an anchor without a class has nobody
        high = upper[r]
        unsure = False
        for j in range(d.shape[0]):
            unsure |= (abs(d[j] - low) <= _UNSURE) | (abs(d[j] - high) <= _UNSURE)
        if unsure:
            for j in range(d.shape[0]):
                if abs(d[j] - low) <= _UNSURE or abs(d[j] - high) <= _UNSURE:
                    d[j] = squared_distance(Z, r, pool, j)
        for j in range(d.shape[0]):
            other = (pool_codes[j] >= 0) & (pool_codes[j] != code)
            d[j] = d[j] if other & (d[j] > low) & (d[j] < high) else np.nan


@kernel(error_model="numpy")
def draw_tile(rows, D, cutoff, twice_b, uniforms, found):  # type: ignore[no-untyped-def]
    """Draw pool rows one after the other, without replacement.

    Parameters
    ----------
    rows : (r, w) or (1, w) intp
        Rows of the pool to draw from, for each anchor or for all.
    D : (r, w) float64
        Their squared distances to the anchor, at unit length; NaN is no choice.
    cutoff : float
        Distances below count as this one.
    twice_b : int
        The dimensions less 3.
    uniforms : (r, k) float64
        In [0, 1): one for each draw.
    found : (r, k) intp
        Filled with pool rows, -1 where there are fewer.
    """
    n, k = D.shape[1], found.shape[1]
    n_blocks = (n + _BLOCK - 1) // _BLOCK
    x = np.empty(n, dtype=np.float64)
    weights = np.empty(n, dtype=np.float64)
    sums = np.empty(n_blocks, dtype=np.float64)
    space = np.empty(_BLOCK, dtype=np.float64)
    for r in range(D.shape[0]):
        of = min(r, rows.shape[0] - 1)
        for j in range(n):
            x[j] = max(D[r, j], cutoff * cutoff) if D[r, j] == D[r, j] else 0.0
        extreme, n_left = -1.0, 0
        for j in range(n):
            if x[j] > 0.0:
                y = y_of(x[j])
                if extreme < 0.0 or (y < extreme) == (twice_b >= 0):
                    extreme = y
                n_left += 1
        for b in range(n_blocks):
            block = slice(b * _BLOCK, min(n, (b + 1) * _BLOCK))
            sums[b] = fill_weights(x[block], weights[block], extreme, twice_b, space)
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
            found[r, s] = rows[of, last]
            weights[last] = 0.0
            total = 0.0
            for j in range(b * _BLOCK, min(n, (b + 1) * _BLOCK)):
                total += weights[j]
            sums[b] = total
