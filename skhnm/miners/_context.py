"""Hardness judged together with the neighbourhood that a negative lies in."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from skhnm.common._tuples import Tuples
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.common._validation import check_number
from skhnm.miners._base import BaseMiner
from skhnm.neighbors._candidates import Candidates
from skhnm.neighbors._padded import compact


class ContextMiner(BaseMiner):
    """Near negatives on a real class border, without those that look mislabelled.

    Of a candidate's `n_neighbors` nearest rows, of any class, some share bears the anchor's
    class. If it is nearly all of them (`max_share`), the candidate lies inside the anchor's
    class and more likely has a wrong label: it is dropped. If it is some of them, the
    candidate lies on a border between the two classes; such come first, the nearest first,
    and then the others.

    Parameters
    ----------
    n_negatives : int, default=20
        Negatives of each anchor, at least 1.
    n_neighbors : int, default=10
        Rows of a candidate's neighbourhood, at least 1.
    n_candidates : int or None, default=None
        How many of the anchor's nearest negatives to judge, at least `n_negatives`; None
        is three times as many.
    max_share : float, default=0.8
        A candidate is dropped if this share of its neighbours, or more, bears the anchor's
        class; in (0, 1].

    Attributes
    ----------
    dropped_ : array of shape (n_dropped,), intp
        Rows of the pool that were dropped for some anchor in the last mining: likely label
        errors.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.miners import ContextMiner
    >>> Z = np.array([[0.0], [0.1], [0.2], [0.15], [5.0], [5.1], [5.2]])
    >>> y = ["a", "a", "a", "b", "b", "b", "b"]
    >>> miner = ContextMiner(n_negatives=1, n_neighbors=3)
    >>> tuples = miner.mine(Z, y, positives="nearest")
    >>> miner.dropped_
    array([3])
    """

    needs_positives: ClassVar[bool] = False

    def __init__(
        self,
        n_negatives: int = 20,
        *,
        n_neighbors: int = 10,
        n_candidates: int | None = None,
        max_share: float = 0.8,
    ) -> None:
        self.n_negatives = n_negatives
        self.n_neighbors = n_neighbors
        self.n_candidates = n_candidates
        self.max_share = max_share

    def check_parameters(self) -> None:
        check_number(self.n_negatives, "n_negatives", low=1, integer=True)
        check_number(self.n_neighbors, "n_neighbors", low=1, integer=True)
        check_number(
            self.n_candidates, "n_candidates", low=self.n_negatives, integer=True, optional=True
        )
        check_number(self.max_share, "max_share", low=0, high=1, low_open=True)

    def select(self, candidates: Candidates) -> Tuples:
        c = candidates
        nearest, _ = c.nearest(self.n_candidates or 3 * self.n_negatives)
        shares = self._shares_of_anchor_class(c, nearest)
        drop = (nearest >= 0) & (shares >= self.max_share)
        self.dropped_ = np.unique(nearest[drop])
        # On a border first, then the others; within either, nearest first.
        rank = np.where((nearest < 0) | drop, 2, np.where(shares > 0, 0, 1))
        order = np.argsort(rank, axis=1, kind="stable")
        ordered = np.take_along_axis(np.where(drop, -1, nearest), order, axis=1)
        return c.by_anchor(compact(ordered)[:, : self.n_negatives])

    def _shares_of_anchor_class(self, c: Candidates, nearest: IndexArray) -> FloatArray:
        """Share (n, c) of each candidate's neighbours that bear the anchor's class."""
        used, place = np.unique(nearest[nearest >= 0], return_inverse=True)
        around = c.around(used, self.n_neighbors)
        classes = np.where(around < 0, -1, c.pool_codes[around])
        counts = np.maximum((classes >= 0).sum(axis=1), 1)
        shares = np.zeros(nearest.shape)
        anchors, columns = np.nonzero(nearest >= 0)
        same = np.zeros(len(place), dtype=np.intp)
        for neighbour in classes.T:  # one at a time: memory of n · c, not n · c · neighbours
            same += neighbour[place] == c.codes[anchors]
        shares[anchors, columns] = same / counts[place]
        return shares
