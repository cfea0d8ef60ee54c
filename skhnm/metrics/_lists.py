"""Lists of what may be among a query's nearest, by distances that are rounded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.kernels._rank import collect_tile, collect_tile_of_columns, count_tile


class Lists:
    """What may be among the wanted nearest of each query of a tile, or of all.

    Parameters
    ----------
    room, most : int
        Length at which the lists begin, and how long one may become: as long as the reference.
    norms : (r,) float64
        Squared norms of the scaled queries.
    slack : (r,) float32
        Bound of the rounding error of each query's distances.
    ceiling : (r,) float32
        A distance within which there are enough, or so it is hoped. For the sake of rounding,
        what is at most twice the slack beyond is collected as well.
    wanted : (r,) intp
        How many are wanted. Lists that grow long are cut back to these, and what may tie.
    """

    def __init__(
        self,
        room: int,
        most: int,
        norms: FloatArray,
        slack: FloatArray,
        ceiling: FloatArray,
        wanted: IndexArray,
    ) -> None:
        self.norms = norms
        self._most = most
        self._slack = slack
        self._ceiling = ceiling
        self._limit = ceiling + 2 * slack
        self._wanted = wanted
        self.counts = np.zeros(len(wanted), dtype=np.intp)
        self.values = np.empty((len(wanted), room), dtype=np.float32)
        self.columns = np.empty((len(wanted), room), dtype=np.int32)

    @property
    def room(self) -> int:
        """Entries that each list can hold."""
        return self.values.shape[1]

    def append(self, tile: FloatArray, column: int, rows: slice = slice(None)) -> None:
        """Append what lies within the limits in a tile of distances of some queries."""
        collect_tile(
            tile, column, self._limit[rows], self.counts[rows], self.values[rows],
            self.columns[rows],
        )  # fmt: skip

    def append_columns(self, tile: FloatArray, row: int, others: slice) -> None:
        """Append to the lists of the tile's columns."""
        collect_tile_of_columns(
            tile, row, self._limit[others], self.counts[others], self.values[others],
            self.columns[others],
        )  # fmt: skip

    def are_complete(self) -> NDArray[np.bool_]:
        """Whether each list surely holds what is wanted of it (r,).

        Its last entry is not to be relied on: `collect_tile` writes there what may be far.
        """
        n_below = np.empty_like(self.counts)
        count_tile(self.values, np.minimum(self.counts, self.room), self._ceiling, n_below)
        return (n_below >= self._wanted) & (self.counts < self.room)

    def begin_again(self, short: NDArray[np.bool_]) -> None:
        """Empty some lists, to collect them without a ceiling; close the others."""
        self.counts[short] = 0
        self._ceiling[short] = np.inf
        self._limit = np.where(short, np.float32(np.inf), np.float32(-np.inf))

    def make_room(self, n_more: int) -> None:
        """See that so many more find room in each list."""
        if self.counts.max() + n_more <= self.room:
            return
        for r in np.flatnonzero(self.counts + n_more > self.room):
            self._cut_back(int(r))
        if self.counts.max() + n_more > self.room // 4 * 3:
            n_more = min(self.room, self._most + 1 - self.room)
            self.values = np.pad(self.values, ((0, 0), (0, n_more)))
            self.columns = np.pad(self.columns, ((0, 0), (0, n_more)))

    def _cut_back(self, r: int) -> None:
        """Lower the ceiling of a long list to the last value that is wanted."""
        n, wanted = self.counts[r], self._wanted[r]
        if n <= wanted:
            return
        values, columns = self.values[r, :n], self.columns[r, :n]
        self._ceiling[r] = np.partition(values, wanted - 1)[wanted - 1]
        self._limit[r] = self._ceiling[r] + 2 * self._slack[r]
        kept = values <= self._limit[r]
        self.counts[r] = n = int(kept.sum())
        self.values[r, :n], self.columns[r, :n] = values[kept], columns[kept]
