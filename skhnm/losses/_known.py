"""Losses by name."""

from __future__ import annotations

from skhnm.common._registry import Registry
from skhnm.losses._contrastive import ContrastiveLoss, LiftedLoss, LogisticLoss, MarginLoss
from skhnm.losses._hinge import LargeMarginLoss, TripletLoss
from skhnm.losses._proxies import ProxyAnchorLoss, SoftTripleLoss
from skhnm.losses._similarity import CircleLoss, MultiSimilarityLoss
from skhnm.losses._softmax import NCALoss, NPairLoss, RobustNCALoss, SupConLoss

LOSSES = Registry(
    "loss",
    "Loss",
    [
        TripletLoss,
        LargeMarginLoss,
        ContrastiveLoss,
        MarginLoss,
        LogisticLoss,
        LiftedLoss,
        NPairLoss,
        SupConLoss,
        NCALoss,
        RobustNCALoss,
        MultiSimilarityLoss,
        CircleLoss,
        ProxyAnchorLoss,
        SoftTripleLoss,
    ],
    methods=["value_and_grad"],
    also=["auto"],
)
