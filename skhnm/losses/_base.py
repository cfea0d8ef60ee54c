"""What a mined tuple costs, as a function of its distances alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

from sklearn.base import BaseEstimator

from skhnm._typing import FloatArray

Metric = Literal["sqeuclidean", "euclidean", "cosine"]
LossAndGradients = tuple[FloatArray, FloatArray, FloatArray]


class BaseLoss(BaseEstimator, ABC):
    """A loss of t tuples, from the distances of their positives and negatives.

    A subclass states its parameters in ``__init__``, checks them in `check_parameters`,
    names the distance that it is written in, and answers `value_and_grad`. The chain
    rule to the embedding is applied outside.

    Attributes
    ----------
    metric : {"sqeuclidean", "euclidean", "cosine"}
        The distance that it takes: squared Euclidean, Euclidean, or one minus the
        cosine similarity (embeddings are then mined and trained at unit length).
    """

    metric: ClassVar[Metric] = "sqeuclidean"

    def check_parameters(self) -> None:
        """Raise if a parameter is out of its range."""

    @abstractmethod
    def value_and_grad(self, d_pos: FloatArray, d_neg: FloatArray) -> LossAndGradients:
        """Return the loss of each tuple and its derivatives by each distance.

        Each tuple's result depends on its own row only; large inputs arrive in pieces.

        Parameters
        ----------
        d_pos : (t, p) float64
            Distances to the positives; -inf is padding.
        d_neg : (t, k) float64
            Distances to the negatives; +inf is padding.

        Returns
        -------
        values : (t,) float64
        g_pos : (t, p) float64
            0 at padding.
        g_neg : (t, k) float64
            0 at padding.
        """
