"""Tables of results: aligned text, Markdown and JSON."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


@dataclass
class Table:
    """A titled table.

    Parameters
    ----------
    title : str
    columns : dict
        From the name of a column to the format of its values; a text column has "".
    rows : list of tuple
        None is printed as a dash.
    note : str
        What to know when reading it.
    name : str
        What the documentation calls it, if it shows it.
    """

    title: str
    columns: dict[str, str]
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    note: str = ""
    name: str = ""

    def as_text(self) -> str:
        cells = self._cells()
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.columns))]
        align = ["<" if spec == "" else ">" for spec in self.columns.values()]
        lines = [
            "  ".join(f"{c:{a}{w}}" for c, a, w in zip(row, align, widths, strict=True)).rstrip()
            for row in cells
        ]
        rule = "-" * max(map(len, lines))
        parts = [self.title, rule, lines[0], rule, *lines[1:]]
        return "\n".join([*parts, self.note] if self.note else parts)

    def as_markdown(self) -> str:
        head, *body = ["| " + " | ".join(row) + " |" for row in self._cells()]
        rule = "|" + "|".join(" --- " if s == "" else " ---: " for s in self.columns.values()) + "|"
        parts = [f"### {self.title}", "", head, rule, *body]
        return "\n".join([*parts, "", self.note] if self.note else parts)

    def as_rst(self) -> str:
        """Return a list-table for Sphinx."""
        head = [f".. list-table:: {self.title}", "   :header-rows: 1", ""]
        marks = ("   * -", "     -")
        body = [f"{marks[bool(i)]} {cell}" for row in self._cells() for i, cell in enumerate(row)]
        return "\n".join([*head, *body, *(["", self.note] if self.note else []), ""])

    def _cells(self) -> list[list[str]]:
        """Heads and rows as text."""
        specs = self.columns.values()
        rows = [
            [
                "–" if value is None else format(value, spec)
                for value, spec in zip(r, specs, strict=True)
            ]
            for r in self.rows
        ]
        return [list(self.columns), *rows]


class Report:
    """The tables of one benchmark, with the machine they come from."""

    def __init__(self, name: str, machine: dict[str, Any], quick: bool) -> None:
        self.name = name
        self.machine = machine
        self.quick = quick
        self.tables: list[Table] = []

    def add(self, table: Table) -> None:
        self.tables.append(table)

    def show_in(self, docs: Path) -> None:
        """Write the tables that the documentation shows, and copy the pictures."""
        for table in self.tables:
            if table.name:
                path = docs / f"{table.name}_results.inc"
                path.write_text(table.as_rst(), encoding="utf-8")
        for picture in RESULTS.glob(f"{self.name}*.svg"):
            shutil.copy(picture, docs / "_static")

    def save(self) -> Path:
        """Write <name>.json and <name>.md, and return the path of the latter."""
        RESULTS.mkdir(exist_ok=True)
        content = {
            "benchmark": self.name,
            "quick": self.quick,
            "machine": self.machine,
            "tables": [
                {
                    "title": t.title,
                    "note": t.note,
                    "rows": [dict(zip(t.columns, row, strict=True)) for row in t.rows],
                }
                for t in self.tables
            ],
        }
        path = RESULTS / f"{self.name}.json"
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        path = RESULTS / f"{self.name}.md"
        machine = ", ".join(f"{key} {value}" for key, value in self.machine.items())
        quick = " Run with --quick: small sizes, few repeats." if self.quick else ""
        parts = [f"## {self.name}", f"{machine}.{quick}", *(t.as_markdown() for t in self.tables)]
        path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
        return path
