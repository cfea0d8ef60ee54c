"""Losses of pairs, each for itself or together: contrastive, margin, logistic, lifted."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy.special import expit

from skhnm.common._typing import FloatArray
from skhnm.common._validation import check_choice, check_number
from skhnm.losses._base import BaseLoss, LossAndGradients, Metric, log_softmax


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


class MarginLoss(BaseLoss):
    """Positives shall lie within a boundary, negatives beyond it, each by a margin.

    ``Σ [d_p - β + α]₊ + Σ [β - d_n + α]₊`` on Euclidean distances, where the boundary β is
    learned with the embedding.

    Parameters
    ----------
    margin : float, default=0.2
        The margin α, above 0.
    beta : float, default=1.2
        Where the boundary β begins, above 0. 1.2 suits embeddings of unit length, and a
        start whose median squared distance to the positives is 1.
    learn_beta : {"shared", "class"} or None, default="shared"
        Learn one boundary, one for each class, or none.

    Attributes
    ----------
    beta_ : array of shape (1,) or (n_classes,)
        After a fit: the learned boundaries.

    References
    ----------
    Wu, Manmatha, Smola and Krähenbühl (2017), "Sampling Matters in Deep Embedding
    Learning", ICCV.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.losses import MarginLoss
    >>> values, g_pos, g_neg = MarginLoss().value_and_grad(
    ...     np.array([[1.5]]), np.array([[1.0, 2.0]])
    ... )
    >>> values.round(4), g_pos, g_neg
    (array([0.9]), array([[1.]]), array([[-1., -0.]]))
    """

    metric: ClassVar[Metric] = "euclidean"

    def __init__(
        self, margin: float = 0.2, beta: float = 1.2, *, learn_beta: str | None = "shared"
    ) -> None:
        self.margin = margin
        self.beta = beta
        self.learn_beta = learn_beta

    def check_parameters(self) -> None:
        check_number(self.margin, "margin", low=0, low_open=True)
        check_number(self.beta, "beta", low=0, low_open=True)
        if self.learn_beta is not None:
            check_choice(self.learn_beta, "learn_beta", ("shared", "class"))

    @property
    def shift(self) -> str | None:
        return self.learn_beta

    def learned(self, shifts: FloatArray) -> None:
        self.beta_ = self.beta + (shifts if len(shifts) else np.zeros(1))

    def value_and_grad(self, d_pos: FloatArray, d_neg: FloatArray) -> LossAndGradients:
        outside = d_pos - self.beta + self.margin  # -inf at padding
        inside = self.beta - d_neg + self.margin
        values = np.maximum(outside, 0.0).sum(axis=1) + np.maximum(inside, 0.0).sum(axis=1)
        return values, (outside > 0).astype(np.float64), -(inside > 0).astype(np.float64)


class LogisticLoss(BaseLoss):
    """Positives shall lie within a boundary, negatives beyond it: each pair a logistic regression.

    ``Σ log(1 + e^(s (d_p - β))) + Σ log(1 + e^(s (β - d_n)))`` on squared Euclidean distances,
    where the boundary β is learned with the embedding.

    Parameters
    ----------
    scale : float, default=1.0
        Multiplies the distances: s, above 0.
    beta : float, default=2.0
        Where the boundary β begins, above 0.

    Attributes
    ----------
    beta_ : array of shape (1,)
        After a fit: the learned boundary.

    References
    ----------
    Guillaumin, Verbeek and Schmid (2009), "Is that you? Metric Learning Approaches for Face
    Identification", ICCV.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.losses import LogisticLoss
    >>> LogisticLoss().value_and_grad(np.array([[2.0]]), np.array([[np.inf]]))
    (array([0.69314718]), array([[0.5]]), array([[-0.]]))
    """

    def __init__(self, scale: float = 1.0, beta: float = 2.0) -> None:
        self.scale = scale
        self.beta = beta

    def check_parameters(self) -> None:
        check_number(self.scale, "scale", low=0, low_open=True)
        check_number(self.beta, "beta", low=0, low_open=True)

    @property
    def shift(self) -> str:
        return "shared"

    def learned(self, shifts: FloatArray) -> None:
        self.beta_ = self.beta + shifts

    def value_and_grad(self, d_pos: FloatArray, d_neg: FloatArray) -> LossAndGradients:
        outside = self.scale * (d_pos - self.beta)  # -inf at padding
        inside = self.scale * (self.beta - d_neg)
        values = np.logaddexp(0.0, outside).sum(axis=1) + np.logaddexp(0.0, inside).sum(axis=1)
        return values, self.scale * expit(outside), -self.scale * expit(inside)


class LiftedLoss(BaseLoss):
    """The nearest negatives shall be farther than the farthest positives, smoothly.

    ``½ [log Σ_n e^(margin - d_n) + log Σ_p e^(d_p)]₊²`` on Euclidean distances: the lifted
    structure loss in its generalised form.

    Parameters
    ----------
    margin : float, default=1.0
        Above 0.

    References
    ----------
    Oh Song, Xiang, Jegelka and Savarese (2016), "Deep Metric Learning via Lifted Structured
    Feature Embedding", CVPR. Generalised: Hermans, Beyer and Leibe (2017), arXiv:1703.07737.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.losses import LiftedLoss
    >>> LiftedLoss().value_and_grad(np.array([[1.0]]), np.array([[0.5]]))
    (array([1.125]), array([[1.5]]), array([[-1.5]]))
    """

    metric: ClassVar[Metric] = "euclidean"

    def __init__(self, margin: float = 1.0) -> None:
        self.margin = margin

    def check_parameters(self) -> None:
        check_number(self.margin, "margin", low=0, low_open=True)

    def value_and_grad(self, d_pos: FloatArray, d_neg: FloatArray) -> LossAndGradients:
        log_pos, share_pos = log_softmax(d_pos)
        log_neg, share_neg = log_softmax(self.margin - d_neg)
        over = np.maximum(log_pos + log_neg, 0.0)  # 0 without positives or negatives
        return 0.5 * over**2, over[:, None] * share_pos, -over[:, None] * share_neg
