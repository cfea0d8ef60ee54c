"""The directive ``changelog``: the repository's CHANGELOG.md, whose Markdown is plain."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

CHANGELOG = Path(__file__).parents[2] / "CHANGELOG.md"


class Changelog(SphinxDirective):
    """Show everything below the title."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(CHANGELOG))
        _, text = CHANGELOG.read_text(encoding="utf-8").split("\n", 1)
        text = re.sub(r"`([^`]+)`", r"``\1``", text)
        text = re.sub(r"^## (.+)$", lambda m: f"{m[1]}\n{'-' * len(m[1])}", text, flags=re.M)
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def setup(app: Any) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("changelog", Changelog)
    return {"parallel_read_safe": True}
