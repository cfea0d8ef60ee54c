"""Mining one batch by four rules, against pytorch-metric-learning's miners.

Both sides get the same float32 embeddings, take turns in one process, and use the same
rule. Their results are compared: where they differ, the distances must agree to within
float32's rounding; random draws must be admissible, at distances that are alike. Memory is
measured for each side in a process of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from benchmarks._measure import Work, alternate, check_torch, in_child, measure
from benchmarks._plot import LOOKS, log_axes, save
from benchmarks._rules import RULES, Mine
from benchmarks._table import Table

DIMENSIONS = 64
ROWS_A_CLASS = 8
MOST_SECONDS = 30.0  # for the repeats of a comparison
SIDES = {"skhnm": LOOKS[0], "pytorch-metric-learning": LOOKS[1]}


def run(*, data: Path | None, quick: bool) -> Iterator[Table]:
    check_torch()
    sizes = (256, 512) if quick else (512, 1024, 2048, 4096)
    seconds: dict[str, list[list[float]]] = {}
    for name, rule in RULES.items():
        table = Table(
            rule.title,
            {
                "rows": ",d", "PML ms": ".1f", "skhnm ms": ".1f", "time ratio": ".1f",
                "PML MB": ".1f", "skhnm MB": ".1f", "beyond result / embeddings": ".1f",
                "mined": ",d", "agreement": "",
            },
            note="The time ratio is PML's over skhnm's. 'Beyond result / embeddings' is skhnm's "
            f"memory less its result's own, over that of the embeddings. 'Mined': {rule.mined}.",
            name=f"mining_{name.replace('-', '_')}",
        )  # fmt: skip
        seconds[name] = []
        for n in sizes:
            ours, theirs, n_mined, agreement = in_child(_compare, name, n, 3 if quick else 20)
            mine, yours = (measure(_prepare, name, n, side, repeats=1) for side in SIDES)
            beyond = max(0.0, mine.megabytes - mine.answer) / (n * DIMENSIONS * 4 / 2**20)
            table.rows.append((
                n, 1e3 * theirs, 1e3 * ours, theirs / ours, yours.megabytes, mine.megabytes,
                beyond, n_mined, agreement,
            ))  # fmt: skip
            seconds[name].append([ours, theirs])
        yield table
    save("mining", lambda figure: draw(sizes, seconds, figure), (7.5, 2.9))


def embeddings(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return unit rows that lie about their class's centre, half-way through a training."""
    random = np.random.default_rng(0)
    y = np.repeat(np.arange(n // ROWS_A_CLASS), ROWS_A_CLASS)
    Z = random.standard_normal((y[-1] + 1, DIMENSIONS))[y] + random.standard_normal((n, DIMENSIONS))
    return (Z / np.linalg.norm(Z, axis=1, keepdims=True)).astype(np.float32), y


def miner(rule: str, side: str) -> Mine:
    """Return a function of embeddings and labels that mines, as its library does."""
    if side == "skhnm":
        return RULES[rule].mine
    import torch

    theirs = RULES[rule].peer()
    return lambda Z, y: theirs(torch.from_numpy(Z), torch.from_numpy(y))


def _prepare(rule: str, n: int, side: str) -> Work:
    """Return the work of one side; the answer is the size of its result in megabytes."""
    Z, y = embeddings(n)
    few_Z, few_y = embeddings(64)
    mine = miner(rule, side)

    def size(found: Any) -> float:
        arrays = vars(found).values() if side == "skhnm" else found
        return sum(array.nbytes for array in arrays if array is not None) / 2**20

    return Work(lambda: mine(few_Z, few_y), lambda: mine(Z, y), size)


def _compare(rule: str, n: int, repeats: int) -> tuple[float, float, int, str]:
    """Return the seconds of both sides, how much we mined, and how far both agree."""
    Z, y = embeddings(n)
    few = embeddings(64)
    sides = [miner(rule, side) for side in SIDES]
    for mine in sides:
        mine(*few)
    ours, theirs = alternate(
        *(lambda mine=mine: mine(Z, y) for mine in sides),
        repeats=repeats,
        most_seconds=MOST_SECONDS,
    )
    D = cdist(Z.astype(np.float64), Z.astype(np.float64), "sqeuclidean")
    found = sides[0](Z, y)
    given = tuple(part.numpy() for part in sides[1](Z, y))
    return ours, theirs, RULES[rule].count(found), RULES[rule].check(found, given, D, y)


def draw(sizes: tuple[int, ...], seconds: dict[str, list[list[float]]], figure: Any) -> None:
    """Draw the time of each rule against the rows of a batch."""
    panels = figure.subplots(1, len(seconds), sharey=True)
    for axes, (rule, times) in zip(panels, seconds.items(), strict=True):
        for (side, look), column in zip(SIDES.items(), np.transpose(times), strict=True):
            axes.plot(sizes, 1e3 * column, label=side, **look.line)
        log_axes(axes, sizes)
        axes.set_title(rule)
        axes.tick_params(axis="x", labelrotation=45)
    panels[0].set_ylabel("milliseconds a batch")
    figure.supxlabel("rows of a batch", fontsize="medium")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
