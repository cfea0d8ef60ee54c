"""What each default is worth: the learner with one choice changed at a time.

Mean 3-NN accuracy over up to 2,000 rows of each set, the same with 20 % wrong labels, and with
few rows of many features; and the time of all fits.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from benchmarks import _data
from benchmarks._table import Table
from benchmarks._trials import OF_SKLEARN, Learner, Task, Trials, of_estimator
from benchmarks.accuracy import LEARNERS, few_rows
from skhnm import HardNegativeMetricLearner
from skhnm.losses import RobustNCALoss
from skhnm.miners import HardestMiner, NearestPositives
from skhnm.pools import DatasetPool


def _learner(**parameters: Any) -> HardNegativeMetricLearner:
    return HardNegativeMetricLearner(random_state=0, **parameters)


CHOICES: dict[str, Any] = {
    "the defaults": _learner(),
    'loss="nca"': _learner(loss="nca"),
    'loss="large_margin"': _learner(loss="large_margin"),
    'loss="triplet"': _learner(loss="triplet"),
    "RobustNCALoss(q=0)": _learner(loss=RobustNCALoss(q=0.0)),
    'init="identity"': _learner(init="identity"),
    'init="rca", no learning': _learner(max_iter=1, alpha=1e9),
    "alpha=1e-2": _learner(alpha=1e-2),
    "alpha=1e-4": _learner(alpha=1e-4),
    "alpha of 1e-4, 1e-3, 1e-2, by GridSearchCV": GridSearchCV(
        _learner(), {"alpha": [1e-4, 1e-3, 1e-2]}, cv=3
    ),
    "3 positives": _learner(positive_miner=NearestPositives(3)),
    "15 positives": _learner(positive_miner=NearestPositives(15)),
    "5 negatives": _learner(negative_miner=HardestMiner(5)),
    "random negatives": _learner(negative_miner="random"),
    "mined once": _learner(refresh_every=60),
    "mined six times": _learner(refresh_every=10),
    "the same, earlier negatives forgotten": _learner(
        pool=DatasetPool(keep=False), refresh_every=10
    ),
    "200 iterations, tol=1e-5": _learner(max_iter=200, refresh_every=100, tol=1e-5),
    "early_stopping, mined six times": _learner(early_stopping=True, refresh_every=10),
}


def run(*, data: Path | None, quick: bool) -> Iterator[Table]:
    trials, seeds = Trials(data), range(1 if quick else 2)
    names = [*OF_SKLEARN, *(_data.names(data, 10**9) if data else [])]
    suites = {
        "sets": [Task(name, 400 if quick else 2000) for name in names],
        "20 % wrong labels": [Task(name, 400 if quick else 1000, noise=0.2) for name in names],
        "few rows, many features": list(few_rows(names).values()),
    }
    table = Table(
        "One default changed at a time: mean 3-NN accuracy, and seconds of all fits on the sets",
        {"what": "", **dict.fromkeys(suites, ".2f"), "worst set": "+.1f", "fit s": ".1f"},
        note=f"{len(seeds)} splits. Worst set: the least difference to Euclidean distance on any "
        "of the sets with right labels.",
        name="choices",
    )  # fmt: skip
    raw = _means(trials, LEARNERS["Euclidean"], suites["sets"], seeds)[0]
    for name, estimator in CHOICES.items():
        learner = of_estimator(lambda: clone(estimator))  # noqa: B023
        found = {suite: _means(trials, learner, tasks, seeds) for suite, tasks in suites.items()}
        accuracies, seconds = found["sets"]
        means = [float(values.mean()) for values, _ in found.values()]
        table.rows.append((name, *means, float((accuracies - raw).min()), seconds))
    yield table


def _means(
    trials: Trials, learner: Learner, tasks: list[Task], seeds: range
) -> tuple[np.ndarray, float]:
    """Return the mean accuracy on each task in per cent, and the seconds of a fit of each."""
    scores = [trials.scores(learner, task, seeds) for task in tasks]
    accuracies = np.array([100 * np.mean([s.nn3 for s in found]) for found in scores])
    return accuracies, float(np.sum([np.mean([s.seconds for s in found]) for found in scores]))
