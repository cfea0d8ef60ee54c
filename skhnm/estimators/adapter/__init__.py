"""Maps over frozen embeddings, learned from searches."""

from skhnm.estimators.adapter._adapter import EmbeddingAdapter

__all__ = ["EmbeddingAdapter"]
