"""Pairs, triplets or quadruplets in place of labels, against metric-learn: accuracy, AUC, time.

Tuples are drawn from the labels of half of the rows of each set. Everybody by its defaults learns
from the same ones; rows that are in none of them judge. Without a folder, the sets are
scikit-learn's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from benchmarks import _older
from benchmarks._table import Table
from benchmarks._trials import Learner, Trials, of_estimator, of_metric_learn, whole
from skhnm import (
    HardNegativeMetricLearner,
    PairMetricLearner,
    QuadrupletMetricLearner,
    TripletMetricLearner,
)
from skhnm.miners import FilteredMiner

SETS = ("wdbc", "vehicle", "segment", "optdigits", "letter", "tables/mfeat_factors")
MOST_JUDGED = 3000  # queries, and as many rows among which their neighbours are
N_FRESH = 1000  # pairs to judge by


@dataclass(frozen=True)
class Tuples:
    """Tuples of rows, as indices, and rows that are in none of them.

    Parameters
    ----------
    X : (N, d) float
        Standardised.
    y : (N,)
        Labels.
    pairs, triplets, quadruplets : (n, 2), (n, 3), (n, 4) int
        Half of the pairs are alike, then come those that are not; of the others the first two
        rows are alike: in a triplet the first and the third are not, in a quadruplet the last two.
    kinds : (n,) int
        +1 for a pair that is alike, -1 for one that is not.
    reference, queries : (m,) int
        Rows that are in no tuple, halved.
    fresh, fresh_kinds : (1000, 2) and (1000,) int
        Pairs of such rows.
    """

    X: np.ndarray
    y: np.ndarray
    pairs: np.ndarray
    kinds: np.ndarray
    triplets: np.ndarray
    quadruplets: np.ndarray
    reference: np.ndarray
    queries: np.ndarray
    fresh: np.ndarray
    fresh_kinds: np.ndarray


@dataclass(frozen=True)
class TupleTask:
    """So many pairs, triplets and quadruplets of a data set."""

    name: str
    n_tuples: int

    def split(self, folder: Path | None, seed: int) -> Tuples:
        """Return the tuples of a seed."""
        X, y = whole(folder, self.name)
        X = StandardScaler().fit_transform(X.astype(np.float64))
        random = np.random.default_rng(seed)
        n, half = self.n_tuples, random.permutation(len(X))[: len(X) // 2]
        pairs, kinds = draw_pairs(y, half, n, random)
        alike = draw_alike(y, half, n, random)
        triplets = np.column_stack([alike, draw_others(y, half, alike[:, 0], random)])
        quadruplets = np.column_stack([
            draw_alike(y, half, n, random), draw_different(y, half, n, random)
        ])  # fmt: skip
        used = np.concatenate([pairs.ravel(), triplets.ravel(), quadruplets.ravel()])
        rest = random.permutation(np.setdiff1d(np.arange(len(X)), used))
        fresh, fresh_kinds = draw_pairs(y, rest, N_FRESH, random)
        reference, queries = rest[::2][:MOST_JUDGED], rest[1::2][:MOST_JUDGED]
        return Tuples(
            X, y, pairs, kinds, triplets, quadruplets, reference, queries, fresh, fresh_kinds
        )


GIVEN: dict[str, Callable[[Tuples], tuple[np.ndarray, ...]]] = {
    "nothing": lambda t: (t.X[t.pairs[:, 0]],),
    "pairs": lambda t: (t.X[t.pairs], t.kinds),
    "alike pairs": lambda t: (t.X[t.pairs[t.kinds > 0]], t.kinds[t.kinds > 0]),
    "triplets": lambda t: (t.X[t.triplets],),
    "quadruplets": lambda t: (t.X[t.quadruplets],),
    "labels": lambda t: (t.X[np.unique(t.pairs)], t.y[np.unique(t.pairs)]),
}
"""What a learner may learn from, as its fit takes it."""


def _of_alike(negative_miner: Any) -> tuple[str, Learner]:
    def make() -> PairMetricLearner:
        return PairMetricLearner(negative_miner=negative_miner, random_state=0)

    return "alike pairs", of_estimator(make)


LEARNERS: dict[str, tuple[str, Learner]] = {
    "Euclidean": ("nothing", of_estimator(FunctionTransformer)),
    "skhnm, pairs": ("pairs", of_estimator(lambda: PairMetricLearner(random_state=0))),
    "ITML": ("pairs", of_metric_learn("ITML")),
    "MMC": ("pairs", of_metric_learn("MMC")),
    "SDML": ("pairs", of_metric_learn("SDML")),
    "skhnm, alike pairs": _of_alike("hardest"),
    "skhnm, triplets": ("triplets", of_estimator(lambda: TripletMetricLearner(random_state=0))),
    "SCML": ("triplets", of_metric_learn("SCML")),
    "skhnm, quadruplets": (
        "quadruplets", of_estimator(lambda: QuadrupletMetricLearner(random_state=0))
    ),
    "LSML": ("quadruplets", of_metric_learn("LSML")),
    "skhnm, labels": ("labels", of_estimator(lambda: HardNegativeMetricLearner(random_state=0))),
}  # fmt: skip
"""Name → what it learns from, and the learner."""

MINERS: dict[str, tuple[str, Learner]] = {
    "random": _of_alike("random"),
    "hardest": LEARNERS["skhnm, alike pairs"],
    "hardest, min_rank=5": _of_alike(FilteredMiner("hardest", min_rank=5)),
    "hardest, relative_margin=0.05": _of_alike(FilteredMiner("hardest", relative_margin=0.05)),
    "semi_hard": _of_alike("semi_hard"),
}
"""Negative miner → the learner with it, from pairs that are alike."""

Results = dict[TupleTask, dict[str, list[dict[str, float]]]]
"""Set and size → learner → scores of each draw."""


def run(*, data: Path | None, quick: bool) -> Iterator[Table]:
    names = [n for n in SETS if (data / f"{n}.npz").exists()] if data else ["wine", "digits"]
    sizes, seeds = ((500,), range(1)) if quick else ((500, 2000), range(3))
    tasks = [TupleTask(name, n) for name in names[: 2 if quick else None] for n in sizes]
    trials = Trials(data)
    _warm_up()

    def collect(learners: dict[str, tuple[str, Learner]]) -> Results:
        return {
            task: {name: scores(trials, *of, task, seeds) for name, of in learners.items()}
            for task in tasks
        }

    results = collect(LEARNERS)
    yield _summary(results)
    yield _set_by_set(results)
    yield _negatives(collect(MINERS))


def scores(
    trials: Trials, kind: str, learner: Learner, task: TupleTask, seeds: range
) -> list[dict[str, float]]:
    """Return 3-NN accuracy, ROC-AUC and seconds of each draw, and how the fit went.

    `failed` is 1 where it raised, and `unmoved` where it gave the features back as they were.
    """

    def judge(tuples: Tuples) -> dict[str, float]:
        failed = False
        try:
            transform, seconds = learner.fit(*GIVEN[kind](tuples))
        except _older.FailedFit as error:
            print(f"{task}: {error}", file=sys.stderr)
            transform, seconds, failed = (lambda rows: rows), 0.0, True
        Z, y = transform(tuples.X), tuples.y
        neighbours = KNeighborsClassifier(3).fit(Z[tuples.reference], y[tuples.reference])
        distances = np.linalg.norm(Z[tuples.fresh[:, 0]] - Z[tuples.fresh[:, 1]], axis=1)
        return {
            "nn3": float(neighbours.score(Z[tuples.queries], y[tuples.queries])),
            "auc": float(roc_auc_score(tuples.fresh_kinds, -distances)),
            "seconds": seconds,
            "failed": float(failed),
            "unmoved": float(not failed and Z.shape == tuples.X.shape and np.allclose(Z, tuples.X)),
        }

    return [trials.result(f"{learner.key}, from {kind}", task, seed, judge) for seed in seeds]


def draw_pairs(
    y: np.ndarray, rows: np.ndarray, n: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs (n, 2), half alike and half different, and their kinds (n,)."""
    n_alike = n // 2
    pairs = [draw_alike(y, rows, n_alike, random), draw_different(y, rows, n - n_alike, random)]
    return np.concatenate(pairs), np.repeat([1, -1], [n_alike, n - n_alike])


def draw_alike(y: np.ndarray, rows: np.ndarray, n: int, random: np.random.Generator) -> np.ndarray:
    """Return pairs (n, 2) of different rows of one class."""
    order, start, size = _by_class(y, rows)
    first = random.choice(np.flatnonzero(size > 1), n)
    start, size = start[first], size[first]
    second = start + (first - start + random.integers(1, size)) % size
    return np.column_stack([order[first], order[second]])


def draw_different(
    y: np.ndarray, rows: np.ndarray, n: int, random: np.random.Generator
) -> np.ndarray:
    """Return pairs (n, 2) of rows of two classes."""
    first = random.choice(rows, n)
    return np.column_stack([first, draw_others(y, rows, first, random)])


def draw_others(
    y: np.ndarray, rows: np.ndarray, anchors: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Return, for each anchor, a row of another class."""
    order, start, size = _by_class(y, rows)
    place = np.searchsorted(y[order], y[anchors])
    after = start[place] + size[place]
    return order[(after + random.integers(len(rows) - size[place])) % len(rows)]


def _by_class(y: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows sorted by class; and where the class of each begins, and its size."""
    order = rows[np.argsort(y[rows], kind="stable")]
    start = np.searchsorted(y[order], y[order])
    return order, start, np.searchsorted(y[order], y[order], "right") - start


def _warm_up() -> None:
    """Fit ours once to a little, so that no time is that of compilation."""
    tuples = TupleTask("wine", 50).split(None, 0)
    for kind, learner in (*LEARNERS.values(), *MINERS.values()):
        if "skhnm" in learner.key:
            learner.fit(*GIVEN[kind](tuples))


def _summary(results: Results) -> Table:
    n_draws = len(next(iter(results.values()))["Euclidean"])
    n_sets, sizes = len({t.name for t in results}), sorted({t.n_tuples for t in results})
    table = Table(
        f"Means over {n_sets} sets, {' and '.join(f'{n:,}' for n in sizes)} tuples of each",
        {"learner": "", "from": "", "3-NN, %": ".2f", "ROC-AUC, %": ".2f", "fits, s": ".1f",
         "failed": "d", "unmoved": "d"},
        note=f"Draws: {n_draws}. Half of the pairs are alike. From labels: those of the rows in "
        "the pairs. 3-NN accuracy, and ROC-AUC of 1,000 pairs, among rows that are in no tuple. "
        "Fits: the sum, over the sets and sizes, of a mean fit. The last columns: of "
        f"{n_draws * len(results)} fits, how many raised, and how many gave the features back as "
        "they were; both count as Euclidean distance.",
        name="pairs_summary",
    )  # fmt: skip
    for learner, (kind, _) in LEARNERS.items():
        found = [each for of in results.values() for each in of[learner]]
        failed, unmoved = (round(sum(each[s] for each in found)) for s in ("failed", "unmoved"))
        seconds = len(results) * _mean(found, "seconds")
        table.rows.append((
            learner.removesuffix(f", {kind}"), kind, 100 * _mean(found, "nn3"),
            100 * _mean(found, "auc"), None if failed == len(found) else seconds, failed, unmoved,
        ))  # fmt: skip
    return table


def _set_by_set(results: Results) -> Table:
    table = Table(
        "3-NN accuracy in per cent, set by set",
        {"set": "", "tuples": ",d", **dict.fromkeys(LEARNERS, "")},
        note="Draws and judges as above. The best of each row without labels is starred.",
        name="pairs_sets",
    )
    for task, of in results.items():
        means = {learner: 100 * _mean(of[learner], "nn3") for learner in LEARNERS}
        best = max(mean for learner, mean in means.items() if LEARNERS[learner][0] != "labels")
        cells = [
            f"{mean:.1f}" + ("*" if LEARNERS[learner][0] != "labels" and mean >= best else "")
            for learner, mean in means.items()
        ]
        table.rows.append((task.name.removeprefix("tables/"), task.n_tuples, *cells))
    return table


def _negatives(results: Results) -> Table:
    table = Table(
        "Who the negatives are where only alike pairs are given",
        {"negative_miner": "", "3-NN, %": ".2f", "ROC-AUC, %": ".2f", "fits, s": ".1f"},
        note="PairMetricLearner from the alike half of the same pairs; sets, sizes and draws as "
        "above.",
        name="pairs_negatives",
    )
    for miner in MINERS:
        found = [each for of in results.values() for each in of[miner]]
        seconds = len(results) * _mean(found, "seconds")
        row = (100 * _mean(found, "nn3"), 100 * _mean(found, "auc"), seconds)
        table.rows.append((miner, *row))
    return table


def _mean(found: list[dict[str, float]], score: str) -> float:
    return float(np.mean([each[score] for each in found]))
