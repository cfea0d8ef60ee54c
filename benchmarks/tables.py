"""The classifier of tables against forests, boosting and others: accuracy, log loss, time, ranks.

Everybody by its defaults (the forest has 300 trees), on the same stratified splits of up to 2,000
rows of each set; on the whole of the large ones; and on a million made rows. Sets of the data
folder, and of its folder `tables`.
"""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import log_loss
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

from benchmarks import _data
from benchmarks._measure import Work, measure, require
from benchmarks._plot import save
from benchmarks._ranks import average_ranks, critical_difference, draw_ranks
from benchmarks._table import Table
from benchmarks._trials import OF_SKLEARN, Task, Trials, source
from skhnm import HardNegativeClassifier

OURS = "skhnm"
FLATTERING = ("parity5+5", "Hill_Valley_with_noise")
"""No means are taken over these: no tree comes near there."""
WHOLE = ("adult", "connect_4", "fars", "shuttle", "letter", "magic", "avila", "sleep")
SLOW = ("clinc150_tfidf256",)
"""150 classes of 256 features, for which boosting takes an hour."""


def _lightgbm() -> Any:
    from lightgbm import LGBMClassifier

    return LGBMClassifier(random_state=0, verbose=-1)


def _xgboost() -> Any:
    from xgboost import XGBClassifier

    return XGBClassifier(random_state=0)


def _catboost() -> Any:
    from catboost import CatBoostClassifier

    return CatBoostClassifier(random_seed=0, verbose=0, allow_writing_files=False)


PEERS: dict[str, tuple[str, Callable[[], Any]]] = {
    OURS: ("skhnm", lambda: HardNegativeClassifier(random_state=0)),
    "forest": ("scikit-learn", lambda: RandomForestClassifier(300, random_state=0, n_jobs=-1)),
    "HistGB": ("scikit-learn", lambda: HistGradientBoostingClassifier(random_state=0)),
    "LightGBM": ("lightgbm", _lightgbm),
    "XGBoost": ("xgboost", _xgboost),
    "CatBoost": ("catboost", _catboost),
    "SVC": ("scikit-learn", lambda: SVC(random_state=0)),
    "MLP": ("scikit-learn", lambda: MLPClassifier(random_state=0)),
    "3-NN": ("scikit-learn", lambda: KNeighborsClassifier(3)),
}
"""Name → package, and what makes the classifier."""
TREES = ("forest", "HistGB", "LightGBM", "XGBoost", "CatBoost")

Results = dict[str, dict[str, list[dict[str, float]]]]
"""Set → classifier → scores of each split."""


def run(*, data: Path | None, quick: bool) -> Iterator[Table]:
    require("lightgbm", "xgboost", "catboost")
    trials, seeds = Trials(data), range(1 if quick else 5)
    names = [*OF_SKLEARN]
    if data is not None:
        names += [name for name in _data.names(data, 10**9) if name not in SLOW]
        names += [f"tables/{path.stem}" for path in sorted((data / "tables").glob("*.npz"))]
    results = {
        name: {
            peer: scores(trials, peer, Task(name, 400 if quick else 2000), seeds) for peer in PEERS
        }
        for name in names
    }
    judged = {name: of for name, of in results.items() if _short(name) not in FLATTERING}
    yield _summary(judged, len(seeds))
    average = ranks(judged)
    save("tables_ranks", lambda figure: draw_ranks(average, len(judged), figure), (7.5, 2.6))
    yield _set_by_set(results, len(seeds))
    if quick or data is None:
        return
    if whole := [name for name in names if _short(name) in WHOLE]:
        yield _whole(trials, whole)
    yield _million()


def scores(trials: Trials, peer: str, task: Task, seeds: range) -> list[dict[str, float]]:
    """Return accuracy, log loss, and seconds to fit and to predict of each split."""
    package, make = PEERS[peer]
    version = source() if package == "skhnm" else importlib.metadata.version(package)

    def judge(split: _data.Split) -> dict[str, float]:
        X, X_test, y, y_test = split
        classes, y = np.unique(y, return_inverse=True)  # XGBoost takes these alone
        y_test = np.searchsorted(classes, y_test)
        classifier = make()
        start = time.perf_counter()
        classifier.fit(X, y)
        fitted = time.perf_counter()
        predicted = np.asarray(classifier.predict(X_test)).ravel()
        end = time.perf_counter()
        chances = getattr(classifier, "predict_proba", None)
        return {
            "accuracy": float((predicted == y_test).mean()),
            "log_loss": float("nan") if chances is None
            else log_loss(y_test, chances(X_test), labels=np.arange(len(classes))),
            "fit": fitted - start,
            "predict": (end - fitted) / len(X_test),
        }  # fmt: skip

    return [trials.result(f"{peer} of {package} {version}", task, seed, judge) for seed in seeds]


def ranks(results: Results) -> dict[str, float]:
    """Return the average rank of each by accuracy."""
    means = np.array([[_mean(of[peer], "accuracy") for peer in PEERS] for of in results.values()])
    return dict(zip(PEERS, average_ranks(means), strict=True))


def _summary(results: Results, n_splits: int) -> Table:
    average = ranks(results)
    table = Table(
        f"Means over {len(results)} tables of up to 2,000 rows",
        {
            "classifier": "", "accuracy, %": ".2f", "less skhnm": "", "rank": ".2f",
            "log loss": ".4f", "fits, s": ".0f", "1,000 predictions, ms": ".0f",
        },
        note=f"{n_splits} splits of 70 % to 30 %. Second column: mean and standard error, over the "
        "tables, of the difference to skhnm. Ranks by accuracy that differ by "
        f"{critical_difference(len(results), len(PEERS)):.2f} differ significantly (Nemenyi, 5 %). "
        "Fits: the sum over the tables of a mean fit. Without "
        f"{' and '.join(FLATTERING)}, which flatter skhnm.",
        name="tables_summary",
    )  # fmt: skip

    def column(peer: str, score: str) -> np.ndarray:
        return np.array([_mean(of[peer], score) for of in results.values()])

    for peer in PEERS:
        gains = 100 * (column(peer, "accuracy") - column(OURS, "accuracy"))
        error = gains.std(ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else float("nan")
        loss = column(peer, "log_loss").mean()
        table.rows.append((
            peer, 100 * column(peer, "accuracy").mean(),
            "" if peer == OURS else f"{gains.mean():+.2f} ± {error:.2f}", average[peer],
            None if np.isnan(loss) else loss, column(peer, "fit").sum(),
            1e6 * column(peer, "predict").mean(),
        ))  # fmt: skip
    return table


def _set_by_set(results: Results, n_splits: int) -> Table:
    table = Table(
        f"Accuracy in per cent, up to 2,000 rows of each table, {n_splits} splits",
        {"table": "", **dict.fromkeys(PEERS, "")},
        note="± is the standard deviation over the splits. The best of each row is starred.",
        name="tables_sets",
    )
    for name, of in results.items():
        means = {peer: 100 * _mean(of[peer], "accuracy") for peer in PEERS}
        cells = [
            f"{means[peer]:.1f} ± {100 * np.std([s['accuracy'] for s in of[peer]]):.1f}"
            + ("*" if means[peer] >= max(means.values()) - 1e-9 else "")
            for peer in PEERS
        ]
        table.rows.append((_short(name), *cells))
    return table


def _whole(trials: Trials, names: list[str]) -> Table:
    shown = (OURS, *TREES)
    table = Table(
        "Accuracy in per cent on whole tables, one split",
        {"table": "", "rows": ",d", **dict.fromkeys(shown, ".2f"),
         "skhnm: fit, s": ".0f", "10,000 predictions, s": ".1f"},
        note="Rows to train on; 30 % are held out.",
        name="tables_whole",
    )  # fmt: skip
    means = np.zeros(len(shown))
    for name in names:
        task = Task(name)
        found = {peer: scores(trials, peer, task, range(1))[0] for peer in shown}
        accuracies = [100 * found[peer]["accuracy"] for peer in shown]
        means += np.array(accuracies) / len(names)
        n_train = len(task.split(trials.folder, 0)[0])
        ours = found[OURS]
        table.rows.append((_short(name), n_train, *accuracies, ours["fit"], 1e4 * ours["predict"]))
    table.rows.append(("mean", None, *means, None, None))
    return table


def made(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return n rows of 20 features, and one of five classes each.

    Features are normal, uniform, exponential, and whole numbers of few values, five of each. A
    score of each class is the sum of a wave of two features of each kind and of one product of
    two; the class is the one of the highest score, of which a normal noise of 0.5 is part.
    """
    random = np.random.default_rng([0, seed])
    X = np.concatenate([
        random.standard_normal((n, 5)), random.uniform(-2, 2, (n, 5)),
        random.exponential(1.0, (n, 5)), random.integers(0, 6, (n, 5)),
    ], axis=1)  # fmt: skip
    rule = np.random.default_rng(1)
    scores = 0.5 * random.standard_normal((n, 5))
    for c in range(5):
        for start in (0, 5, 10, 15):
            for f in start + rule.choice(5, 2, replace=False):
                scores[:, c] += np.sin(rule.uniform(0.5, 2.0) * X[:, f] + rule.uniform(0, 6))
        a, b = rule.choice(10, 2, replace=False)
        scores[:, c] += 0.5 * X[:, a] * X[:, b]
    return X.astype(np.float32), scores.argmax(axis=1)


def _prepare(peer: str, n: int) -> Work:
    X, y = made(n, 0)
    make = PEERS[peer][1]

    def call() -> tuple[Any, float]:
        start = time.perf_counter()
        fitted = make().fit(X, y)
        return fitted, time.perf_counter() - start

    def judge(result: tuple[Any, float]) -> tuple[float, float, float]:
        fitted, seconds = result
        X_test, y_test = made(10_000, 1)
        start = time.perf_counter()
        predicted = fitted.predict(X_test)
        took = time.perf_counter() - start
        return float((predicted == y_test).mean()), seconds, took

    return Work(lambda: make().fit(X[:500], y[:500]), call, judge)


def _million(n: int = 1_000_000) -> Table:
    table = Table(
        f"{n:,} × 20 float32, five classes",
        {"classifier": "", "accuracy, %": ".2f", "fit, s": ".0f", "10,000 predictions, s": ".1f",
         "MB": ".0f"},
        note="Made: features of four kinds, whose classes depend on waves of eight features and a "
        "product of two. MB: the peak of the fit beside the rows.",
        name="tables_million",
    )  # fmt: skip
    for peer in (OURS, "HistGB"):
        measured = measure(_prepare, peer, n, repeats=1)
        accuracy, fit, predict = measured.answer
        table.rows.append((peer, 100 * accuracy, fit, predict, measured.megabytes))
    return table


def _mean(found: list[dict[str, float]], score: str) -> float:
    return float(np.mean([each[score] for each in found]))


def _short(name: str) -> str:
    return name.removeprefix("tables/")
