"""A search task that any machine has: docstrings of installed packages.

The query is the first line of a docstring, the document is the rest of it, without that line and
without the name of what it documents. Nothing is imported: sources are parsed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

PACKAGES = ("numpy", "scipy", "sklearn", "pandas", "matplotlib")
_LEAST_WORDS = (3, 15)  # of a query, of a document


class Docstrings(NamedTuple):
    """Queries with the one document that answers each, and where they are from."""

    queries: list[str]
    documents: list[str]
    modules: np.ndarray


def read() -> Docstrings:
    """Collect what is installed, each text once."""
    found = {}
    for package in PACKAGES:
        spec = find_spec(package)
        root = Path(spec.submodule_search_locations[0])
        for path in sorted(root.rglob("*.py")):
            parts = path.relative_to(root).parts
            if any("test" in part or part.startswith("_vendor") for part in parts):
                continue
            module = f"{package}." + ".".join(parts).removesuffix(".py")
            for query, document in _of_source(path.read_text(errors="ignore")):
                found.setdefault(query, (document, module))
    documents: dict[str, tuple[str, str]] = {}
    for query, (document, module) in found.items():
        documents.setdefault(document, (query, module))
    return Docstrings(
        [query for query, _ in documents.values()],
        list(documents),
        np.array([module for _, module in documents.values()]),
    )


def _of_source(source: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            continue
        text = ast.get_docstring(node) or ""
        head, _, rest = text.strip().partition("\n")
        rest = re.sub(rf"\b{re.escape(node.name)}\b", " ", rest)
        sizes = (len(re.findall(r"\w+", head)), len(re.findall(r"\w+", rest)))
        if all(size >= least for size, least in zip(sizes, _LEAST_WORDS, strict=True)):
            yield head.strip(), rest.strip()


class Search(NamedTuple):
    """Embeddings of queries and documents; query i is answered by document i."""

    queries: np.ndarray
    documents: np.ndarray
    train: np.ndarray
    test: np.ndarray


def embed(texts: Docstrings, seed: int, n_components: int = 256) -> Search:
    """Split by module, and embed by TF-IDF and SVD, fitted on documents of training alone."""
    random = np.random.default_rng(seed)
    modules = np.unique(texts.modules)
    held_out = random.choice(modules, len(modules) // 3, replace=False)
    is_test = np.isin(texts.modules, held_out)
    train, test = np.flatnonzero(~is_test), np.flatnonzero(is_test)
    features: Any = make_pipeline(
        TfidfVectorizer(sublinear_tf=True, min_df=2, stop_words="english"),
        TruncatedSVD(n_components, random_state=seed),
        Normalizer(),
    )
    features.fit([texts.documents[i] for i in train])
    return Search(
        features.transform(texts.queries), features.transform(texts.documents), train, test
    )
