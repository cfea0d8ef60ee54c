"""Which of the nearest candidates are believed to be negatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skhnm.common._typing import FloatArray

NAMES = ("absolute_margin", "relative_margin", "max_similarity", "min_similarity")
"""Filters by similarity, in the order in which they are asked, after copies are dropped."""


@dataclass(frozen=True)
class Filters:
    """A window of ranks, copies, and limits of the similarity; see `mine_hard_negatives`."""

    min_rank: int
    max_rank: int
    absolute_margin: float | None
    relative_margin: float | None
    max_similarity: float | None
    min_similarity: float | None
    drop_copies: bool

    @property
    def has_margin(self) -> bool:
        return self.absolute_margin is not None or self.relative_margin is not None

    @property
    def by_similarity(self) -> bool:
        return any(getattr(self, name) is not None for name in NAMES)

    def keep(self, s: FloatArray, s_pos: FloatArray) -> tuple[NDArray[np.bool_], dict[str, int]]:
        """Return which candidates are believed, and how many each filter dropped.

        Parameters
        ----------
        s : (r, c) float
            Similarities of the candidates; NaN is padding.
        s_pos : (r,) float
            Similarity of each query's most similar positive; NaN if it has none.
        """
        kept = ~np.isnan(s)
        dropped = {}
        for name in NAMES:
            limit = getattr(self, name)
            if limit is None:
                continue
            drop = kept & _beyond(name, limit, s, s_pos[:, None])
            kept &= ~drop
            dropped[name] = int(drop.sum())
        return kept, dropped


def _beyond(name: str, limit: float, s: FloatArray, s_pos: FloatArray) -> NDArray[np.bool_]:
    """Which similarities a filter does not believe; comparisons with NaN are false."""
    if name == "absolute_margin":
        return s > s_pos - limit
    if name == "relative_margin":
        return s > s_pos - np.abs(s_pos) * limit
    return s > limit if name == "max_similarity" else s < limit
