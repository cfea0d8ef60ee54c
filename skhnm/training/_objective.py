"""The mean loss of fixed tuples, and its gradient by the embedding's parameters.

Whatever all losses share is done here once: distances of the tuples' pairs, the chain
rule through plain or squared Euclidean or cosine distance, the scatter to embeddings, and
the shrinkage towards the start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skhnm.common._threads import cut, run_tiles
from skhnm.common._tuples import Tuples
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.kernels._distances import pair_distances_tile
from skhnm.kernels._scatter import anchor_gradient_tile, group_by_value, pool_gradient_tile
from skhnm.kernels._step import shrink
from skhnm.pools._members import Members
from skhnm.training._model import Model

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
    """Loss of given tuples as a function of all that is learned.

    Parameters
    ----------
    model : Model
        Evaluated, and left with the parameters of the last call.
    members : Members
        Whom the tuples index, as anchors and as pool.
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
        model: Model,
        members: Members,
        tuples: Tuples,
        loss: Any,
        alpha: float,
        n_jobs: int | None,
    ) -> None:
        self.model = model
        self.members = members
        self.loss = loss
        self.alpha = alpha
        self.n_jobs = n_jobs
        self.statistics: MiningStatistics | None = None
        self.first_value: float | None = None

        self._metric = getattr(loss, "metric", "sqeuclidean")
        weights = np.ones(len(tuples)) if tuples.weights is None else tuples.weights
        self._weights = weights / max(weights.sum(), np.finfo(float).tiny)
        self._anchors = tuples.anchors
        self._n_positives = tuples.positives.shape[1]
        self._others = np.concatenate([tuples.positives, tuples.negatives], axis=1)
        self._distances = np.empty(self._others.shape)
        self._slopes = np.empty(self._others.shape)
        self._by_anchor = group_by_value(self._anchors, len(members.codes))
        self._by_other = group_by_value(self._others.ravel(), len(members.codes))
        self._shift_of = shift_of(loss, members.codes, tuples.anchors)

    def __call__(self, parameters: FloatArray) -> tuple[float, FloatArray]:
        """Return the objective and its gradient (n_parameters,)."""
        model, members = self.model, self.members
        model.parameters = parameters
        forwarded, members.forwarded = members.forwarded, None  # it holds for this call alone
        if forwarded is None:
            Z, memory = model.embedding.forward(members.X)
            forwarded = (memory, *model.place(Z, members))
        memory, P, placed = forwarded
        value = self._value_and_slopes(P)
        by_rows, by_proxies = model.pull_back(self._scatter(P), members, placed)
        slope = model.embedding.backward(memory, by_rows)
        if self.alpha:
            value += self.alpha * self._shrink(slope)
        if len(model.parameters) > len(slope):
            slope = np.concatenate([slope, by_proxies.ravel(), self._by_shifts()])
        if not np.isfinite(value + by_rows.sum() + by_proxies.sum()):
            raise ValueError(
                f"The loss {self.loss!r} or its derivatives are not finite (the value is "
                f"{value}). Lower the learning rate; if the loss is your own, check what it "
                "returns for distances of 0 and for padding (-inf and +inf)"
            )
        if self.first_value is None:
            self.first_value = value
        return value, slope

    def _shrink(self, slope: FloatArray) -> float:
        """Add the derivative of the shrinkage to the slope; return the squared distance."""
        embedding = self.model.embedding
        parts = cut(slice(0, embedding.n_shrunk))
        squares = np.zeros(len(parts))
        twice_alpha = slope.dtype.type(2.0 * self.alpha)

        def add(i: int) -> None:
            part = parts[i]
            squares[i] = shrink(
                embedding.parameters[part], embedding.start[part], twice_alpha, slope[part]
            )

        run_tiles(add, len(squares), self.n_jobs, float(embedding.n_shrunk))
        return float(squares.sum())

    def _by_shifts(self) -> FloatArray:
        """Return the derivative by each learned shift, which shortens all distances alike."""
        n_shifts = len(self.model.shifts)
        if self._shift_of is None or not n_shifts:
            return np.zeros(n_shifts)
        total = self._shift_slopes.sum(axis=1)
        slopes = np.bincount(self._shift_of, weights=total, minlength=n_shifts)
        return -slopes.astype(np.float64)

    def _value_and_slopes(self, P: FloatArray) -> float:
        """Return the mean loss; fill `_slopes` with its derivative by squared distances."""
        p = self._n_positives
        values = np.empty(len(self._others))
        width = max(1, p * (self._others.shape[1] - p))
        height = max(64, _ENTRIES_A_TILE // width)
        shifts = None if self._shift_of is None else self.model.shifts[self._shift_of]
        self._shift_slopes = self._slopes if shifts is None else np.empty_like(self._slopes)

        def evaluate(tile: int) -> None:
            rows = slice(tile * height, min((tile + 1) * height, len(values)))
            d, g = self._distances[rows], self._slopes[rows]
            pair_distances_tile(
                P, P, self._anchors, self._others, np.inf, rows.start, rows.stop, self._distances
            )
            d[:, :p][self._others[rows, :p] < 0] = -np.inf
            through = convert(d, self._metric)
            near = d if shifts is None else d - shifts[rows, None]
            costs = self.loss.value_and_grad(near[:, :p], near[:, p:])
            check_shapes(self.loss, costs, d.shape[0], p, d.shape[1] - p)
            values[rows], g[:, :p], g[:, p:] = costs
            g *= self._weights[rows, None]
            g[self._others[rows] < 0] = 0.0
            if shifts is not None:
                self._shift_slopes[rows] = g
            g *= through

        nanoseconds = self._others.size * (P.shape[1] + 10.0) + 3.0 * len(values) * width
        run_tiles(evaluate, -(-len(values) // height), self.n_jobs, nanoseconds)
        value = float(self._weights @ values)
        if self.statistics is None:
            self.statistics = self._describe()
        return value

    def _scatter(self, P: FloatArray) -> FloatArray:
        """Return the gradient (r + e, m) by where the members lie; 0 for who does not move."""
        gradient = np.zeros(P.shape)
        n_moved = len(P) if self.members.extras.move else len(self.members.rows)
        slopes = self._slopes.ravel()
        width = self._others.shape[1]
        height = 128

        def gather(tile: int) -> None:
            begin, end = tile * height, min((tile + 1) * height, n_moved)
            anchor_gradient_tile(
                P, P, self._others, self._slopes, *self._by_anchor, begin, end, gradient
            )
            pool_gradient_tile(
                P, P, self._anchors, width, slopes, *self._by_other, begin, end, gradient
            )

        nanoseconds = 2.0 * self._others.size * P.shape[1]
        run_tiles(gather, -(-n_moved // height), self.n_jobs, nanoseconds)
        return gradient

    def _describe(self) -> MiningStatistics:
        p = self._n_positives
        return self._statistics(
            self._distances[:, :p].max(axis=1), self._distances[:, p:].min(axis=1), self._slopes
        )

    def _statistics(self, d_p: FloatArray, d_n: FloatArray, slopes: FloatArray) -> MiningStatistics:
        """Describe tuples by their farthest positives (t,), nearest negatives, and slopes."""
        if self._metric != "euclidean":
            d_p, d_n = np.sqrt(np.maximum(d_p, 0.0)), np.sqrt(np.maximum(d_n, 0.0))
        both = np.isfinite(d_p) & np.isfinite(d_n)
        both[both] = d_p[both] + d_n[both] > 0
        hardness = d_p[both] / (d_p[both] + d_n[both])
        return MiningStatistics(
            n_tuples=len(slopes),
            active=float((slopes != 0).any(axis=1).mean()),
            hardness=float(hardness.mean()) if both.any() else 0.5,
            spread=float(d_n[both].mean()) if both.any() else 0.0,
        )


def check_shapes(loss: Any, costs: Any, t: int, p: int, k: int) -> None:
    """Raise if a loss does not return its values (t,) and derivatives (t, p) and (t, k)."""
    shapes = [np.shape(part) for part in costs] if isinstance(costs, tuple) else np.shape(costs)
    if shapes != [(t,), (t, p), (t, k)]:
        raise ValueError(
            f"value_and_grad of the loss {loss!r} must return a tuple of arrays of shapes (t,), "
            f"(t, p) and (t, k), here ({t},), ({t}, {p}) and ({t}, {k}); got {shapes}"
        )


def shift_of(loss: Any, codes: IndexArray, anchors: IndexArray) -> IndexArray | None:
    """Return which learned shift (t,) each tuple's distances have, None if there is none."""
    kind = getattr(loss, "shift", None)
    if kind is None:
        return None
    return codes[anchors] if kind == "class" else np.zeros(len(anchors), dtype=np.intp)


def costs_of(
    tuples: Tuples, P: FloatArray, codes: IndexArray, loss: Any, shifts: FloatArray
) -> FloatArray:
    """Return the loss (t,) of tuples of members that lie at P, for miners that ask."""
    others = np.concatenate([tuples.positives, tuples.negatives], axis=1)
    p = tuples.positives.shape[1]
    distances = np.empty(others.shape)
    pair_distances_tile(P, P, tuples.anchors, others, np.inf, 0, len(others), distances)
    distances[:, :p][others[:, :p] < 0] = -np.inf
    convert(distances, getattr(loss, "metric", "sqeuclidean"))
    which = shift_of(loss, codes, tuples.anchors)
    if which is not None:
        distances -= shifts[which, None]
    height = max(64, _ENTRIES_A_TILE // max(1, p * (others.shape[1] - p)))
    tiles = [distances[i : i + height] for i in range(0, len(others), height)]
    return np.concatenate([loss.value_and_grad(d[:, :p], d[:, p:])[0] for d in tiles])


def is_normalized(normalize: bool, loss: Any) -> bool:
    """Whether a loss sees embeddings at unit length."""
    return normalize or getattr(loss, "metric", None) == "cosine"


def convert(d: FloatArray, metric: str) -> FloatArray | float:
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
