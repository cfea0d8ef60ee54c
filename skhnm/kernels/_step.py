"""One step of a mini-batch solver over all parameters, in place, in one pass."""

from __future__ import annotations

import numpy as np

from skhnm.kernels._common import SUM_IN_ANY_ORDER, kernel


@kernel(error_model="numpy")
def adam_step(parameters, slope, mean, square, constants):  # type: ignore[no-untyped-def]
    """Take one step of Adam (Kingma and Ba 2015).

    Parameters
    ----------
    parameters, slope, mean, square : (n,) float, of one type
        All but `slope` are changed in place.
    constants : tuple of 5 floats of the same type
        1 - β₁, 1 - β₂, the step size with the mean's bias taken out, the factor that takes
        the bias out of the square, and ε.
    """
    share_mean, share_square, size, unbias_square, epsilon = constants
    for i in range(parameters.shape[0]):
        g = slope[i]
        mean[i] += share_mean * (g - mean[i])
        square[i] += share_square * (g * g - square[i])
        parameters[i] -= size * mean[i] / (np.sqrt(square[i] * unbias_square) + epsilon)


@kernel(error_model="numpy", fastmath=SUM_IN_ANY_ORDER)
def shrink(parameters, start, twice_alpha, slope):  # type: ignore[no-untyped-def]
    """Add the derivative of ``alpha |parameters - start|²`` to `slope` (n,), in place.

    `twice_alpha` is of the arrays' type.

    Returns
    -------
    squared : float
        The squared distance.
    """
    squared = 0.0
    for i in range(parameters.shape[0]):
        away = parameters[i] - start[i]
        squared += np.float64(away) * np.float64(away)
        slope[i] += twice_alpha * away
    return squared
