"""The mean loss of quadruplets: two pairs without a row in common, one nearer than the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from skhnm.common._tuples import Tuples
from skhnm.common._typing import FloatArray
from skhnm.kernels._distances import pair_distances_tile
from skhnm.pools._members import Members
from skhnm.training._model import Model
from skhnm.training._objective import Objective, check_shapes, convert


class QuadrupletObjective(Objective):
    """The objective of quadruplets (a, b, c, d): a shall be nearer to b than c to d.

    They come as tuples with the anchor a, the positive b and the "negatives" c and d, and are
    taken apart into pairs (a, b), all first, and (c, d).
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
        ends = np.concatenate([tuples.positives[:, 0], tuples.negatives[:, 1]])
        starts = np.concatenate([tuples.anchors, tuples.negatives[:, 0]])
        weights = None if tuples.weights is None else np.tile(tuples.weights, 2)
        nobody = np.empty((len(ends), 0), dtype=np.intp)
        pairs = Tuples(starts, ends[:, None], nobody, weights)
        super().__init__(model, members, pairs, loss, alpha, n_jobs)

    def _value_and_slopes(self, P: FloatArray) -> float:
        t = len(self._others) // 2
        pair_distances_tile(P, P, self._anchors, self._others, np.inf, 0, 2 * t, self._distances)
        through = convert(self._distances, self._metric)
        shift = self.model.shifts if len(self.model.shifts) else 0.0
        near = self._distances - shift
        costs = self.loss.value_and_grad(near[:t], near[t:])
        check_shapes(self.loss, costs, t, 1, 1)
        values, *slopes = costs
        self._slopes[:] = np.concatenate(slopes) * self._weights[:, None]
        self._shift_slopes = 2.0 * self._slopes  # weights add up to 1 over twice as many pairs
        self._slopes *= 2.0 * through
        if self.statistics is None:
            d = self._distances[:, 0]
            self.statistics = self._statistics(d[:t], d[t:], self._slopes[:t])
        return float(2.0 * self._weights[:t] @ values)
