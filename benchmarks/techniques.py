"""Every technique of the user guide, against random negatives with the same budget.

On digits: 3-NN accuracy after a stratified split. On CLINC150 (where its file is there):
precision at 1 among classes that were not seen in training. Means over five seeds and two, which
decide the split, the classes and the learner's own draws, with their standard deviation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from benchmarks._data import digits, load
from benchmarks._table import Table
from benchmarks._techniques import TECHNIQUES
from skhnm import HardNegativeMetricLearner
from skhnm.losses import NCALoss, RobustNCALoss, TripletLoss
from skhnm.miners import RandomMiner
from skhnm.miners._base import NEGATIVE_MINERS

COLUMNS = {"technique": "", "mined": "", "random": "", "gain": "+.2%", "fit s": ".2f"}


def run(*, data: Path | None, quick: bool) -> Iterator[Table]:
    seeds = range(1 if quick else 5)
    yield _table(
        "techniques_digits", "Digits: 3-NN accuracy", _on_digits, seeds, {}, "Euclidean distance"
    )
    if data is None or not (data / "clinc150_tfidf256.npz").exists():
        return
    X, y, _ = load(data, "clinc150_tfidf256")
    unit = {
        "normalize": True,
        "learning_rate": 1e-3,
        "max_iter": 20,
        "refresh_every": 20,
    }

    def judge(learner: Any, seed: int) -> float:
        return _on_unseen_classes(X.astype(np.float32), y, learner, seed)

    yield _table(
        "techniques_clinc150", "CLINC150: precision at 1 among 75 classes not seen in training",
        judge, seeds[:2], unit, "cosine similarity of the features",
    )  # fmt: skip


def _table(
    name: str,
    title: str,
    judge: Callable[[Any, int], float],
    seeds: range,
    options: dict[str, Any],
    features: str,
) -> Table:
    table = Table(
        title,
        COLUMNS,
        note="'random' draws as many negatives at random; a dash where all are taken anyway. "
        + (f"With {options}; margins and scales for unit length." if options else ""),
        name=name,
    )
    raw = [judge(None, seed) for seed in seeds]
    table.rows.append((f"({features})", _spread(raw), None, None, None))
    for name, (_, parameters) in TECHNIQUES.items():
        parameters = {**parameters, **options}
        if options:
            parameters["loss"] = UNIT_LOSSES.get(str(parameters["loss"]), parameters["loss"])
        mined, seconds = _judged(judge, parameters, seeds)
        miner = NEGATIVE_MINERS.resolve(parameters["negative_miner"])
        inner = NEGATIVE_MINERS.resolve(getattr(miner, "miner", miner))
        k = getattr(inner, "n_negatives", None)
        if k is None:
            table.rows.append((name, _spread(mined), None, None, seconds))
            continue
        random, _ = _judged(judge, {**parameters, "negative_miner": RandomMiner(k)}, seeds)
        gain = float(np.mean(mined) - np.mean(random))
        table.rows.append((name, _spread(mined), _spread(random), gain, seconds))
    return table


UNIT_LOSSES = {
    "triplet": TripletLoss(margin=0.2),
    "nca": NCALoss(scale=10.0),
    "robust_nca": RobustNCALoss(scale=10.0),
}
"""What stands for a name where embeddings have unit length."""


def _judged(
    judge: Callable[[Any, int], float], parameters: dict[str, Any], seeds: range
) -> tuple[list[float], float]:
    """Return the score of each seed, and the mean seconds of a fit."""
    learners = [Timed(HardNegativeMetricLearner(random_state=seed, **parameters)) for seed in seeds]
    scores = [judge(learner, seed) for learner, seed in zip(learners, seeds, strict=True)]
    return scores, float(np.mean([learner.seconds for learner in learners]))


class Timed:
    """A learner that notes how long its fit takes."""

    def __init__(self, learner: HardNegativeMetricLearner) -> None:
        self.learner = learner

    def fit(self, X: np.ndarray, y: np.ndarray) -> HardNegativeMetricLearner:
        start = time.perf_counter()
        self.learner.fit(X, y)
        self.seconds = time.perf_counter() - start
        return self.learner


def _spread(values: list[float]) -> str:
    return f"{np.mean(values):.2%} ± {np.std(values):.2%}"


def _on_digits(learner: Timed | None, seed: int) -> float:
    X, X_test, y, y_test = digits(seed)
    scaler = StandardScaler().fit(X)
    X, X_test = scaler.transform(X), scaler.transform(X_test)
    if learner is not None:
        fitted = learner.fit(X, y)
        X, X_test = fitted.transform(X), fitted.transform(X_test)
    return float(KNeighborsClassifier(3).fit(X, y).score(X_test, y_test))


def _on_unseen_classes(X: np.ndarray, y: np.ndarray, learner: Timed | None, seed: int) -> float:
    """Train on half of the classes; return the precision at 1, by cosine, among the others."""
    classes = np.random.default_rng(seed).permutation(np.unique(y))
    seen = np.isin(y, classes[: len(classes) // 2])
    Z = X[~seen] if learner is None else learner.fit(X[seen], y[seen]).transform(X[~seen])
    Z = Z / np.maximum(np.linalg.norm(Z, axis=1, keepdims=True), 1e-12)
    similarity = Z @ Z.T
    np.fill_diagonal(similarity, -np.inf)
    labels = y[~seen]
    return float((labels[similarity.argmax(axis=1)] == labels).mean())
