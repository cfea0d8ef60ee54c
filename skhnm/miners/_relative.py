"""Miners that look at one positive at a time: semi-hard, violating, boundary."""

from __future__ import annotations

import numpy as np

from skhnm.common._tuples import Tuples
from skhnm.common._validation import check_choice, check_number
from skhnm.miners._base import BaseMiner
from skhnm.neighbors._candidates import Candidates


class SemiHardMiner(BaseMiner):
    """The nearest negatives that lie beyond the positive, but within a margin of it.

    For each anchor a and positive p: the nearest negatives n with
    ``d_ap < d_an < d_ap + margin`` (squared Euclidean).

    Parameters
    ----------
    margin : float or None, default=None
        Width of the window, above 0; None is no cap.
    n_negatives : int, default=1
        Negatives of each pair, at least 1.
    fallback : {"drop", "hardest", "easy"}, default="drop"
        For a pair with none in its window: leave it out, or take its nearest or its
        farthest negatives.

    Notes
    -----
    "Semi-hard" has several meanings in the literature and in libraries. FaceNet caps by
    the margin (``margin=0.2``) and drops; pytorch-metric-learning's BatchEasyHard does
    not cap and drops (``margin=None``); sentence-transformers falls back to the farthest
    (``margin=None, fallback="easy"``); TensorFlow Similarity looks beyond the farthest
    positive (``positives="hardest"`` with ``fallback="easy"``).

    References
    ----------
    Schroff, Kalenichenko and Philbin (2015), "FaceNet: A Unified Embedding for Face
    Recognition and Clustering", CVPR.

    Examples
    --------
    >>> from skhnm.miners import SemiHardMiner
    >>> Z, y = [[0.0], [2.0], [1.0], [3.0]], ["a", "a", "b", "b"]
    >>> SemiHardMiner().mine(Z, y).triplets()
    array([[0, 1, 3],
           [3, 2, 0]])
    """

    def __init__(
        self, margin: float | None = None, *, n_negatives: int = 1, fallback: str = "drop"
    ) -> None:
        self.margin = margin
        self.n_negatives = n_negatives
        self.fallback = fallback

    def check_parameters(self) -> None:
        check_number(self.margin, "margin", low=0, low_open=True, optional=True)
        check_number(self.n_negatives, "n_negatives", low=1, integer=True)
        check_choice(self.fallback, "fallback", ("drop", "hardest", "easy"))

    def select(self, candidates: Candidates) -> Tuples:
        d_ap = candidates.distances(candidates.positives)
        upper = d_ap + (np.inf if self.margin is None else self.margin)
        negatives, _ = candidates.nearest(self.n_negatives, lower=d_ap, upper=upper)
        if self.fallback != "drop":
            farthest = self.fallback == "easy"
            others, _ = candidates.nearest(self.n_negatives, farthest=farthest)
            others = np.repeat(others, d_ap.shape[1], axis=0)
            negatives = np.where((negatives >= 0).any(axis=1, keepdims=True), negatives, others)
        return candidates.by_pair(negatives)


class ViolatingMiner(BaseMiner):
    """Negatives that violate the margin: nearer than the positive plus the margin.

    For each anchor a and positive p: negatives n with ``d_an < d_ap + margin`` (squared
    Euclidean). With nearest positives these are LMNN's impostors; with all positives and
    ``n_negatives=None``, the tuples of "batch all".

    Parameters
    ----------
    margin : float, default=1.0
        Above 0.
    n_negatives : int or None, default=20
        Negatives of each pair; None is all that violate.
    order : {"nearest", "random"}, default="nearest"
        Which of them to take.

    References
    ----------
    Weinberger and Saul (2009), "Distance Metric Learning for Large Margin Nearest
    Neighbor Classification", JMLR 10.

    Examples
    --------
    >>> from skhnm.miners import ViolatingMiner
    >>> Z, y = [[0.0], [2.0], [1.0], [9.0]], ["a", "a", "b", "b"]
    >>> ViolatingMiner(margin=1.0).mine(Z, y).triplets()
    array([[0, 1, 2],
           [1, 0, 2],
           [2, 3, 0],
           [2, 3, 1],
           [3, 2, 1]])
    """

    def __init__(
        self, margin: float = 1.0, *, n_negatives: int | None = 20, order: str = "nearest"
    ) -> None:
        self.margin = margin
        self.n_negatives = n_negatives
        self.order = order

    def check_parameters(self) -> None:
        check_number(self.margin, "margin", low=0, low_open=True)
        check_number(self.n_negatives, "n_negatives", low=1, integer=True, optional=True)
        check_choice(self.order, "order", ("nearest", "random"))

    def select(self, candidates: Candidates) -> Tuples:
        upper = candidates.distances(candidates.positives) + self.margin
        if self.order == "nearest" and self.n_negatives is not None:
            negatives, _ = candidates.nearest(self.n_negatives, upper=upper)
        else:
            negatives = candidates.within(upper, self.n_negatives)
        return candidates.by_pair(negatives)


class BoundaryMiner(BaseMiner):
    """The negatives about as far as the positive: online margin mining.

    For each anchor a and positive p: the negatives n with the smallest ``|d_an - d_ap|``
    (squared Euclidean), on either side.

    Parameters
    ----------
    n_negatives : int, default=20
        Negatives of each pair, at least 1.
    width : float or None, default=None
        Only those with ``|d_an - d_ap| < width``, above 0; None is no limit.

    Examples
    --------
    >>> from skhnm.miners import BoundaryMiner
    >>> Z, y = [[0.0], [2.0], [1.0], [2.1]], ["a", "a", "b", "b"]
    >>> BoundaryMiner(n_negatives=1).mine(Z, y).triplets()
    array([[0, 1, 3],
           [1, 0, 2],
           [2, 3, 0],
           [3, 2, 1]])
    """

    def __init__(self, n_negatives: int = 20, *, width: float | None = None) -> None:
        self.n_negatives = n_negatives
        self.width = width

    def check_parameters(self) -> None:
        check_number(self.n_negatives, "n_negatives", low=1, integer=True)
        check_number(self.width, "width", low=0, low_open=True, optional=True)

    def select(self, candidates: Candidates) -> Tuples:
        k = self.n_negatives
        d_ap = candidates.distances(candidates.positives)
        width = np.inf if self.width is None else self.width
        # Windows are open: the step below d_ap puts rows just as far into the upper one.
        beyond, d_beyond = candidates.nearest(
            k, lower=np.nextafter(d_ap, -np.inf), upper=d_ap + width
        )
        within, d_within = candidates.nearest(k, lower=d_ap - width, upper=d_ap, farthest=True)
        rows = np.concatenate([beyond, within], axis=1)
        gaps = np.abs(np.concatenate([d_beyond, d_within], axis=1) - d_ap.reshape(-1, 1))
        gaps[rows < 0] = np.inf
        order = np.lexsort((rows, gaps))[:, :k]
        return candidates.by_pair(np.take_along_axis(rows, order, axis=1))
