"""The directive ``house``: the rooms of the package, each above all that it imports.

Read off the imports while the page is built, so the picture cannot drift from the code.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from itertools import combinations
from math import inf
from pathlib import Path
from random import Random
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from svg import Picture, Point

import skhnm

ROOT = Path(skhnm.__file__).parent
AXES = ("pools", "miners", "losses")
"""What a user combines freely."""

WIDE, NARROW = 700.0, 400.0  # of the picture; the window decides which of two is shown
BETWEEN = 14.0  # rooms of a floor
SHAFT = 12.0  # for a line that passes a floor by
STAIRS = 34.0  # from floor to floor
MARGIN = 10.0
LINE = 15.0
CHARACTER = 6.8  # of the text, in a wide font

Span = tuple[float, float]
Place = tuple[str, bool]
"""On a floor: a room, or the shaft that leads down to one."""


class House(SphinxDirective):
    """Draw the rooms, with what each is for."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        for path in ROOT.rglob("*.py"):
            self.env.note_dependency(str(path))
        plan = Plan({path.parent.name: rooms_below(path.parent) for path in front_doors()})
        html = (
            f'<figure class="house"><div class="wide">{draw(plan, WIDE)}</div>'
            f'<div class="narrow">{draw(plan, NARROW)}</div><figcaption>Lines lead down to the '
            "rooms that one imports from, less what these import in their turn. In colour: the "
            "three axes, which do not know each other.</figcaption></figure>"
        )
        return [nodes.raw("", html, format="html")]


def front_doors() -> list[Path]:
    """Return the ``__init__.py`` of each room."""
    return sorted(ROOT.glob("*/__init__.py"))


def rooms_below(room: Path) -> set[str]:
    """Return the rooms from which the files of a room import, inside of functions as well."""
    modules: set[str] = set()
    for path in room.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                modules.add(node.module)
            elif isinstance(node, ast.Import):
                modules.update(alias.name for alias in node.names)
    rooms = {path.parent.name for path in front_doors()} - {room.name}
    parts = [module.split(".") for module in modules]
    return {names[1] for names in parts if names[0] == ROOT.name and len(names) > 1} & rooms


def purpose_of(room: str) -> str:
    """Return the first sentence that a room says of itself."""
    tree = ast.parse((ROOT / room / "__init__.py").read_text(encoding="utf-8"))
    words = " ".join((ast.get_docstring(tree) or "").split())
    return re.split(r"(?<=\.)\s", words)[0].replace("`", "").removesuffix(".")


def size_of(room: str) -> str:
    """Return how many files a room holds, less its ``__init__.py``."""
    n = len(list((ROOT / room).rglob("*.py"))) - 1
    return f"{n} file" if n == 1 else f"{n} files"


@dataclass(frozen=True)
class Sign:
    """What a room says of itself: its size stands beside its name, or below where it is narrow."""

    room: str
    size: str
    is_beside: bool
    purpose: list[str]

    @classmethod
    def of(cls, room: str, width: float) -> Sign:
        """Return the sign of a room that is as wide as that."""
        size = f"axis, {size_of(room)}" if room in AXES else size_of(room)
        n_characters = int((width - 2 * MARGIN) / CHARACTER)
        is_beside = 1.2 * len(room) + len(size) + 1 < n_characters
        purpose = textwrap.wrap(purpose_of(room), n_characters, break_on_hyphens=False)
        return cls(room, size, is_beside, purpose)

    @property
    def height(self) -> float:
        """The height of a room with all its lines."""
        return 2 * MARGIN + LINE * (len(self.purpose) + (1.05 if self.is_beside else 2.05))

    def draw(self, picture: Picture, a: Point, b: Point) -> None:
        """Draw the room between its lower left and its upper right corner."""
        picture.box(a, b, "room axis" if self.room in AXES else "room")
        x, y = a[0] + MARGIN, b[1] - MARGIN - 0.75 * LINE
        picture.write((x, y), self.room, "name")
        if self.is_beside:
            picture.write((b[0] - MARGIN, y), self.size, "size end")
        else:
            y -= LINE
            picture.write((x, y), self.size, "size")
        for i, line in enumerate(self.purpose, start=1):
            picture.write((x, y - LINE * (i + 0.15)), line, "")


@dataclass(frozen=True)
class Plan:
    """On which floor each room lies, and how the floors are ordered from left to right.

    Parameters
    ----------
    below : dict from room to set of rooms
        What each imports from.
    """

    below: dict[str, set[str]]

    @cached_property
    def stairs(self) -> dict[str, set[str]]:
        """What each room imports from, less what follows from the others."""
        reached: dict[str, set[str]] = {}
        for room in TopologicalSorter(self.below).static_order():  # a CycleError names a circle
            reached[room] = self.below[room].union(*(reached[other] for other in self.below[room]))
        return {
            room: {a for a in others if not any(a in reached[b] for b in others)}
            for room, others in self.below.items()
        }

    @cached_property
    def level(self) -> dict[str, int]:
        """The floor of each room: the lowest that lies above all that it imports from."""
        found: dict[str, int] = {}
        for room in TopologicalSorter(self.below).static_order():
            found[room] = 1 + max((found[other] for other in self.below[room]), default=-1)
        return found

    @cached_property
    def lines(self) -> list[set[tuple[Place, Place]]]:
        """The lines (upper end, lower end) between each floor and the next, from the ground up."""
        found: list[set[tuple[Place, Place]]] = [set() for _ in range(max(self.level.values()))]
        for room, others in self.stairs.items():
            for other in others:
                for floor in range(self.level[other], self.level[room]):
                    upper = (room, False) if floor + 1 == self.level[room] else (other, True)
                    lower = (other, floor > self.level[other])
                    found[floor].add((upper, lower))
        return found

    @cached_property
    def floors(self) -> list[list[Place]]:
        """Who lies on each floor, from left to right, so that lines are short and rarely cross."""
        places: list[set[Place]] = [set() for _ in range(1 + max(self.level.values()))]
        for room, floor in self.level.items():
            places[floor].add((room, False))
        for floor, lines in enumerate(self.lines):
            places[floor].update(lower for _, lower in lines)
        random = Random(0)
        starts = [[random.sample(sorted(floor), len(floor)) for floor in places] for _ in range(99)]
        return min(map(self._untangled, starts), key=self._length)

    def _untangled(self, floors: list[list[Place]]) -> list[list[Place]]:
        """Exchange two places of a floor as long as that makes lines shorter."""
        best, before = self._length(floors), inf
        while best < before:
            before = best
            for floor in floors:
                for i, j in combinations(range(len(floor)), 2):
                    floor[i], floor[j] = floor[j], floor[i]
                    length = self._length(floors)
                    if length < best:
                        best = length
                    else:
                        floor[i], floor[j] = floor[j], floor[i]
        return floors

    def _length(self, floors: list[list[Place]]) -> float:
        """Return how far the lines lead aside, with a toll on each crossing."""
        spans = [spans_of(floor, WIDE) for floor in floors]
        total = 0.0
        for lines, below, above in zip(self.lines, spans[:-1], spans[1:], strict=True):
            ends = [line_between(above[a], below[b]) for a, b in lines]
            total += sum(abs(top - bottom) for top, bottom in ends)
            crossings = ((a - c) * (b - d) < 0 for (a, b), (c, d) in combinations(ends, 2))
            total += WIDE * sum(crossings)
        return total


def spans_of(floor: list[Place], width: float) -> dict[Place, Span]:
    """Return from where to where each place of a floor reaches; rooms share what shafts leave."""
    n_shafts = sum(is_shaft for _, is_shaft in floor)
    left = width - (len(floor) - 1) * BETWEEN - n_shafts * SHAFT
    share = left / (len(floor) - n_shafts)
    spans, x = {}, 0.0
    for place in floor:
        end = x + (SHAFT if place[1] else share)
        spans[place] = x, end
        x = end + BETWEEN
    return spans


def line_between(upper: Span, lower: Span) -> Span:
    """Return where a line leaves the one and meets the other: upright, if they allow it."""
    low, high = max(upper[0], lower[0]), min(upper[1], lower[1])
    if high - low >= SHAFT:
        return (low + high) / 2, (low + high) / 2
    inset = [min(MARGIN, (end - begin) / 2) for begin, end in (upper, lower)]
    if upper[1] < lower[1]:
        return upper[1] - inset[0], lower[0] + inset[1]
    return upper[0] + inset[0], lower[1] - inset[1]


def draw(plan: Plan, width: float) -> str:
    """Return the SVG of the house."""
    spans = [spans_of(floor, width) for floor in plan.floors]
    signs = [
        {room: Sign.of(room, end - x) for (room, is_shaft), (x, end) in floor.items()
         if not is_shaft}
        for floor in spans
    ]  # fmt: skip
    heights = [max(sign.height for sign in floor.values()) for floor in signs]
    bases = [sum(heights[:i]) + i * STAIRS for i in range(len(heights))]
    names = "; ".join(", ".join(floor) for floor in signs)
    label = f"The rooms of the package, floor by floor from the ground up: {names}"
    reach = bases[-1] + heights[-1]
    picture = Picture((-1.0, width + 1.0), (-2.0, reach + 1.0), int(width) + 2, label)
    for floor, lines in enumerate(plan.lines):
        for upper, lower in sorted(lines):
            top, bottom = line_between(spans[floor + 1][upper], spans[floor][lower])
            picture.curve((top, bases[floor + 1]), (bottom, bases[floor] + heights[floor]), "wire")
    for floor, places in enumerate(spans):
        base, top = bases[floor], bases[floor] + heights[floor]
        for (room, is_shaft), (x, end) in places.items():
            if is_shaft:
                middle = (x + end) / 2
                picture.line((middle, base), (middle, top), "wire")
            else:
                signs[floor][room].draw(picture, (x, base), (end, top))
    return picture.svg()


def setup(app: Any) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("house", House)
    return {"parallel_read_safe": True}
