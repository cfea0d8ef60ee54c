"""The directive ``choices``: which miner an ``AdaptiveMiner`` asked, mining after mining."""

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
        height = 3.0  # of a line of the picture
        picture = Picture((-12.0, N_SHOWN + 0.5), (-height * len(names) - 0.5, 2.5), 310, code)
        for row, name in enumerate(names):
            picture.text((-13.3, -height * row - 1.2), name)
            picture.line((-0.5, -height * row), (N_SHOWN, -height * row), "muted")
        for time, row in enumerate(asked):
            picture.dot((time, -height * row))
        picture.text((-1.9, -height * len(names) - 1.0), f"minings 1 to {len(asked)}")
        html = (
            f'<figure class="selection">{picture.svg()}'
            f"<figcaption><code>{code}</code></figcaption></figure>"
        )
        return [nodes.raw("", html, format="html")]


def setup(app: Any) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("choices", Choices)
    return {"parallel_read_safe": True}
