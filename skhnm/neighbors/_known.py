"""Indexes by name."""

from __future__ import annotations

from skhnm._registry import Registry
from skhnm.neighbors._exact import ExactIndex

INDEXES = Registry("index", "Index", [ExactIndex], methods=["fit", "nearest"])
"""Indexes by name."""
