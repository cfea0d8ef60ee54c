"""Sphinx configuration: ``sphinx-build -W --keep-going -b html docs docs/_build/html``."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from types import BuiltinMethodType, MethodDescriptorType
from typing import Any

import skhnm
from skhnm.miners._base import NEGATIVE_MINERS
from skhnm.miners.positives import POSITIVE_MINERS

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_extensions"), str(HERE.parent)]  # the latter for benchmarks

project = "skhnm"
author = "the skhnm developers"
copyright = author
version = release = skhnm.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.doctest",
    "numpydoc",
    "changelog",
    "choices",
    "house",
    "known_parts",
    "landing",
    "selection",
    "techniques",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "_extensions"]
# Docstrings write code in single backquotes, scikit-learn's way.
default_role = "code"
smartquotes = False  # tables hold code

nitpicky = True
# scikit-learn's own pages are not looked up, so that the documentation builds offline.
# An attribute that is a property is described where its class lists it, not by itself.
nitpick_ignore_regex = [("py:.*", r"sklearn\..*"), ("py:obj", "components_")]

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's sections give types, shapes and ranges
autodoc_class_signature = "mixed"
numpydoc_show_class_members = False

# Examples become a gallery as soon as their folder has the page that introduces it.
EXAMPLES = HERE.parent / "examples"
HAS_GALLERY = (EXAMPLES / "GALLERY_HEADER.rst").exists()
if HAS_GALLERY:
    extensions.append("sphinx_gallery.gen_gallery")
    sphinx_gallery_conf = {
        "examples_dirs": str(EXAMPLES),
        "gallery_dirs": "auto_examples",
        "filename_pattern": r"/plot_",
        "abort_on_example_error": True,
        "copyfile_regex": r"^$",
        "doc_module": ("skhnm",),
        "backreferences_dir": "api/used_in",  # the API pages show who uses what
        "subsection_order": [
            f"../examples/{topic}" for topic in ("classification", "retrieval", "mining")
        ],
        "within_subsection_order": "ExampleTitleSortKey",
        "image_srcset": ["2x"],
        "remove_config_comments": True,
        "reference_url": {"skhnm": None},
        "download_all_examples": False,
        "show_signature": False,
    }

html_theme = "pydata_sphinx_theme"
html_title = "skhnm"
html_show_sourcelink = False
toc_object_entries_show_parents = "hide"
html_show_sphinx = False
html_static_path = ["_static"]
html_css_files = ["skhnm.css"]
html_sidebars = {page: [] for page in ("index", "install", "tour")}
html_theme_options = {
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": {"**": ["page-toc"], "auto_examples/index": []},
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
}

PUBLIC_MODULES = (
    "skhnm",
    "skhnm.miners",
    "skhnm.losses",
    "skhnm.pools",
    "skhnm.offline",
    "skhnm.neighbors",
    "skhnm.metrics",
    "skhnm.plotting",
    "skhnm.testing",
    "skhnm.exceptions",
)


def check_api_page() -> None:
    """Raise if a public name is missing from the reference."""
    listed = set((HERE / "api.rst").read_text(encoding="utf-8").split())
    for module_name in PUBLIC_MODULES:
        module = importlib.import_module(module_name)
        public = getattr(module, "__all__", None) or [
            name
            for name, value in vars(module).items()
            if getattr(value, "__module__", None) == module_name
        ]
        prefix = module_name.removeprefix("skhnm").removeprefix(".")
        for name in public:
            full = f"{prefix}.{name}" if prefix else name
            if full not in listed:
                raise ValueError(f"docs/api.rst does not list {full}")


def check_miners_page() -> None:
    """Raise if a miner has no picture."""
    lines = (HERE / "miners.rst").read_text(encoding="utf-8").split("\n")
    for registry in (NEGATIVE_MINERS, POSITIVE_MINERS):
        missing = {miner.__name__ for _, miner in registry.items()}.difference(lines)
        if missing:  # as a heading
            raise ValueError(f"docs/miners.rst does not draw {', '.join(sorted(missing))}")


def skip_inherited(
    app: Any, what: str, name: str, member: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out what the base classes of scikit-learn and Python bring; others describe it."""
    if isinstance(member, (BuiltinMethodType, MethodDescriptorType)):  # of dict and tuple
        return True
    module = getattr(member, "__module__", None) or ""
    return True if module.startswith("sklearn.") else None


def link_gallery(app: Any, docname: str, source: list[str]) -> None:
    """Leave the gallery out of the first page's links, where there is none."""
    if not HAS_GALLERY and docname == app.config.root_doc:
        source[0] = re.sub(r"^- :doc:`Gallery.*?(?=^- )", "", source[0], flags=re.M | re.S)
        source[0] = source[0].replace("   Gallery <auto_examples/index>\n", "")


def setup(app: Any) -> None:
    """Connect the functions above."""
    check_api_page()
    check_miners_page()
    app.connect("autodoc-skip-member", skip_inherited)
    app.connect("source-read", link_gallery)
