"""The directive ``known-parts``: a table of the names that a parameter knows.

It is made from the registry that resolves the names, so the page cannot drift.
"""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from skhnm.losses._known import LOSSES
from skhnm.miners._base import NEGATIVE_MINERS
from skhnm.miners.positives import POSITIVE_MINERS
from skhnm.pools._known import POOLS

REGISTRIES = {r.parameter: r for r in (NEGATIVE_MINERS, POSITIVE_MINERS, LOSSES, POOLS)}


class KnownParts(SphinxDirective):
    """List the names of one parameter, their classes, and what these do."""

    required_arguments = 1
    has_content = False
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        registry = REGISTRIES[self.arguments[0]]
        return table(
            self,
            ("Name", "Class and defaults", "What it is"),
            (22, 34, 44),
            [(f'``"{name}"``', _class(cls), _summary(cls)) for name, cls in registry.items()],
        )


def _class(cls: type) -> str:
    """Return a link to the class, and a line for each of its parameters."""
    module = cls.__module__.rsplit("._", 1)[0].removesuffix(".positives")
    lines = [f":class:`~{module}.{cls.__name__}`"]
    lines += [
        f"``{assignment(p.name, p.default)}``" for p in inspect.signature(cls).parameters.values()
    ]
    return line_block(lines)


def _summary(cls: type) -> str:
    return (inspect.getdoc(cls) or "").split("\n\n")[0].replace("\n", " ")


def assignment(name: str, value: Any) -> str:
    """Return ``name=value`` as code, strings in double quotes."""
    return f'{name}="{value}"' if isinstance(value, str) else f"{name}={value!r}"


def line_block(lines: list[str]) -> str:
    """Return reST in which each line stays one."""
    return "\n".join(f"| {line}" for line in lines)


def table(
    directive: SphinxDirective,
    heads: tuple[str, ...],
    widths: tuple[int, ...],
    rows: list[tuple[str, ...]],
) -> list[nodes.Node]:
    """Return a table whose cells are reST."""
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {' '.join(map(str, widths))}"]
    lines.append("")
    for row in (heads, *rows):
        for i, cell in enumerate(row):
            first, *rest = cell.split("\n")
            lines.append(f"   {'*' if i == 0 else ' '} - {first}")
            lines.extend(f"       {line}" if line else "" for line in rest)
    return directive.parse_text_to_nodes("\n".join(lines))


def setup(app: Any) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("known-parts", KnownParts)
    return {"parallel_read_safe": True}
