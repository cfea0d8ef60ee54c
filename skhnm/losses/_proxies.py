"""Losses between rows and learned proxies of their classes: proxy-anchor and SoftTriple."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from scipy.special import expit

from skhnm.common._typing import FloatArray
from skhnm.common._validation import check_number
from skhnm.losses._base import BaseLoss, LossAndGradients, Metric, log_softmax


class ProxyAnchorLoss(BaseLoss):
    """Each proxy draws the rows of its class, and drives away all others.

    ``log(1 + Σ_p e^(-α (s_p - δ))) + log(1 + Σ_n e^(α (s_n + δ)))`` for each proxy, on
    cosine similarities s to the rows of its class and of others. The anchors are proxies:
    it needs ``pool="proxies"``, with ``positive_miner="all"`` and ``negative_miner="all"``
    for the loss of the paper.

    Parameters
    ----------
    alpha : float, default=32.0
        The sharpness α, above 0.
    margin : float, default=0.1
        The margin δ, at least 0.

    Notes
    -----
    The mean is taken over all proxies; the paper divides the pulling half by the number of
    classes in the batch. A proxy's tuple has the mean weight of its positives.

    References
    ----------
    Kim, Kim, Cho and Kwak (2020), "Proxy Anchor Loss for Deep Metric Learning", CVPR.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.losses import ProxyAnchorLoss
    >>> values, g_pos, g_neg = ProxyAnchorLoss(alpha=1.0, margin=0.0).value_and_grad(
    ...     np.array([[1.0]]), np.array([[1.0]])
    ... )
    >>> values.round(4), g_pos, g_neg
    (array([1.3863]), array([[0.5]]), array([[-0.5]]))
    """

    metric: ClassVar[Metric] = "cosine"
    anchors: ClassVar[Literal["rows", "proxies"]] = "proxies"

    def __init__(self, alpha: float = 32.0, margin: float = 0.1) -> None:
        self.alpha = alpha
        self.margin = margin

    def check_parameters(self) -> None:
        check_number(self.alpha, "alpha", low=0, low_open=True)
        check_number(self.margin, "margin", low=0)

    def value_and_grad(self, d_pos: FloatArray, d_neg: FloatArray) -> LossAndGradients:
        a, delta = self.alpha, self.margin
        log_pos, share_pos = log_softmax(a * (d_pos - (1.0 - delta)))
        log_neg, share_neg = log_softmax(a * (1.0 + delta - d_neg))
        return (
            np.logaddexp(0.0, log_pos) + np.logaddexp(0.0, log_neg),
            a * expit(log_pos)[:, None] * share_pos,
            -a * expit(log_neg)[:, None] * share_neg,
        )


class SoftTripleLoss(BaseLoss):
    """A softmax over classes, each of which is as near as its best proxies are.

    With ``S_c = Σ_k softmax_k(s_ck / γ) s_ck`` over the K proxies of class c, on cosine
    similarities s: ``-log e^(λ (S_y - δ)) / (e^(λ (S_y - δ)) + Σ_c e^(λ S_c))`` over the
    other classes c. It needs all proxies: ``pool=ProxyPool(n_proxies)``,
    ``positive_miner="all"`` and ``negative_miner="all"``.

    Parameters
    ----------
    n_proxies : int, default=10
        Proxies K of each class, as many as the pool has.
    scale : float, default=20.0
        The scale λ, above 0.
    gamma : float, default=0.1
        The temperature γ between a class's proxies, above 0.
    margin : float, default=0.01
        The margin δ, at least 0.

    Notes
    -----
    The paper's regulariser, which merges proxies of a class, is left out.

    References
    ----------
    Qian, Shang, Sun, Hu, Li and Jin (2019), "SoftTriple Loss: Deep Metric Learning Without
    Triplet Sampling", ICCV.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.losses import SoftTripleLoss
    >>> values, g_pos, g_neg = SoftTripleLoss(1, scale=1.0, margin=0.0).value_and_grad(
    ...     np.array([[0.5]]), np.array([[0.5]])
    ... )
    >>> values.round(4), g_pos, g_neg
    (array([0.6931]), array([[0.5]]), array([[-0.5]]))
    """

    metric: ClassVar[Metric] = "cosine"

    def __init__(
        self,
        n_proxies: int = 10,
        *,
        scale: float = 20.0,
        gamma: float = 0.1,
        margin: float = 0.01,
    ) -> None:
        self.n_proxies = n_proxies
        self.scale = scale
        self.gamma = gamma
        self.margin = margin

    def check_parameters(self) -> None:
        check_number(self.n_proxies, "n_proxies", low=1, integer=True)
        check_number(self.scale, "scale", low=0, low_open=True)
        check_number(self.gamma, "gamma", low=0, low_open=True)
        check_number(self.margin, "margin", low=0)

    def value_and_grad(self, d_pos: FloatArray, d_neg: FloatArray) -> LossAndGradients:
        (t, p), k = d_pos.shape, d_neg.shape[1]
        if p > self.n_proxies or k % self.n_proxies:
            raise ValueError(
                f"SoftTripleLoss(n_proxies={self.n_proxies}) needs the {self.n_proxies} proxies "
                f"of every class, but got {p} positives and {k} negatives a tuple: take "
                f"pool=ProxyPool({self.n_proxies}), positive_miner='all' and "
                "negative_miner='all'"
            )
        pos, slope_pos = self._class_similarity(d_pos)
        n_others = k // self.n_proxies
        groups = d_neg.reshape(t * n_others, self.n_proxies)
        neg, slope_neg = self._class_similarity(groups)
        log_neg, share = log_softmax(self.scale * neg.reshape(t, n_others))
        with np.errstate(invalid="ignore"):  # -inf - -inf: a tuple of padding alone
            odds = np.where(
                np.isfinite(log_neg), log_neg - self.scale * (pos - self.margin), -np.inf
            )
        odds[np.isneginf(pos)] = -np.inf  # without positives there is nothing to say
        miss = self.scale * expit(odds)[:, None]
        g_neg = -(miss * share).reshape(-1, 1) * slope_neg
        return np.logaddexp(0.0, odds), miss * slope_pos, g_neg.reshape(t, k)

    def _class_similarity(self, d: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return S (t,) of each row of distances, -inf if all padding, and -∂S/∂s (t, K)."""
        real = np.isfinite(d)
        s = np.where(real, 1.0 - np.where(real, d, 0.0), -np.inf)
        _, share = log_softmax(s / self.gamma)
        known = np.where(real, s, 0.0)
        similarity = (share * known).sum(axis=1)
        slope = share * (1.0 + (known - similarity[:, None]) / self.gamma)
        return np.where(real.any(axis=1), similarity, -np.inf), np.where(real, slope, 0.0)
