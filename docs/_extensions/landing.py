"""The directive ``before-after``: rows of three classes, as they are and as learned.

Mined and fitted while the page is built.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from svg import Picture

from skhnm import HardNegativeMetricLearner
from skhnm.metrics import recall_at_k
from skhnm.miners import HardestMiner

ROWS_A_CLASS = 14


class BeforeAfter(SphinxDirective):
    """Draw the rows with the hardest negatives of one of them, before a fit and after."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        X, y = three_strips()
        learner = HardNegativeMetricLearner().fit(X, y)
        centre = int(np.argmin((X**2).sum(axis=1) + 100 * (y != 1)))
        negatives = HardestMiner(3).mine(X, y).negatives[centre]
        Z = learner.transform(X)
        cells = []
        for rows, words in (
            (X, "Before: its <b>hard negatives</b> are nearer than its class"),
            (Z, "After a fit: its class is nearer"),
        ):
            right = 100 * recall_at_k(rows, y)
            words += f". {right:.0f} % of all rows have a nearest neighbour of their class."
            cells.append(
                f"<figure>{draw(rows, y, centre, negatives)}<figcaption>{words}</figcaption>"
                "</figure>"
            )
        html = f'<div class="before-after">{"".join(cells)}</div>'
        return [nodes.raw("", html, format="html")]


def three_strips() -> tuple[Any, Any]:
    """Return rows in which a long direction says nothing and a short one tells the classes."""
    random = np.random.default_rng(3)
    y = np.repeat(np.arange(3), ROWS_A_CLASS)
    X = random.normal(size=(len(y), 2)) * [2.2, 0.22]
    X[:, 1] += 0.95 * (1 - y)
    return X @ [[0.96, 0.28], [-0.28, 0.96]], y


def draw(rows: Any, y: Any, anchor: int, negatives: Any) -> str:
    """Return the SVG of the rows, in a frame that holds them all."""
    rows = rows - (rows.max(axis=0) + rows.min(axis=0)) / 2
    reach = 1.08 * max(np.abs(rows[:, 0]).max(), np.abs(rows[:, 1]).max() / 0.62)
    label = "Rows of three classes; one is joined with three rows of other classes"
    picture = Picture((-reach, reach), (-0.62 * reach, 0.62 * reach), 360, label)
    for n in negatives:
        picture.line(rows[anchor], rows[n], "negative")
    for i, (row, name) in enumerate(zip(rows, y, strict=True)):
        if i == anchor:
            picture.star(row)
        else:
            shape = (name + 2) % 3  # the anchor's class is the discs
            picture.mark(int(shape), row, "chosen" if i in negatives else "")
            if i in negatives:
                picture.ring(row, "chosen")
    return picture.svg()


def setup(app: Any) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("before-after", BeforeAfter)
    return {"parallel_read_safe": True}
