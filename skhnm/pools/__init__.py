"""Where negatives may come from."""

from skhnm.pools._base import BasePool
from skhnm.pools._batch import BatchPool
from skhnm.pools._dataset import DatasetPool

__all__ = ["BasePool", "BatchPool", "DatasetPool"]
