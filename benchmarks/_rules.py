"""The rules that `mining` compares: how either side mines, and what must agree.

A check gets what both sides found and the squared distances, raises an AssertionError
where the two differ by more than rounding, and says in a few words how far they agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from skhnm.common._tuples import Tuples
from skhnm.miners import (
    DistanceWeightedMiner,
    HardestMiner,
    MultiSimilarityMiner,
    SemiHardMiner,
)

MARGIN = 0.2
EPSILON = 0.1
CUTOFF, MAX_DISTANCE = 0.5, 1.4
ROUNDING = 1e-5  # of a squared distance between float32 rows of unit length

Mine = Callable[[np.ndarray, np.ndarray], Any]
"""From embeddings and labels to what a library returns."""
Given = tuple[np.ndarray, ...]
"""The peer's indices: anchors, positives and negatives; of pairs, anchors come twice."""


@dataclass(frozen=True)
class Rule:
    """One rule of mining.

    Parameters
    ----------
    name, title : str
    mine : callable
        How skhnm mines.
    peer : callable
        Gives the peer's miner, once PyTorch may be imported.
    mined : str
        What is counted of our result.
    count : callable
        Counts it.
    check : callable
        Compares ``check(ours, theirs, D, y)``.
    """

    name: str
    title: str
    mine: Mine
    peer: Callable[[], Any]
    mined: str
    count: Callable[[Tuples], int]
    check: Callable[[Tuples, Given, np.ndarray, np.ndarray], str]


def _squared() -> Any:
    from pytorch_metric_learning.distances import LpDistance

    return LpDistance(normalize_embeddings=False, p=2, power=2)


def _batch_hard() -> Any:
    from pytorch_metric_learning.miners import BatchHardMiner

    return BatchHardMiner(distance=_squared())


def _triplet_margin() -> Any:
    from pytorch_metric_learning.miners import TripletMarginMiner

    return TripletMarginMiner(MARGIN, type_of_triplets="semihard", distance=_squared())


def _multi_similarity() -> Any:
    from pytorch_metric_learning.miners import MultiSimilarityMiner as Peer

    return Peer(epsilon=EPSILON)


def _distance_weighted() -> Any:
    from pytorch_metric_learning.miners import DistanceWeightedMiner as Peer

    return Peer(cutoff=CUTOFF, nonzero_loss_cutoff=MAX_DISTANCE)


def _same_hardest(ours: Tuples, theirs: Given, D: np.ndarray, y: np.ndarray) -> str:
    """Hold that all triplets are the same, ties apart."""
    a, p, n = theirs[0], theirs[1], theirs[2]
    order = np.argsort(a)
    _raise_unless(ours.anchors == a[order], "anchors")
    same = np.ones(len(a), dtype=bool)
    for mine, yours in ((ours.positives[:, 0], p[order]), (ours.negatives[:, 0], n[order])):
        _raise_unless(np.abs(D[ours.anchors, mine] - D[ours.anchors, yours]) < ROUNDING, "rows")
        same &= mine == yours
    return _share(same.mean())


def _same_semi_hard(ours: Tuples, theirs: Given, D: np.ndarray, y: np.ndarray) -> str:
    """Hold that each pair has the same nearest negative, unless it is borderline."""
    mine, yours = _nearest_of_pairs(ours.triplets().T, D), _nearest_of_pairs(theirs, D)
    a, p = np.nonzero(mine != yours)
    d_mine, d_yours = (np.where(n[a, p] >= 0, D[a, n[a, p]], np.nan) for n in (mine, yours))
    nearer = np.fmin(d_mine, d_yours)
    at_border = np.minimum(np.abs(nearer - D[a, p]), np.abs(nearer - D[a, p] - MARGIN)) < ROUNDING
    _raise_unless(at_border | (np.abs(d_mine - d_yours) < ROUNDING), "pairs")
    return _share(1.0 - len(a) / max(1, ((mine >= 0) | (yours >= 0)).sum()))


def _nearest_of_pairs(triplets: Any, D: np.ndarray) -> np.ndarray:
    """Nearest negative (n, n) of each anchor and positive; -1 where a pair has none."""
    a, p, n = triplets
    farthest_first = np.lexsort((-n, -D[a, n]))
    nearest = np.full(D.shape, -1, dtype=np.int32)
    nearest[a[farthest_first], p[farthest_first]] = n[farthest_first]  # the last one stays
    return nearest


def _same_pairs(ours: Tuples, theirs: Given, D: np.ndarray, y: np.ndarray) -> str:
    """Hold that both sides keep the same pairs, unless a pair is at the rule's border."""
    own = y[:, None] == y
    np.fill_diagonal(own, False)
    farthest = np.where(own, D, -np.inf).max(axis=1)
    nearest = np.where(y[:, None] != y, D, np.inf).min(axis=1)
    n_same = n_all = 0
    for mine, yours, border in (
        (ours.positives, theirs[:2], nearest - 2 * EPSILON),
        (ours.negatives, theirs[2:], farthest + 2 * EPSILON),
    ):
        here, there = np.zeros(D.shape, dtype=bool), np.zeros(D.shape, dtype=bool)
        row, column = np.nonzero(mine >= 0)
        here[ours.anchors[row], mine[row, column]] = True
        there[yours] = True
        _raise_unless((np.abs(D - border[:, None]) < ROUNDING)[here != there], "pairs")
        n_same += (here & there).sum()
        n_all += (here | there).sum()
    return _share(n_same / n_all)


def _alike(ours: Tuples, theirs: Given, D: np.ndarray, y: np.ndarray) -> str:
    """Hold that all draws are admissible, and that their mean distances differ by chance only.

    The difference is taken for each anchor, and may be five of its standard errors.
    """
    means = []
    for a, n in ((ours.anchors, ours.negatives[:, 0]), (theirs[0], theirs[2])):
        d = np.sqrt(D[a, n])
        _raise_unless((y[a] != y[n]) & (d < MAX_DISTANCE + ROUNDING), "negatives")
        with np.errstate(invalid="ignore"):
            means.append(np.bincount(a, d, len(y)) / np.bincount(a, minlength=len(y)))
    mine, yours = means
    _raise_unless(np.isnan(mine) == np.isnan(yours), "anchors")
    known = ~np.isnan(mine)
    difference = (mine - yours)[known]
    error = 5.0 * difference.std() / np.sqrt(len(difference))
    _raise_unless(np.abs(difference.mean(keepdims=True)) < error, "mean distances")
    return f"mean distance {mine[known].mean():.3f} and {yours[known].mean():.3f}"


def _n_triplets(found: Tuples) -> int:
    return len(found.triplets())


def _n_pairs(found: Tuples) -> int:
    return int((found.positives >= 0).sum() + (found.negatives >= 0).sum())


def _share(share: float) -> str:
    return f"{share:.2%} the same"


def _raise_unless(excused: np.ndarray, what: str) -> None:
    if not excused.all():
        raise AssertionError(f"the two sides differ by more than they may in {what}")


RULES = {
    rule.name: rule
    for rule in (
        Rule(
            "hardest",
            "Hardest positive and hardest negative of each anchor: BatchHardMiner",
            lambda Z, y: HardestMiner(1).mine(Z, y, positives="hardest"),
            _batch_hard,
            "triplets",
            _n_triplets,
            _same_hardest,
        ),
        Rule(
            "semi-hard",
            f"Semi-hard negatives of all pairs, margin {MARGIN}: TripletMarginMiner",
            SemiHardMiner(margin=MARGIN).mine,
            _triplet_margin,
            "triplets, the nearest negative of each pair",
            _n_triplets,
            _same_semi_hard,
        ),
        Rule(
            "multi-similarity",
            f"Pairs by their relative similarity, ε = {EPSILON}: MultiSimilarityMiner",
            MultiSimilarityMiner(EPSILON).mine,
            _multi_similarity,
            "positive and negative pairs",
            _n_pairs,
            _same_pairs,
        ),
        Rule(
            "distance-weighted",
            f"Negatives drawn evenly over the distances from {CUTOFF} to {MAX_DISTANCE}: "
            "DistanceWeightedMiner",
            DistanceWeightedMiner(1, cutoff=CUTOFF, max_distance=MAX_DISTANCE).mine,
            _distance_weighted,
            "negatives, one an anchor, while PML draws one for each row of the anchor's class",
            len,
            _alike,
        ),
    )
}
