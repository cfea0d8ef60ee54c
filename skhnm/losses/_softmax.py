"""Losses that are a softmax over distances: NCA, robust NCA, N-pair, supervised contrastive."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from skhnm.common._typing import FloatArray
from skhnm.common._validation import check_number
from skhnm.losses._base import BaseLoss, LossAndGradients, Metric, log_softmax


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
        log_pos, share_pos = log_softmax(similarity_pos)
        log_neg, share_neg = log_softmax(similarity_neg)
        with np.errstate(invalid="ignore"):  # -inf - -inf: a tuple of padding alone
            odds = np.where(np.isfinite(log_neg), log_neg - log_pos, -np.inf)
        values = np.logaddexp(0.0, odds)
        miss = (self.scale * -np.expm1(-values))[:, None]  # the chance to pick a negative
        return values, miss * share_pos, -miss * share_neg


class RobustNCALoss(BaseLoss):
    """A positive, drawn at random, shall be picked before the negatives; lost cases count less.

    Each positive has the chance ``π_p = e^(-d_p) / (e^(-d_p) + Σ_n e^(-d_n))`` to be picked
    before the anchor's negatives, on squared Euclidean distances. With π their mean over the
    positives, the loss is the generalised cross-entropy ``(1 - π^q) / q``.

    It lies between two classics. As in LMNN every positive counts, not just the one that is
    nearest already, which steadies it where labels are wrong; as in NCA there is no hard
    margin, and what is far has no share. The exponent bounds what an anchor among the rows of
    another class can cost: such rows are outliers or bear a wrong label.

    Parameters
    ----------
    scale : float, default=1.0
        Multiplies the distances, above 0.
    q : float, default=0.25
        From 0, the logarithm ``-log π``, to 1, the chance of an error ``1 - π``, which lets go
        of lost cases altogether.

    References
    ----------
    Zhang and Sabuncu (2018), "Generalized Cross Entropy Loss for Training Deep Neural Networks
    with Noisy Labels", NeurIPS 31, over the chances of Goldberger, Hinton, Roweis and
    Salakhutdinov (2004), "Neighbourhood Components Analysis", NIPS 17.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.losses import RobustNCALoss
    >>> RobustNCALoss(q=1.0).value_and_grad(np.array([[1.0]]), np.array([[1.0]]))
    (array([0.5]), array([[0.25]]), array([[-0.25]]))
    """

    def __init__(self, scale: float = 1.0, *, q: float = 0.25) -> None:
        self.scale = scale
        self.q = q

    def check_parameters(self) -> None:
        check_number(self.scale, "scale", low=0, low_open=True)
        check_number(self.q, "q", low=0, high=1)

    def value_and_grad(self, d_pos: FloatArray, d_neg: FloatArray) -> LossAndGradients:
        log_neg, share_neg = log_softmax(-self.scale * d_neg)
        real = np.isfinite(d_pos)
        odds = np.where(real, log_neg[:, None] + self.scale * d_pos, -np.inf)
        surprise = np.logaddexp(0.0, odds)  # -log π_p
        log_sum, share_pos = log_softmax(np.where(real, -surprise, -np.inf))
        some = real.any(axis=1)
        cost = np.log(np.maximum(real.sum(axis=1), 1)) - np.where(some, log_sum, 0.0)  # -log π
        slope = np.exp(-self.q * cost)
        if self.q > 0:
            cost = -np.expm1(-self.q * cost) / self.q
        g_pos = (self.scale * slope)[:, None] * share_pos * -np.expm1(-surprise)
        return cost, g_pos, -g_pos.sum(axis=1, keepdims=True) * share_neg


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
        log_neg, share_neg = log_softmax(-d_neg / self.temperature)
        odds = log_neg[:, None] + d_pos / self.temperature  # -inf at padding
        values = np.logaddexp(0.0, odds)
        miss = -np.expm1(-values) / self.temperature
        return values.sum(axis=1), miss, -miss.sum(axis=1, keepdims=True) * share_neg


class SupConLoss(BaseLoss):
    """Each positive shall stand out among all the anchor's rows, positives and negatives.

    ``mean over p of -log e^(s_p/τ) / Σ e^(s/τ)``, the sum over positives and negatives, on
    cosine similarities s: supervised contrastive learning.

    Parameters
    ----------
    temperature : float, default=0.1
        The temperature τ, above 0.

    References
    ----------
    Khosla et al. (2020), "Supervised Contrastive Learning", NeurIPS 33.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.losses import SupConLoss
    >>> SupConLoss(temperature=1.0).value_and_grad(np.array([[0.5]]), np.array([[0.5]]))
    (array([0.69314718]), array([[0.5]]), array([[-0.5]]))
    """

    metric: ClassVar[Metric] = "cosine"

    def __init__(self, temperature: float = 0.1) -> None:
        self.temperature = temperature

    def check_parameters(self) -> None:
        check_number(self.temperature, "temperature", low=0, low_open=True)

    def value_and_grad(self, d_pos: FloatArray, d_neg: FloatArray) -> LossAndGradients:
        real = np.isfinite(d_pos)
        near = np.where(real, d_pos, 0.0) / self.temperature
        every = np.concatenate([np.where(real, -near, -np.inf), -d_neg / self.temperature], axis=1)
        log_all, share = log_softmax(every)
        counts = real.sum(axis=1)
        weight = real / np.maximum(counts, 1)[:, None]
        some = counts > 0
        values = np.where(some, np.where(some, log_all, 0.0) + (weight * near).sum(axis=1), 0.0)
        share = some[:, None] * share / self.temperature
        p = d_pos.shape[1]
        return values, weight / self.temperature - share[:, :p], -share[:, p:]
