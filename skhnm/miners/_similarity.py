"""Pairs that are informative by their similarity relative to the anchor's other pairs."""

from __future__ import annotations

import numpy as np

from skhnm.common._tuples import Tuples
from skhnm.common._validation import check_number
from skhnm.miners._base import BaseMiner
from skhnm.neighbors._candidates import Candidates
from skhnm.neighbors._padded import compact, trim


class MultiSimilarityMiner(BaseMiner):
    """Negatives nearer than the farthest positive, positives farther than the nearest negative.

    With cosine similarities s and a slack ε: the negatives with ``s_an + ε > min s_ap``,
    and of the anchor's positives those with ``s_ap - ε < max s_an``. In squared distance
    between rows at unit length: ``d_an < max d_ap + 2 ε`` and ``d_ap > min d_an - 2 ε``.

    Parameters
    ----------
    epsilon : float, default=0.1
        The slack ε, at least 0.
    n_negatives : int or None, default=None
        At most so many negatives of an anchor, the nearest; None takes all that meet the
        rule, which is meant for batches.

    References
    ----------
    Wang, Han, Huang, Dong and Scott (2019), "Multi-Similarity Loss with General Pair
    Weighting for Deep Metric Learning", CVPR.

    Examples
    --------
    >>> from skhnm.miners import MultiSimilarityMiner
    >>> Z, y = [[1.0, 0.0], [1.0, 1.0], [1.0, 0.5], [-1.0, 0.0]], ["a", "a", "b", "b"]
    >>> MultiSimilarityMiner().mine(Z, y).triplets()
    array([[0, 1, 2],
           [1, 0, 2],
           [2, 3, 0],
           [2, 3, 1],
           [3, 2, 1]])
    """

    def __init__(self, epsilon: float = 0.1, *, n_negatives: int | None = None) -> None:
        self.epsilon = epsilon
        self.n_negatives = n_negatives

    def check_parameters(self) -> None:
        check_number(self.epsilon, "epsilon", low=0)
        check_number(self.n_negatives, "n_negatives", low=1, integer=True, optional=True)

    def select(self, candidates: Candidates) -> Tuples:
        c = candidates.at_unit_length()
        slack = 2.0 * self.epsilon
        d_ap = c.distances(c.positives)
        farthest = np.where(np.isnan(d_ap), -np.inf, d_ap).max(axis=1, initial=-np.inf)
        upper = farthest[:, None] + slack
        if self.n_negatives is None:
            listed, first = c.lists_within(upper)
            anchors = np.flatnonzero(np.diff(first))
            negatives = c.pad_lists(listed, first[np.append(anchors, len(c))])
            nearest = c.nearest_of_lists(listed, first)[anchors]
        else:
            negatives, distances = c.nearest(self.n_negatives, upper=upper)
            anchors = np.flatnonzero(negatives[:, 0] >= 0)
            negatives, nearest = trim(negatives[anchors]), distances[anchors, 0]
        # Whoever has a negative below the window's end has a positive above its other end.
        kept = d_ap[anchors] > nearest[:, None] - slack
        positives = trim(compact(np.where(kept, c.positives[anchors], -1)))
        return Tuples(anchors, positives, negatives)
