"""Losses that weigh pairs by their cosine similarity: multi-similarity and circle."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy.special import expit

from skhnm.common._typing import FloatArray
from skhnm.common._validation import check_number
from skhnm.losses._base import BaseLoss, LossAndGradients, Metric, log_softmax


class MultiSimilarityLoss(BaseLoss):
    """Pairs weigh more, the worse they are among the anchor's other pairs.

    ``1/α log(1 + Σ_p e^(-α (s_p - λ))) + 1/β log(1 + Σ_n e^(β (s_n - λ)))`` on cosine
    similarities s.

    Parameters
    ----------
    alpha : float, default=2.0
        The sharpness α of the positives, above 0.
    beta : float, default=50.0
        The sharpness β of the negatives, above 0.
    base : float, default=0.5
        The similarity λ that parts good pairs from bad, in [-1, 1].

    References
    ----------
    Wang, Han, Huang, Dong and Scott (2019), "Multi-Similarity Loss with General Pair
    Weighting for Deep Metric Learning", CVPR.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.losses import MultiSimilarityLoss
    >>> values, g_pos, g_neg = MultiSimilarityLoss().value_and_grad(
    ...     np.array([[0.5]]), np.array([[0.5]])
    ... )
    >>> values.round(4), g_pos, g_neg
    (array([0.3604]), array([[0.5]]), array([[-0.5]]))
    """

    metric: ClassVar[Metric] = "cosine"

    def __init__(self, alpha: float = 2.0, beta: float = 50.0, base: float = 0.5) -> None:
        self.alpha = alpha
        self.beta = beta
        self.base = base

    def check_parameters(self) -> None:
        check_number(self.alpha, "alpha", low=0, low_open=True)
        check_number(self.beta, "beta", low=0, low_open=True)
        check_number(self.base, "base", low=-1, high=1)

    def value_and_grad(self, d_pos: FloatArray, d_neg: FloatArray) -> LossAndGradients:
        limit = 1.0 - self.base
        log_pos, share_pos = log_softmax(self.alpha * (d_pos - limit))
        log_neg, share_neg = log_softmax(self.beta * (limit - d_neg))
        values = np.logaddexp(0.0, log_pos) / self.alpha + np.logaddexp(0.0, log_neg) / self.beta
        return values, expit(log_pos)[:, None] * share_pos, -expit(log_neg)[:, None] * share_neg


class CircleLoss(BaseLoss):
    """Each pair is drawn to its optimum, the harder the farther it is from there.

    ``log(1 + Σ_n e^(γ α_n (s_n - m)) Σ_p e^(-γ α_p (s_p - 1 + m)))`` on cosine
    similarities s, with ``α_n = [s_n + m]₊`` and ``α_p = [1 + m - s_p]₊``.

    Parameters
    ----------
    margin : float, default=0.4
        The relaxation m, in (0, 1).
    gamma : float, default=80.0
        The scale γ, above 0.

    Notes
    -----
    The paper holds α_n and α_p constant when it derives. Here they are derived too, as
    the formula says: the optimum of s_n then is 0 (and not -m), that of s_p is 1.

    References
    ----------
    Sun et al. (2020), "Circle Loss: A Unified Perspective of Pair Similarity
    Optimization", CVPR.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.losses import CircleLoss
    >>> values, g_pos, g_neg = CircleLoss(gamma=10.0).value_and_grad(
    ...     np.array([[0.5]]), np.array([[0.5]])
    ... )
    >>> values.round(4), g_pos.round(4), g_neg.round(4)
    (array([1.953]), array([[8.5815]]), array([[-8.5815]]))
    """

    metric: ClassVar[Metric] = "cosine"

    def __init__(self, margin: float = 0.4, gamma: float = 80.0) -> None:
        self.margin = margin
        self.gamma = gamma

    def check_parameters(self) -> None:
        check_number(self.margin, "margin", low=0, low_open=True, high=1, high_open=True)
        check_number(self.gamma, "gamma", low=0, low_open=True)

    def value_and_grad(self, d_pos: FloatArray, d_neg: FloatArray) -> LossAndGradients:
        m, real_pos, real_neg = self.margin, np.isfinite(d_pos), np.isfinite(d_neg)
        near = np.where(real_pos, d_pos, 0.0)
        s = 1.0 - np.where(real_neg, d_neg, 1.0)
        pull, push = np.maximum(m + near, 0.0), np.maximum(s + m, 0.0)
        worth_pos = np.where(real_pos, self.gamma * pull * (near - m), -np.inf)
        worth_neg = np.where(real_neg, self.gamma * push * (s - m), -np.inf)
        log_pos, share_pos = log_softmax(worth_pos)
        log_neg, share_neg = log_softmax(worth_neg)
        with np.errstate(invalid="ignore"):  # -inf + inf cannot be: both are below inf
            total = log_pos + log_neg
        slope = self.gamma * expit(total)[:, None]
        by_pos = np.where(pull > 0, 2.0 * near, 0.0)
        by_neg = np.where(push > 0, 2.0 * s, 0.0)
        return np.logaddexp(0.0, total), slope * share_pos * by_pos, -slope * share_neg * by_neg
