"""Mining rows on disk, in one go and killed half-way, against exact search."""

from __future__ import annotations

import json
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks import _data
from benchmarks._measure import Work, in_child, measure
from benchmarks._table import Table
from skhnm import mine_hard_negatives
from skhnm.neighbors import ExactIndex

K = 3
DIMENSIONS = 64
SAMPLED = 20  # one query of so many is searched exactly


def million(n: int, n_classes: int, chunk_size: int) -> Table:
    """Tabulate time, memory and recall of `mine_hard_negatives` on n rows on disk."""
    with TemporaryDirectory(prefix="skhnm_million_") as name:
        folder = Path(name)
        in_child(_write, folder, n, n_classes)
        whole = measure(_prepare, folder, "whole", chunk_size, repeats=1)
        before = _mine_and_kill(folder, "parts", chunk_size, n // 2)
        after = measure(_prepare, folder, "parts", chunk_size, repeats=1)
        for array in ("indices", "similarities"):
            one, other = (np.load(folder / run / f"{array}.npy") for run in ("whole", "parts"))
            np.testing.assert_array_equal(one, other)
        exact, recall = in_child(_search_exactly, folder)
    table = Table(
        f"{n:,} × {DIMENSIONS} float32 on disk, {n_classes:,} classes: {K} negatives of each row",
        {"": "", "seconds": ".1f", "MB": ".0f", "recall": ".2%"},
        note=f"The resumed run gives the result of the other to the bit. Exact search: estimated "
        f"from one query of {SAMPLED}, on which recall is measured too. MB are the peak, with "
        f"pages of the mapped rows ({n * DIMENSIONS * 4 / 2**20:.0f} MB).",
        name="million",
    )
    table.rows = [
        ("GraphIndex, in one go", whole.seconds, whole.megabytes, recall),
        ("GraphIndex, killed after half of the queries", before, None, None),
        ("GraphIndex, resumed", after.seconds, after.megabytes, None),
        ("GraphIndex, both parts", before + after.seconds, None, recall),
        ("ExactIndex, estimated", exact, None, 1.0),
    ]
    return table


def _write(folder: Path, n: int, n_classes: int) -> None:
    shape = (n, DIMENSIONS)
    rows = np.lib.format.open_memmap(folder / "rows.npy", "w+", np.float32, shape)
    labels = np.lib.format.open_memmap(folder / "labels.npy", "w+", np.intp, (n,))
    start = 0
    for X, y in _data.overlapping_chunks(n, DIMENSIONS, n_classes):
        rows[start : start + len(X)], labels[start : start + len(X)] = X, y
        start += len(X)


def _prepare(folder: Path, run: str, chunk_size: int) -> Work:
    labels = np.load(folder / "labels.npy")
    few = np.load(folder / "rows.npy", mmap_mode="r")[:5_000].copy()

    def mine(rows: Any, labels: np.ndarray, **options: Any) -> Any:
        return mine_hard_negatives(
            rows, labels=labels, n_negatives=K, index="graph", chunk_size=chunk_size, **options
        )

    return Work(
        lambda: mine(few, labels[: len(few)]),
        lambda: mine(folder / "rows.npy", labels, output=folder / run),
    )


def _mine_in_child(ready: Connection, folder: Path, run: str, chunk_size: int) -> None:
    work = _prepare(folder, run, chunk_size)
    work.warm_up()
    ready.send(None)
    work.call()


def _mine_and_kill(folder: Path, run: str, chunk_size: int, n_queries: int) -> float:
    """Mine in a process, kill it when so many queries are done; return its seconds."""
    context = get_context("spawn")
    ready, sender = context.Pipe(duplex=False)
    child = context.Process(target=_mine_in_child, args=(sender, folder, run, chunk_size))
    child.start()
    sender.close()
    ready.recv()  # an EOFError if the child fails before
    start = time.perf_counter()
    while _n_done(folder / run) < n_queries and child.is_alive():
        time.sleep(0.005)
    seconds = time.perf_counter() - start
    child.kill()
    child.join()
    if child.exitcode == 0:
        raise RuntimeError("the run was over before it could be killed")
    return seconds


def _n_done(run: Path) -> int:
    path = run / "progress.json"
    return int(json.loads(path.read_text(encoding="utf-8"))["n_done"]) if path.exists() else 0


def _search_exactly(folder: Path) -> tuple[float, float]:
    """Return the estimated seconds of exact search, and the recall of the run in one go."""
    X, y = (np.load(folder / f"{name}.npy") for name in ("rows", "labels"))
    sample = np.arange(0, len(X), SAMPLED)
    start = time.perf_counter()
    index = ExactIndex().fit(X, y)
    index.nearest(X[:1], y[:1], K)
    ready = time.perf_counter()
    truth = index.nearest(X[sample], y[sample], K, own=sample)[0]
    seconds = (ready - start) + SAMPLED * (time.perf_counter() - ready)
    return seconds, recall(np.load(folder / "whole" / "indices.npy")[sample], truth)


def recall(found: np.ndarray, truth: np.ndarray) -> float:
    """Share of the true rows (n, k) that were found (n, k)."""
    return float((found[:, :, None] == truth[:, None]).any(axis=1).mean())
