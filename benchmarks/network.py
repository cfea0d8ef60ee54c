"""Training a network, against PyTorch with pytorch-metric-learning; and MNIST with it.

Both sides train the same network on the same batches with the same rule and loss (batch-hard
triplets of 500 rows at unit length, Adam), and take turns in one process. A step is what it
takes from a batch's rows to new weights, mining included.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from benchmarks._data import mnist
from benchmarks._measure import check_torch, in_child
from benchmarks._table import Table
from skhnm import MLPMetricLearner
from skhnm.losses import TripletLoss
from skhnm.miners import HardestMiner

HIDDEN = (512, 256)
COMPONENTS = 32
BATCH = 500
MARGIN = 0.2


def run(*, data: Path | None, quick: bool) -> Iterator[Table]:
    check_torch()
    table = Table(
        f"A training step of 784-512-256-32 on batches of {BATCH}, batch-hard triplets",
        {"": "", "PyTorch + PML ms": ".1f", "skhnm ms": ".1f", "time ratio": ".2f"},
        note="The ratio is PyTorch's time over skhnm's. skhnm's linear path is left out.",
    )
    theirs, ours = in_child(_compare, 3 if quick else 9)
    table.rows.append(("one step", 1e3 * theirs, 1e3 * ours, theirs / ours))
    yield table
    if data is None:
        return
    table = Table(
        "MNIST, raw pixels / 255, 3-NN on the test rows",
        {"": "", "test error": ".2%", "fit s": ".1f"},
        note=f"MLPMetricLearner({HIDDEN}, normalize=True, random_state=…), else defaults.",
    )
    for seed in range(1 if quick else 3):
        table.rows.append(
            (f"seed {seed}", *in_child(_mnist, data, 10_000 if quick else None, seed))
        )
    yield table


def _compare(repeats: int) -> tuple[float, float]:
    """Return the seconds of one step of each side."""
    random = np.random.default_rng(0)
    y = np.repeat(np.arange(10), 500)
    X = (random.random((10, 784))[y] + 0.5 * random.random((len(y), 784))).astype(np.float32)
    sides: list[Callable[[int], float]] = [_torch_side(X, y), _our_side(X, y)]
    for side in sides:
        side(1)
    times = np.array([[side(1 + 4 * (i % 2)) for side in sides] for i in range(2 * repeats)])
    short, long = times[::2].min(axis=0), times[1::2].min(axis=0)
    theirs, ours = (long - short) / (4 * len(X) / BATCH)
    return float(theirs), float(ours)


def _our_side(X: np.ndarray, y: np.ndarray) -> Callable[[int], float]:
    def fit(n_epochs: int) -> float:
        learner = MLPMetricLearner(
            HIDDEN, COMPONENTS, skip=False, normalize=True, negative_miner=HardestMiner(1),
            positive_miner="hardest", loss=TripletLoss(MARGIN), batch_size=BATCH,
            max_iter=n_epochs, alpha=0.0, random_state=0,
        )  # fmt: skip
        start = time.perf_counter()
        learner.fit(X, y)
        return time.perf_counter() - start

    return fit


def _torch_side(X: np.ndarray, y: np.ndarray) -> Callable[[int], float]:
    import torch
    from pytorch_metric_learning import distances, losses, miners

    sizes = [X.shape[1], *HIDDEN, COMPONENTS]
    layers: list[torch.nn.Module] = []
    for a, b in itertools.pairwise(sizes):
        layers += [torch.nn.Linear(a, b), torch.nn.ReLU()]
    squared = distances.LpDistance(normalize_embeddings=True, p=2, power=2)
    mine = miners.BatchHardMiner(distance=squared)
    loss_of = losses.TripletMarginLoss(MARGIN, distance=squared)
    rows, labels = torch.from_numpy(X), torch.from_numpy(y)

    def fit(n_epochs: int) -> float:
        torch.manual_seed(0)
        network = torch.nn.Sequential(*layers[:-1])
        optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
        start = time.perf_counter()
        for _ in range(n_epochs):
            order = torch.randperm(len(rows))
            for begin in range(0, len(rows), BATCH):
                batch = order[begin : begin + BATCH]
                Z, c = network(rows[batch]), labels[batch]
                loss = loss_of(Z, c, mine(Z, c))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        return time.perf_counter() - start

    return fit


def _mnist(data: Path, n_rows: int | None, seed: int) -> tuple[float, float]:
    """Return the 3-NN test error, and the seconds of the fit."""
    X, X_test, y, y_test = mnist(data, n_rows)
    MLPMetricLearner(HIDDEN, normalize=True, max_iter=1, random_state=0).fit(
        X[::100], y[::100]
    )  # compiles
    start = time.perf_counter()
    learner = MLPMetricLearner(HIDDEN, normalize=True, random_state=seed).fit(X, y)
    seconds = time.perf_counter() - start
    neighbours = KNeighborsClassifier(3).fit(learner.transform(X), y)
    return 1.0 - neighbours.score(learner.transform(X_test), y_test), seconds
