"""Retrieval of unseen classes, imbalanced classes, and a stream sorted by class.

Three uses of the library on data sets that are known for them: CLINC150, avila and sleep.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import f1_score, recall_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from benchmarks._data import load
from benchmarks._table import Table
from benchmarks._trials import retrieval_scores
from skhnm import HardNegativeMetricLearner, MLPMetricLearner
from skhnm.losses import TripletLoss
from skhnm.miners import HardestMiner, RandomMiner, SemiHardMiner
from skhnm.pools import DatasetPool


def run(*, data: Path | None, quick: bool) -> Iterator[Table]:
    tables = {"clinc150_tfidf256": retrieval, "avila": imbalance, "sleep": stream}
    for name, make in tables.items():
        if data is not None and (data / f"{name}.npz").exists():
            yield make(data, quick)


def retrieval(data: Path, quick: bool) -> Table:
    X, y, _ = load(data, "clinc150_tfidf256")
    X, classes = X.astype(np.float32), np.unique(y)
    seen = np.isin(y, classes[: len(classes) // 2])
    table = Table(
        "CLINC150: train on classes 0 to 74, query among the rows of classes 75 to 149",
        {"learner": "", "precision at 1": ".3f", "MAP@R": ".3f", "fit s": ".1f"},
        note="Cosine similarity. Linear: normalize=True; 'batch' is pool='batch', "
        "positive_miner='all', TripletLoss(0.2), learning_rate=1e-3, max_iter=20, "
        "batch_size=128, alpha=0. MLP: n_components=None.",
        name="retrieval",
    )
    batch = {
        "normalize": True, "pool": "batch", "positive_miner": "all", "loss": TripletLoss(0.2),
        "learning_rate": 1e-3, "max_iter": 20, "batch_size": 128, "alpha": 0.0,
    }  # fmt: skip
    learners = {
        "raw features": None,
        "linear, defaults": HardNegativeMetricLearner(),
        "linear, normalize=True": HardNegativeMetricLearner(normalize=True),
        "linear, batch, random": HardNegativeMetricLearner(negative_miner=RandomMiner(1), **batch),
        "linear, batch, semi-hard": HardNegativeMetricLearner(
            negative_miner=SemiHardMiner(0.2), **batch
        ),
        "linear, batch, hardest": HardNegativeMetricLearner(
            negative_miner=HardestMiner(1), **batch
        ),
        "linear, normalize=True, random": HardNegativeMetricLearner(
            negative_miner="random", normalize=True
        ),
        "MLP, random": MLPMetricLearner(n_components=None, normalize=True, negative_miner="random"),
        "MLP, hardest": MLPMetricLearner(n_components=None, normalize=True),
    }
    for name, learner in learners.items():
        Z, seconds = X[~seen], None
        if learner is not None:
            learner.set_params(random_state=0)
            seconds = _seconds(lambda: learner.fit(X[seen], y[seen]))  # noqa: B023
            Z = learner.transform(Z)
        table.rows.append((name, *retrieval_scores(Z, y[~seen], cosine=True), seconds))
    return table


def imbalance(data: Path, quick: bool) -> Table:
    X, y, _ = load(data, "avila")
    classes, counts = np.unique(y, return_counts=True)
    rare = classes[np.argsort(counts)[:3]]
    table = Table(
        f"avila: 12 classes of {counts.min()} to {counts.max()} rows, standardised, 3-NN",
        {"learner": "", "accuracy": ".3f", "macro-F1": "", "recall of the rarest 3": "",
         "fit s": ".1f"},
        note="Mean and standard deviation over stratified 70/30 splits.",
        name="imbalance",
    )  # fmt: skip
    learners: dict[str, Callable[[], Any]] = {
        "Euclidean": lambda: None,
        "no weighting": HardNegativeMetricLearner,
        'class_weight="balanced"': lambda: HardNegativeMetricLearner(class_weight="balanced"),
        "500 rows a class": lambda: HardNegativeMetricLearner(
            pool=DatasetPool(rows_per_class=500), random_state=0
        ),
        "500 rows a class, balanced": lambda: HardNegativeMetricLearner(
            pool=DatasetPool(rows_per_class=500), class_weight="balanced", random_state=0
        ),
    }
    for name, make in learners.items():
        scores = np.array([_imbalanced(X, y, rare, make(), s) for s in range(2 if quick else 10)])
        mean, std = scores.mean(axis=0), scores.std(axis=0)
        spread = [f"{mean[i]:.3f} ± {std[i]:.3f}" for i in (1, 2)]
        table.rows.append((name, mean[0], *spread, mean[3] or None))
    return table


def _imbalanced(
    X: np.ndarray, y: np.ndarray, rare: np.ndarray, learner: Any, seed: int
) -> tuple[float, float, float, float]:
    A, B, a, b = train_test_split(X, y, test_size=0.3, stratify=y, random_state=seed)
    scaler = StandardScaler().fit(A)
    A, B, seconds = scaler.transform(A), scaler.transform(B), 0.0
    if learner is not None:
        seconds = _seconds(lambda: learner.fit(A, a))
        A, B = learner.transform(A), learner.transform(B)
    found = KNeighborsClassifier(3).fit(A, a).predict(B)
    recall = recall_score(b, found, labels=rare, average="macro", zero_division=0.0)
    return (found == b).mean(), f1_score(b, found, average="macro"), recall, seconds


def stream(data: Path, quick: bool) -> Table:
    X, y, _ = load(data, "sleep")
    A, B, a, b = train_test_split(X.astype(np.float32), y, test_size=0.2, random_state=0)
    scaler = StandardScaler().fit(A)
    A, B = scaler.transform(A), scaler.transform(B)
    table = Table(
        f"sleep: {len(A):,} rows streamed in chunks, standardised, 3-NN",
        {"how": "", "accuracy": ".4f", "seconds": ".1f", "rows kept": ",d"},
        note="Neighbours are looked up among all training rows.",
        name="stream",
    )
    orders = {
        "sorted by class": np.argsort(a, kind="stable"),
        "shuffled": np.random.default_rng(0).permutation(len(a)),
    }

    def accuracy(learner: Any) -> float:
        Z, queries = (A, B) if learner is None else (learner.transform(A), learner.transform(B))
        rows = slice(0, 2000 if quick else None)
        return float(KNeighborsClassifier(3).fit(Z, a).score(queries[rows], b[rows]))

    table.rows.append(("Euclidean", accuracy(None), None, None))
    learner = HardNegativeMetricLearner(random_state=0)
    seconds = _seconds(lambda: learner.fit(A, a))
    table.rows.append(("fit", accuracy(learner), seconds, None))
    for chunk in (2_000, 10_000):
        for name, order in orders.items():
            learner = HardNegativeMetricLearner(random_state=0)

            def pass_over(learner: Any = learner, order: Any = order, chunk: int = chunk) -> None:
                for start in range(0, len(order), chunk):
                    rows = order[start : start + chunk]
                    learner.partial_fit(A[rows], a[rows])

            seconds = _seconds(pass_over)
            kept = len(learner.reservoir_.X)
            table.rows.append((f"chunks of {chunk:,}, {name}", accuracy(learner), seconds, kept))
    return table


def _seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
