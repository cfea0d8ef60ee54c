"""Pools by name, and several at once."""

from __future__ import annotations

from typing import Any

from skhnm.common._registry import Registry
from skhnm.pools._base import BasePool
from skhnm.pools._batch import BatchPool
from skhnm.pools._centers import CenterPool, ProxyPool
from skhnm.pools._combined import CombinedPool
from skhnm.pools._dataset import DatasetPool
from skhnm.pools._memory import MemoryPool

POOLS = Registry(
    "pool",
    "Pool",
    [BatchPool, MemoryPool, DatasetPool, CenterPool, ProxyPool],
    methods=["draws", "extras", "views"],
    renamed={"center": "centers", "proxy": "proxies"},
)


def resolve_pool(given: Any) -> BasePool:
    """Return a fresh pool for a name, an instance, or a tuple of these."""
    if not isinstance(given, (tuple, list)):
        pool: BasePool = POOLS.resolve(given)
        return pool
    combined = CombinedPool([POOLS.resolve(pool) for pool in given])
    combined.check_parameters()
    return combined
