"""Losses that are a softmax over distances: neighbourhood components and N-pair."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from skhnm._typing import FloatArray
from skhnm._validation import check_number
from skhnm.losses._base import BaseLoss, LossAndGradients, Metric


class NCALoss(BaseLoss):
    """The anchor, picking a neighbour by softmax over distance, shall pick a positive.

    ``-log Σ_p e^(-d_p) / (Σ_p e^(-d_p) + Σ_n e^(-d_n))`` on squared Euclidean distances.
    Over mined neighbours this is neighbourhood components analysis without its n × n
    softmax: whoever is far has no share in it.

    Parameters
    ----------
    scale : float, default=1.0
        Multiplies the distances, above 0.

    References
    ----------
    Goldberger, Hinton, Roweis and Salakhutdinov (2004), "Neighbourhood Components
    Analysis", NIPS 17.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.losses import NCALoss
    >>> NCALoss().value_and_grad(np.array([[1.0]]), np.array([[1.0]]))
    (array([0.69314718]), array([[0.5]]), array([[-0.5]]))
    """

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def check_parameters(self) -> None:
        check_number(self.scale, "scale", low=0, low_open=True)

    def value_and_grad(self, d_pos: FloatArray, d_neg: FloatArray) -> LossAndGradients:
        similarity_pos = -self.scale * np.where(d_pos == -np.inf, np.inf, d_pos)
        similarity_neg = -self.scale * d_neg
        log_pos, share_pos = _log_softmax(similarity_pos)
        log_neg, share_neg = _log_softmax(similarity_neg)
        with np.errstate(invalid="ignore"):  # -inf - -inf: a tuple of padding alone
            odds = np.where(np.isfinite(log_neg), log_neg - log_pos, -np.inf)
        values = np.logaddexp(0.0, odds)
        miss = (self.scale * -np.expm1(-values))[:, None]  # the chance to pick a negative
        return values, miss * share_pos, -miss * share_neg


class NPairLoss(BaseLoss):
    """Each positive shall stand out among the negatives: N-pair, InfoNCE.

    ``Σ_p -log e^(s_p/τ) / (e^(s_p/τ) + Σ_n e^(s_n/τ))`` on cosine similarities s.

    Parameters
    ----------
    temperature : float, default=0.1
        The temperature τ, above 0.

    References
    ----------
    Sohn (2016), "Improved Deep Metric Learning with Multi-class N-pair Loss Objective",
    NIPS 29.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.losses import NPairLoss
    >>> NPairLoss(temperature=1.0).value_and_grad(np.array([[0.5]]), np.array([[0.5]]))
    (array([0.69314718]), array([[0.5]]), array([[-0.5]]))
    """

    metric: ClassVar[Metric] = "cosine"

    def __init__(self, temperature: float = 0.1) -> None:
        self.temperature = temperature

    def check_parameters(self) -> None:
        check_number(self.temperature, "temperature", low=0, low_open=True)

    def value_and_grad(self, d_pos: FloatArray, d_neg: FloatArray) -> LossAndGradients:
        log_neg, share_neg = _log_softmax(-d_neg / self.temperature)
        odds = log_neg[:, None] + d_pos / self.temperature  # -inf at padding
        values = np.logaddexp(0.0, odds)
        miss = -np.expm1(-values) / self.temperature
        return values.sum(axis=1), miss, -miss.sum(axis=1, keepdims=True) * share_neg


def _log_softmax(similarity: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return log Σ e^s (t,) and each entry's share of the sum (t, k); -inf is padding."""
    top = similarity.max(axis=1, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0.0)
    exponentials = np.exp(similarity - top[:, None])
    total = exponentials.sum(axis=1)
    with np.errstate(divide="ignore"):
        return top + np.log(total), exponentials / np.maximum(total, 1e-300)[:, None]
