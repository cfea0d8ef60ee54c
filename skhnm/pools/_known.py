"""Pools by name."""

from __future__ import annotations

from skhnm._registry import Registry
from skhnm.pools._batch import BatchPool
from skhnm.pools._dataset import DatasetPool

POOLS = Registry(
    "pool", "Pool", [BatchPool, DatasetPool], methods=["candidates", "remember", "reset"]
)
