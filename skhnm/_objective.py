"""The mean loss of fixed tuples, and its gradient by the embedding's parameters.

Whatever all losses share is done here once: distances of the tuples' pairs, the chain
rule through plain or squared Euclidean or cosine distance, the scatter to embeddings, and
the shrinkage towards the start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skhnm._threads import run_tiles
from skhnm._tuples import Tuples
from skhnm._typing import FloatArray
from skhnm.embeddings._base import BaseEmbedding
from skhnm.kernels._distances import pair_distances_tile
from skhnm.kernels._rows import unit_rows
from skhnm.kernels._scatter import anchor_gradient_tile, group_by_value, pool_gradient_tile

_ENTRIES_A_TILE = 2**17  # of (tuple, positive, negative): a few megabytes of float64


@dataclass
class MiningStatistics:
    """What was mined, under the embedding that it was mined with.

    `active` is the share of tuples with a gradient; `hardness` the mean of
    d_p / (d_p + d_n) over the farthest positive and nearest negative of each tuple, in
    Euclidean distance: 0 is easy, 0.5 both equally far, 1 the hardest. `spread` is the
    mean distance of the nearest negatives.
    """

    n_tuples: int
    active: float
    hardness: float
    spread: float


class Objective:
    """Loss of given tuples as a function of the embedding's parameters.

    Parameters
    ----------
    embedding : BaseEmbedding
        Evaluated, and left with the parameters of the last call.
    X : (n, d) float
        The rows that the tuples index, as anchors and as pool.
    tuples : Tuples
        At least one.
    loss : object with ``value_and_grad``
        A `BaseLoss`, or any object of that kind.
    alpha : float
        Weight of the squared distance to the embedding's start.
    n_jobs : int or None
        Threads; never changes a result.
    """

    def __init__(
        self,
        embedding: BaseEmbedding,
        X: FloatArray,
        tuples: Tuples,
        loss: Any,
        alpha: float,
        n_jobs: int | None,
    ) -> None:
        self.embedding = embedding
        self.X = X
        self.loss = loss
        self.alpha = alpha
        self.n_jobs = n_jobs
        self.statistics: MiningStatistics | None = None

        self._metric = getattr(loss, "metric", "sqeuclidean")
        weights = np.ones(len(tuples)) if tuples.weights is None else tuples.weights
        self._weights = weights / max(weights.sum(), np.finfo(float).tiny)
        self._anchors = tuples.anchors
        self._n_positives = tuples.positives.shape[1]
        self._others = np.concatenate([tuples.positives, tuples.negatives], axis=1)
        self._distances = np.empty(self._others.shape)
        self._slopes = np.empty(self._others.shape)
        self._by_anchor = group_by_value(self._anchors, len(X))
        self._by_other = group_by_value(self._others.ravel(), len(X))

    def __call__(self, parameters: FloatArray) -> tuple[float, FloatArray]:
        """Return the objective and its gradient (n_parameters,)."""
        self.embedding.parameters = parameters
        Z, memory = self.embedding.forward(self.X)
        unit, norms = unit_rows(Z) if self._metric == "cosine" else (Z, None)
        value = self._value_and_slopes(unit)
        gradient = self._scatter(unit)
        if norms is not None:  # through z / |z|: the part along z has no effect
            along = np.einsum("ij,ij->i", gradient, unit)
            gradient = (gradient - along[:, None] * unit) / norms[:, None]
        slope = self.embedding.backward(memory, gradient)
        if self.alpha:
            away = parameters - self.embedding.start
            value += self.alpha * float(away @ away)
            slope = slope + 2.0 * self.alpha * away
        if not (np.isfinite(value) and np.isfinite(slope).all()):
            raise ValueError(
                f"The loss {self.loss!r} or its derivatives are not finite (the value is "
                f"{value}). Lower the learning rate; if the loss is your own, check what it "
                "returns for distances of 0 and for padding (-inf and +inf)"
            )
        return value, slope

    def _value_and_slopes(self, Z: FloatArray) -> float:
        """Return the mean loss; fill `_slopes` with its derivative by squared distances."""
        p = self._n_positives
        values = np.empty(len(self._others))
        width = max(1, p * (self._others.shape[1] - p))
        height = max(64, _ENTRIES_A_TILE // width)

        def evaluate(tile: int) -> None:
            rows = slice(tile * height, min((tile + 1) * height, len(values)))
            d, g = self._distances[rows], self._slopes[rows]
            pair_distances_tile(
                Z, Z, self._anchors, self._others, np.inf, rows.start, rows.stop, self._distances
            )
            d[:, :p][self._others[rows, :p] < 0] = -np.inf
            through = _convert(d, self._metric)
            costs = self.loss.value_and_grad(d[:, :p], d[:, p:])
            _check_shapes(self.loss, costs, d.shape[0], p, d.shape[1] - p)
            values[rows], g[:, :p], g[:, p:] = costs
            g *= through
            g *= self._weights[rows, None]
            g[self._others[rows] < 0] = 0.0

        nanoseconds = self._others.size * (Z.shape[1] + 10.0) + 3.0 * len(values) * width
        run_tiles(evaluate, -(-len(values) // height), self.n_jobs, nanoseconds)
        if self.statistics is None:
            self.statistics = self._describe()
        return float(self._weights @ values)

    def _scatter(self, Z: FloatArray) -> FloatArray:
        """Return the gradient (n, m) by the embeddings."""
        gradient = np.zeros(Z.shape)
        slopes = self._slopes.ravel()
        width = self._others.shape[1]
        height = 128

        def gather(tile: int) -> None:
            begin, end = tile * height, min((tile + 1) * height, len(Z))
            anchor_gradient_tile(
                Z, Z, self._others, self._slopes, *self._by_anchor, begin, end, gradient
            )
            pool_gradient_tile(
                Z, Z, self._anchors, width, slopes, *self._by_other, begin, end, gradient
            )

        nanoseconds = 2.0 * self._others.size * Z.shape[1]
        run_tiles(gather, -(-len(Z) // height), self.n_jobs, nanoseconds)
        return gradient

    def _describe(self) -> MiningStatistics:
        p = self._n_positives
        d_p = self._distances[:, :p].max(axis=1)
        d_n = self._distances[:, p:].min(axis=1)
        if self._metric != "euclidean":
            d_p, d_n = np.sqrt(np.maximum(d_p, 0.0)), np.sqrt(np.maximum(d_n, 0.0))
        both = np.isfinite(d_p) & np.isfinite(d_n) & (d_p + d_n > 0)
        hardness = d_p[both] / (d_p[both] + d_n[both])
        return MiningStatistics(
            n_tuples=len(self._others),
            active=float((self._slopes != 0).any(axis=1).mean()),
            hardness=float(hardness.mean()) if both.any() else 0.5,
            spread=float(d_n[both].mean()) if both.any() else 0.0,
        )


def _check_shapes(loss: Any, costs: Any, t: int, p: int, k: int) -> None:
    """Raise if a loss does not return its values (t,) and derivatives (t, p) and (t, k)."""
    shapes = [np.shape(part) for part in costs] if isinstance(costs, tuple) else np.shape(costs)
    if shapes != [(t,), (t, p), (t, k)]:
        raise ValueError(
            f"value_and_grad of the loss {loss!r} must return a tuple of arrays of shapes (t,), "
            f"(t, p) and (t, k), here ({t},), ({t}, {p}) and ({t}, {k}); got {shapes}"
        )


def as_seen_by(loss: Any, Z: FloatArray) -> FloatArray:
    """Return embeddings as a loss sees them: at unit length if it is on cosine similarity."""
    return unit_rows(Z)[0] if getattr(loss, "metric", None) == "cosine" else Z


def _convert(d: FloatArray, metric: str) -> FloatArray | float:
    """Turn squared Euclidean into the loss's distances, in place; return the derivative.

    Infinite padding stays infinite. Where the distance is 0, the Euclidean one has no
    derivative; the direction is 0 there too, and so is the gradient.
    """
    if metric == "euclidean":
        np.copysign(np.sqrt(np.abs(d)), d, out=d)
        return np.divide(0.5, d, out=np.zeros_like(d), where=(d != 0))
    if metric == "cosine":  # |u - v|² = 2 (1 - cos) at unit length
        d *= 0.5
        return 0.5
    return 1.0
