"""The directive ``before-after``: rows of three classes, as they are and as learned.

Mined and fitted while the page is built.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from svg import Picture

from skhnm import HardNegativeMetricLearner, Tuples
from skhnm.metrics import recall_at_k
from skhnm.miners import HardestMiner

ROWS_A_CLASS = 9
SHAPE = 0.6  # height of a picture by its width


class BeforeAfter(SphinxDirective):
    """Draw the rows with the hardest negatives of one of them, before a fit and after."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        X, y = three_strips()
        learner = HardNegativeMetricLearner().fit(X, y)
        Z = learner.transform(X)
        tuples = HardestMiner(3).mine(X, y, positives="nearest")
        anchor = most_helped(X, Z, tuples)
        cells = []
        for rows, words in (
            (X, "<b>As they are.</b> Three rows of other classes are nearer than its own"),
            (Z, "<b>As learned.</b> Its own class is nearer"),
        ):
            right = 100 * recall_at_k(rows, y)
            words += f". {right:.0f} % of the rows have a nearest neighbour of their class."
            cells.append(
                f"<figure>{draw(rows, y, tuples[[anchor]])}<figcaption>{words}</figcaption>"
                "</figure>"
            )
        html = f'<div class="before-after">{"".join(cells)}</div>'
        return [nodes.raw("", html, format="html")]


def three_strips() -> tuple[Any, Any]:
    """Return rows in which a long direction says nothing and a short one tells the classes."""
    random = np.random.default_rng(50)
    y = np.repeat(np.arange(3), ROWS_A_CLASS)
    X = random.normal(size=(len(y), 2)) * [1.5, 0.12]
    X[:, 1] += 0.7 * (1 - y)
    return X @ [[0.96, 0.28], [-0.28, 0.96]], y


def most_helped(X: Any, Z: Any, tuples: Tuples) -> int:
    """Return the anchor farthest from its class whose negatives all were nearer, and none is."""
    before, after = distances(X, tuples), distances(Z, tuples)
    helped = (before[:, -1] < before[:, 0]) & (after[:, 1] > after[:, 0])
    return int(np.argmax(helped * before[:, 0]))


def distances(rows: Any, tuples: Tuples) -> Any:
    """Return how far the positive of each anchor is, and then its negatives."""
    others = np.concatenate([tuples.positives[:, :1], tuples.negatives], axis=1)
    return np.linalg.norm(rows[:, None] - rows[others], axis=2)


def draw(rows: Any, y: Any, chosen: Tuples) -> str:
    """Return the SVG of the rows, in a frame that holds them all."""
    rows = rows - (rows.max(axis=0) + rows.min(axis=0)) / 2
    anchor, positive = int(chosen.anchors[0]), int(chosen.positives[0, 0])
    reach = 1.1 * max(np.abs(rows[:, 0]).max(), np.abs(rows[:, 1]).max() / SHAPE)
    label = "Rows of three classes; one is joined with its positive and its hard negatives"
    picture = Picture((-reach, reach), (-SHAPE * reach, SHAPE * reach), 380, label)
    picture.line(rows[anchor], rows[positive], "positive")
    for n in chosen.negatives[0]:
        picture.line(rows[anchor], rows[n], "negative")
    for i, (row, name) in enumerate(zip(rows, y, strict=True)):
        negative = i in chosen.negatives[0]
        if i == anchor:
            picture.star(row)
            continue
        shape = (name - y[anchor]) % 3  # the anchor's class is the discs
        picture.mark(int(shape), row, "chosen" if negative else "")
        if negative or i == positive:
            picture.ring(row, "chosen" if negative else "positive")
    return picture.svg()


def setup(app: Any) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("before-after", BeforeAfter)
    return {"parallel_read_safe": True}
