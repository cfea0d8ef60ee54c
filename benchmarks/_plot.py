"""One style for all pictures: SVG without a background, for light and dark pages and for grey."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks._table import RESULTS

INK = "#7a7a7a"
"""Of text and axes: as far from white as from the black of a dark page."""

STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": INK,
    "axes.grid": True,
    "axes.grid.which": "major",
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlesize": "medium",
    "font.size": 10.0,
    "grid.alpha": 0.3,
    "grid.color": INK,
    "grid.linewidth": 0.6,
    "hatch.color": "white",
    "hatch.linewidth": 0.8,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 5.5,
    "savefig.transparent": True,
    "svg.hashsalt": "skhnm",  # the same picture is the same file
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


@dataclass(frozen=True)
class Look:
    """What tells one side from the others, with and without colours."""

    color: str
    marker: str
    dashes: Any
    hatch: str

    @property
    def line(self) -> dict[str, Any]:
        """Arguments of a line."""
        return {"color": self.color, "marker": self.marker, "linestyle": self.dashes}

    @property
    def bar(self) -> dict[str, Any]:
        """Arguments of bars."""
        return {"color": self.color, "hatch": self.hatch}


LOOKS = (
    Look("#d9622b", "o", "-", ""),
    Look("#3f87c9", "s", "--", "///"),
    Look("#2f9e77", "^", "-.", "..."),
    Look("#a06cc4", "D", ":", "xxx"),
    Look("#a8842c", "v", (0, (6, 1.5, 1, 1.5, 1, 1.5)), "\\\\\\"),
)
"""The first is skhnm's, wherever it meets others."""


def save(name: str, paint: Callable[[Any], None], size: tuple[float, float] = (7.5, 3.6)) -> None:
    """Let `paint` draw into a figure, and save that as <name>.svg among the results."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure

        with mpl.rc_context(STYLE):
            figure = Figure(figsize=size, layout="constrained")
            paint(figure)
            RESULTS.mkdir(exist_ok=True)
            figure.savefig(RESULTS / f"{name}.svg", metadata={"Date": None})
    except ImportError as error:
        print(f"No picture {name} without {error.name}: skhnm[bench] brings it", file=sys.stderr)


def log_axes(axes: Any, x: Sequence[float]) -> None:
    """Make both axes logarithmic, with plain numbers; along the first, those of x."""
    from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

    axes.set(xscale="log", yscale="log")
    axes.set_xticks(x, [_plain(value) for value in x])
    axes.xaxis.set_minor_locator(NullLocator())
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 300 * low else (1,)))
    axes.yaxis.set_major_formatter(_plain)
    axes.yaxis.set_minor_formatter(NullFormatter())


def guide(axes: Any, x: Sequence[float], y: float, slope: float, label: str) -> None:
    """Draw the line of one slope on logarithmic axes, from (x[0], y) to the end of x."""
    end = y * (x[-1] / x[0]) ** slope
    axes.plot([x[0], x[-1]], [y, end], color=INK, linewidth=0.9, linestyle=(0, (1, 2)))
    axes.annotate(
        label, (x[-1], end), xytext=(4, 0), textcoords="offset points", va="center", fontsize=9
    )


def short(seconds: float) -> str:
    """Write about two digits."""
    return f"{seconds:.2g}" if seconds < 10 else f"{seconds:,.0f}"


def _plain(value: float, _position: int | None = None) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"
