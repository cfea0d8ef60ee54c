"""Learned distances as functions of two rows, which can be pickled."""

from __future__ import annotations

from typing import Any

import numpy as np

from skhnm.common._typing import FloatArray
from skhnm.embeddings._mlp import MLPEmbedding
from skhnm.kernels._rows import unit_rows


class MahalanobisMetric:
    """The distance of two rows under a linear map.

    Parameters
    ----------
    components : array of shape (n_components, n_features)
        The map L.
    normalize : bool, default=False
        Whether the distance is taken after both rows are brought to unit length.
    """

    def __init__(self, components: FloatArray, normalize: bool = False) -> None:
        self.components = components
        self.normalize = normalize

    def __call__(self, u: Any, v: Any, squared: bool = False) -> float:
        """Return the distance |L u - L v|, or its square."""
        if self.normalize:
            Z, _ = unit_rows(np.asarray([u, v]) @ self.components.T)
            difference = Z[0] - Z[1]
        else:
            difference = self.components @ (np.asarray(u) - np.asarray(v))
        return _length(difference, squared)


class MLPMetric:
    """The distance of two rows under an MLP embedding.

    Parameters
    ----------
    embedding : MLPEmbedding
        The map.
    normalize : bool
        Whether the distance is taken after both embeddings are brought to unit length.
    offset : array of shape (n_features,) or None
        What is taken off both rows first.
    """

    offset: FloatArray | None = None  # where pickles know none

    def __init__(
        self, embedding: MLPEmbedding, normalize: bool, offset: FloatArray | None = None
    ) -> None:
        self.embedding = embedding
        self.normalize = normalize
        self.offset = offset

    def __call__(self, u: Any, v: Any, squared: bool = False) -> float:
        """Return the distance of the embeddings of u and v, or its square."""
        rows = np.asarray([u, v], dtype=np.float64)
        if self.offset is not None:
            rows -= self.offset
        Z = self.embedding.embed(rows)
        if self.normalize:
            Z, _ = unit_rows(Z)
        return _length(Z[0] - Z[1], squared)


def _length(difference: FloatArray, squared: bool) -> float:
    """Return how long a vector is, or the square of that."""
    length = float(difference @ difference)
    return length if squared else float(np.sqrt(length))
