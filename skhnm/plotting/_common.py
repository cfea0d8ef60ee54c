"""What every Display shares."""

from __future__ import annotations

from typing import Any


def pyplot(display: object) -> Any:
    """Import matplotlib's pyplot for a display.

    Raises
    ------
    ImportError
        Without matplotlib; it names the extra that brings it.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{type(display).__name__} draws with matplotlib; install it with "
            "pip install 'skhnm[plot]'"
        ) from error
    return plt
