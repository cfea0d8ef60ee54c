"""How well embeddings retrieve, and verify."""

from skhnm.metrics._at_k import precision_at_k, recall_at_k, relevant_recall_at_k
from skhnm.metrics._at_r import map_at_r, mean_reciprocal_rank, r_precision
from skhnm.metrics._report import RetrievalReport, retrieval_report
from skhnm.metrics._scorer import retrieval_scorer
from skhnm.metrics._verification import VerificationReport, verification_report

__all__ = [
    "RetrievalReport",
    "VerificationReport",
    "map_at_r",
    "mean_reciprocal_rank",
    "precision_at_k",
    "r_precision",
    "recall_at_k",
    "relevant_recall_at_k",
    "retrieval_report",
    "retrieval_scorer",
    "verification_report",
]
