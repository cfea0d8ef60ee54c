"""Recall of the hardest negatives against time: approximate indexes and the exact one.

The 3 nearest rows of another class of all rows; classes that overlap, float32. Recall is the
share of the true ones that are found. Then a million rows on disk, mined by
`mine_hard_negatives` in a process that is killed half-way, and goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import _data
from benchmarks._measure import check_faiss, in_child
from benchmarks._million import million, recall
from benchmarks._plot import LOOKS, log_axes, save
from benchmarks._table import Table
from skhnm import neighbors

K = 3
SETTINGS: dict[str, list[dict[str, int]]] = {
    "ExactIndex": [{}],
    "GraphIndex": [{"ef_search": ef} for ef in (16, 32, 64, 128)],
    "LSHIndex": [{"n_bits": n} for n in (128, 256, 512, 1024)],
}
IN_FEW_DIMENSIONS: dict[str, list[dict[str, int]]] = {"ExactIndex": [{}], "TreeIndex": [{}]}

Row = tuple[str, str, float, float, float, float]
"""Index, its setting, seconds of the fit and of the search, queries a second, recall."""


def run(*, data: Path | None, quick: bool) -> Iterator[Table]:
    check_faiss()
    n = 5_000 if quick else 100_000
    few = in_child(compare, n, 4, 10, IN_FEW_DIMENSIONS)
    many = in_child(compare, n, 64, 100, SETTINGS)
    for name, title, rows in (
        ("approximate", f"{n:,} × 64, 100 classes", many),
        ("approximate_few", f"{n:,} × 4, 10 classes", few),
    ):
        table = Table(
            f"The {K} hardest negatives of all rows: {title}",
            {
                "index": "", "setting": "", "fit s": ".2f", "search s": ".2f",
                "queries a second": ",.0f", "recall": ".2%",
            },
            note="Queries a second count the fit too.",
            name=name,
        )  # fmt: skip
        table.rows = [*rows]
        yield table
    save("approximate", lambda figure: draw(many, figure), (6.0, 3.8))
    yield million(20_000 if quick else 1_000_000, 1000, 1024 if quick else 16_384)


def compare(n: int, d: int, n_classes: int, settings: dict[str, list[dict[str, int]]]) -> list[Row]:
    """Time each index with each of its settings, the exact one first, and take its recall."""
    X, y = _data.overlapping(n, d, n_classes)
    own = np.arange(n)
    truth: np.ndarray | None = None
    rows: list[Any] = []
    for name, choices in settings.items():
        index = getattr(neighbors, name)
        for parameters in choices:
            setting = ", ".join(f"{key}={value}" for key, value in parameters.items())
            few = index(**parameters).fit(X[::5], y[::5])
            few.nearest(X[::5], y[::5], K, own=own[: len(X[::5])])
            start = time.perf_counter()
            fitted = index(**parameters).fit(X, y)
            ready = time.perf_counter()
            found = fitted.nearest(X, y, K, own=own)[0]
            done = time.perf_counter()
            truth = found if truth is None else truth
            costs = (ready - start, done - ready, n / (done - start))
            rows.append((name, setting, *costs, recall(found, truth)))
    return rows


def draw(rows: list[Row], figure: Any) -> None:
    """Draw queries a second against recall, a line for each index."""
    axes = figure.add_subplot()
    ticks = {10.0**-power: f"{100 - 10.0 ** (2 - power):g} %" for power in (1, 2, 3, 4)}
    ticks[1e-5] = "100 %"
    for look, name in zip(LOOKS, SETTINGS, strict=False):
        points = [row[1:] for row in rows if row[0] == name]
        if points:
            settings, _, _, speeds, recalls = zip(*points, strict=True)
            missed = [max(1.0 - share, 1e-5) for share in recalls]
            axes.plot(missed, speeds, label=name, **look.line)
            for place, setting in zip(zip(missed, speeds, strict=True), settings, strict=True):
                axes.annotate(
                    setting.rpartition("=")[2], place, xytext=(6, 1), va="bottom",
                    textcoords="offset points", fontsize=8,
                )  # fmt: skip
    log_axes(axes, list(ticks))
    axes.set_xticks(list(ticks), list(ticks.values()))
    axes.invert_xaxis()
    axes.set_xlabel(f"recall of the {K} hardest negatives (numbers: ef_search, n_bits)")
    axes.set_ylabel("queries a second, fit included")
    figure.legend(loc="outside upper center", ncols=3)
