"""What a mined tuple costs."""

from skhnm.losses._base import BaseLoss
from skhnm.losses._contrastive import ContrastiveLoss
from skhnm.losses._hinge import LargeMarginLoss, TripletLoss
from skhnm.losses._softmax import NCALoss, NPairLoss

__all__ = [
    "BaseLoss",
    "ContrastiveLoss",
    "LargeMarginLoss",
    "NCALoss",
    "NPairLoss",
    "TripletLoss",
]
