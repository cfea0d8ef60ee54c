"""The rows that vote, and the index that finds those near a query."""

from __future__ import annotations

import numpy as np

from skhnm.common._typing import FloatArray
from skhnm.estimators._data import TrainingData
from skhnm.estimators.classifier._voting import Neighbors
from skhnm.neighbors._base import BaseIndex


class Voters:
    """Training rows where a metric puts them.

    Parameters
    ----------
    Z : (n, m) float
        Their embeddings.
    data : TrainingData
        Their codes and weights; rows of other classes than 0 to n_classes - 1 there are none.
    n_classes : int
        Classes, also of rows that are not here.
    index : BaseIndex
        Who finds the nearest; it is fitted here.
    """

    def __init__(self, Z: FloatArray, data: TrainingData, n_classes: int, index: BaseIndex) -> None:
        self.codes = data.codes
        self.weights = data.weights / data.weights.mean()
        counts = np.bincount(data.codes, weights=data.weights, minlength=n_classes)
        self.base_rates: FloatArray = counts / counts.sum()
        self.index = index.fit(Z, data.codes)

    def near(self, Z: FloatArray, k: int) -> Neighbors:
        """Find the k voters (or all, if they are fewer) nearest to each query (n, m)."""
        k = min(k, len(self.codes))
        anybody = np.zeros(len(Z), dtype=np.intp)
        rows, distances = self.index.nearest(Z, anybody, k, side="any")
        nobody = rows < 0
        return Neighbors(
            rows=rows,
            codes=np.where(nobody, 0, self.codes[rows]),
            distances=distances,
            weights=np.where(nobody, 0.0, self.weights[rows]),
        )
