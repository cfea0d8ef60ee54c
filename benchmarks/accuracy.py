"""The defaults against what else one could pick: accuracy, retrieval, time, ranks.

Every learner with its own defaults (PCA keeps 95 % of the variance), on the same repeated
stratified splits: of up to 2,000 rows of each set; of the whole of the larger sets; with wrong
labels; and with few rows of many features. Without a folder, the sets are scikit-learn's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import friedmanchisquare
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.preprocessing import FunctionTransformer, Normalizer

from benchmarks import _data
from benchmarks._plot import save
from benchmarks._ranks import average_ranks, critical_difference, draw_ranks
from benchmarks._table import Table
from benchmarks._trials import (
    OF_SKLEARN,
    Learner,
    Scores,
    Task,
    Trials,
    class_counts,
    of_estimator,
    of_metric_learn,
)
from skhnm import HardNegativeMetricLearner

MOST_FOR_NCA = 5_000  # rows: its n × n arrays take 2 GB at 8,000


LEARNERS: dict[str, Learner] = {
    "Euclidean": of_estimator(FunctionTransformer),
    "PCA": of_estimator(lambda: PCA(0.95)),
    "LDA": of_estimator(LinearDiscriminantAnalysis),
    "NCA": of_estimator(lambda: NeighborhoodComponentsAnalysis(random_state=0)),
    "metric-learn NCA": of_metric_learn("NCA"),
    "metric-learn LMNN": of_metric_learn("LMNN"),
    "skhnm": of_estimator(HardNegativeMetricLearner),
}
FEW = ("Euclidean", "LDA", "NCA", "skhnm")

Results = dict[str, dict[str, list[Scores]]]
"""Row of a table → learner → scores of each split."""


def run(*, data: Path | None, quick: bool) -> Iterator[Table]:
    trials, seeds = Trials(data), range(2 if quick else 10)
    names = [*OF_SKLEARN, *(_data.names(data, 10**9) if data else [])]
    rows = 400 if quick else 2000
    counts = {name: class_counts(data, name) for name in names}

    def collect(tasks: dict[str, Task], learners: Sequence[str], seeds: range = seeds) -> Results:
        return {
            row: {name: trials.scores(LEARNERS[name], task, seeds) for name in learners}
            for row, task in tasks.items()
        }

    tasks = {name: Task(name, rows) for name in names}
    older = [name for name in LEARNERS if name.startswith("metric-learn")]
    drawn = collect(tasks, [name for name in LEARNERS if name not in older])
    for row, found in collect(tasks, older, seeds[:5]).items():  # up to a minute each
        drawn[row] |= found
    uneven = [name for name in names if counts[name][-1] / counts[name][0] > 3]
    yield _accuracies(
        "accuracy_sets", f"3-NN accuracy, up to {rows:,} rows of each set, {len(seeds)} splits",
        drawn, "70 % train; metric-learn on the first five splits. The last rows: mean over the "
        "sets, average rank, and the least difference to Euclidean distance on any set.",
    )  # fmt: skip
    n_common = min(len(scores) for of in drawn.values() for scores in of.values())
    common = {
        row: {name: scores[:n_common] for name, scores in of.items()} for row, of in drawn.items()
    }
    yield _summary(common, uneven)
    average, table = ranks(common)
    yield table
    save("accuracy_ranks", lambda figure: draw_ranks(average, len(common), figure), (7.5, 2.4))
    if quick or data is None:
        return

    large = [name for name in names if counts[name].sum() > rows]
    whole = collect({name: Task(name) for name in large}, ("Euclidean", "LDA", "skhnm"), range(3))
    for name in large:
        if 0.7 * counts[name].sum() < MOST_FOR_NCA:
            whole[name] |= collect({name: Task(name)}, ["NCA"], range(3))[name]
    yield _accuracies(
        "accuracy_whole", "3-NN accuracy, all rows of the larger sets, 3 splits", whole,
        f"NCA up to {MOST_FOR_NCA:,} training rows, where its n × n arrays still fit.",
    )  # fmt: skip

    small = [name for name in names if name not in ("mnist", "clinc150_tfidf256", "sleep")]
    for noise in (0.1, 0.2):
        yield _accuracies(
            f"accuracy_noise{noise * 100:.0f}",
            f"3-NN accuracy on right labels after training with {noise:.0%} wrong ones",
            collect({name: Task(name, 1000, noise=noise) for name in small}, FEW, range(5)),
            "Up to 1,000 rows of each set; 5 splits; ± is the standard deviation over them.",
            spread=True,
        )  # fmt: skip
    yield _accuracies(
        "accuracy_wide", "3-NN accuracy, few rows of many features (their number follows the name)",
        collect(few_rows(names), FEW, range(5)), "60 to 250 training rows; 5 splits.",
        spread=True,
    )  # fmt: skip
    many = ("digits", "optdigits", "pendigits", "avila", "letter", "clinc150_tfidf256")
    yield _unseen(trials, [name for name in many if name in names], range(3))


def _unseen(trials: Trials, names: list[str], seeds: range) -> Table:
    """Tabulate retrieval among classes that were not seen in training."""
    learners = {
        "Euclidean": LEARNERS["Euclidean"],
        "cosine": of_estimator(Normalizer),
        "the defaults": LEARNERS["skhnm"],
        "normalize=True": of_estimator(lambda: HardNegativeMetricLearner(normalize=True)),
    }
    table = Table(
        "Unseen classes: precision at 1 / MAP@R in per cent, after training on the other half",
        {"set": "", "classes": "d", **dict.fromkeys(learners, "")},
        note=f"{len(seeds)} draws of the classes; features as they are; the first two columns are "
        "the features themselves.",
        name="accuracy_unseen",
    )
    for name in names:
        row: list[Any] = [name, len(class_counts(trials.folder, name)) // 2]
        for learner in learners.values():
            scores = trials.scores(learner, Task(name, unseen=True), seeds)
            first, average = (
                100 * np.mean([getattr(s, field) for s in scores])
                for field in ("precision_at_1", "map_at_r")
            )
            row.append(f"{first:.1f} / {average:.1f}")
        table.rows.append(tuple(row))
    return table


def few_rows(names: list[str]) -> dict[str, Task]:
    """Return tasks of few training rows with many features, on those sets that there are."""
    tasks = {
        "digits, 64": Task("digits", train=200),
        "optdigits, 64": Task("optdigits", 2000, train=200),
        "spambase, 57": Task("spambase", 2000, train=200),
        "mnist, 784 pixels": Task("mnist", 2000, train=200, pixels=True),
        "clinc150, 10 classes, 256": Task("clinc150_tfidf256", train=200, classes=10),
        "clinc150, 25 classes, 256": Task("clinc150_tfidf256", train=250, classes=25),
        "ionosphere, 34": Task("ionosphere", train=100),
        "wdbc, 30": Task("wdbc", train=60),
    }
    return {row: task for row, task in tasks.items() if task.name in names}


def _accuracies(
    name: str, title: str, results: Results, note: str, *, spread: bool = False
) -> Table:
    """Tabulate 3-NN accuracies in per cent: a row a set, a column a learner."""
    learners = [learner for learner in LEARNERS if any(learner in of for of in results.values())]
    table = Table(title, {"set": "", **dict.fromkeys(learners, "")}, note=note, name=name)
    means = np.full((len(results), len(learners)), np.nan)
    for i, (row, scores) in enumerate(results.items()):
        cells: list[str | None] = []
        for j, learner in enumerate(learners):
            found = [100 * s.nn3 for s in scores.get(learner, [])]
            if found:
                means[i, j] = np.mean(found)
            text = f"{means[i, j]:.1f}" + (f" ± {np.std(found):.1f}" if spread and found else "")
            cells.append(text if found else None)
        table.rows.append((row, *cells))
    everywhere = ~np.isnan(means).any(axis=0)

    def add(label: str, values: np.ndarray, spec: str) -> None:
        cells = [format(v, spec) if e else None for v, e in zip(values, everywhere, strict=True)]
        table.rows.append((label, *cells))

    add("mean", means.mean(axis=0), ".2f")
    if not spread:
        full = np.where(everywhere, means, -np.inf)
        add("average rank", average_ranks(full), ".2f")
    add("least difference to Euclidean", (means - means[:, :1]).min(axis=0), "+.1f")
    return table


def _summary(results: Results, uneven: list[str]) -> Table:
    n_splits = len(next(iter(results.values()))["skhnm"])
    table = Table(
        "Means over the sets, in per cent",
        {
            "learner": "", "1-NN": ".2f", "3-NN": ".2f", "5-NN": ".2f", "precision at 1": ".2f",
            "MAP@R": ".2f", "macro-F1": ".2f", "fit s": ".1f",
        },
        note=f"The first {n_splits} splits. Precision at 1 and MAP@R among the test rows; macro-F1 "
        "of 3-NN on the sets whose largest class is more than three times the smallest "
        f"({', '.join(uneven)}); seconds are the sum over the sets of a mean fit.",
        name="accuracy_summary",
    )  # fmt: skip

    def mean(learner: str, score: Callable[[Scores], float], sets: Sequence[str]) -> float:
        return float(np.mean([[score(s) for s in results[name][learner]] for name in sets]))

    every = list(results)
    for learner in LEARNERS:
        fields = ("nn1", "nn3", "nn5", "precision_at_1", "map_at_r")
        row: list[Any] = [100 * mean(learner, lambda s, f=f: getattr(s, f), every) for f in fields]
        row.append(100 * mean(learner, lambda s: s.macro_f1, uneven) if uneven else None)
        row.append(len(every) * mean(learner, lambda s: s.seconds, every))
        table.rows.append((learner, *row))
    return table


def ranks(results: Results) -> tuple[dict[str, float], Table]:
    """Rank the learners on each set by 3-NN accuracy, and average (Demšar 2006, JMLR 7)."""
    means = np.array(
        [[np.mean([s.nn3 for s in of[name]]) for name in LEARNERS] for of in results.values()]
    )
    average = dict(zip(LEARNERS, average_ranks(means), strict=True))
    difference = critical_difference(*means.shape)
    p = friedmanchisquare(*means.T).pvalue
    table = Table(
        f"Average rank by 3-NN accuracy over {len(means)} sets",
        {"learner": "", "rank": ".2f"},
        sorted(average.items(), key=lambda item: item[1]),
        note=f"Splits as in the means. Friedman's test: p = {p:.1e}. Ranks that differ by "
        f"{difference:.2f} differ significantly (Nemenyi, 5 %).",
    )
    return average, table
