"""What every Display shares: the import of matplotlib, looks, and the place of the legend."""

from __future__ import annotations

from typing import Any

COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#8C6D1F")
"""Told apart by the colour-blind, on white and on black: after Okabe and Ito (2008), brown in
place of their yellow and black."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", "*", ">")
"""As many as a legend has room for; with the colours, 70 looks."""

DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (6, 1.5, 1, 1.5, 1, 1.5)))

HATCHES = ("", "///", "...", "xxx", "\\\\\\")

GREY = "#8f8f8f"
"""As far from white as from black: what stands back."""

MOST_IN_LEGEND = len(MARKERS)


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


def point_look(look: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """Return a look of ``ax.scatter`` with a user's options in its place, `c` for colour too."""
    kept = {name: value for name, value in look.items() if name != "color" or "c" not in options}
    return {**kept, **options}


def axes_for(display: object, ax: Any, **figure_options: Any) -> Any:
    """Return the axes given, or those of a new figure that makes room for legends."""
    plt = pyplot(display)
    if ax is not None:
        return ax
    return plt.subplots(layout="constrained", **figure_options)[1]


def ink(display: object) -> Any:
    """Colour of text under the current style, for what belongs to no class."""
    return pyplot(display).rcParams["text.color"]


def color(i: int) -> str:
    """Colour of the i-th of several things."""
    return COLORS[i % len(COLORS)]


def marker(i: int) -> str:
    """Marker of the i-th of several things; tells ten apart without colour."""
    return MARKERS[i % len(MARKERS)]


def dashes(i: int) -> Any:
    """Line style of the i-th of several things; tells five apart without colour."""
    return DASHES[i % len(DASHES)]


def hatch(i: int) -> str:
    """Hatch of the i-th of several things; tells five apart without colour."""
    return HATCHES[i % len(HATCHES)]


def shades(color: Any) -> Any:
    """Return a colour map from almost nothing to a colour, by opacity."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgba

    red, green, blue, _ = to_rgba(color)
    ends = [(red, green, blue, 0.12), (red, green, blue, 0.8)]
    return LinearSegmentedColormap.from_list("shades", ends)


def legend_beside(ax: Any, **options: Any) -> Any:
    """Put a legend of all labelled artists to the right of the axes, where no data are."""
    place = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
    return _readable(ax.legend(**{**place, **options}))


def legend_above(ax: Any, n_columns: int, **options: Any) -> Any:
    """Put a legend above the axes, where no data are: in `n_columns`, or in one if they are narrow.

    Call it last but before the figure is laid out: a legend wider than its axes would leave
    a constrained layout of several no room.
    """
    place = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.01), "borderaxespad": 0.0}
    look = {**place, "frameon": False, **options}
    legend = ax.legend(ncols=n_columns, **look)
    if legend.get_window_extent().width > ax.get_window_extent().width:
        legend = ax.legend(ncols=1, **look)
    return _readable(legend)


def _readable(legend: Any) -> Any:
    """Show markers in a size that tells them apart, however small those of the data are."""
    for handle in legend.legend_handles:
        if hasattr(handle, "set_sizes"):
            handle.set_sizes([40.0])
            handle.set_alpha(1.0)
    return legend
