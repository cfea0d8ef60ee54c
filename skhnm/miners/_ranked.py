"""Miners that rank an anchor's negatives by distance: hardest, easy, and a rank window."""

from __future__ import annotations

from typing import ClassVar

from skhnm.common._tuples import Tuples
from skhnm.common._validation import check_choice, check_number
from skhnm.miners._base import BaseMiner
from skhnm.neighbors._candidates import Candidates


class HardestMiner(BaseMiner):
    """The nearest negatives.

    With one negative, hardest positives and a batch this is "batch hard"; over the whole
    data set it is offline hard mining.

    Parameters
    ----------
    n_negatives : int, default=20
        Negatives of each anchor, at least 1.

    References
    ----------
    Hermans, Beyer and Leibe (2017), "In Defense of the Triplet Loss for Person
    Re-Identification", arXiv:1703.07737.

    Examples
    --------
    >>> from skhnm.miners import HardestMiner
    >>> Z, y = [[0.0], [1.0], [3.0], [7.0]], ["a", "a", "b", "b"]
    >>> HardestMiner(n_negatives=1).mine(Z, y).triplets()
    array([[0, 1, 2],
           [1, 0, 2],
           [2, 3, 1],
           [3, 2, 1]])
    """

    needs_positives: ClassVar[bool] = False

    def __init__(self, n_negatives: int = 20) -> None:
        self.n_negatives = n_negatives

    def check_parameters(self) -> None:
        check_number(self.n_negatives, "n_negatives", low=1, integer=True)

    def select(self, candidates: Candidates) -> Tuples:
        return candidates.by_anchor(candidates.nearest(self.n_negatives)[0])


class EasyMiner(BaseMiner):
    """The farthest negatives: the baseline that shows why hardness matters.

    Parameters
    ----------
    n_negatives : int, default=20
        Negatives of each anchor, at least 1.

    Examples
    --------
    >>> from skhnm.miners import EasyMiner
    >>> Z, y = [[0.0], [1.0], [3.0], [7.0]], ["a", "a", "b", "b"]
    >>> EasyMiner(n_negatives=1).mine(Z, y).triplets()
    array([[0, 1, 3],
           [1, 0, 3],
           [2, 3, 0],
           [3, 2, 0]])
    """

    needs_positives: ClassVar[bool] = False

    def __init__(self, n_negatives: int = 20) -> None:
        self.n_negatives = n_negatives

    def check_parameters(self) -> None:
        check_number(self.n_negatives, "n_negatives", low=1, integer=True)

    def select(self, candidates: Candidates) -> Tuples:
        return candidates.by_anchor(candidates.nearest(self.n_negatives, farthest=True)[0])


class RankMiner(BaseMiner):
    """Negatives at given ranks of the anchor's sorted negatives.

    Skipping the first few ranks avoids label noise: the very nearest "negatives" are
    where wrong labels gather.

    Parameters
    ----------
    min_rank : int, default=5
        First rank of the window, counted from 1, the nearest.
    max_rank : int, default=50
        Last rank of the window.
    n_negatives : int or None, default=20
        Negatives of each anchor; None is the whole window.
    order : {"nearest", "random"}, default="random"
        Which of the window to take.

    Examples
    --------
    >>> from skhnm.miners import RankMiner
    >>> Z, y = [[0.0], [1.0], [3.0], [5.0], [9.0]], list("aabbb")
    >>> RankMiner(2, 3, n_negatives=None).mine(Z, y, positives="nearest").negatives
    array([[ 3,  4],
           [ 3,  4],
           [ 0, -1],
           [ 0, -1],
           [ 0, -1]])
    """

    needs_positives: ClassVar[bool] = False

    def __init__(
        self,
        min_rank: int = 5,
        max_rank: int = 50,
        *,
        n_negatives: int | None = 20,
        order: str = "random",
    ) -> None:
        self.min_rank = min_rank
        self.max_rank = max_rank
        self.n_negatives = n_negatives
        self.order = order

    def check_parameters(self) -> None:
        check_number(self.min_rank, "min_rank", low=1, integer=True)
        check_number(self.max_rank, "max_rank", low=self.min_rank, integer=True)
        check_number(self.n_negatives, "n_negatives", low=1, integer=True, optional=True)
        check_choice(self.order, "order", ("nearest", "random"))

    def select(self, candidates: Candidates) -> Tuples:
        window = candidates.nearest(self.max_rank)[0][:, self.min_rank - 1 :]
        if self.n_negatives is not None and self.n_negatives < window.shape[1]:
            if self.order == "random":
                window = candidates.sample_of(window, self.n_negatives)
            else:
                window = window[:, : self.n_negatives]
        return candidates.by_anchor(window)
