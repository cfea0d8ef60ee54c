"""One learner on one split of one data set: its scores and its time, kept on disk.

A trial is known by its learner with all parameters that are not defaults, its set, its split and
its rows; and by the version of the learner's library, which for skhnm is its source. What has
been run is read back.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import sklearn
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.decomposition import PCA
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

import skhnm
from benchmarks import _older
from benchmarks._data import Split, load
from benchmarks._table import RESULTS
from skhnm.metrics import retrieval_report

OF_SKLEARN = {"iris": load_iris, "wine": load_wine, "digits": load_digits}
_JUDGED = 2000  # test rows that retrieval is judged among, at most

_METHOD = 1  # to be raised when splits or scores change

Transform = Callable[[np.ndarray], np.ndarray]
Fit = Callable[..., tuple[Transform, float]]
"""Takes training rows and labels, or what else is learned from; gives the transform, and the
seconds that its fit took."""

Drawn = TypeVar("Drawn", covariant=True)


class Draws(Protocol[Drawn]):
    """A task: a dataclass, whose fields say all that its draws depend on."""

    def split(self, folder: Path | None, seed: int) -> Drawn:
        """Return what a learner is fitted to and judged by."""


@dataclass(frozen=True)
class Learner:
    """What is fitted; `key` says all that its results depend on."""

    key: str
    fit: Fit


@dataclass(frozen=True)
class Task:
    """A data set, and what is made of it.

    Parameters
    ----------
    name : str
        A set of the folder, or of scikit-learn.
    rows : int or None
        Rows that are drawn, before the split into 70 % training and 30 % test rows.
    train : int or None
        Training rows, where these are to be few.
    noise : float
        Share of the training labels that are changed to another class.
    pixels : bool
        Whether MNIST keeps its pixels; else it is brought to 50 features by PCA.
    classes : int or None
        Classes that are drawn.
    unseen : bool
        Whether half of the classes are trained on, and the rows of the others are judged by
        retrieval: features as they are, in place of all that stands above.
    """

    name: str
    rows: int | None = None
    train: int | None = None
    noise: float = 0.0
    pixels: bool = False
    classes: int | None = None
    unseen: bool = False

    def split(self, folder: Path | None, seed: int) -> Split:
        """Return the stratified split of a seed: standardised, but for MNIST by PCA."""
        random = np.random.default_rng(seed)
        X, y = whole(folder, self.name)
        if self.unseen:
            classes = random.permutation(np.unique(y))
            seen = np.isin(y, classes[: len(classes) // 2])
            others = random.permutation(np.flatnonzero(~seen))
            return X[seen], X[others], y[seen], y[others]
        if self.classes is not None:
            drawn = np.isin(y, random.permutation(np.unique(y))[: self.classes])
            X, y = X[drawn], y[drawn]
        rows = random.permutation(len(X))[: self.rows]
        X, y = X[rows].astype(np.float64), y[rows]
        classes, counts = np.unique(y, return_counts=True)
        kept = np.isin(y, classes[counts >= 5])
        X, y = X[kept], y[kept]
        A, B, a, b = train_test_split(
            X, y, train_size=self.train or 0.7, stratify=y, random_state=seed
        )
        by_pca = self.name == "mnist" and not self.pixels
        scaler = (PCA(50, random_state=0) if by_pca else StandardScaler()).fit(A)
        return scaler.transform(A), scaler.transform(B), _flip(a, self.noise, seed), b


@dataclass(frozen=True)
class Scores:
    """Accuracy of nearest neighbours, retrieval among test rows, macro-F1 of 3-NN, seconds."""

    nn1: float
    nn3: float
    nn5: float
    precision_at_1: float
    map_at_r: float
    macro_f1: float
    seconds: float


class Trials:
    """Runs trials, and remembers them in `benchmarks/results`."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._path = RESULTS / "trials.json"
        self._known = self._read()

    def scores(self, learner: Learner, task: Task, seeds: Iterable[int]) -> list[Scores]:
        """Return the scores of a learner on a task, one for each seed."""
        found = []
        for seed in seeds:
            known = self.result(
                learner.key, task, seed,
                lambda split: asdict(_judge(learner.fit, *split)),
            )  # fmt: skip
            found.append(Scores(**known))
        return found

    def result(
        self, learner: str, task: Draws[Drawn], seed: int, run: Callable[[Drawn], dict[str, float]]
    ) -> dict[str, float]:
        """Return what `run` makes of a task's split, or what it made before."""
        key = json.dumps([learner, asdict(task), seed, _METHOD])
        if key not in self._known:
            result = run(task.split(self.folder, seed))
            self._known = self._read() | {key: result}
            self._write()
        return self._known[key]

    def _read(self) -> dict[str, dict[str, float]]:
        return json.loads(self._path.read_text()) if self._path.exists() else {}

    def _write(self) -> None:
        RESULTS.mkdir(exist_ok=True)
        new = self._path.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(self._known, indent=0))
        new.replace(self._path)


def of_estimator(make: Callable[[], Any]) -> Learner:
    """Return a scikit-learn transformer as a learner."""

    def fit(*given: np.ndarray) -> tuple[Transform, float]:
        estimator = make()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r"\[NeighborhoodComponentsAnalysis\] NCA did not")
            warnings.filterwarnings("ignore", "Variables are collinear")
            warnings.filterwarnings("ignore", "All pairs are alike")
            warnings.filterwarnings("ignore", ".* pairs are of two equal rows")
            start = time.perf_counter()
            estimator.fit(*given)
            return estimator.transform, time.perf_counter() - start

    described = repr(make())
    ours = "MetricLearner" in described
    version = f"skhnm {source()}" if ours else f"scikit-learn {sklearn.__version__}"
    return Learner(f"{described} of {version}", fit)


def of_metric_learn(name: str) -> Learner:
    """Return a learner of metric-learn, which runs in an environment of its own."""

    def fit(*given: np.ndarray) -> tuple[Transform, float]:
        fitted = _older.fit(name, *given)
        return (lambda rows: rows @ fitted.components.T), fitted.seconds

    return Learner(f"{name} of {', '.join(_older.PACKAGES)}", fit)


def class_counts(folder: Path | None, name: str) -> np.ndarray:
    """Return the sizes of a set's classes, smallest first."""
    return np.sort(np.unique(whole(folder, name)[1], return_counts=True)[1])


def retrieval_scores(Z: np.ndarray, y: np.ndarray, *, cosine: bool = False) -> tuple[float, float]:
    """Return precision at 1 and MAP@R, each row left out of its own neighbours.

    By Euclidean distance or by cosine. Rows whose class has no other row are left out of the
    means.
    """
    report = retrieval_report(Z, y, ks=(1,), metric="cosine" if cosine else "euclidean")
    return report["precision_at_1"], report["map_at_r"]


def _judge(fit: Fit, A: np.ndarray, B: np.ndarray, a: np.ndarray, b: np.ndarray) -> Scores:
    transform, seconds = fit(A, a)
    Z, queries = transform(A), transform(B)
    found = [KNeighborsClassifier(k).fit(Z, a).predict(queries) for k in (1, 3, 5)]
    accuracy = [float((f == b).mean()) for f in found]
    retrieval = retrieval_scores(queries[:_JUDGED], b[:_JUDGED])
    return Scores(*accuracy, *retrieval, float(f1_score(b, found[1], average="macro")), seconds)


def _flip(y: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Change a share of the labels to another class."""
    random = np.random.default_rng([seed, 1])
    classes, codes = np.unique(y, return_inverse=True)
    flipped = random.random(len(y)) < share
    other = (codes + random.integers(1, len(classes), len(y))) % len(classes)
    return classes[np.where(flipped, other, codes)]


@lru_cache(maxsize=4)
def whole(folder: Path | None, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return X and y of a set of the folder, or of scikit-learn."""
    if name in OF_SKLEARN:
        return OF_SKLEARN[name](return_X_y=True)
    assert folder is not None
    return load(folder, name)[:2]


@lru_cache(maxsize=1)
def source() -> str:
    """Return a digest of skhnm's source."""
    digest = hashlib.sha256()
    for path in sorted(Path(skhnm.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
