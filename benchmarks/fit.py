"""Accuracy, time and memory of a fit, against scikit-learn's NCA.

A learner's fit is measured warm, in a process of its own; its accuracy is that of three
nearest neighbours on held-out rows after `transform`. All learners run with their
defaults, except where a table says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier, NeighborhoodComponentsAnalysis
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from benchmarks import _data
from benchmarks._measure import Measured, Work, measure
from benchmarks._table import Table
from skhnm import HardNegativeMetricLearner

LEARNERS: dict[str, Callable[..., Any]] = {
    "Euclidean": FunctionTransformer,
    "NCA": NeighborhoodComponentsAnalysis,
    "skhnm": HardNegativeMetricLearner,
}


def run(*, data: Path | None, quick: bool) -> Iterator[Table]:
    yield digits(repeats=1 if quick else 3)
    yield growth_with_rows((500, 1000, 2000) if quick else (1000, 2000, 4000, 8000))
    yield growth_with_features((10, 50) if quick else (10, 50, 200), 1000 if quick else 2000)
    if data is not None:
        yield small_sets(data, 400 if quick else 2000, n_splits=1 if quick else 3)
        if (data / "mnist.npz").exists():
            yield mnist(data, 10_000 if quick else None)


def digits(repeats: int) -> Table:
    runs = {
        name: [fit(name, StandardScaler(), {}, repeats, _data.digits, seed) for seed in range(3)]
        for name in LEARNERS
    }
    nca = np.mean([m.seconds for m in runs["NCA"]])
    table = Table(
        "Digits, 1,257 training rows of 64 standardised features; three splits",
        {
            "learner": "", "3-NN accuracy": ".4f", "worst split": ".4f", "seconds": ".2f",
            "times as fast as NCA": ".1f", "MB": ".0f",
        },
        note="Accuracy and seconds are means over the splits, MB the largest.",
    )  # fmt: skip
    for name, measured in runs.items():
        scores = [m.answer for m in measured]
        seconds = float(np.mean([m.seconds for m in measured]))
        costs = (seconds, nca / seconds, max(m.megabytes for m in measured))
        learns = name != "Euclidean"
        row = (name, float(np.mean(scores)), min(scores), *(costs if learns else (None,) * 3))
        table.rows.append(row)
    return table


def growth_with_rows(sizes: tuple[int, ...]) -> Table:
    return _growth("Growth with the rows: clusters of ten classes", [(n, 50) for n in sizes])


def growth_with_features(widths: tuple[int, ...], n: int) -> Table:
    return _growth("Growth with the features: clusters of ten classes", [(n, d) for d in widths])


def _growth(title: str, shapes: list[tuple[int, int]]) -> Table:
    table = Table(
        title,
        {
            "rows": ",d", "features": "d", "NCA s": ".2f", "skhnm s": ".2f", "time ratio": ".1f",
            "NCA MB": ".0f", "skhnm MB": ".0f", "memory ratio": ".1f", "Euclidean": ".3f",
            "NCA": ".3f", "skhnm": ".3f",
        },
        note="NCA with max_iter=5, skhnm with its defaults; ratios are NCA's over skhnm's. "
        "The last three columns are 3-NN accuracies.",
    )  # fmt: skip
    for n, d in shapes:
        scaler = FunctionTransformer()
        raw, nca, ours = (
            fit(name, scaler, {"max_iter": 5} if name == "NCA" else {}, 2, _data.clusters, n, d)
            for name in LEARNERS
        )
        table.rows.append((
            n, d, nca.seconds, ours.seconds, nca.seconds / ours.seconds,
            nca.megabytes, ours.megabytes, nca.megabytes / max(ours.megabytes, 1.0),
            raw.answer, nca.answer, ours.answer,
        ))  # fmt: skip
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


def mnist(folder: Path, n_rows: int | None) -> Table:
    table = Table(
        f"MNIST, {n_rows or 60_000:,} training rows, by PCA to 50 dimensions, float32",
        {"learner": "", "3-NN test error": ".2%", "seconds": ".2f", "MB": ".0f"},
        note="Error on the 10,000 test rows. NCA is left out: its n × n arrays do not fit.",
    )
    for name in ("Euclidean", "skhnm"):
        pca = PCA(50, svd_solver="covariance_eigh")
        m = fit(name, pca, {}, 1, _data.mnist, folder, n_rows)
        costs = (m.seconds, m.megabytes) if name == "skhnm" else (None, None)
        table.rows.append((name, 1.0 - m.answer, *costs))
    return table


def fit(
    learner: str, scaler: Any, parameters: dict[str, Any], repeats: int,
    make_split: Callable[..., _data.Split], *arguments: Any,
) -> Measured:  # fmt: skip
    """Measure the fit of a learner on a split; the answer is its accuracy."""
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
        neighbours = KNeighborsClassifier(3).fit(learner.transform(X), y)
        return float(neighbours.score(learner.transform(X_test), y_test))

    return Work(lambda: learn(X[few], y[few]), lambda: learn(X, y), accuracy)
