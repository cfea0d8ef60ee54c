"""Around a fit: the judge of held-out rows, and putting things back if it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from skhnm.common._typing import FloatArray
from skhnm.embeddings._base import BaseEmbedding
from skhnm.estimators._data import TrainingData
from skhnm.kernels._rows import unit_rows
from skhnm.neighbors._search import ExactSearch


def make_judge(
    data: TrainingData, held_out: TrainingData, normalize: bool, n_jobs: int | None
) -> Callable[[BaseEmbedding], float]:
    """Return a function that gives an embedding's precision at 1 on held-out rows."""

    def embed(embedding: BaseEmbedding, X: FloatArray) -> FloatArray:
        Z = embedding.embed(X)
        return unit_rows(Z)[0] if normalize else Z

    def precision_at_1(embedding: BaseEmbedding) -> float:
        search = ExactSearch(embed(embedding, data.X), data.codes, n_jobs)
        queries = embed(embedding, held_out.X)
        nearest, _ = search.nearest(queries, held_out.codes, 1, side="any")
        return float((data.codes[nearest[:, 0]] == held_out.codes).mean())

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
