"""Retrieval metrics of embeddings, against one mining of them and pytorch-metric-learning.

Recall at 1, R-precision and MAP@R of every row among all others, from one
`skhnm.metrics.retrieval_report`; the 10 nearest rows of another class, by the exact index; and
the same three metrics by pytorch-metric-learning's AccuracyCalculator, where its lists of all
matches' places are not too long. skhnm's two take turns in one process; memory is measured in
processes of their own. The results of both sides must agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.decomposition import PCA

from benchmarks import _data
from benchmarks._measure import Work, alternate, check_faiss, check_torch, in_child, measure
from benchmarks._table import Table
from skhnm.metrics import retrieval_report
from skhnm.neighbors import ExactIndex

K = 10
MOST_FOR_PEER = 1_000  # places that count, for each query
TOLERANCE = 1e-4  # of a metric: the peer ranks float32 distances
METRICS = {"recall_at_1": "precision_at_1", "r_precision": "r_precision",
           "map_at_r": "mean_average_precision_at_r"}  # fmt: skip


def run(*, data: Path | None, quick: bool) -> Iterator[Table]:
    check_torch()
    check_faiss()
    n = 6_000 if quick else 60_000
    sources: dict[str, Any] = {f"clusters, {c:,} classes": c for c in (1000, 100, 10)}
    if data is not None and (data / "mnist.npz").exists():
        sources["MNIST, PCA 50"] = data
    table = Table(
        f"Seconds of three retrieval metrics for {n:,} × 50 embeddings",
        {
            "embeddings": "", "R-precision": ".3f", "one mining": ".2f", "metrics": ".2f",
            "metrics / mining": ".2f", "MB": ".0f", "PML": ".1f", "PML MB": ",.0f",
        },
        note="Mining finds the 10 nearest rows of another class. PML: pytorch-metric-learning's "
        f"AccuracyCalculator with faiss, where at most {MOST_FOR_PEER:,} places count.",
        name="judging",
    )  # fmt: skip
    for name, source in sources.items():
        mining, metrics = in_child(_compare, n, source, 3)
        ours = measure(_prepare, n, source, "skhnm", repeats=1)
        row = (name, ours.answer["r_precision"], mining, metrics, metrics / mining, ours.megabytes)
        if np.bincount(embeddings(n, source)[1]).max() > MOST_FOR_PEER:
            table.rows.append((*row, None, None))
            continue
        theirs = measure(_prepare, n, source, "PML", repeats=1)
        _check(ours.answer, theirs.answer)
        table.rows.append((*row, theirs.seconds, theirs.megabytes))
    yield table


def embeddings(n: int, source: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return float32 rows of so many overlapping classes, or of MNIST in a folder."""
    if isinstance(source, Path):
        X, _, y, _ = _data.mnist(source, n)
        return PCA(50, svd_solver="covariance_eigh").fit_transform(X).astype(np.float32), y
    random = np.random.default_rng(0)
    y = random.integers(source, size=n)
    Z = random.standard_normal((source, 50))[y] + random.standard_normal((n, 50))
    return Z.astype(np.float32), y


def judge(Z: np.ndarray, y: np.ndarray, side: str) -> dict[str, float]:
    """Return the three metrics of one side, by our names."""
    if side == "skhnm":
        report = retrieval_report(Z, y, ks=(1,))
        return {name: report[name] for name in METRICS}
    import torch
    from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator

    calculator = AccuracyCalculator(
        include=tuple(METRICS.values()), k="max_bin_count", device=torch.device("cpu")
    )
    found = calculator.get_accuracy(torch.from_numpy(Z), torch.from_numpy(y))
    return {name: found[theirs] for name, theirs in METRICS.items()}


def _compare(n: int, source: Any, repeats: int) -> list[float]:
    """Return the seconds of a mining and of the metrics."""
    Z, y = embeddings(n, source)
    own = np.arange(n)
    judge(*embeddings(3_000, 10), "skhnm")
    return alternate(
        lambda: ExactIndex().fit(Z, y).nearest(Z, y, K, own=own),
        lambda: judge(Z, y, "skhnm"),
        repeats=repeats,
    )


def _prepare(n: int, source: Any, side: str) -> Work:
    Z, y = embeddings(n, source)
    few = embeddings(3_000, 10)
    return Work(lambda: judge(*few, side), lambda: judge(Z, y, side), lambda found: found)


def _check(ours: dict[str, float], theirs: dict[str, float]) -> None:
    for name in METRICS:
        if not abs(ours[name] - theirs[name]) < TOLERANCE:
            raise AssertionError(f"{name}: {ours[name]} here, {theirs[name]} there")
