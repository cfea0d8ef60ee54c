"""What is learned: a map from features to embeddings, with its derivative."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from skhnm._typing import FloatArray


class BaseEmbedding(ABC):
    """A map with a flat vector of parameters.

    Attributes
    ----------
    parameters : (n_parameters,) float64
        Where the solver stands.
    start : (n_parameters,) float64
        Where it began: shrinkage draws back to it.
    """

    parameters: FloatArray
    start: FloatArray

    @abstractmethod
    def forward(self, X: FloatArray) -> tuple[FloatArray, Any]:
        """Return the embeddings (n, m), of X's type, and what `backward` needs of them."""

    @abstractmethod
    def backward(self, memory: Any, gradient: FloatArray) -> FloatArray:
        """Return the derivative by the parameters, given that by the embeddings (n, m)."""
