"""Two linear maps into one space: the first rows go through one, the others through the other."""

from __future__ import annotations

import numpy as np

from skhnm.common._typing import FloatArray
from skhnm.embeddings._base import BaseEmbedding
from skhnm.embeddings._linear import LinearEmbedding


class SplitEmbedding(BaseEmbedding):
    """Maps for two kinds of rows, learned together.

    Parameters
    ----------
    first, second : LinearEmbedding
        Into spaces of the same dimensions. Rows may be wider than a map takes: what is more is
        padding.
    n_first : int
        Rows of the first kind; all others are of the second.
    """

    def __init__(self, first: LinearEmbedding, second: LinearEmbedding, n_first: int) -> None:
        self.parts = (first, second)
        self.n_first = n_first
        self.start = np.concatenate([part.start for part in self.parts])

    @property
    def parameters(self) -> FloatArray:
        """The parameters of the first map, then those of the second."""
        return np.concatenate([part.parameters for part in self.parts])

    @parameters.setter
    def parameters(self, vector: FloatArray) -> None:
        cut = len(self.parts[0].start)
        self.parts[0].parameters, self.parts[1].parameters = vector[:cut], vector[cut:]

    def _split(self, X: FloatArray) -> list[FloatArray]:
        rows = (X[: self.n_first], X[self.n_first :])
        return [side[:, : part.shape[1]] for side, part in zip(rows, self.parts, strict=True)]

    def forward(self, X: FloatArray) -> tuple[FloatArray, list[FloatArray]]:
        done = [part.forward(rows) for part, rows in zip(self.parts, self._split(X), strict=True)]
        return np.concatenate([Z for Z, _ in done]), [memory for _, memory in done]

    def backward(self, memory: list[FloatArray], gradient: FloatArray) -> FloatArray:
        sides = (gradient[: self.n_first], gradient[self.n_first :])
        return np.concatenate(
            [part.backward(m, g) for part, m, g in zip(self.parts, memory, sides, strict=True)]
        )
