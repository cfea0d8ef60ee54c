"""The MLP embedding, with a linear path beside its hidden layers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import expit

from skhnm.common._threads import run_tiles
from skhnm.common._typing import FloatArray
from skhnm.embeddings._base import BaseEmbedding

_LEAST_ROWS = 192
_FORWARD_ROWS = 512

Memory = list[FloatArray]
"""The input of each layer."""


def _relu(H: FloatArray) -> None:
    np.maximum(H, 0, out=H)


def _logistic(H: FloatArray) -> None:
    expit(H, out=H)


def _tanh(H: FloatArray) -> None:
    np.tanh(H, out=H)


def _identity(H: FloatArray) -> None:
    pass


def _relu_slope(H: FloatArray, G: FloatArray) -> None:
    G *= H > 0


def _logistic_slope(H: FloatArray, G: FloatArray) -> None:
    G *= H
    G *= 1 - H


def _tanh_slope(H: FloatArray, G: FloatArray) -> None:
    G *= 1 - H * H


def _identity_slope(H: FloatArray, G: FloatArray) -> None:
    pass


ACTIVATIONS: dict[str, tuple[Callable[..., None], Callable[..., None]]] = {
    "relu": (_relu, _relu_slope),
    "logistic": (_logistic, _logistic_slope),
    "tanh": (_tanh, _tanh_slope),
    "identity": (_identity, _identity_slope),
}
"""Name → the activation, in place; and its slope at its value, multiplied into G."""


class MLPEmbedding(BaseEmbedding):
    """Layers ``act(h W + b)``, a linear last one, and a linear path beside them all.

    The last layer and the linear path are learned in units in which entries of the order
    of one give embeddings of the order of one: so a step changes both at the same pace,
    and shrinkage means the same on all data.

    Parameters
    ----------
    coefs : sequence of (n_in, n_out) arrays
        Weights of the layers; their type is that of the computation.
    intercepts : sequence of (n_out,) arrays
        Their intercepts.
    skip : (d, m) array, optional
        The linear path from the input to the embedding, drawn back to this start.
    origin : (d,) array, optional
        Added to the input of the linear path.
    activation : {"relu", "logistic", "tanh", "identity"}
        Of the hidden layers.
    n_jobs : int or None
        Threads over tiles of rows; never changes a result.
    """

    def __init__(
        self,
        coefs: Sequence[FloatArray],
        intercepts: Sequence[FloatArray],
        skip: FloatArray | None,
        origin: FloatArray | None,
        activation: str,
        n_jobs: int | None = None,
    ) -> None:
        dtype = coefs[0].dtype
        m = coefs[-1].shape[1]
        self._out_unit = dtype.type(1.0 / np.sqrt(m))
        coefs = [*coefs[:-1], coefs[-1] / self._out_unit]
        intercepts = [*intercepts[:-1], intercepts[-1] / self._out_unit]
        if skip is not None:
            norm = float(np.linalg.norm(skip))
            self._skip_unit = dtype.type(norm / np.sqrt(m) if norm > 0 else 1.0)
            skip = skip / self._skip_unit
        maps = [*coefs, *([] if skip is None else [skip])]
        self._n_layers = len(coefs)
        self._shapes = [part.shape for part in [*maps, *intercepts]]
        ends = np.cumsum([0, *[part.size for part in [*maps, *intercepts]]]).tolist()
        self._places = [slice(a, b) for a, b in itertools.pairwise(ends)]
        self.parameters = np.concatenate([part.ravel() for part in [*maps, *intercepts]])
        self.parameters = self.parameters.astype(dtype, copy=False)
        self.start = np.zeros_like(self.parameters)
        self._n_shrunk = sum(W.size for W in maps)
        self._has_skip = skip is not None
        if skip is not None:
            self.start[self._n_shrunk - skip.size : self._n_shrunk] = skip.ravel()
        self._origin = None if origin is None else origin.astype(dtype)
        self._act, self._slope = ACTIVATIONS[activation]
        self.n_jobs = n_jobs

    @property
    def has_origin(self) -> bool:
        """Whether the linear path sees the rows about an origin of their own."""
        return self._origin is not None

    @property
    def n_shrunk(self) -> int:
        return self._n_shrunk

    def _cut(self, vector: FloatArray) -> list[FloatArray]:
        """Cut a vector into its matrices and intercepts, without a copy."""
        return [
            vector[place].reshape(shape)
            for place, shape in zip(self._places, self._shapes, strict=True)
        ]

    def layers(self) -> tuple[list[FloatArray], list[FloatArray], FloatArray | None]:
        """Return the weights and the intercepts of each layer, and the linear path."""
        parts, n = self._cut(self.parameters), self._n_layers
        coefs, intercepts = parts[:n], parts[-n:]
        coefs[-1] = coefs[-1] * self._out_unit
        intercepts[-1] = intercepts[-1] * self._out_unit
        return coefs, intercepts, parts[n] * self._skip_unit if self._has_skip else None

    def forward(self, X: FloatArray) -> tuple[FloatArray, Memory]:
        coefs, intercepts, skip = self.layers()
        outputs = [np.empty((len(X), W.shape[1]), dtype=X.dtype) for W in coefs]
        tiles = _row_tiles(len(X))

        def compute(tile: int) -> None:
            rows = tiles[tile]
            self._forward_tile(X[rows], [H[rows] for H in outputs], coefs, intercepts, skip)

        run_tiles(compute, len(tiles), self.n_jobs, 0.02 * len(X) * len(self.parameters))
        return outputs[-1], [X, *outputs[:-1]]

    def embed(self, X: FloatArray) -> FloatArray:
        coefs, intercepts, skip = self.layers()
        Z = np.empty((len(X), coefs[-1].shape[1]), dtype=X.dtype)
        tiles = [slice(i, i + _FORWARD_ROWS) for i in range(0, len(X), _FORWARD_ROWS)]

        def compute(tile: int) -> None:
            rows = X[tiles[tile]]
            hidden = [np.empty((len(rows), W.shape[1]), dtype=X.dtype) for W in coefs[:-1]]
            self._forward_tile(rows, [*hidden, Z[tiles[tile]]], coefs, intercepts, skip)

        run_tiles(compute, len(tiles), self.n_jobs, 0.02 * len(X) * len(self.parameters))
        return Z

    def _forward_tile(
        self,
        X: FloatArray,
        outputs: list[FloatArray],
        coefs: list[FloatArray],
        intercepts: list[FloatArray],
        skip: FloatArray | None,
    ) -> None:
        """Fill each layer's output for some rows."""
        H = X
        for W, b, out in zip(coefs, intercepts, outputs, strict=True):
            np.matmul(H, W, out=out)
            out += b
            if out is not outputs[-1]:
                self._act(out)
            H = out
        if skip is not None:
            H += X @ skip
            if self._origin is not None:
                H += self._origin @ skip

    def backward(self, memory: Memory, gradient: FloatArray) -> FloatArray:
        coefs = self.layers()[0]
        n = len(gradient)
        total = np.empty(len(self.parameters), dtype=self.parameters.dtype)
        # The gradient by the output of each layer, a tile of rows at a time ...
        by_output = [np.empty((n, W.shape[1]), dtype=total.dtype) for W in coefs[:-1]]
        by_output.append(gradient.astype(total.dtype, copy=False))
        tiles = _row_tiles(n)

        def pull_back(tile: int) -> None:
            rows = tiles[tile]
            for layer in range(self._n_layers - 1, 0, -1):
                G = np.matmul(
                    by_output[layer][rows], coefs[layer].T, out=by_output[layer - 1][rows]
                )
                self._slope(memory[layer][rows], G)

        if self._n_layers > 1:
            run_tiles(pull_back, len(tiles), self.n_jobs, 0.02 * n * len(total))

        # ... and by the weights, a tile of inputs at a time: each sum over rows is whole.
        slopes = self._cut(total)
        for b, G in zip(slopes[-self._n_layers :], by_output, strict=True):
            np.sum(G, axis=0, out=b)
        maps = list(zip(memory, by_output, slopes[: self._n_layers], strict=True))
        if self._has_skip:
            maps.append((memory[0], by_output[-1], slopes[self._n_layers]))
        pieces = [
            (H[:, inputs], G, by_W[inputs]) for H, G, by_W in maps for inputs in _input_tiles(by_W)
        ]

        def gather(tile: int) -> None:
            H, G, by_W = pieces[tile]
            np.matmul(H.T, G, out=by_W)

        run_tiles(gather, len(pieces), self.n_jobs, 0.02 * n * len(total))
        if self._origin is not None:
            slopes[self._n_layers] += np.outer(self._origin, slopes[-1])
        if self._has_skip:
            slopes[self._n_layers] *= self._skip_unit
        slopes[self._n_layers - 1] *= self._out_unit
        slopes[-1] *= self._out_unit
        return total

    def vjp(self, X: FloatArray, along: FloatArray) -> FloatArray:
        """Return the gradient (n, d), by rows, of their embeddings' products with vectors (n, m).

        The vector-Jacobian product, as of automatic differentiation.
        """
        coefs, _, skip = self.layers()
        _, memory = self.forward(X)
        G = along
        for W, H in zip(coefs[:0:-1], memory[:0:-1], strict=True):
            G = G @ W.T
            self._slope(H, G)
        G = G @ coefs[0].T
        return G if skip is None else G + along @ skip.T


def _input_tiles(W: FloatArray) -> list[slice]:
    """Cut the inputs of a layer in two, or in four, if it has many weights."""
    n_tiles = 1 if W.size < 2**16 else 2 if W.size < 2**20 else 4
    height = -(-len(W) // n_tiles)
    return [slice(a, a + height) for a in range(0, len(W), height)]


def _row_tiles(n: int) -> list[slice]:
    """Cut n rows into tiles that depend on n alone, for the same bits in any company."""
    n_tiles = max(1, n // _LEAST_ROWS)
    ends = [n * i // n_tiles for i in range(n_tiles + 1)]
    return [slice(a, b) for a, b in itertools.pairwise(ends)]
