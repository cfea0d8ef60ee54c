"""Accuracy, time and memory of a fit, against scikit-learn's NCA and metric-learn's learners.

A learner's fit is measured warm, in a process of its own; its accuracy is that of three
nearest neighbours on held-out rows after `transform`. All learners run with their
defaults, except where a table says otherwise. metric-learn's run in an older environment.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier, NeighborhoodComponentsAnalysis
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from benchmarks import _data, _older
from benchmarks._measure import Measured, MissingPeer, Work, measure
from benchmarks._plot import LOOKS, log_axes, save
from benchmarks._table import Table
from skhnm import HardNegativeMetricLearner

LEARNERS: dict[str, Callable[..., Any]] = {
    "Euclidean": FunctionTransformer,
    "NCA": NeighborhoodComponentsAnalysis,
    "skhnm": HardNegativeMetricLearner,
}
OLDER = {"metric-learn NCA": "NCA", "metric-learn LMNN": "LMNN"}
FEW_ITERATIONS = {"NCA": {"max_iter": 5}, "metric-learn NCA": {"max_iter": 5}}
FEATURES = 50  # of the clusters, but for the growth with the features

Row = tuple[int, int, str, float | None, float | None, float]
"""Rows, features, learner, seconds, megabytes and 3-NN accuracy."""


def run(*, data: Path | None, quick: bool) -> Iterator[Table]:
    everyone = [*LEARNERS, *OLDER]
    try:
        _older.install()
    except MissingPeer as error:
        print(error, file=sys.stderr)
        everyone = list(LEARNERS)
    if quick:  # metric-learn's LMNN takes a minute
        yield digits(list(LEARNERS), range(1), repeats=1)
    else:
        yield digits(everyone, range(3), repeats=3)
    sizes = (250, 500, 1000) if quick else (1000, 2000, 4000, 8000)
    by_rows = _growth("Growth with the rows", [(n, FEATURES) for n in sizes], everyone, quick)
    yield by_rows
    n, widths = (1000, (10, 50)) if quick else (2000, (10, 50, 200))
    yield _growth("Growth with the features", [(n, d) for d in widths], list(LEARNERS), quick)
    if data is not None:
        yield small_sets(data, 400 if quick else 2000, n_splits=1 if quick else 3)
    large = large_sets(data, 10_000 if quick else None)
    yield large
    clusters = [
        (*row[1:3], "skhnm", *row[6:8], row[5]) for row in large.rows if row[0] == "clusters"
    ]
    save("fit", lambda figure: draw([*by_rows.rows, *clusters], figure))


def digits(learners: list[str], seeds: range, repeats: int) -> Table:
    runs = {
        name: [fit(name, StandardScaler(), {}, repeats, _data.digits, seed) for seed in seeds]
        for name in learners
    }
    ours = np.mean([m.seconds for m in runs["skhnm"]])
    table = Table(
        "Digits, 1,257 training rows of 64 standardised features",
        {
            "learner": "", "3-NN accuracy": ".4f", "worst split": ".4f", "seconds": ".2f",
            "times skhnm's": ".1f", "MB": ".0f",
        },
        note=f"Accuracy and seconds are means over {len(seeds)} split(s), MB the largest.",
    )  # fmt: skip
    for name, measured in runs.items():
        scores = [m.answer for m in measured]
        seconds = float(np.mean([m.seconds for m in measured]))
        costs = (seconds, seconds / ours, max(m.megabytes for m in measured))
        learns = name != "Euclidean"
        row = (name, float(np.mean(scores)), min(scores), *(costs if learns else (None,) * 3))
        table.rows.append(row)
    return table


def _growth(title: str, shapes: list[tuple[int, int]], learners: list[str], quick: bool) -> Table:
    most_for_older = 500 if quick else 2000
    table = Table(
        f"{title}: clusters of ten classes",
        {
            "rows": ",d", "features": "d", "learner": "", "seconds": ".2f", "MB": ".0f",
            "3-NN accuracy": ".3f",
        },
        note="Both NCAs with max_iter=5, the others with their defaults."
        + (f" metric-learn up to {most_for_older:,} rows." if set(OLDER) & set(learners) else ""),
    )  # fmt: skip
    for n, d in shapes:
        for name in learners:
            if name in OLDER and n > most_for_older:
                table.rows.append((n, d, name, None, None, None))
                continue
            parameters = FEW_ITERATIONS.get(name, {})
            m = fit(name, FunctionTransformer(), parameters, 2, _data.clusters, n, d)
            costs = (None, None) if name == "Euclidean" else (m.seconds, m.megabytes)
            table.rows.append((n, d, name, *costs, m.answer))
    return table


def small_sets(folder: Path, n_rows: int, n_splits: int) -> Table:
    table = Table(
        f"Sets of at most 100 features, {n_rows:,} rows drawn from each; {n_splits} splits",
        {
            "set": "", "Euclidean": ".1%", "NCA": ".1%", "skhnm": ".1%", "NCA s": ".2f",
            "skhnm s": ".2f", "time ratio": ".1f",
        },
        note="Mean 3-NN accuracy on standardised features, and mean seconds of a fit.",
    )  # fmt: skip
    for name in _data.names(folder, 100):
        runs = [
            [fit(learner, StandardScaler(), {}, 1, _data.sample, folder, name, n_rows, seed)
             for learner in LEARNERS]
            for seed in range(n_splits)
        ]  # fmt: skip
        scores = np.mean([[m.answer for m in split] for split in runs], axis=0).tolist()
        nca, ours = np.mean([[m.seconds for m in split[1:]] for split in runs], axis=0).tolist()
        table.rows.append((name, *scores, nca, ours, nca / ours))
    columns = list(zip(*table.rows, strict=True))
    nca, ours = sum(columns[4]), sum(columns[5])
    means = [float(np.mean(column)) for column in columns[1:6]]
    table.rows.append(("mean", *means, nca / ours))
    return table


def large_sets(folder: Path | None, n_rows: int | None) -> Table:
    """Tabulate skhnm's fit where NCA's n × n arrays do not fit; the sets that there are."""
    n_clusters = n_rows or 100_000
    pca = PCA(50, svd_solver="covariance_eigh")
    sets: dict[str, tuple[Any, ...]] = {
        "clusters": (FunctionTransformer(), _data.clusters, n_clusters, FEATURES)
    }
    if folder is not None and (folder / "mnist.npz").exists():
        sets["MNIST, by PCA to 50 dimensions"] = (pca, _data.mnist, folder, n_rows)
    if folder is not None and (folder / "sleep.npz").exists():
        most = 10**9 if n_rows is None else n_rows
        sets["sleep, standardised"] = (StandardScaler(), _data.sample, folder, "sleep", most, 0)
    table = Table(
        "Large sets",
        {
            "set": "", "training rows": ",d", "features": "d", "classes": "d",
            "Euclidean 3-NN error": ".2%", "skhnm 3-NN error": ".2%", "seconds": ".2f",
            "MB": ".0f", "MB of the rows": ".0f",
        },
        note="MNIST in float32, with its own test rows; 30 % of sleep are left out to test on.",
    )  # fmt: skip
    for name, (scaler, make_split, *arguments) in sets.items():
        raw, ours = (
            fit(learner, scaler, {}, 1, make_split, *arguments)
            for learner in ("Euclidean", "skhnm")
        )
        X, _, y, _ = make_split(*arguments)
        X = scaler.fit_transform(X)
        shape = (*X.shape, len(np.unique(y)))
        errors = (1.0 - raw.answer, 1.0 - ours.answer)
        table.rows.append((name, *shape, *errors, ours.seconds, ours.megabytes, X.nbytes / 2**20))
    return table


def fit(
    learner: str, scaler: Any, parameters: dict[str, Any], repeats: int,
    make_split: Callable[..., _data.Split], *arguments: Any,
) -> Measured:  # fmt: skip
    """Measure the fit of a learner on a split; the answer is its accuracy."""
    if learner in OLDER:
        X, X_test, y, y_test = make_split(*arguments)
        X, X_test = scaler.fit_transform(X), scaler.transform(X_test)
        fitted = _older.fit(OLDER[learner], X, y, **parameters)
        accuracy = _accuracy(X @ fitted.components.T, y, X_test @ fitted.components.T, y_test)
        return Measured(accuracy, fitted.seconds, fitted.megabytes)
    work = (learner, scaler, parameters, make_split, arguments)
    return measure(_prepare, *work, repeats=repeats)


def _prepare(
    name: str, scaler: Any, parameters: dict[str, Any], make_split: Any, arguments: tuple[Any, ...]
) -> Work:
    X, X_test, y, y_test = make_split(*arguments)
    X = scaler.fit_transform(X)
    X_test = scaler.transform(X_test)
    few = np.random.default_rng(0).permutation(len(X))[:200]

    def learn(X: np.ndarray, y: np.ndarray) -> Any:
        return LEARNERS[name](**parameters).fit(X, y)

    def accuracy(learner: Any) -> float:
        return _accuracy(learner.transform(X), y, learner.transform(X_test), y_test)

    return Work(lambda: learn(X[few], y[few]), lambda: learn(X, y), accuracy)


def _accuracy(Z: np.ndarray, y: np.ndarray, Z_test: np.ndarray, y_test: np.ndarray) -> float:
    return float(KNeighborsClassifier(3).fit(Z, y).score(Z_test, y_test))


def draw(rows: list[Row], figure: Any) -> None:
    """Draw seconds and memory against the rows, a line for each learner."""
    learners = {
        name: [row for row in rows if row[2] == name and row[3] is not None]
        for name in ("skhnm", "NCA", *OLDER)
    }
    sizes = sorted({row[0] for row in rows})
    for axes, column, unit in zip(figure.subplots(1, 2), (3, 4), ("seconds", "MB"), strict=True):
        for look, (name, found) in zip(LOOKS, learners.items(), strict=False):
            label = f"{name} (5 iterations)" if name in FEW_ITERATIONS else name
            axes.plot([r[0] for r in found], [r[column] for r in found], label=label, **look.line)
        log_axes(axes, sizes)
        axes.set_ylabel(f"{unit} of a fit")
        axes.tick_params(axis="x", labelrotation=45)
    figure.supxlabel(f"training rows of {FEATURES} features", fontsize="medium")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=2)
