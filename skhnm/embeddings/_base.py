"""What is learned: a map from features to embeddings, with its derivative."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from skhnm.common._typing import FloatArray


class BaseEmbedding(ABC):
    """A map with a flat vector of parameters.

    Attributes
    ----------
    parameters : (n_parameters,) float
        Where the solver stands.
    start : (n_parameters,) float
        Where shrinkage draws to.
    n_shrunk : int
        Only the first so many parameters are shrunk.
    """

    parameters: FloatArray
    start: FloatArray

    @property
    def n_shrunk(self) -> int:
        return len(self.parameters)

    @abstractmethod
    def forward(self, X: FloatArray) -> tuple[FloatArray, Any]:
        """Return the embeddings (n, m), of X's type, and what `backward` needs of them."""

    def embed(self, X: FloatArray) -> FloatArray:
        """Return the embeddings (n, m) alone."""
        return self.forward(X)[0]

    @abstractmethod
    def backward(self, memory: Any, gradient: FloatArray) -> FloatArray:
        """Return the derivative by the parameters, given that by the embeddings (n, m)."""
