"""How well embeddings retrieve, and verify."""

from skhnm.metrics._functions import (
    map_at_r,
    mean_reciprocal_rank,
    precision_at_k,
    r_precision,
    recall_at_k,
)

__all__ = [
    "map_at_r",
    "mean_reciprocal_rank",
    "precision_at_k",
    "r_precision",
    "recall_at_k",
]
