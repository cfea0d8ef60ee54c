"""Tuples that are given to a learner, in place of labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skhnm.common._tuples import Tuples
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.estimators._data import TrainingData, whole_multiples
from skhnm.pools._dataset import DatasetPool
from skhnm.pools._known import resolve_pool
from skhnm.training._objective import Objective

_MOST_PAIRS = 20_000
"""That say how alike rows differ."""

_MOST_TIMES = 21
"""From which on multiples of a weight are no copies."""


@dataclass
class GivenTuples:
    """What a learner learns from, where nobody knows classes.

    Parameters
    ----------
    pairs : (q, 2) intp
        Rows that are alike; the metric starts from how these differ.
    weights : (q,) float or None
        Of these pairs.
    n_tuples : int
        How much there is to learn from.
    supply : callable
        Gives the tuples, at each refresh, under embeddings (n, m) of all rows.
    stays : bool
        Whether they are always the same.
    objective : type
        What tuples mean.
    """

    pairs: IndexArray
    weights: FloatArray | None
    n_tuples: int
    supply: Callable[[FloatArray], Tuples]
    stays: bool = True
    objective: type[Objective] = Objective

    @classmethod
    def fixed(
        cls,
        pairs: IndexArray,
        weights: FloatArray | None,
        tuples: Tuples,
        objective: type[Objective] = Objective,
    ) -> GivenTuples:
        """Return tuples that stay the same."""
        return cls(pairs, weights, len(tuples), lambda Z: tuples, True, objective)

    def alike(self, data: TrainingData) -> TrainingData:
        """Return the rows of each pair, or of many evenly chosen pairs, as a class of their own."""
        order = np.lexsort(self.pairs.T)
        if self.weights is not None:
            order = np.repeat(order, _copies(self.weights[order]))
        some = order[:: -(-len(order) // _MOST_PAIRS)]
        rows = self.pairs[some].T.ravel()
        codes = np.tile(np.arange(len(some), dtype=np.intp), 2)
        return replace(data, X=data.X[rows], codes=codes, weights=np.ones(len(rows)), rows=rows)


def _copies(weights: FloatArray) -> IndexArray:
    """Return how many copies (q,) stand for weights: exactly, where they are small multiples."""
    counts = whole_multiples(weights, _MOST_TIMES)
    return np.rint(4.0 * weights / weights.mean()).astype(np.intp) if counts is None else counts


def check_given(learner: Any) -> None:
    """Raise if a parameter of a learner means nothing without labels.

    Raises
    ------
    ValueError
        The message names it.
    """
    unusable = {
        "pool": learner.pool != "auto" and not isinstance(resolve_pool(learner.pool), DatasetPool),
        "class_weight": learner.class_weight is not None,
        "early_stopping": bool(learner.early_stopping),
        "warm_start": bool(learner.warm_start),
    }
    for name, is_set in unusable.items():
        if is_set:
            raise ValueError(
                f"{name}={getattr(learner, name)!r} of the learner needs labels of rows, but "
                "tuples have none: leave it as it is by default"
            )
