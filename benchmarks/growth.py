"""Time and peak memory of a search for negatives, as rows or features double.

The 10 nearest rows of another class of all rows: with the exact index, and with the graph
index, fit included. Clusters of 100 classes that overlap, float32; each in a process of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import _data
from benchmarks._measure import Work, check_faiss, measure
from benchmarks._plot import LOOKS, guide, log_axes, save
from benchmarks._table import Table
from skhnm import neighbors

K = 10
N_CLASSES = 100
INDEXES = {"exact": "ExactIndex", "graph": "GraphIndex"}

Costs = dict[str, list[tuple[float, float]]]
"""Index → seconds and megabytes, from the least to the largest size."""


def run(*, data: Path | None, quick: bool) -> Iterator[Table]:
    check_faiss()
    few = 5 if quick else 1
    rows = [n // few for n in (10_000, 20_000, 40_000, 80_000)]
    widths = (16, 32, 64, 128, 256)
    by_rows = _costs([(n, 64) for n in rows])
    yield _table("Growth with the rows, 64 features", "rows", rows, by_rows)
    by_features = _costs([(rows[1], d) for d in widths])
    yield _table(f"Growth with the features, {rows[1]:,} rows", "features", widths, by_features)
    sizes = {"rows": (rows, by_rows), "features": (widths, by_features)}
    save("growth", lambda figure: draw(sizes, figure), (7.5, 5.6))


def _costs(shapes: list[tuple[int, int]]) -> Costs:
    """Measure each index on clusters of each shape."""
    found: Costs = {}
    for name, index in INDEXES.items():
        measured = [measure(_prepare, index, n, d, repeats=2) for n, d in shapes]
        found[name] = [(m.seconds, m.megabytes) for m in measured]
    return found


def _prepare(index: str, n: int, d: int) -> Work:
    X, y = _data.overlapping(n, d, N_CLASSES)

    def search(X: np.ndarray, y: np.ndarray) -> Any:
        return getattr(neighbors, index)().fit(X, y).nearest(X, y, K, own=np.arange(len(X)))

    return Work(lambda: search(X[::10], y[::10]), lambda: search(X, y))


def _table(title: str, what: str, sizes: Any, costs: Costs) -> Table:
    columns = {what: ",d"}
    for name in INDEXES:
        columns |= {f"{name} s": ".2f", f"{name} s ×": ".1f"}
        columns |= {f"{name} MB": ".0f", f"{name} MB ×": ".1f"}
    table = Table(
        title, columns, note="× is the factor from one size to the next.", name=f"growth_{what}"
    )
    for i, size in enumerate(sizes):
        row: list[Any] = [size]
        for name in INDEXES:
            for j in range(2):
                cost = costs[name][i][j]
                row += [cost, cost / costs[name][i - 1][j] if i else None]
        table.rows.append(tuple(row))
    return table


def draw(sizes: dict[str, tuple[Any, Costs]], figure: Any) -> None:
    """Draw seconds above and megabytes below, against rows at the left and features beside."""
    panels = figure.subplots(2, 2, sharey="row", sharex="col")
    for column, (what, (x, costs)) in zip(panels.T, sizes.items(), strict=True):
        for j, axes in enumerate(column):
            for look, (name, found) in zip(LOOKS, costs.items(), strict=False):
                axes.plot(x, [cost[j] for cost in found], label=f"{name} index", **look.line)
            log_axes(axes, x)
            lowest = min(found[0][j] for found in costs.values())
            guide(axes, x, 0.7 * lowest, 1, "∝ n" if what == "rows" else "∝ d")
            if j == 0 and what == "rows":
                guide(axes, x, 0.7 * lowest, 2, "∝ n²")
        column[1].set_xlabel(what)
    panels[0, 0].set_ylabel("seconds")
    panels[1, 0].set_ylabel("peak memory, MB")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
