"""Indexes by name."""

from __future__ import annotations

from typing import Any

from skhnm.common._registry import Registry
from skhnm.neighbors._base import BaseIndex
from skhnm.neighbors._exact import ExactIndex
from skhnm.neighbors._graph import GraphIndex
from skhnm.neighbors._lsh import LSHIndex
from skhnm.neighbors._tree import TreeIndex

INDEXES = Registry(
    "index",
    "Index",
    [ExactIndex, TreeIndex, LSHIndex, GraphIndex],
    methods=["fit", "nearest"],
)


def resolve_index(given: Any, n_jobs: int | None = None) -> BaseIndex:
    """Return a fresh index for a name or an instance; one without n_jobs of its own gets these."""
    index: BaseIndex = INDEXES.resolve(given)
    if getattr(index, "n_jobs", 0) is None:
        index.set_params(n_jobs=n_jobs)
    return index
