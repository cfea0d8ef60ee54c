"""Around a fit: the judge of held-out rows, and putting things back if it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from skhnm.common._typing import FloatArray
from skhnm.embeddings._base import BaseEmbedding
from skhnm.estimators._data import TrainingData
from skhnm.kernels._rows import unit_rows
from skhnm.neighbors._search import ExactSearch


def make_judge(
    data: TrainingData, held_out: TrainingData, normalize: bool, n_jobs: int | None
) -> Callable[[BaseEmbedding], float]:
    """Return a function that gives an embedding's precision at 1 on held-out rows.

    These look for their neighbours among the rows that are learned from; where whole classes are
    held out, among each other.
    """
    of_new_classes = not np.isin(held_out.codes, data.codes).any()
    reference = held_out if of_new_classes else data
    own = np.arange(len(held_out)) if of_new_classes else None
    has_match = np.bincount(reference.codes)[held_out.codes] > of_new_classes

    def embed(embedding: BaseEmbedding, X: FloatArray) -> FloatArray:
        Z = embedding.embed(X)
        return unit_rows(Z)[0] if normalize else Z

    def precision_at_1(embedding: BaseEmbedding) -> float:
        search = ExactSearch(embed(embedding, reference.X), reference.codes, n_jobs)
        queries = embed(embedding, held_out.X)
        nearest, _ = search.nearest(queries, held_out.codes, 1, side="any", own=own)
        found = reference.codes[nearest[:, 0]] == held_out.codes
        return float(found[has_match].mean())

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
