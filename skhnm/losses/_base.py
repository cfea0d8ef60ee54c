"""What a mined tuple costs, as a function of its distances alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

import numpy as np
from sklearn.base import BaseEstimator

from skhnm.common._typing import FloatArray

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
    anchors : {"rows", "proxies"}
        Who asks: the rows, or the pool's proxies, where a loss is written from their side.
    shift : {"shared", "class"} or None
        Whether a number is learned that all distances of a tuple are shortened by: one for
        all, or one for each class of anchors.
    """

    metric: ClassVar[Metric] = "sqeuclidean"
    anchors: ClassVar[Literal["rows", "proxies"]] = "rows"

    @property
    def shift(self) -> str | None:
        return None

    def learned(self, shifts: FloatArray) -> None:
        """Take the learned shifts, (1,) or (n_classes,), at the end of a fit."""

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


def log_softmax(similarity: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return log Σ e^s (t,) and each entry's share of the sum (t, k); -inf is padding."""
    top = similarity.max(axis=1, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0.0)
    exponentials = np.exp(similarity - top[:, None])
    total = exponentials.sum(axis=1)
    with np.errstate(divide="ignore"):
        return top + np.log(total), exponentials / np.maximum(total, 1e-300)[:, None]
