"""Where negatives may come from."""

from skhnm.pools._base import BasePool
from skhnm.pools._batch import BatchPool
from skhnm.pools._centers import CenterPool, ProxyPool
from skhnm.pools._dataset import DatasetPool
from skhnm.pools._memory import MemoryPool

__all__ = ["BasePool", "BatchPool", "CenterPool", "DatasetPool", "MemoryPool", "ProxyPool"]
