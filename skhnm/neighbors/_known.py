"""Indexes by name."""

from __future__ import annotations

from typing import Any

from skhnm._registry import Registry
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


def resolve_index(given: Any) -> BaseIndex:
    """Return a fresh index for a name or an instance."""
    index: BaseIndex = INDEXES.resolve(given)
    return index
