"""Dropping suspected false negatives before another miner chooses."""

from __future__ import annotations

from typing import Any

import numpy as np

from skhnm.common._tuples import Tuples
from skhnm.common._validation import check_bool, check_number
from skhnm.miners._inner import OuterMiner
from skhnm.neighbors._candidates import Candidates


class FilteredMiner(OuterMiner):
    """Hide negatives that are too much like the anchor to be believed, and then mine.

    Similarities s are cosine; the inner miner sees rows at unit length. With s_pos the
    similarity of the anchor's most similar positive, a negative is hidden if ``s > s_pos -
    absolute_margin``, if ``s > s_pos - |s_pos| · relative_margin``, if ``s >
    max_similarity``, if ``s < min_similarity``, if it is one of the ``min_rank - 1``
    nearest or just as near as these, or a copy, with `drop_copies`.

    Parameters
    ----------
    miner : str, miner or function, default="hardest"
        Chooses among the rest.
    min_rank : int, default=1
        Rank of the first negative to believe, counted from 1, the nearest.
    absolute_margin : float or None, default=None
        How much less similar than the positive a negative must be, at least 0.
    relative_margin : float or None, default=None
        The same as a share of the positive's similarity, in [0, 1].
    max_similarity, min_similarity : float or None, default=None
        Limits of the similarity, in [-1, 1].
    drop_copies : bool, default=False
        Hide negatives that have the direction of the anchor, or of any of its positives, up to
        rounding: at unit length, they differ by 8 machine epsilons at most (1e-6 in float32).

    Notes
    -----
    The parameters are those of sentence-transformers' ``mine_hard_negatives``. There the
    relative margin is ``s > s_pos (1 - m)``, which widens the window where s_pos is
    negative; here a margin always narrows it.

    Examples
    --------
    >>> from skhnm.miners import FilteredMiner, HardestMiner
    >>> Z = [[1.0, 0.0], [1.0, 0.2], [1.0, 0.01], [1.0, 1.0]]
    >>> y = ["a", "a", "b", "b"]
    >>> miner = FilteredMiner(HardestMiner(1), absolute_margin=0.0)
    >>> miner.mine(Z, y, positives="nearest").triplets()
    array([[0, 1, 3],
           [1, 0, 3],
           [3, 2, 0]])
    """

    def __init__(
        self,
        miner: Any = "hardest",
        *,
        min_rank: int = 1,
        absolute_margin: float | None = None,
        relative_margin: float | None = None,
        max_similarity: float | None = None,
        min_similarity: float | None = None,
        drop_copies: bool = False,
    ) -> None:
        self.miner = miner
        self.min_rank = min_rank
        self.absolute_margin = absolute_margin
        self.relative_margin = relative_margin
        self.max_similarity = max_similarity
        self.min_similarity = min_similarity
        self.drop_copies = drop_copies

    def check_parameters(self) -> None:
        check_number(self.min_rank, "min_rank", low=1, integer=True)
        check_number(self.absolute_margin, "absolute_margin", low=0, optional=True)
        check_number(self.relative_margin, "relative_margin", low=0, high=1, optional=True)
        check_number(self.max_similarity, "max_similarity", low=-1, high=1, optional=True)
        check_number(self.min_similarity, "min_similarity", low=-1, high=1, optional=True)
        check_bool(self.drop_copies, "drop_copies")
        super().check_parameters()

    @property
    def needs_positives(self) -> bool:  # type: ignore[override]
        margins = (self.absolute_margin, self.relative_margin)
        return super().needs_positives or margins != (None, None) or self.drop_copies

    def select(self, candidates: Candidates) -> Tuples:
        c = candidates.at_unit_length()
        d_ap = c.distances(c.positives)
        with_positive = (c.positives >= 0).any(axis=1)
        d_pos = np.where(np.isnan(d_ap), np.inf, d_ap).min(axis=1, initial=np.inf)
        s_pos = np.where(with_positive, 1.0 - 0.5 * np.where(with_positive, d_pos, 0.0), np.inf)

        most = np.full(len(c), np.inf)  # the greatest similarity to believe
        if self.absolute_margin is not None:
            most = np.minimum(most, s_pos - self.absolute_margin)
        if self.relative_margin is not None:
            relative = np.where(with_positive, np.abs(s_pos), 0.0) * self.relative_margin
            most = np.minimum(most, s_pos - relative)
        if self.max_similarity is not None:
            most = np.minimum(most, self.max_similarity)
        # Both ends of the window are open: one step of rounding lets the limits in.
        lower = np.nextafter(2.0 - 2.0 * most, -np.inf)
        upper = np.full(len(c), np.inf)
        if self.min_similarity is not None:
            upper = np.full(len(c), np.nextafter(2.0 - 2.0 * self.min_similarity, np.inf))
        if self.min_rank > 1:
            _, nearest = c.nearest(self.min_rank - 1)
            found = np.where(np.isnan(nearest), -np.inf, nearest).max(axis=1, initial=-np.inf)
            lower = np.maximum(lower, found)
        if self.drop_copies:
            c = c.without_copies()
        return self._inner.select(c.within_window(lower[:, None], upper[:, None]))
