"""How a fit went: its loss, its tuples, and its precision on held-out rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from skhnm.estimators._parts import make_solver
from skhnm.plotting._common import color, dashes, legend_above, marker, pyplot
from skhnm.plotting._inputs import fitted_learner

_MOST_MARKED = 25  # values of a line: more markers would hide it

_PANELS = {
    "loss": "loss",
    "active": "active\ntuples",
    "hardness": "hardness",
    "validation": "held-out\nprecision at 1",
}
"""What the vertical axis of each panel says."""


class TrainingDisplay:
    """The course of one fit or several, in panels that share their horizontal axis.

    From above: the loss after each iteration (or over each epoch); for each round, the share
    of mined tuples that still had a gradient, and their mean hardness d_p / (d_p + d_n), where
    at 0.5 the negative is as near as the positive; and, of fits with early stopping, the
    precision at 1 on held-out rows, at the start and after each round. A round is one mining
    and the iterations on what it found: the middle lines run level through it.

    It is best made by `from_estimator` or `from_estimators`.

    Parameters
    ----------
    runs : dict
        For each name, a dict with "loss" (n_iterations,), "mining" (a list of dicts as in
        ``mining_curve_``), "validation" (the start, then one for each round; may be empty)
        and "unit", "iteration" or "epoch".

    Attributes
    ----------
    axes_ : dict of matplotlib Axes
        The panels from above: "loss", "active", "hardness" and, with early stopping,
        "validation".
    bounding_ax_ : matplotlib Axes or None
        The axes given, whose place the panels take.
    figure_ : matplotlib Figure
        The figure.
    lines_ : dict
        For each name, the Line2D of each panel that it is in.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_iris
    >>> from skhnm import HardNegativeMetricLearner
    >>> from skhnm.plotting import TrainingDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> display = TrainingDisplay.from_estimator(HardNegativeMetricLearner().fit(X, y))
    >>> list(display.axes_)
    ['loss', 'active', 'hardness']
    >>> plt.close(display.figure_)
    """

    def __init__(self, runs: Mapping[str, Mapping[str, Any]]) -> None:
        self.runs = runs

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, ax: Any = None, line_kwargs: dict[str, Any] | None = None
    ) -> Self:
        """Draw the course of one fit, or of all calls of `partial_fit`.

        Parameters
        ----------
        estimator : metric learner, Pipeline or search
            Fitted; a pipeline holds the learner as its last step, or before a classifier; of a
            search over these, the best estimator is taken.
        ax : matplotlib Axes, optional
            Whose place the panels take; left out, a new figure.
        line_kwargs : dict, optional
            See `plot`.

        Returns
        -------
        display : TrainingDisplay
        """
        name = type(fitted_learner(estimator)[0]).__name__
        return cls.from_estimators({name: estimator}, ax=ax, line_kwargs=line_kwargs)

    @classmethod
    def from_estimators(
        cls,
        estimators: Mapping[str, Any],
        *,
        ax: Any = None,
        line_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the courses of several fits upon each other.

        Parameters
        ----------
        estimators : dict
            Fitted metric learners, Pipelines or searches by name.
        ax : matplotlib Axes, optional
            Whose place the panels take; left out, a new figure.
        line_kwargs : dict, optional
            See `plot`.

        Returns
        -------
        display : TrainingDisplay
        """
        if not isinstance(estimators, Mapping):
            raise TypeError(
                f"estimators must be a dict of fitted metric learners by name; got {estimators!r}"
            )
        if not estimators:
            raise ValueError("estimators is empty; pass at least one fitted metric learner")
        runs = {name: _run_of(estimator) for name, estimator in estimators.items()}
        return cls(runs).plot(ax, line_kwargs=line_kwargs)

    def plot(self, ax: Any = None, *, line_kwargs: dict[str, Any] | None = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Whose place the panels take; left out, a new figure.
        line_kwargs : dict, optional
            For every line, such as ``{"linewidth": 1}``.

        Returns
        -------
        self
        """
        has_scores = any(len(run["validation"]) for run in self.runs.values())
        panels = [name for name in _PANELS if name != "validation" or has_scores]
        self._make_axes(panels, ax)
        from matplotlib.cbook import normalize_kwargs
        from matplotlib.lines import Line2D

        options = normalize_kwargs(line_kwargs, Line2D)
        self.lines_ = {}
        for i, (name, run) in enumerate(self.runs.items()):
            look = {"color": color(i), "marker": marker(i), "linestyle": dashes(i), "label": name}
            self.lines_[name] = self._draw_run(run, {"markersize": 4, **look, **options})
        self._label()
        return self

    def _make_axes(self, panels: list[str], ax: Any) -> None:
        """Give each panel its axes, in a new figure or in the place of the axes given."""
        self.bounding_ax_ = ax
        if ax is None:
            plt = pyplot(self)
            size = plt.rcParams["figure.figsize"][0], 0.6 + 1.35 * len(panels)
            self.figure_, axes = plt.subplots(
                len(panels), sharex=True, figsize=size, layout="constrained"
            )
        else:
            place = ax.get_subplotspec()
            if place is None:
                raise ValueError(
                    "ax must stand in a grid, to be divided: make it with plt.subplots, "
                    "figure.add_subplot or plt.subplot_mosaic"
                )
            self.figure_ = ax.figure
            ax.set_axis_off()
            grid = place.subgridspec(len(panels), 1, hspace=0.15)
            axes = grid.subplots(sharex=True)
        self.axes_ = dict(zip(panels, axes, strict=True))

    def _draw_run(self, run: Mapping[str, Any], look: dict[str, Any]) -> dict[str, Any]:
        mining = run["mining"]
        ends = np.cumsum([0, *(row["n_iter"] for row in mining)])
        lines = {"loss": self._line("loss", np.arange(1, len(run["loss"]) + 1), run["loss"], look)}
        for panel in ("active", "hardness"):
            values = [row[panel] if row["n_tuples"] else np.nan for row in mining]
            lines[panel] = self._line(
                panel, ends, [*values, *values[-1:]], {**look, "drawstyle": "steps-post"}
            )
        if len(run["validation"]):
            n = min(len(run["validation"]), len(ends))  # a later partial_fit has no scores
            lines["validation"] = self._line("validation", ends[:n], run["validation"][:n], look)
        return lines

    def _line(self, panel: str, x: Any, values: Any, look: dict[str, Any]) -> Any:
        n = len(values)
        line = self.axes_[panel].plot(x[:n], np.asarray(values, dtype=float), **look)[0]
        n_marked = n - 1 if look.get("drawstyle") == "steps-post" else n  # the last only ends it
        line.set_markevery(slice(0, n_marked, 1 if n <= _MOST_MARKED else n // 10))
        return line

    def _label(self) -> None:
        """Name the axes and, of several, the runs."""
        from matplotlib.ticker import MaxNLocator, PercentFormatter

        for panel, ax in self.axes_.items():
            ax.set_ylabel(_PANELS[panel])
            ax.label_outer()
        self.axes_["active"].set_ylim(-0.05, 1.05)
        self.axes_["active"].yaxis.set_major_formatter(PercentFormatter(1.0))
        bottom = list(self.axes_.values())[-1]
        bottom.xaxis.set_major_locator(MaxNLocator(integer=True))
        units = dict.fromkeys(run["unit"] for run in self.runs.values())
        bottom.set_xlabel(" or ".join(units))
        self.figure_.align_ylabels(list(self.axes_.values()))
        if len(self.runs) > 1:
            legend_above(self.axes_["loss"], min(3, len(self.runs)))


def _run_of(estimator: Any) -> dict[str, Any]:
    """Return what a fitted learner knows of its fit."""
    learner, _ = fitted_learner(estimator)
    stochastic = make_solver(learner, learner.pool_, learner._solvers).stochastic
    return {
        "loss": learner.loss_curve_,
        "mining": learner.mining_curve_,
        "validation": getattr(learner, "validation_scores_", []),
        "unit": "epoch" if stochastic else "iteration",
    }
