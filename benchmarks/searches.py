"""Searches over frozen embeddings: adapters, and what others do, on queries of unseen documents.

Docstrings of installed packages: the first line is the query, the rest the document; test
documents are of modules that nobody has seen. And CLINC150, with another query of the intent as
the answer, and intents that nobody has seen.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks import _docstrings
from benchmarks._data import load
from benchmarks._measure import peak, reset_peak
from benchmarks._table import Table
from skhnm import EmbeddingAdapter
from skhnm.metrics import retrieval_report

SIZES = (100, 500, None)
_RATE = 1e-3


class Task(NamedTuple):
    """Queries and the corpus to learn from, and those to judge by, with labels of who answers."""

    Q: np.ndarray
    D: np.ndarray
    answers: np.ndarray
    Q_test: np.ndarray
    D_test: np.ndarray
    y_test: np.ndarray
    y_corpus: np.ndarray


Maps = tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]
Method = Callable[[np.ndarray, np.ndarray, np.ndarray, int], Maps]


def run(*, data: Path | None, quick: bool) -> Iterator[Table]:
    seeds = range(1 if quick else 5)
    texts = _docstrings.read()
    yield _compare("docstrings", "search_docstrings", [_docs(texts, s) for s in seeds], quick)
    if data is not None and (data / "clinc150_tfidf256.npz").exists():
        tasks = [_intents(data, s) for s in seeds]
        yield _compare("CLINC150", "search_clinc", tasks, quick)
    yield _large(quick)


def _docs(texts: _docstrings.Docstrings, seed: int) -> Task:
    s = _docstrings.embed(texts, seed)
    Q, D = s.queries.astype(np.float32), s.documents.astype(np.float32)
    y = np.arange(len(s.test))
    return Task(Q[s.train], D[s.train], np.arange(len(s.train)), Q[s.test], D[s.test], y, y)


def _intents(data: Path, seed: int) -> Task:
    X, y, _ = load(data, "clinc150_tfidf256")
    X, y = X.astype(np.float32), np.unique(y, return_inverse=True)[1]
    random = np.random.default_rng(seed)
    unseen = np.isin(y, random.permutation(y.max() + 1)[:50])
    asks = random.random(len(y)) < 0.5
    corpus, queries = np.flatnonzero(~unseen & ~asks), np.flatnonzero(~unseen & asks)
    answers = np.array([random.choice(np.flatnonzero(y[corpus] == c)) for c in y[queries]])
    return Task(
        X[queries], X[corpus], answers, X[unseen & asks], X[unseen & ~asks],
        y[unseen & asks], y[unseen & ~asks],
    )  # fmt: skip


def _compare(title: str, name: str, tasks: list[Task], quick: bool) -> Table:
    sizes = SIZES[:2] if quick else SIZES
    columns = {"method": ""}
    for n in sizes:
        count = "all pairs" if n is None else f"{n} pairs"
        columns |= {
            f"MRR, {count}": "",
            f"recall at 1, {count}": ".3f",
            f"recall at 10, {count}": ".3f",
        }
    table = Table(
        f"{title}: {len(tasks[0].Q):,} queries at most, {len(tasks[0].D):,} documents, "
        f"{tasks[0].Q.shape[1]} features",
        columns | {"seconds, all": ".1f"},
        note=f"Mean over {len(tasks)} seeds; MRR with the standard deviation of what it is above "
        "raw. Queries and documents of the test are of modules or intents that nobody has seen. "
        "'In-batch' is a softmax over the batch at scale 20; 'random' over 32 random documents; "
        "'naive hard' over the nearest other document, before learning, without shrinkage.",
        name=name,
    )
    for method, learn in METHODS.items():
        cells: list[Any] = []
        for n in sizes:
            found = np.array([_one(task, learn, n, seed) for seed, task in enumerate(tasks)])
            gains = found[:, 0] - [_raw(task)[0] for task in tasks]
            spread = "" if method == "raw" else f" (+{gains.mean():.3f} ± {gains.std():.3f})"
            spread = spread.replace("+-", "-")
            cells += [f"{found[:, 0].mean():.3f}{spread}", *found[:, 1:3].mean(axis=0)]
            print(title, method, n, found[:, 0].round(4), gains.round(4), flush=True)
        table.rows.append((method, *cells, found[:, 3].mean()))
    return table


def _raw(task: Task) -> tuple[float, ...]:
    return _judge(task, (_same, _same))


def _one(task: Task, learn: Method, n: int | None, seed: int) -> tuple[float, ...]:
    some = np.random.default_rng(seed).permutation(len(task.Q))[:n]
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        maps = learn(task.Q[some], task.D, task.answers[some], seed)
    seconds = time.perf_counter() - start
    return *_judge(task, maps), seconds


def _judge(task: Task, maps: Maps) -> tuple[float, ...]:
    """Return MRR, and recall at 1 and at 10."""
    some = task.Q_test.any(axis=1)
    report = retrieval_report(
        maps[0](task.Q_test[some]), task.y_test[some], ks=(1, 10), metric="cosine",
        reference=maps[1](task.D_test), reference_y=task.y_corpus, own=np.full(some.sum(), -1),
    )  # fmt: skip
    return report["mean_reciprocal_rank"], report["recall_at_1"], report["recall_at_10"]


def _same(X: np.ndarray) -> np.ndarray:
    return X


def raw(Q: np.ndarray, D: np.ndarray, answers: np.ndarray, seed: int) -> Maps:
    return _same, _same


def ours(side: str, Q: np.ndarray, D: np.ndarray, answers: np.ndarray, seed: int) -> Maps:
    adapter = EmbeddingAdapter(side, random_state=seed).fit(Q, D, answers)
    return adapter.transform_queries, adapter.transform_corpus


def by_adam(
    negatives: str,
    epochs: int,
    Q: np.ndarray,
    D: np.ndarray,
    answers: np.ndarray,
    seed: int,
    batch: int = 32,
) -> Maps:
    """Learn a map of the queries by softmax at scale 20 and Adam, as published recipes do."""
    random = np.random.default_rng(seed)
    Q, D = _unit(Q)[0], _unit(D)[0]
    W = np.eye(Q.shape[1], dtype=Q.dtype)
    mean, square, steps = np.zeros_like(W), np.zeros_like(W), 0
    if negatives == "hard":
        similar = Q @ D.T
        similar[np.arange(len(Q)), answers] = -np.inf
        nearest = similar.argmax(axis=1)
    for _ in range(epochs):
        for rows in np.array_split(random.permutation(len(Q)), -(-len(Q) // batch)):
            if negatives == "batch":
                others = np.tile(answers[rows], (len(rows), 1))
            elif negatives == "random":
                others = random.integers(len(D), size=(len(rows), 32))
            else:
                others = nearest[rows][:, None]
            candidates = np.column_stack([answers[rows], others])
            hidden = others == answers[rows][:, None]
            Z, norms = _unit(Q[rows] @ W.T)
            s = 20.0 * np.einsum("ij,ikj->ik", Z, D[candidates])
            s[:, 1:][hidden] = -np.inf
            p = np.exp(s - s.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            p[:, 0] -= 1.0
            slope = 20.0 * np.einsum("ik,ikj->ij", p, D[candidates]) / len(rows)
            slope = (slope - (slope * Z).sum(axis=1, keepdims=True) * Z) / norms
            gradient = slope.T @ Q[rows]
            steps += 1
            mean = 0.9 * mean + 0.1 * gradient
            square = 0.999 * square + 0.001 * gradient**2
            W = W - _RATE * (mean / (1 - 0.9**steps)) / (
                np.sqrt(square / (1 - 0.999**steps)) + 1e-8
            )
    return (lambda X: X @ W.T), _same


def _unit(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    norms = np.linalg.norm(X, axis=1, keepdims=True)
    norms[norms == 0] = 1.0
    return X / norms, norms


METHODS: dict[str, Method] = {
    "raw": raw,
    "in-batch, one epoch": partial(by_adam, "batch", 1),
    "in-batch, ten epochs": partial(by_adam, "batch", 10),
    "random negatives, ten epochs": partial(by_adam, "random", 10),
    "naive hard, thirty epochs": partial(by_adam, "hard", 30),
    'EmbeddingAdapter("query")': partial(ours, "query"),
    'EmbeddingAdapter("both")': partial(ours, "both"),
    'EmbeddingAdapter("each")': partial(ours, "each"),
}


def _large(quick: bool) -> Table:
    """Time a fit of many queries over a large corpus, made."""
    n, N, d = (2_000, 10_000, 64) if quick else (20_000, 100_000, 256)
    random = np.random.default_rng(0)
    D = random.standard_normal((N, d)).astype(np.float32)
    answers = random.integers(N, size=n)
    turn = (np.eye(d) + 0.7 * random.standard_normal((d, d)) / np.sqrt(d)).astype(np.float32)
    Q = D[answers] @ turn + 4.0 * random.standard_normal((n, d)).astype(np.float32)
    table = Table(
        f"A fit of {n:,} pairs over {N:,} documents × {d}",
        {"side": "", "seconds": ".0f", "MB more at the peak": ".0f", "held-out MRR, from": ".3f",
         "to": ".3f"},
        note="Made: documents are normal, queries are a document, distorted and disturbed.",
        name="search_large",
    )  # fmt: skip
    for side in ("query", "both", "each"):
        before, start = reset_peak(), time.perf_counter()
        adapter = EmbeddingAdapter(side, random_state=0).fit(Q, D, answers)
        seconds = time.perf_counter() - start
        scores = adapter.validation_scores_
        table.rows.append((side, seconds, peak() - before, scores[np.inf], scores[adapter.alpha_]))
        print(table.rows[-1], flush=True)
    return table
