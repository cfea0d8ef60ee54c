"""The linear embedding: Z = scale · X Lᵀ, whose distances are Mahalanobis distances."""

from __future__ import annotations

import numpy as np

from skhnm.common._threads import run_tiles
from skhnm.common._typing import FloatArray
from skhnm.embeddings._base import BaseEmbedding

_MOST_TILES = 16
_LEAST_ROWS = 1024


class LinearEmbedding(BaseEmbedding):
    """A matrix, learned in units of its start.

    Entries are of the order of one whatever the scale of the data, so that a learning
    rate or a shrinkage means the same on every data set.

    A gradient is a sum of training rows, so the matrix never changes outside their span.
    Where the span is small, to learn its image is the same and cheaper.

    Parameters
    ----------
    components : (m, d) float64
        Where to start.
    n_jobs : int or None
        Threads over tiles of rows; never changes a result.
    basis : (r, d) float64, optional
        Orthonormal rows that span all rows given to `forward`. The parameters are then the
        image (m, r) of the basis.
    """

    def __init__(
        self,
        components: FloatArray,
        n_jobs: int | None = None,
        basis: FloatArray | None = None,
    ) -> None:
        norm = float(np.linalg.norm(components))
        self.scale = norm / np.sqrt(len(components)) if norm > 0 else 1.0
        self.basis = basis
        self._given = components
        learned = components if basis is None else components @ basis.T
        self.shape = learned.shape
        self.start = (learned / self.scale).ravel()
        self.parameters = self.start.copy()
        self.n_jobs = n_jobs

    @property
    def components(self) -> FloatArray:
        """The matrix (m, d) that takes a row x to its embedding L x."""
        learned = self._image
        if self.basis is None:
            return learned
        start = self.scale * self.start.reshape(self.shape)
        components: FloatArray = self._given + (learned - start) @ self.basis
        return components

    @property
    def _image(self) -> FloatArray:
        return self.scale * self.parameters.reshape(self.shape)

    def forward(self, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        if self.basis is not None:
            X = X @ self.basis.T.astype(X.dtype)
        matrix = np.ascontiguousarray(self._image.T.astype(X.dtype))
        Z = np.empty((len(X), self.shape[0]), dtype=X.dtype)
        tiles = _row_tiles(len(X))

        def multiply(tile: int) -> None:
            np.matmul(X[tiles[tile]], matrix, out=Z[tiles[tile]])

        run_tiles(multiply, len(tiles), self.n_jobs, 0.04 * len(X) * len(self.parameters))
        return Z, X

    def embed(self, X: FloatArray) -> FloatArray:
        if self.basis is None:
            return super().embed(X)
        embedded: FloatArray = X @ self.components.T.astype(X.dtype)  # whether in the span or not
        return embedded

    def backward(self, memory: FloatArray, gradient: FloatArray) -> FloatArray:
        X = memory
        tiles = _row_tiles(len(X))
        partial = np.empty((len(tiles), *self.shape))

        def multiply(tile: int) -> None:
            rows = tiles[tile]
            partial[tile] = gradient[rows].astype(X.dtype, copy=False).T @ X[rows]

        run_tiles(multiply, len(tiles), self.n_jobs, 0.04 * len(X) * len(self.parameters))
        return self.scale * partial.sum(axis=0).ravel()


def _row_tiles(n: int) -> list[slice]:
    """Cut n rows into tiles that depend on n alone, so that sums have a fixed order."""
    height = max(_LEAST_ROWS, -(-n // _MOST_TILES))
    return [slice(start, min(start + height, n)) for start in range(0, n, height)]
