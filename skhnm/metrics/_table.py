"""How reports print."""

from __future__ import annotations


class Report(dict[str, float]):
    """A dict of measures, whose ``print`` shows a table; counts are whole numbers."""

    def __str__(self) -> str:
        lines = [(name, _shown(value)) for name, value in self.items()]
        names = max((len(name) for name, _ in lines), default=0)
        numbers = max((len(number) for _, number in lines), default=0)
        return "\n".join(f"{name:<{names}}  {number:>{numbers}}" for name, number in lines)


def _shown(value: float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.1e}" if 0.0 < value < 1e-4 else f"{value:.4f}"
