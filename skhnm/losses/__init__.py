"""What a mined tuple costs."""

from skhnm.losses._base import BaseLoss
from skhnm.losses._contrastive import ContrastiveLoss, LiftedLoss, LogisticLoss, MarginLoss
from skhnm.losses._hinge import LargeMarginLoss, TripletLoss
from skhnm.losses._proxies import ProxyAnchorLoss, SoftTripleLoss
from skhnm.losses._similarity import CircleLoss, MultiSimilarityLoss
from skhnm.losses._softmax import NCALoss, NPairLoss, RobustNCALoss, SupConLoss

__all__ = [
    "BaseLoss",
    "CircleLoss",
    "ContrastiveLoss",
    "LargeMarginLoss",
    "LiftedLoss",
    "LogisticLoss",
    "MarginLoss",
    "MultiSimilarityLoss",
    "NCALoss",
    "NPairLoss",
    "ProxyAnchorLoss",
    "RobustNCALoss",
    "SoftTripleLoss",
    "SupConLoss",
    "TripletLoss",
]
