"""Small pictures as SVG inside of the page: their colours are the theme's, light or dark."""

from __future__ import annotations

from html import escape
from math import cos, inf, pi, sin

Point = tuple[float, float]


class Picture:
    """Marks, lines and regions in data coordinates; classes of ``skhnm.css`` style them."""

    def __init__(self, x: Point, y: Point, width: int, label: str) -> None:
        self._x, self._y, self._label = x, y, label
        self._scale = width / (x[1] - x[0])
        self._size = (width, round(self._scale * (y[1] - y[0])))
        self._parts: list[str] = []

    def _at(self, point: Point) -> Point:
        return (
            self._scale * (float(point[0]) - self._x[0]),
            self._scale * (self._y[1] - float(point[1])),
        )

    def line(self, a: Point, b: Point, kind: str) -> None:
        """Draw a line between two points."""
        (x1, y1), (x2, y2) = self._at(a), self._at(b)
        self._add(f'line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"')

    def curve(self, a: Point, b: Point, kind: str) -> None:
        """Draw a line that leaves one point and meets another upright."""
        (x1, y1), (x2, y2) = self._at(a), self._at(b)
        y = (y1 + y2) / 2
        curve = f"M{x1:.1f} {y1:.1f}C{x1:.1f} {y:.1f} {x2:.1f} {y:.1f} {x2:.1f} {y2:.1f}"
        self._add(f'path class="{kind}" d="{curve}"')

    def box(self, a: Point, b: Point, kind: str) -> None:
        """Draw a box between two of its corners, the lower left and the upper right."""
        (x1, y2), (x2, y1) = self._at(a), self._at(b)
        size = f'width="{x2 - x1:.1f}" height="{y2 - y1:.1f}"'
        self._add(f'rect class="{kind}" x="{x1:.1f}" y="{y1:.1f}" {size} rx="4"')

    def mark(self, shape: int, point: Point, kind: str) -> None:
        """Draw a disc, a square or a triangle."""
        x, y = self._at(point)
        if shape == 0:
            self._add(f'circle class="own {kind}" cx="{x:.1f}" cy="{y:.1f}" r="4"')
        elif shape == 1:
            self._add(
                f'rect class="other {kind}" x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"'
            )
        else:
            corners = f"{x:.1f},{y - 5:.1f} {x - 5:.1f},{y + 4:.1f} {x + 5:.1f},{y + 4:.1f}"
            self._add(f'polygon class="other {kind}" points="{corners}"')

    def dot(self, point: Point) -> None:
        """Draw a small disc."""
        x, y = self._at(point)
        self._add(f'circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="2.6"')

    def star(self, point: Point) -> None:
        """Draw a star of five points."""
        x, y = self._at(point)
        corners = " ".join(
            f"{x + r * sin(i * pi / 5):.1f},{y - r * cos(i * pi / 5):.1f}"
            for i, r in enumerate([10.0, 4.2] * 5)
        )
        self._add(f'polygon class="anchor" points="{corners}"')

    def ring(self, point: Point, kind: str) -> None:
        """Draw a ring around a mark."""
        x, y = self._at(point)
        self._add(f'circle class="ring {kind}" cx="{x:.1f}" cy="{y:.1f}" r="9"')

    def cross(self, point: Point, kind: str) -> None:
        """Draw a diagonal cross."""
        x, y = self._at(point)
        self._add(f'path class="cross {kind}" d="M{x - 8:.1f} {y - 8:.1f}l16 16m0 -16l-16 16"')

    def plus(self, point: Point) -> None:
        """Draw an upright cross."""
        x, y = self._at(point)
        self._add(f'path class="cross" d="M{x - 6:.1f} {y:.1f}h12M{x:.1f} {y - 6:.1f}v12"')

    def text(self, point: Point, text: str, kind: str = "rank") -> None:
        """Write beside a mark."""
        x, y = self._at(point)
        self._write((x + 10, y - 6), text, kind)

    def write(self, point: Point, text: str, kind: str) -> None:
        """Write from a point on."""
        self._write(self._at(point), text, kind)

    def _write(self, at: Point, text: str, kind: str) -> None:
        x, y = at
        self._parts.append(f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>')

    def annulus(self, centre: Point, inner: float, outer: float) -> None:
        """Shade what lies between two circles, and draw these; `outer` may be infinite."""
        x, y = self._at(centre)
        radii = [r * self._scale for r in (outer, inner) if 0 < r < inf]
        rings = "".join(
            f"M{x - r:.1f} {y:.1f}a{r:.1f} {r:.1f} 0 1 0 {2 * r:.1f} 0"
            f"a{r:.1f} {r:.1f} 0 1 0 {-2 * r:.1f} 0z"
            for r in radii
        )
        frame = "" if outer < inf else self._frame()
        self._add(f'path class="region" d="{frame}{rings}"')
        self._add(f'path class="end" d="{rings}"')

    def sectors(self, centre: Point, towards: float, inner: float, outer: float) -> None:
        """Shade the directions between two angles off `towards` (radians), on both sides."""
        x, y = self._at(centre)
        reach = sum(self._size)

        def end(angle: float) -> str:
            return f"{x + reach * cos(angle):.1f} {y - reach * sin(angle):.1f}"

        for side in (-1, 1):
            low, high = towards + side * inner, towards + side * outer
            middle = " L".join(end(low + (high - low) * i / 8) for i in range(9))
            self._add(f'path class="region" d="M{x:.1f} {y:.1f}L{middle}z"')
            for angle, drawn in ((low, inner > 0), (high, outer < pi)):
                if drawn:
                    self._add(f'path class="end" d="M{x:.1f} {y:.1f}L{end(angle)}"')

    def _frame(self) -> str:
        w, h = self._size
        return f"M0 0H{w}V{h}H0z"

    def _add(self, element: str) -> None:
        self._parts.append(f"<{element}/>")

    def svg(self) -> str:
        """Return the whole."""
        w, h = self._size
        return (
            f'<svg class="picture" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" '
            f'aria-label="{escape(self._label)}">{"".join(self._parts)}</svg>'
        )
