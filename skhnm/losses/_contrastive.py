"""The contrastive loss of pairs."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from skhnm._typing import FloatArray
from skhnm._validation import check_number
from skhnm.losses._base import BaseLoss, LossAndGradients, Metric


class ContrastiveLoss(BaseLoss):
    """Positives shall be close, negatives farther than a margin, each for itself.

    ``Σ d_p² + Σ [margin - d_n]₊²`` on Euclidean distances.

    Parameters
    ----------
    margin : float, default=1.0
        Above 0.

    References
    ----------
    Hadsell, Chopra and LeCun (2006), "Dimensionality Reduction by Learning an Invariant
    Mapping", CVPR.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.losses import ContrastiveLoss
    >>> ContrastiveLoss().value_and_grad(np.array([[0.5]]), np.array([[0.5, 2.0]]))
    (array([0.5]), array([[1.]]), array([[-1., -0.]]))
    """

    metric: ClassVar[Metric] = "euclidean"

    def __init__(self, margin: float = 1.0) -> None:
        self.margin = margin

    def check_parameters(self) -> None:
        check_number(self.margin, "margin", low=0, low_open=True)

    def value_and_grad(self, d_pos: FloatArray, d_neg: FloatArray) -> LossAndGradients:
        near = np.where(np.isfinite(d_pos), d_pos, 0.0)
        missing = np.maximum(self.margin - d_neg, 0.0)  # 0 at padding
        values = (near**2).sum(axis=1) + (missing**2).sum(axis=1)
        return values, 2.0 * near, -2.0 * missing
