"""Tuples that are given to a learner, in place of labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skhnm.common._tuples import Tuples
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.estimators._data import TrainingData
from skhnm.estimators._parts import setting
from skhnm.pools._dataset import DatasetPool
from skhnm.pools._known import resolve_pool
from skhnm.training._objective import Objective


@dataclass
class GivenTuples:
    """What a learner learns from, where nobody knows classes.

    Parameters
    ----------
    pairs : (q, 2) intp
        Rows that are alike; the metric starts from how these differ.
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
    n_tuples: int
    supply: Callable[[FloatArray], Tuples]
    stays: bool = True
    objective: type[Objective] = Objective

    @classmethod
    def fixed(
        cls, pairs: IndexArray, tuples: Tuples, objective: type[Objective] = Objective
    ) -> GivenTuples:
        """Return tuples that stay the same."""
        return cls(pairs, len(tuples), lambda Z: tuples, True, objective)

    def alike(self, data: TrainingData) -> TrainingData:
        """Return the rows of each pair as a class of their own."""
        rows = self.pairs.T.ravel()
        codes = np.tile(np.arange(len(self.pairs), dtype=np.intp), 2)
        return replace(
            data, X=data.X[rows], codes=codes, weights=data.weights[rows], rows=rows
        )  # fmt: skip


def check_given(learner: Any) -> None:
    """Raise if a parameter of a learner means nothing without labels.

    Raises
    ------
    ValueError
        The message names it.
    """
    pool = setting(learner, "pool")
    unusable = {
        "pool": learner.pool != "auto" and not isinstance(resolve_pool(pool), DatasetPool),
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
