"""Losses by name."""

from __future__ import annotations

from skhnm._registry import Registry
from skhnm.losses._contrastive import ContrastiveLoss
from skhnm.losses._hinge import LargeMarginLoss, TripletLoss
from skhnm.losses._softmax import NCALoss, NPairLoss

LOSSES = Registry(
    "loss",
    "Loss",
    [TripletLoss, LargeMarginLoss, ContrastiveLoss, NPairLoss, NCALoss],
    methods=["value_and_grad"],
)
