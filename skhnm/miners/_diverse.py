"""Hard negatives that differ from each other."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from skhnm.common._threads import run_tiles
from skhnm.common._tuples import Tuples
from skhnm.common._validation import check_number
from skhnm.kernels._diverse import diversify_tile
from skhnm.miners._base import BaseMiner
from skhnm.neighbors._candidates import Candidates

_ROWS_A_TILE = 64


class DiverseMiner(BaseMiner):
    """Near negatives that are far from each other, never two copies of one row.

    From the nearest `n_candidates`, first the nearest, then again and again the one with
    the largest ``trade_off · min d(j, chosen) - (1 - trade_off) · d_aj`` (squared
    Euclidean): maximal marginal relevance.

    Parameters
    ----------
    n_negatives : int, default=20
        Negatives of each anchor, at least 1.
    n_candidates : int, default=100
        How many of the nearest to choose from, at least `n_negatives`.
    trade_off : float, default=0.5
        0 asks for near ones alone, 1 for different ones alone.

    References
    ----------
    Carbonell and Goldstein (1998), "The Use of MMR, Diversity-Based Reranking for
    Reordering Documents and Producing Summaries", SIGIR.

    Examples
    --------
    >>> from skhnm.miners import DiverseMiner
    >>> Z, y = [[0.0], [0.0], [1.0], [1.0], [1.1], [-1.2]], ["a", "a", "b", "b", "b", "b"]
    >>> DiverseMiner(n_negatives=2).mine(Z, y, positives="nearest").negatives[:2]
    array([[2, 5],
           [2, 5]])
    """

    needs_positives: ClassVar[bool] = False

    def __init__(
        self, n_negatives: int = 20, *, n_candidates: int = 100, trade_off: float = 0.5
    ) -> None:
        self.n_negatives = n_negatives
        self.n_candidates = n_candidates
        self.trade_off = trade_off

    def check_parameters(self) -> None:
        check_number(self.n_negatives, "n_negatives", low=1, integer=True)
        check_number(self.n_candidates, "n_candidates", low=self.n_negatives, integer=True)
        check_number(self.trade_off, "trade_off", low=0, high=1)

    def select(self, candidates: Candidates) -> Tuples:
        c = candidates
        nearest, distances = c.nearest(self.n_candidates)
        chosen = np.full((len(c), min(self.n_negatives, nearest.shape[1])), -1, dtype=np.intp)

        def choose(tile: int) -> None:
            begin, end = tile * _ROWS_A_TILE, min((tile + 1) * _ROWS_A_TILE, len(c))
            diversify_tile(c.pool, nearest, distances, self.trade_off, begin, end, chosen)

        nanoseconds = chosen.size * nearest.shape[1] * (1.0 + 0.5 * c.pool.shape[1])
        run_tiles(choose, -(-len(c) // _ROWS_A_TILE), c.n_jobs, nanoseconds)
        return c.by_anchor(chosen)
