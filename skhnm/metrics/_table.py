"""How reports print."""

from __future__ import annotations

from skhnm.common._text import aligned


class Report(dict[str, float]):
    """A dict of measures, whose ``print`` shows a table; counts are whole numbers."""

    def __str__(self) -> str:
        return "\n".join(aligned((name, _shown(value)) for name, value in self.items()))


def _shown(value: float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.1e}" if 0.0 < value < 1e-4 else f"{value:.4f}"
