"""Mining one batch, against pytorch-metric-learning's miners.

Both sides get the same float32 embeddings, take turns in one process, and use the same
rule on squared Euclidean distances. Their results are compared: where they differ, the
distances must agree to within float32's rounding. Memory is measured for each side in a
process of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from benchmarks._measure import Work, alternate, check_torch, in_child, measure
from benchmarks._table import Table
from skhnm.miners import HardestMiner, SemiHardMiner

MARGIN = 0.2
DIMENSIONS = 64
ROWS_A_CLASS = 8
ROUNDING = 1e-5  # of a squared distance between float32 rows of unit length
Triplets = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Anchors, positives and negatives."""


def run(*, data: Path | None, quick: bool) -> Iterator[Table]:
    check_torch()
    sizes = (512, 1024) if quick else (512, 1024, 4096)
    for rule, title in RULES.items():
        table = Table(
            title,
            {
                "rows": ",d", "PML ms": ".1f", "skhnm ms": ".1f", "time ratio": ".1f",
                "PML MB": ".0f", "skhnm MB": ".0f", "triplets": ",d", "the same": ".2%",
            },
            note="The ratio is PML's time over skhnm's. 'The same' is the share of triplets on "
            "which both agree to the letter; the others differ by less than rounding.",
        )  # fmt: skip
        for n in sizes:
            repeats = 3 if rule == "semi_hard" and n > 2000 else 20
            theirs, ours, n_triplets, same = in_child(_compare, rule, n, repeats)
            memory = [measure(_prepare, rule, n, side, repeats=1).megabytes for side in SIDES]
            table.rows.append(
                (n, 1e3 * theirs, 1e3 * ours, theirs / ours, *memory, n_triplets, same)
            )
        yield table


RULES = {
    "hardest": "Hardest positive and hardest negative of each anchor: BatchHardMiner",
    "semi_hard": "Semi-hard negatives of all pairs, margin 0.2: TripletMarginMiner",
}
SIDES = ("theirs", "ours")


def embeddings(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return unit rows that lie about their class's centre, half-way through a training."""
    random = np.random.default_rng(0)
    y = np.repeat(np.arange(n // ROWS_A_CLASS), ROWS_A_CLASS)
    Z = random.standard_normal((y[-1] + 1, DIMENSIONS))[y] + random.standard_normal((n, DIMENSIONS))
    return (Z / np.linalg.norm(Z, axis=1, keepdims=True)).astype(np.float32), y


def miner(rule: str, side: str) -> Callable[[np.ndarray, np.ndarray], Any]:
    """Return a function of embeddings and labels that mines, as its library does."""
    if side == "ours":
        if rule == "hardest":
            return lambda Z, y: HardestMiner(1).mine(Z, y, positives="hardest")
        return SemiHardMiner(margin=MARGIN).mine
    import torch
    from pytorch_metric_learning import distances, miners

    squared = distances.LpDistance(normalize_embeddings=False, p=2, power=2)
    theirs = (
        miners.BatchHardMiner(distance=squared)
        if rule == "hardest"
        else miners.TripletMarginMiner(MARGIN, type_of_triplets="semihard", distance=squared)
    )
    return lambda Z, y: theirs(torch.from_numpy(Z), torch.from_numpy(y))


def _prepare(rule: str, n: int, side: str) -> Work:
    Z, y = embeddings(n)
    few_Z, few_y = embeddings(64)
    mine = miner(rule, side)
    return Work(lambda: mine(few_Z, few_y), lambda: mine(Z, y))


def _compare(rule: str, n: int, repeats: int) -> tuple[float, float, int, float]:
    """Return the seconds of both sides, our triplets, and the share on which both agree."""
    Z, y = embeddings(n)
    theirs, ours = miner(rule, "theirs"), miner(rule, "ours")
    few = embeddings(64)
    theirs(*few), ours(*few)
    seconds = alternate(lambda: theirs(Z, y), lambda: ours(Z, y), repeats=repeats)
    D = cdist(Z.astype(np.float64), Z.astype(np.float64), "sqeuclidean")
    found = ours(Z, y).triplets().T
    given = tuple(part.numpy() for part in theirs(Z, y))
    same = CHECKS[rule](tuple(found), given, D)
    return *seconds, found.shape[1], same


def _same_hardest(ours: Triplets, theirs: Triplets, D: np.ndarray) -> float:
    """Share of anchors with the same triplet; raise unless the others are ties."""
    order = np.argsort(theirs[0])
    a, *theirs_pn = (part[order] for part in theirs)
    if not np.array_equal(ours[0], a):
        raise AssertionError("the two sides mined other anchors")
    same = np.ones(len(a), dtype=bool)
    for mine, yours in zip(ours[1:], theirs_pn, strict=True):
        _raise_unless(np.abs(D[a, mine] - D[a, yours]) < ROUNDING)
        same &= mine == yours
    return float(same.mean())


def _same_semi_hard(ours: Triplets, theirs: Triplets, D: np.ndarray) -> float:
    """Share of pairs with the same nearest negative; raise unless the others are borderline."""
    mine, yours = _nearest_of_pairs(ours, D), _nearest_of_pairs(theirs, D)
    a, p = np.nonzero(mine != yours)
    d_mine, d_yours = (np.where(n[a, p] >= 0, D[a, n[a, p]], np.nan) for n in (mine, yours))
    nearer = np.fmin(d_mine, d_yours)
    at_border = (np.abs(nearer - D[a, p]) < ROUNDING) | (
        np.abs(nearer - D[a, p] - MARGIN) < ROUNDING
    )
    _raise_unless(at_border | (np.abs(d_mine - d_yours) < ROUNDING))
    return 1.0 - len(a) / max(1, ((mine >= 0) | (yours >= 0)).sum())


def _nearest_of_pairs(triplets: Triplets, D: np.ndarray) -> np.ndarray:
    """Nearest negative (n, n) of each anchor and positive; -1 where a pair has none."""
    a, p, n = triplets
    farthest_first = np.lexsort((-n, -D[a, n]))
    nearest = np.full(D.shape, -1, dtype=np.int32)
    nearest[a[farthest_first], p[farthest_first]] = n[farthest_first]  # the last one stays
    return nearest


CHECKS: dict[str, Callable[[Any, Any, np.ndarray], float]] = {
    "hardest": _same_hardest,
    "semi_hard": _same_semi_hard,
}


def _raise_unless(excused: np.ndarray) -> None:
    if not excused.all():
        raise AssertionError(f"the two sides differ by more than rounding on {(~excused).sum()}")
