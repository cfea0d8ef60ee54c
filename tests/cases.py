"""The data on which fast and naive must agree, and the miners and losses to compare."""

import numpy as np

from skhnm.losses import (
    CircleLoss,
    ContrastiveLoss,
    LargeMarginLoss,
    LiftedLoss,
    LogisticLoss,
    MarginLoss,
    MultiSimilarityLoss,
    NCALoss,
    NPairLoss,
    ProxyAnchorLoss,
    RobustNCALoss,
    SoftTripleLoss,
    SupConLoss,
    TripletLoss,
)
from skhnm.miners import (
    AdaptiveMiner,
    AllMiner,
    AllPositives,
    BoundaryMiner,
    ContextMiner,
    CurriculumMiner,
    DistanceWeightedMiner,
    DiverseMiner,
    EasyMiner,
    FilteredMiner,
    HardestMiner,
    HardestPositives,
    MultiSimilarityMiner,
    NearestPositives,
    OHEMMiner,
    RandomMiner,
    RandomPositives,
    RankMiner,
    SemiHardMiner,
    ViolatingMiner,
)


def uneven(m=3, dtype=np.float64):
    """Classes of different sizes, in no order; features of different scales."""
    random = np.random.default_rng(m)
    y = random.permutation(np.repeat([0, 1, 2, 3, 4], [10, 7, 5, 2, 1]))
    Z = random.normal(size=(25, m)) * np.arange(1, m + 1) + 0.3 * y[:, None]
    return Z.astype(dtype), y


def on_a_grid(dtype=np.float64, origin=0):
    """Whole numbers, so that distances are exact and many are equal."""
    random = np.random.default_rng(1)
    return (random.integers(0, 3, size=(24, 2)) + origin).astype(dtype), random.integers(0, 3, 24)


def repeated():
    """Each row three times, in one class or in several."""
    Z, _ = uneven()
    return np.tile(Z[:8], (3, 1)), np.random.default_rng(2).integers(0, 3, size=24)


def partly_unlabelled():
    Z, y = uneven()
    y = y.copy()
    y[::4] = -1
    return Z, y


CASES = {
    "uneven": uneven(),
    "float32": uneven(dtype=np.float32),
    "one feature": uneven(m=1),
    "many features": uneven(m=19),
    "ties": on_a_grid(),
    "repeated rows": repeated(),
    "identical rows": (np.full((12, 2), 0.1), np.arange(12) % 3),
    "identical whole numbers": (np.ones((12, 2)), np.arange(12) % 3),
    "far from the origin": (uneven()[0] + 1e4, uneven()[1]),
    "float32 far from the origin": on_a_grid(np.float32, origin=10_000),
    "singletons": (uneven()[0], np.arange(25)),
    "one class": (uneven()[0], np.zeros(25, dtype=int)),
    "some unlabelled": partly_unlabelled(),
    "none labelled": (uneven()[0], np.full(25, -1)),
    "one row": (np.ones((1, 2)), np.zeros(1, dtype=int)),
    "no rows": (np.empty((0, 2)), np.empty(0, dtype=int)),
}
"""Name → embeddings (n, m) and codes (n,)."""


def with_batch(Z, y):
    """Each row is a candidate of every other: anchors, codes, pool, its codes, own rows."""
    return Z, y, Z, y, np.arange(len(Z))


def with_pool(Z, y):
    """Anchors and a separate pool, which share some rows and some classes."""
    n = len(Z)
    return Z[: 2 * n // 3], y[: 2 * n // 3], Z[n // 3 :], y[n // 3 :], np.full(2 * n // 3, -1)


def with_empty_pool(Z, y):
    return Z, y, Z[:0], y[:0], np.full(len(Z), -1)


POOLS = [with_batch, with_pool, with_empty_pool]

NEGATIVE_MINERS = {
    "hardest": [HardestMiner(1), HardestMiner(4), HardestMiner(100)],
    "easy": [EasyMiner(1), EasyMiner(4), EasyMiner(100)],
    "random": [RandomMiner(1), RandomMiner(4), RandomMiner(100)],
    "all": [AllMiner(), AllMiner(margin=2.0), AllMiner(margin=1e-9)],
    "rank": [
        RankMiner(1, 3, n_negatives=None),
        RankMiner(2, 6, n_negatives=3, order="nearest"),
        RankMiner(2, 6, n_negatives=3, order="random"),
        RankMiner(5, 100, n_negatives=100, order="random"),
        RankMiner(90, 100, order="nearest"),
    ],
    "semi_hard": [
        SemiHardMiner(),
        SemiHardMiner(n_negatives=3, fallback="hardest"),
        SemiHardMiner(margin=2.0, n_negatives=2, fallback="drop"),
        SemiHardMiner(margin=1.0, n_negatives=2, fallback="hardest"),
        SemiHardMiner(margin=1.0, n_negatives=2, fallback="easy"),
    ],
    "violating": [
        ViolatingMiner(),
        ViolatingMiner(margin=2.0, n_negatives=2),
        ViolatingMiner(margin=2.0, n_negatives=None),
        ViolatingMiner(margin=2.0, n_negatives=2, order="random"),
        ViolatingMiner(margin=2.0, n_negatives=100, order="random"),
    ],
    "boundary": [BoundaryMiner(), BoundaryMiner(2), BoundaryMiner(3, width=1.5)],
    "distance_weighted": [
        DistanceWeightedMiner(1),
        DistanceWeightedMiner(4, cutoff=0.2, max_distance=1.0),
        DistanceWeightedMiner(100, max_distance=2.0),
    ],
    "multi_similarity": [
        MultiSimilarityMiner(),
        MultiSimilarityMiner(0.01),
        MultiSimilarityMiner(0.3, n_negatives=2),
    ],
    "diverse": [
        DiverseMiner(),
        DiverseMiner(3, n_candidates=6),
        DiverseMiner(4, n_candidates=10, trade_off=0.8),
        DiverseMiner(4, trade_off=0.0),
    ],
    "context": [
        ContextMiner(),
        ContextMiner(2, n_neighbors=3, n_candidates=5, max_share=0.5),
        ContextMiner(3, n_neighbors=100, max_share=0.2),
    ],
    "filtered": [
        FilteredMiner(),
        FilteredMiner(absolute_margin=0.05),
        FilteredMiner(relative_margin=0.03),
        FilteredMiner(max_similarity=0.73, min_similarity=-0.31),
        FilteredMiner(min_rank=3),
        FilteredMiner(drop_copies=True),
        FilteredMiner(drop_copies=True, min_rank=2, absolute_margin=0.01),
    ],
    "ohem": [OHEMMiner(), OHEMMiner(keep=0.6), OHEMMiner(keep=2), OHEMMiner(keep=100)],
    "curriculum": [
        CurriculumMiner(),
        CurriculumMiner(start=9, end=3, schedule="cosine"),
        CurriculumMiner(start=9, end=6, n_negatives=2, schedule="step"),
    ],
    "adaptive": [AdaptiveMiner(), AdaptiveMiner(["hardest"], exploration=0.0)],
}

POSITIVE_MINERS = {
    "nearest": [NearestPositives(1), NearestPositives(3), NearestPositives(100)],
    "hardest": [HardestPositives(1), HardestPositives(3), HardestPositives(100)],
    "all": [AllPositives()],
    "random": [RandomPositives(1), RandomPositives(3), RandomPositives(100)],
}

LOSSES = {
    "triplet": [TripletLoss(), TripletLoss(margin=0.2), TripletLoss(soft=True)],
    "large_margin": [
        LargeMarginLoss(),
        LargeMarginLoss(push_weight=0.8, squared_hinge=True),
        LargeMarginLoss(push_weight=1.0),
    ],
    "contrastive": [ContrastiveLoss(), ContrastiveLoss(margin=2.5)],
    "margin": [MarginLoss(), MarginLoss(margin=0.5, beta=0.8, learn_beta="class")],
    "logistic": [LogisticLoss(), LogisticLoss(scale=0.5, beta=0.8)],
    "lifted": [LiftedLoss(), LiftedLoss(margin=0.3)],
    "npair": [NPairLoss(), NPairLoss(temperature=1.5)],
    "sup_con": [SupConLoss(), SupConLoss(temperature=0.8)],
    "multi_similarity": [MultiSimilarityLoss(), MultiSimilarityLoss(4.0, 10.0, 0.2)],
    "circle": [CircleLoss(gamma=4.0), CircleLoss(margin=0.25, gamma=12.0)],
    "proxy_anchor": [ProxyAnchorLoss(alpha=4.0), ProxyAnchorLoss(alpha=1.0, margin=0.3)],
    "soft_triple": [SoftTripleLoss(3), SoftTripleLoss(3, scale=2.0, gamma=0.5, margin=0.2)],
    "nca": [NCALoss(), NCALoss(scale=0.3)],
    "robust_nca": [RobustNCALoss(), RobustNCALoss(0.3, q=0.0), RobustNCALoss(2.0, q=1.0)],
}


def listed(variants):
    """Every (name, object) of a table from names to objects."""
    return [(name, variant) for name, several in variants.items() for variant in several]


def as_lists(tuples):
    """Tuples as (anchor, its positives, its negatives), without padding."""
    return [
        (int(a), without_padding(p), without_padding(n))
        for a, p, n in zip(tuples.anchors, tuples.positives, tuples.negatives, strict=True)
    ]


def without_padding(rows):
    """Row indices as a list, once it is clear that padding stands last."""
    kept = [int(j) for j in rows if j >= 0]
    assert list(rows[len(kept) :]) == [-1] * (len(rows) - len(kept))
    return kept
