"""What every kernel shares: the compiler settings, and the distance of two rows.

A kernel takes arrays and scalars only, is serial, and releases the GIL; Python runs it
over tiles in threads. That compiles quickly, caches on disk, and needs no threading
layer that could abort under concurrent callers or after a fork.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

# The only relaxed arithmetic of the package: the float64 sum of squared differences may
# be taken in any order, which lets the compiler use vector registers. Every exact
# distance comes from this one sum, so equal rows are equally far for every kernel.
SUM_IN_ANY_ORDER = {"reassoc"}


def kernel(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function as a serial kernel that releases the GIL.

    The machine code is cached on disk where numba finds a place to write; elsewhere (a
    read-only installation without a home folder) it is compiled in each process.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(nogil=True, cache=True, **options)(function)
        except RuntimeError:  # no writable cache folder
            return numba.njit(nogil=True, **options)(function)

    return decorate


@kernel(fastmath=SUM_IN_ANY_ORDER)
def squared_distance(U, i, V, j):  # type: ignore[no-untyped-def]
    """Squared Euclidean distance of the rows U[i] and V[j], summed in float64."""
    total = 0.0
    for f in range(U.shape[1]):
        difference = np.float64(U[i, f]) - np.float64(V[j, f])
        total += difference * difference
    return total
