"""Choosing rows that are near the anchor but far from each other."""

from __future__ import annotations

import numpy as np

from skhnm.kernels._common import kernel, squared_distance


@kernel()
def diversify_tile(pool, nearest, distances, trade_off, begin, end, chosen):  # type: ignore[no-untyped-def]
    """Choose greedily among each anchor's candidates, by maximal marginal relevance.

    Parameters
    ----------
    pool : (N, m) float
        Embeddings.
    nearest : (n, c) intp
        Candidates of each anchor, nearest first; -1 is padding.
    distances : (n, c) float64
        Their squared distances to the anchor.
    trade_off : float
        Weight of the distance to those chosen, in [0, 1].
    begin, end : int
        The anchors of this tile.
    chosen : (n, k) intp
        Filled; -1 where there are no more.
    """
    n_candidates = nearest.shape[1]
    apart = np.empty(n_candidates, dtype=np.float64)
    for i in range(begin, end):
        apart[:] = np.inf
        for s in range(chosen.shape[1]):
            best, best_worth = -1, -np.inf
            for j in range(n_candidates):
                if nearest[i, j] < 0 or apart[j] <= 0.0:  # chosen already, or a copy of one
                    continue
                worth = -(1.0 - trade_off) * distances[i, j]
                if s > 0:
                    worth += trade_off * apart[j]
                if best < 0 or worth > best_worth:
                    best, best_worth = j, worth
            if best < 0:
                chosen[i, s:] = -1
                break
            chosen[i, s] = nearest[i, best]
            apart[best] = 0.0
            for j in range(n_candidates):
                if nearest[i, j] >= 0 and apart[j] > 0.0:
                    d = squared_distance(pool, nearest[i, j], pool, nearest[i, best])
                    apart[j] = min(apart[j], d)
