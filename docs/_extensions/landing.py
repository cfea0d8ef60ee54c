"""The directive ``before-after``: rows of three classes, as they are and as learned.

Mined and fitted while the page is built. ``python docs/_extensions/landing.py`` writes the same
as a file, for the README.
"""

from __future__ import annotations

from pathlib import Path
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
        (before, right_before), (after, right_after) = before_and_after()
        cells = [
            f"<figure>{picture}<figcaption><b>{title}.</b> {words}. {100 * right:.0f} % of the "
            "rows have a nearest neighbour of their class.</figcaption></figure>"
            for picture, title, words, right in (
                (before, "As they are", "Three rows of other classes are nearer than its own",
                 right_before),
                (after, "As learned", "Its own class is nearer", right_after),
            )
        ]  # fmt: skip
        html = f'<div class="before-after">{"".join(cells)}</div>'
        return [nodes.raw("", html, format="html")]


def before_and_after() -> list[tuple[str, float]]:
    """Draw the rows as they are and as learned; also give the share with a right neighbour."""
    X, y = three_strips()
    Z = HardNegativeMetricLearner().fit(X, y).transform(X)
    tuples = HardestMiner(3).mine(X, y, positives="nearest")
    anchor = tuples[[most_helped(X, Z, tuples)]]
    return [(draw(rows, y, anchor), recall_at_k(rows, y)) for rows in (X, Z)]


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


FILE = Path(__file__).parent.parent / "_static" / "before_after.svg"
LOOK = """
  svg { color: #24292f; --primary: #0a7d91; font: 13px sans-serif }
  @media (prefers-color-scheme: dark) { svg { color: #e6edf3; --primary: #3fb1c5 } }
  .picture * { fill: none; stroke: currentcolor; stroke-width: 1.2 }
  .picture .own, .picture .anchor { fill: currentcolor }
  .picture .chosen { fill: var(--primary); stroke: var(--primary) }
  .picture .negative { stroke: var(--primary); stroke-width: 1.8 }
  .picture .positive { stroke-dasharray: 4 3; stroke-width: 1.8 }
  .picture .ring { fill: none; stroke-dasharray: none; stroke-width: 1.6 }
  text { fill: currentcolor; text-anchor: middle }
"""


def main() -> None:
    """Write both pictures, side by side, to one file."""
    parts = []
    for i, (picture, right) in enumerate(before_and_after()):
        title = ("as they are", "as learned")[i]
        parts.append(
            f'<g transform="translate({400 * i} 0)">{picture}<text x="190" y="252">{title}: '
            f"{100 * right:.0f} % have a nearest neighbour of their class</text></g>"
        )
    FILE.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 780 262"><style>{LOOK}</style>'
        f"{''.join(parts)}</svg>\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
