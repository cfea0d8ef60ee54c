"""The directive ``techniques``: what the literature names, as points of the grid.

Each row is fitted while the page is built, so that a name which does not exist, or a
combination that does not work, fails the build.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from known_parts import assignment, line_block, table
from sklearn.datasets import load_iris
from sphinx.util.docutils import SphinxDirective

from skhnm import HardNegativeMetricLearner
from skhnm.losses import TripletLoss
from skhnm.miners import HardestMiner, NearestPositives, SemiHardMiner, ViolatingMiner

TECHNIQUES: list[tuple[str, str, dict[str, Any]]] = [
    (
        "Online hard mining",
        "The nearest negatives in the batch, mined at every step",
        {"pool": "batch", "negative_miner": "hardest", "loss": "triplet"},
    ),
    (
        "Batch hard",
        "Hermans et al. 2017",
        {
            "pool": "batch",
            "negative_miner": HardestMiner(n_negatives=1),
            "positive_miner": "hardest",
            "loss": "triplet",
        },
    ),
    (
        "Batch all",
        "Hermans et al. 2017",
        {
            "pool": "batch",
            "negative_miner": ViolatingMiner(n_negatives=None),
            "positive_miner": "all",
            "loss": "triplet",
        },
    ),
    (
        "Semi-hard triplets",
        "FaceNet, Schroff et al. 2015",
        {
            "pool": "batch",
            "negative_miner": SemiHardMiner(margin=0.2),
            "positive_miner": "all",
            "loss": TripletLoss(margin=0.2),
        },
    ),
    (
        "Offline hard mining",
        "The nearest negatives of all rows, mined anew every ``refresh_every`` iterations",
        {
            "pool": "dataset",
            "negative_miner": "hardest",
            "positive_miner": "nearest",
            "loss": "triplet",
        },
    ),
    (
        "Offline mining in a rank window",
        "As before, but the very nearest, where wrong labels gather, are skipped",
        {
            "pool": "dataset",
            "negative_miner": "rank",
            "positive_miner": "nearest",
            "loss": "triplet",
        },
    ),
    (
        "LMNN",
        "Weinberger & Saul 2009",
        {
            "pool": "dataset",
            "negative_miner": "violating",
            "positive_miner": NearestPositives(n_positives=3),
            "loss": "large_margin",
        },
    ),
    (
        "Contrastive pairs",
        "Hadsell et al. 2006, here with hard negatives",
        {
            "pool": "batch",
            "negative_miner": "hardest",
            "positive_miner": "random",
            "loss": "contrastive",
        },
    ),
    (
        "N-pair, InfoNCE",
        "Sohn 2016",
        {
            "pool": "batch",
            "negative_miner": "random",
            "positive_miner": "random",
            "loss": "npair",
        },
    ),
    (
        "NCA, truncated to near rows (the default)",
        "Goldberger et al. 2004",
        {
            "pool": "dataset",
            "negative_miner": "hardest",
            "positive_miner": "nearest",
            "loss": "nca",
        },
    ),
]


class Techniques(SphinxDirective):
    """Tabulate the techniques and their parameters, after fitting each."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        X, y = load_iris(return_X_y=True)
        rows = []
        for name, source, parameters in TECHNIQUES:
            HardNegativeMetricLearner(max_iter=2, random_state=0, **parameters).fit(X, y)
            code = line_block([f"``{assignment(*item)}``" for item in parameters.items()])
            rows.append((f"**{name}**\n\n{source}", code))
        return table(self, ("Technique", "Parameters"), (42, 58), rows)


def setup(app: Any) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("techniques", Techniques)
    return {"parallel_read_safe": True}
