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

from benchmarks._techniques import TECHNIQUES
from skhnm import HardNegativeMetricLearner


class Techniques(SphinxDirective):
    """Tabulate the techniques and their parameters, after fitting each."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        X, y = load_iris(return_X_y=True)
        rows = []
        for name, (source, parameters) in TECHNIQUES.items():
            HardNegativeMetricLearner(max_iter=2, random_state=0, **parameters).fit(X, y)
            code = line_block([f"``{assignment(*item)}``" for item in parameters.items()])
            rows.append((f"**{name}**\n\n{source}", code))
        return table(self, ("Technique", "Parameters"), (42, 58), rows)


def setup(app: Any) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("techniques", Techniques)
    return {"parallel_read_safe": True}
