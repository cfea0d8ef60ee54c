"""The directive ``selection``: what a miner selects among two dozen points, as a picture.

The miner really mines these points while the page is built, so the picture cannot drift from
the code. ``selection-overview`` repeats all pictures of a page, small and side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from docutils import nodes
from docutils.parsers.rst import directives
from numpy.typing import NDArray
from sphinx.util.docutils import SphinxDirective
from svg import Picture

import skhnm.miners as miners
from skhnm import Tuples
from skhnm.miners._arguments import make_candidates
from skhnm.miners._base import select_checked
from skhnm.miners.positives import choose_checked

Z = np.array([
    # the anchor, its positive, and the rest of class a
    (0.0, 0.0), (0.8, -0.6), (-0.55, 0.3), (-0.25, -0.65), (0.3, 0.5), (0.75, 0.35),
    (-0.95, -0.2), (-0.1, 0.9), (0.3, -0.95),
    # class b; its first row lies amidst class a
    (0.45, -0.15), (1.2, 0.45), (1.3, -0.45), (1.72, 0.15), (1.86, 0.02), (2.1, -0.75),
    (2.35, 0.75), (2.7, -0.1),
    # class c
    (-0.8, -0.85), (-1.1, 0.95), (-1.6, 0.4), (-0.95, 1.6), (-1.9, 1.15), (-2.4, 0.45),
    (-1.5, -1.3), (-2.5, 1.4),
])  # fmt: skip
y = np.array(list("a" * 9 + "b" * 8 + "c" * 8))
ANCHOR, POSITIVE = 0, 1
ORIGIN = np.array([-2.9, -1.65])  # of the directions that rules on cosine similarity compare
_DISTANCES = ((Z - Z[ANCHOR]) ** 2).sum(axis=1)
_RANKS = np.zeros(len(y), dtype=int)
_NEGATIVES = np.flatnonzero(y != y[ANCHOR])
_RANKS[_NEGATIVES[np.argsort(_DISTANCES[_NEGATIVES], kind="stable")]] = 1 + np.arange(
    len(_NEGATIVES)
)


@dataclass
class Window:
    """The distances that a rule admits, squared; at unit length if `unit`."""

    lower: float = 0.0
    upper: float = np.inf
    unit: bool = False

    def check(self, rows: NDArray[Any], miner: Any) -> None:
        """Raise if the miner chose a row outside: the picture would say what is not so."""
        distances = _unit_distances() if self.unit else _DISTANCES
        if ((distances[rows] < self.lower) | (distances[rows] > self.upper)).any():
            raise ValueError(f"{miner!r} chooses rows outside of the window drawn for it")


def _window(miner: Any) -> Window | None:
    """Return where the rule of a miner lets negatives lie, if that is a matter of distance."""
    d_ap = float(_DISTANCES[POSITIVE])
    unit = float(_unit_distances()[POSITIVE])
    match miner:
        case miners.SemiHardMiner():
            return Window(d_ap, d_ap + (np.inf if miner.margin is None else miner.margin))
        case miners.ViolatingMiner():
            return Window(upper=d_ap + miner.margin)
        case miners.BoundaryMiner(width=float(width)):
            return Window(d_ap - width, d_ap + width)
        case miners.AllMiner(margin=float(margin)):
            return Window(upper=margin)
        case miners.MultiSimilarityMiner():
            farthest = _unit_distances()[y == y[ANCHOR]].max()
            return Window(upper=float(farthest) + 2 * miner.epsilon, unit=True)
        case miners.DistanceWeightedMiner():
            return Window(upper=miner.max_distance**2, unit=True)
        case miners.FilteredMiner(absolute_margin=float(margin)):
            return Window(unit + 2 * margin, unit=True)
    return None


def _unit_distances() -> NDArray[Any]:
    rows = (Z - ORIGIN) / np.linalg.norm(Z - ORIGIN, axis=1, keepdims=True)
    return ((rows - rows[ANCHOR]) ** 2).sum(axis=1)


def _is_unit(miner: Any) -> bool:
    kinds = (miners.MultiSimilarityMiner, miners.DistanceWeightedMiner, miners.FilteredMiner)
    return isinstance(miner, kinds)


def mine(miner: Any, positives: str, anchors: str, progress: float) -> Tuples:
    """Return what a miner selects for the anchor, or for all rows of its class."""
    own = np.flatnonzero(y == y[ANCHOR])
    centred = Z - ORIGIN if _is_unit(miner) else Z
    candidates = make_candidates(centred, y, None, None, None, 0, 1)
    candidates.progress = progress
    chosen = np.full((len(y), len(own) - 1), -1, dtype=np.intp)
    if isinstance(miner, miners.BasePositiveMiner):
        found = choose_checked(miner, candidates)[[ANCHOR]]
        return Tuples(np.array([ANCHOR]), found, np.full((1, 1), -1))
    asked = own if anchors == "class" else [ANCHOR]
    for anchor in asked:
        others = own[own != anchor]
        given = others if positives == "all" else [POSITIVE] if anchor == ANCHOR else others[:1]
        if anchors == "class":
            given = others[np.argsort(((Z[others] - Z[anchor]) ** 2).sum(axis=1))[:1]]
        chosen[anchor, : len(given)] = given
    candidates.positives = chosen
    miner.reset()
    tuples = select_checked(miner, candidates)
    return tuples[np.flatnonzero(np.isin(tuples.anchors, asked))]


def draw(miner: Any, tuples: Tuples, label: str) -> str:
    """Return the SVG of a selection."""
    picture = Picture((-3.05, 3.35), (-1.85, 1.9), 310, label)
    window = _window(miner)
    negatives = np.unique(tuples.negatives[tuples.negatives >= 0])
    positives = np.unique(tuples.positives[tuples.positives >= 0])
    if window is not None:
        window.check(negatives, miner)
        _draw_window(picture, window)
    if _is_unit(miner):
        picture.plus(ORIGIN)
    for t in range(len(tuples)):
        anchor = Z[tuples.anchors[t]]
        for p in tuples.positives[t][tuples.positives[t] >= 0]:
            picture.line(anchor, Z[p], "positive")
        for n in tuples.negatives[t][tuples.negatives[t] >= 0]:
            picture.line(anchor, Z[n], "negative")
    dropped = getattr(miner, "dropped_", np.array([], dtype=int))
    for i, (point, name) in enumerate(zip(Z, y, strict=True)):
        if i in tuples.anchors:
            picture.star(point)
        else:
            chosen = i in negatives or (i in positives and not len(negatives))
            picture.mark("abc".index(name), point, "chosen" if chosen else "")
            if i in negatives:
                picture.ring(point, "chosen")
            elif i in positives:
                picture.ring(point, "positive")
        if i in dropped:
            picture.cross(point, "dropped")
    if not _is_unit(miner) and len(tuples) == 1:
        for n in negatives:
            picture.text(Z[n], str(_RANKS[n]))
    return picture.svg()


def _draw_window(picture: Picture, window: Window) -> None:
    """Shade what the window admits, and draw its ends."""
    if not window.unit:
        ends = np.sqrt([max(window.lower, 0.0), window.upper])
        picture.annulus(Z[ANCHOR], *ends)
        return
    # A squared distance d at unit length is an angle: d = 2 - 2 cos.
    ends = [float(np.arccos(1 - min(d, 4.0) / 2)) for d in (window.lower, window.upper)]
    towards = float(np.arctan2(*(Z[ANCHOR] - ORIGIN)[::-1]))
    picture.sectors(ORIGIN, towards, *ends)


class selection(nodes.General, nodes.Element):
    """A picture of a selection, with the miner's `code`, and its `svgs`."""


class overview(nodes.General, nodes.Element):
    """Where all pictures of a page are repeated."""


class Selection(SphinxDirective):
    """Let the miner in the argument mine, and draw what it selects."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = False
    option_spec: ClassVar[dict[str, Any]] = {
        "positives": directives.unchanged,  # "one" or "all"
        "anchors": directives.unchanged,  # "one" or "class"
        "progress": directives.unchanged,  # of the fit, 0 to 1; several make several pictures
    }

    def run(self) -> list[nodes.Node]:
        code = " ".join(self.arguments[0].split())
        miner = eval(code, vars(miners))
        positives = self.options.get("positives", "one")
        anchors = self.options.get("anchors", "one")
        kind = "positives" if isinstance(miner, miners.BasePositiveMiner) else "negatives"
        svgs = []
        for progress in self.options.get("progress", "1").split():
            tuples = mine(miner, positives, anchors, float(progress))
            found = getattr(tuples, kind)
            label = f"{code} selects {len(np.unique(found[found >= 0]))} {kind}"
            svgs.append(draw(miner, tuples, label))
        return [selection(code=code, svgs=svgs)]


class SelectionLegend(SphinxDirective):
    """Say what the marks mean."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        items = []
        for draw_mark, meaning in (
            (lambda p: p.star((0, 0)), "the anchor"),
            (lambda p: p.mark(0, (0, 0), ""), "its class"),
            (lambda p: (p.mark(0, (0, 0), ""), p.ring((0, 0), "positive")), "its positive"),
            (lambda p: p.mark(1, (0, 0), ""), "another class"),
            (lambda p: p.mark(2, (0, 0), ""), "a third"),
            (
                lambda p: (p.mark(1, (0, 0), "chosen"), p.ring((0, 0), "chosen")),
                "chosen negative, and its rank by distance",
            ),
            (lambda p: p.cross((0, 0), "dropped"), "dropped on suspicion"),
            (lambda p: p.annulus((0, 0), 0.0, 0.28), "where the rule lets it lie"),
        ):
            picture = Picture((-0.3, 0.3), (-0.3, 0.3), 26, meaning)
            draw_mark(picture)
            items.append(f"<li>{picture.svg()} {meaning}</li>")
        html = f'<ul class="selection-legend">{"".join(items)}</ul>'
        return [nodes.raw("", html, format="html")]


class SelectionOverview(SphinxDirective):
    """Repeat all pictures of the page, small."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        return [overview()]


def fill_overviews(app: Any, doctree: nodes.document) -> None:
    """Put the pictures of the page into its overview, and turn both into HTML."""
    cells = []
    for node in list(doctree.findall(selection)):
        section = node
        while not isinstance(section, nodes.section):
            section = section.parent
        name, link = node["code"].split("(")[0], section["ids"][0]
        cells.append(f'<a href="#{link}">{node["svgs"][0]}<span>{name}</span></a>')
        html = (
            f'<figure class="selection"><div>{"".join(node["svgs"])}</div>'
            f"<figcaption><code>{node['code']}</code></figcaption></figure>"
        )
        node.replace_self(nodes.raw("", html, format="html"))
    for node in list(doctree.findall(overview)):
        html = f'<div class="selection-overview">{"".join(cells)}</div>'
        node.replace_self(nodes.raw("", html, format="html"))


def setup(app: Any) -> dict[str, Any]:
    """Register the directives."""
    app.add_node(selection)
    app.add_node(overview)
    app.add_directive("selection", Selection)
    app.add_directive("selection-legend", SelectionLegend)
    app.add_directive("selection-overview", SelectionOverview)
    app.connect("doctree-read", fill_overviews)
    return {"parallel_read_safe": True}
