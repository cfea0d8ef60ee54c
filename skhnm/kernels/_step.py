"""One step of a mini-batch solver over all parameters, in place, in one pass."""

from __future__ import annotations

import numpy as np

from skhnm.kernels._common import SUM_IN_ANY_ORDER, kernel


@kernel(error_model="numpy")
def adam_step(parameters, slope, mean, square, rate, n_steps):  # type: ignore[no-untyped-def]
    """Take one step of Adam (Kingma and Ba 2015), with β₁ = 0.9, β₂ = 0.999, ε = 1e-8.

    Parameters
    ----------
    parameters, slope, mean, square : (n,) float, of one type
        All but `slope` are changed in place.
    rate : float
        Step size.
    n_steps : int
        Steps so far, this one included.
    """
    zero = slope[:0].sum()  # the type of the arrays, for the constants
    b1, b2 = zero + np.float32(0.1), zero + np.float32(0.001)
    unbias_mean = zero + np.float32(1.0 / (1.0 - 0.9**n_steps))
    unbias_square = zero + np.float32(1.0 / (1.0 - 0.999**n_steps))
    size, epsilon = zero + np.float32(rate), zero + np.float32(1e-8)
    for i in range(parameters.shape[0]):
        g = slope[i]
        mean[i] += b1 * (g - mean[i])
        square[i] += b2 * (g * g - square[i])
        step = np.sqrt(square[i] * unbias_square) + epsilon
        parameters[i] -= size * (mean[i] * unbias_mean) / step


@kernel(error_model="numpy", fastmath=SUM_IN_ANY_ORDER)
def shrink(parameters, start, twice_alpha, slope):  # type: ignore[no-untyped-def]
    """Add the derivative of ``alpha |parameters - start|²`` to `slope` (n,), in place.

    Returns
    -------
    squared : float
        The squared distance.
    """
    zero = slope[:0].sum()
    factor = zero + np.float32(twice_alpha)
    squared = 0.0
    for i in range(parameters.shape[0]):
        away = parameters[i] - start[i]
        squared += np.float64(away) * np.float64(away)
        slope[i] += factor * away
    return squared
