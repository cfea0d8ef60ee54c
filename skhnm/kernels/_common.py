"""What every kernel shares: the compiler settings, and the distance of two rows.

A kernel takes arrays and scalars only, is serial, and releases the GIL; Python runs it
over tiles in threads. That compiles quickly, caches on disk, and needs no threading
layer that could abort under concurrent callers or after a fork.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


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


@kernel(inline="always")
def squared_distance(u, v):  # type: ignore[no-untyped-def]
    """Squared Euclidean distance of two rows (m,), summed in float64."""
    total = 0.0
    for i in range(u.shape[0]):
        difference = float(u[i]) - float(v[i])
        total += difference * difference
    return total
