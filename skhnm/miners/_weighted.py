"""Negatives drawn so that all distances are met alike."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from skhnm.common._threads import run_tiles
from skhnm.common._tuples import Tuples
from skhnm.common._typing import IndexArray
from skhnm.common._validation import check_number
from skhnm.kernels._draw import draw_tile
from skhnm.miners._base import BaseMiner
from skhnm.neighbors._candidates import Candidates

_ENTRIES_A_TILE = 2**17


class DistanceWeightedMiner(BaseMiner):
    """Negatives drawn with weights that even out how common their distance is.

    Random rows on a sphere of many dimensions nearly all lie at a distance of √2. A
    negative at distance d is drawn with a weight of 1 / q(d), where ``log q(d) = (D - 2)
    log d + (D - 3) / 2 log(1 - d² / 4)`` is the density of such distances, so that near
    and far ones come alike. Distances are taken between rows at unit length.

    Parameters
    ----------
    n_negatives : int, default=20
        Negatives of each anchor, drawn without replacement; at least 1.
    cutoff : float, default=0.5
        Distances below count as this one, or near copies would take all the weight; above
        0 and below `max_distance`.
    max_distance : float, default=1.4
        Negatives at this distance or beyond are never drawn: they teach nothing; at most 2.

    Notes
    -----
    Weights are normalised for each anchor apart: in 512 dimensions they span hundreds of
    orders of magnitude.

    References
    ----------
    Wu, Manmatha, Smola and Krähenbühl (2017), "Sampling Matters in Deep Embedding
    Learning", ICCV.

    Examples
    --------
    >>> from skhnm.miners import DistanceWeightedMiner
    >>> Z, y = [[1.0, 0.0], [0.9, 0.1], [0.7, 0.7], [-1.0, 0.0]], ["a", "a", "b", "b"]
    >>> DistanceWeightedMiner(n_negatives=1).mine(Z, y, random_state=0).triplets()
    array([[0, 1, 2],
           [1, 0, 2],
           [2, 3, 0]])
    """

    needs_positives: ClassVar[bool] = False

    def __init__(
        self, n_negatives: int = 20, *, cutoff: float = 0.5, max_distance: float = 1.4
    ) -> None:
        self.n_negatives = n_negatives
        self.cutoff = cutoff
        self.max_distance = max_distance

    def check_parameters(self) -> None:
        check_number(self.n_negatives, "n_negatives", low=1, integer=True)
        check_number(self.max_distance, "max_distance", low=0, low_open=True, high=2)
        check_number(
            self.cutoff, "cutoff", low=0, high=self.max_distance, low_open=True, high_open=True
        )

    def select(self, candidates: Candidates) -> Tuples:
        c = candidates.at_unit_length()
        c = c.within_window(
            np.full((len(c), 1), -np.inf), np.full((len(c), 1), self.max_distance**2)
        )
        return candidates.by_anchor(self._draw(c))

    def _draw(self, c: Candidates) -> IndexArray:
        n, width = len(c), c.available()
        k = min(self.n_negatives, width)
        found = np.full((n, k), -1, dtype=np.intp)
        uniforms = c.random.random((n, k))
        m = c.pool.shape[1]
        height = max(1, _ENTRIES_A_TILE // width)

        def draw(tile: int) -> None:
            rows = slice(tile * height, min((tile + 1) * height, n))
            choices, D = c.choices(rows)
            draw_tile(choices, D, self.cutoff, m - 3, uniforms[rows], found[rows])

        run_tiles(draw, -(-n // height), c.n_jobs, n * width * (5.0 + 0.1 * m))
        return found
