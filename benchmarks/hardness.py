"""Hard against random negatives with the same budget: when hardness pays, and when it hurts.

The learner with its defaults but for the negative miner: 20 negatives an anchor at each of two
minings, the first of which is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import _data
from benchmarks._plot import INK, LOOKS, save
from benchmarks._table import Table
from benchmarks._trials import OF_SKLEARN, Learner, Task, Trials, of_estimator
from skhnm import HardNegativeMetricLearner
from skhnm.miners import HardestMiner, RandomMiner, RankMiner

BUDGET = 20
MINERS = {
    "hardest": HardestMiner(BUDGET),
    "rank": RankMiner(11, 100, n_negatives=BUDGET),
    "random": RandomMiner(BUDGET),
}
NOISE = (0.0, 0.2)

Gains = dict[str, dict[float, np.ndarray]]
"""Set → share of wrong labels → gain of hard over random negatives in each split."""


def run(*, data: Path | None, quick: bool) -> Iterator[Table]:
    trials, seeds = Trials(data), range(2 if quick else 10)
    names = [*OF_SKLEARN, *(_data.names(data, 10**9) if data else [])]
    rows = 400 if quick else 2000
    tasks = {name: {noise: Task(name, rows, noise=noise) for noise in NOISE} for name in names}
    if not quick:
        tasks |= {
            f"{name}, unseen classes": {0.0: Task(name, unseen=True)}
            for name in names
            if name.startswith("clinc150")
        }
    table = Table(
        "3-NN accuracy by the negatives: nearest, ranks 11 to 100, random",
        {"set": "", "wrong labels": ".0%", "hardest": ".1f", "rank": ".1f", "random": ".1f",
         "hardest − random": ""},
        note=f"{BUDGET} negatives an anchor at each of two minings; means over {len(seeds)} "
        "splits, ± the standard deviation of the difference over them. With unseen classes: "
        "precision at 1 of unit embeddings.",
        name="hardness",
    )  # fmt: skip
    gains: Gains = {}
    for name, by_noise in tasks.items():
        gains[name] = {}
        for noise, task in by_noise.items():
            field = "precision_at_1" if task.unseen else "nn3"
            found = {
                miner: 100 * np.array([getattr(s, field) for s in scores])
                for miner in MINERS
                for scores in [trials.scores(learner_with(miner, task), task, seeds)]
            }
            gain = gains[name][noise] = found["hardest"] - found["random"]
            means = [float(values.mean()) for values in found.values()]
            text = f"{gain.mean():+.1f} ± {gain.std():.1f}"
            table.rows.append((name, noise, *means, text))
    yield table
    save("hardness", lambda figure: draw(gains, figure), (7.5, 0.34 * len(gains) + 1.1))


def learner_with(miner: str, task: Task) -> Learner:
    """Return the learner with one of the miners."""
    return of_estimator(
        lambda: HardNegativeMetricLearner(
            negative_miner=MINERS[miner], normalize=task.unseen, random_state=0
        )
    )


def draw(gains: Gains, figure: Any) -> None:
    """Draw the gain on each set, with its spread over the splits."""
    names = sorted(gains, key=lambda name: gains[name][0.0].mean())
    axes = figure.add_subplot()
    sides = {0.0: (LOOKS[1], "labels as they are", 0.14), 0.2: (LOOKS[0], "20 % wrong", -0.14)}
    for noise, (look, label, offset) in sides.items():
        some = [(i, gains[name][noise]) for i, name in enumerate(names) if noise in gains[name]]
        axes.errorbar(
            [gain.mean() for _, gain in some], [i + offset for i, _ in some],
            xerr=[gain.std() for _, gain in some], fmt=look.marker, color=look.color, label=label,
            elinewidth=1.0, capsize=2,
        )  # fmt: skip
    axes.axvline(0.0, color=INK, linewidth=0.8)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("points that hard negatives give over random ones")
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.legend(loc="outside upper center", ncols=2)
