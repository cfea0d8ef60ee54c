"""Around a fit: the judge of held-out rows, and putting things back if it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from skhnm.embeddings._base import BaseEmbedding
from skhnm.estimators._data import TrainingData
from skhnm.kernels._rows import distinct_rows, unit_rows
from skhnm.metrics._means import mean, precision
from skhnm.metrics._ranking import rank_matches


def make_judge(
    data: TrainingData, held_out: TrainingData, normalize: bool, n_jobs: int | None
) -> Callable[[BaseEmbedding], float]:
    """Return a function that gives an embedding's precision at 1 on held-out rows.

    They are ranked among the rows that are learned from; where whole classes are held out, among
    each other.
    """
    among_others = bool(np.isin(held_out.codes, data.codes).any())
    n = len(data) if among_others else 0
    X = np.concatenate([data.X[:n], held_out.X])
    codes = np.concatenate([data.codes[:n], held_out.codes])
    own = np.full(len(held_out), -1, dtype=np.intp) if among_others else np.arange(len(held_out))
    first, which = distinct_rows(X)
    distinct = X[first]

    def precision_at_1(embedding: BaseEmbedding) -> float:
        Z = embedding.embed(distinct)[which]  # a product may round equal rows differently
        if normalize:
            Z = unit_rows(Z)[0]
        queries, reference = (Z[n:], Z[:n]) if among_others else (Z, Z)
        ranking = rank_matches(
            queries, codes[n:], reference, codes[: n or None], own, ks=(1,), cap=1, n_jobs=n_jobs
        )
        return mean(precision(ranking, 0, 1), ranking)

    return precision_at_1


@contextmanager
def all_or_nothing(estimator: Any) -> Iterator[None]:
    """Put fitted attributes back as they were if the block fails or is interrupted."""

    def fitted() -> dict[str, Any]:
        return {k: v for k, v in vars(estimator).items() if k.endswith("_") and k[0] != "_"}

    before = fitted()
    try:
        yield
    except BaseException:
        for name in fitted():
            delattr(estimator, name)
        vars(estimator).update(before)
        raise
