"""Losses of triplets: the triplet loss and LMNN's large-margin loss."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from skhnm.common._typing import FloatArray
from skhnm.common._validation import check_number
from skhnm.losses._base import BaseLoss, LossAndGradients


class TripletLoss(BaseLoss):
    """Every negative shall be farther than every positive, by a margin.

    ``Σ [margin + d_p - d_n]₊`` over the tuple's pairs of a positive and a negative, on
    squared Euclidean distances; soft: ``Σ log(1 + exp(d_p - d_n))``.

    Parameters
    ----------
    margin : float, default=1.0
        Above 0. A start is scaled so that the median squared distance to the positives
        is 1; on embeddings of unit length 0.2 is usual.
    soft : bool, default=False
        Softplus instead of the hinge; it has no margin.

    References
    ----------
    Schroff, Kalenichenko and Philbin (2015), "FaceNet", CVPR. Soft: Hermans, Beyer and
    Leibe (2017), arXiv:1703.07737.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.losses import TripletLoss
    >>> values, g_pos, g_neg = TripletLoss().value_and_grad(
    ...     np.array([[1.0]]), np.array([[1.5, 4.0]])
    ... )
    >>> values, g_pos, g_neg
    (array([0.5]), array([[1.]]), array([[-1., -0.]]))
    """

    def __init__(self, margin: float = 1.0, *, soft: bool = False) -> None:
        self.margin = margin
        self.soft = soft

    def check_parameters(self) -> None:
        check_number(self.margin, "margin", low=0, low_open=True)

    def value_and_grad(self, d_pos: FloatArray, d_neg: FloatArray) -> LossAndGradients:
        gap = d_pos[:, :, None] - d_neg[:, None, :]  # -inf at padding
        if self.soft:
            cost, slope = np.logaddexp(0.0, gap), expit(gap)
        else:
            gap += self.margin
            cost, slope = np.maximum(gap, 0.0), (gap > 0).astype(np.float64)
        return cost.sum(axis=(1, 2)), slope.sum(axis=2), -slope.sum(axis=1)


class LargeMarginLoss(BaseLoss):
    """LMNN: pull the target neighbours close, push impostors out of the margin.

    ``(1 - μ) Σ d_p + μ Σ [1 + d_p - d_n]₊`` on squared Euclidean distances.

    Parameters
    ----------
    push_weight : float, default=0.5
        The weight μ of the pushing half, in (0, 1].
    squared_hinge : bool, default=False
        Square the hinge, which makes the objective smooth.

    References
    ----------
    Weinberger and Saul (2009), "Distance Metric Learning for Large Margin Nearest
    Neighbor Classification", JMLR 10.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.losses import LargeMarginLoss
    >>> LargeMarginLoss().value_and_grad(np.array([[1.0]]), np.array([[1.5, 4.0]]))
    (array([0.75]), array([[1.]]), array([[-0.5, -0. ]]))
    """

    def __init__(self, push_weight: float = 0.5, *, squared_hinge: bool = False) -> None:
        self.push_weight = push_weight
        self.squared_hinge = squared_hinge

    def check_parameters(self) -> None:
        check_number(self.push_weight, "push_weight", low=0, low_open=True, high=1)

    def value_and_grad(self, d_pos: FloatArray, d_neg: FloatArray) -> LossAndGradients:
        real = np.isfinite(d_pos)
        pull = np.where(real, d_pos, 0.0).sum(axis=1)
        gap = np.maximum(1.0 + d_pos[:, :, None] - d_neg[:, None, :], 0.0)
        if self.squared_hinge:
            cost, slope = gap * gap, 2.0 * gap
        else:
            cost, slope = gap, (gap > 0).astype(np.float64)
        mu = self.push_weight
        return (
            (1.0 - mu) * pull + mu * cost.sum(axis=(1, 2)),
            (1.0 - mu) * real + mu * slope.sum(axis=2),
            -mu * slope.sum(axis=1),
        )
