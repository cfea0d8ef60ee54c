"""The directive ``choices``: which miner an ``AdaptiveMiner`` asked, mining after mining of a fit."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sklearn.datasets import load_digits
from sphinx.util.docutils import SphinxDirective
from svg import Picture

import skhnm.miners as miners
from skhnm import HardNegativeMetricLearner

N_SHOWN = 40


class Choices(SphinxDirective):
    """Fit with the miner in the argument, and draw its choices."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = False

    def run(self) -> list[nodes.Node]:
        code = " ".join(self.arguments[0].split())
        miner = eval(code, vars(miners))
        X, y = load_digits(return_X_y=True)
        learner = HardNegativeMetricLearner(
            pool="batch", negative_miner=miner, loss="triplet", max_iter=10, random_state=0
        ).fit(X, y)
        asked = learner.negative_miner_.choices_[:N_SHOWN]
        names = [str(m) for m in miner.miners]
        picture = Picture((-12.0, N_SHOWN + 0.5), (-len(names) - 0.3, 0.8), 310, f"{code} in a fit")
        for row, name in enumerate(names):
            picture.text((-12.8, -row - 0.5), name)
            picture.line((-0.5, -row), (N_SHOWN, -row), "muted")
        for time, row in enumerate(asked):
            picture.dot((time, -row))
        picture.text((-0.9, -len(names) - 0.2), f"the first {len(asked)} minings, left to right")
        html = (
            f'<figure class="selection">{picture.svg()}'
            f"<figcaption><code>{code}</code></figcaption></figure>"
        )
        return [nodes.raw("", html, format="html")]


def setup(app: Any) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("choices", Choices)
    return {"parallel_read_safe": True}
