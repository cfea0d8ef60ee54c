"""What the literature names, as points of the grid: pool, miners and loss of a learner."""

from __future__ import annotations

from typing import Any

from skhnm.losses import SoftTripleLoss, TripletLoss
from skhnm.miners import HardestMiner, NearestPositives, SemiHardMiner, ViolatingMiner
from skhnm.pools import ProxyPool

TECHNIQUES: dict[str, tuple[str, dict[str, Any]]] = {
    "Online hard mining": (
        "The nearest negatives in the batch, mined at every step",
        {"pool": "batch", "negative_miner": "hardest", "loss": "triplet"},
    ),
    "Batch hard": (
        "Hermans et al. 2017",
        {
            "pool": "batch",
            "negative_miner": HardestMiner(n_negatives=1),
            "positive_miner": "hardest",
            "loss": "triplet",
        },
    ),
    "Batch all": (
        "Hermans et al. 2017",
        {
            "pool": "batch",
            "negative_miner": ViolatingMiner(n_negatives=None),
            "positive_miner": "all",
            "loss": "triplet",
        },
    ),
    "Semi-hard triplets": (
        "FaceNet, Schroff et al. 2015",
        {
            "pool": "batch",
            "negative_miner": SemiHardMiner(margin=0.2),
            "positive_miner": "all",
            "loss": TripletLoss(margin=0.2),
        },
    ),
    "OHEM": (
        "Shrivastava et al. 2016: the costliest quarter of the tuples",
        {"pool": "batch", "negative_miner": "ohem", "loss": "triplet"},
    ),
    "Online margin mining": (
        "Negatives about as far as the positive",
        {"pool": "batch", "negative_miner": "boundary", "loss": "triplet"},
    ),
    "Distance-weighted": (
        "Wu et al. 2017",
        {
            "pool": "batch",
            "negative_miner": "distance_weighted",
            "positive_miner": "all",
            "loss": "margin",
        },
    ),
    "Multi-similarity": (
        "Wang et al. 2019",
        {
            "pool": "batch",
            "negative_miner": "multi_similarity",
            "positive_miner": "all",
            "loss": "multi_similarity",
        },
    ),
    "Offline hard mining": (
        "The nearest negatives of all rows, mined anew every ``refresh_every`` iterations",
        {
            "pool": "dataset",
            "negative_miner": "hardest",
            "positive_miner": "nearest",
            "loss": "triplet",
        },
    ),
    "Offline mining in a rank window": (
        "As before, but the very nearest, where wrong labels gather, are skipped",
        {
            "pool": "dataset",
            "negative_miner": "rank",
            "positive_miner": "nearest",
            "loss": "triplet",
        },
    ),
    "Cross-batch memory": (
        "Wang et al. 2020",
        {"pool": "memory", "negative_miner": "hardest", "loss": "contrastive"},
    ),
    "LMNN": (
        "Weinberger & Saul 2009",
        {
            "pool": "dataset",
            "negative_miner": "violating",
            "positive_miner": NearestPositives(n_positives=3),
            "loss": "large_margin",
        },
    ),
    "N-pair, InfoNCE": (
        "Sohn 2016",
        {
            "pool": "batch",
            "negative_miner": "hardest",
            "positive_miner": "random",
            "loss": "npair",
        },
    ),
    "Supervised contrastive": (
        "Khosla et al. 2020, over mined rows",
        {
            "pool": "dataset",
            "negative_miner": "hardest",
            "positive_miner": "nearest",
            "loss": "sup_con",
        },
    ),
    "Robust NCA over near rows (the default)": (
        "Zhang & Sabuncu 2018, over the chances of Goldberger et al. 2004",
        {
            "pool": "dataset",
            "negative_miner": "hardest",
            "positive_miner": "nearest",
            "loss": "robust_nca",
        },
    ),
    "NCA, truncated to near rows": (
        "Goldberger et al. 2004",
        {
            "pool": "dataset",
            "negative_miner": "hardest",
            "positive_miner": "nearest",
            "loss": "nca",
        },
    ),
    "Triplet-center": (
        "He et al. 2018",
        {"pool": "centers", "negative_miner": "hardest", "loss": "triplet"},
    ),
    "Proxy-NCA": (
        "Movshovitz-Attias et al. 2017",
        {"pool": "proxies", "negative_miner": "all", "positive_miner": "all", "loss": "nca"},
    ),
    "Proxy-Anchor": (
        "Kim et al. 2020",
        {
            "pool": "proxies",
            "negative_miner": "all",
            "positive_miner": "all",
            "loss": "proxy_anchor",
        },
    ),
    "SoftTriple": (
        "Qian et al. 2019",
        {
            "pool": ProxyPool(n_proxies=10),
            "negative_miner": "all",
            "positive_miner": "all",
            "loss": SoftTripleLoss(n_proxies=10),
        },
    ),
    "Point-to-point and point-to-set": (
        "Hard rows of the data set, and class means",
        {
            "pool": ("dataset", "centers"),
            "negative_miner": "hardest",
            "positive_miner": "nearest",
            "loss": "nca",
        },
    ),
}
"""Name → its source, and the parameters of a learner."""
