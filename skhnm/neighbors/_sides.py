"""Anchors and a pool, and how an exact search answers for either side of the class border.

What miners ask of it stands in `Candidates`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.neighbors._search import ExactSearch, TooManyFound
from skhnm.neighbors._sorted import Side
from skhnm.neighbors._tiling import Lists

MAX_ENTRIES = 2**27
"""Most indices that one mining may return: a gigabyte of them."""


@dataclass(eq=False)
class Sides:
    """Anchors, the pool, and the searches between them, with the fields of `Candidates`.

    The windows (n, w) and the answers are those of `ExactSearch`. A rank r means the r-th row of
    an anchor's side, in the order of the sorted pool. For the other side, `Shortlist` answers
    all these from its lists.
    """

    Z: FloatArray
    codes: IndexArray
    pool: FloatArray
    pool_codes: IndexArray
    own: IndexArray
    n_jobs: int | None = field(default=None, kw_only=True)
    hidden: Lists | None = field(default=None, kw_only=True)

    @cached_property
    def _search(self) -> ExactSearch:
        return ExactSearch(self.pool, self.pool_codes, self.n_jobs)

    def __len__(self) -> int:
        return len(self.Z)

    def _nearest(
        self,
        k: int,
        side: Side,
        lower: FloatArray | None,
        upper: FloatArray | None,
        farthest: bool,
    ) -> tuple[IndexArray, FloatArray]:
        return self._search.nearest(
            self.Z, self.codes, k, side=side, own=self.own,
            lower=lower, upper=upper, farthest=farthest, ranges=self._ranks(side)[1],
            hidden=self.hidden if side == "other" else None,
        )  # fmt: skip

    def _count_within(self, lower: FloatArray, upper: FloatArray) -> IndexArray:
        return self._search.count_within(
            self.Z, self.codes, lower=lower, upper=upper, hidden=self.hidden
        )

    def _take_within(self, wanted: IndexArray, lower: FloatArray, upper: FloatArray) -> IndexArray:
        return self._search.take_within(
            self.Z, self.codes, wanted, lower=lower, upper=upper, hidden=self.hidden
        )

    def _list_within(self, lower: FloatArray, upper: FloatArray) -> tuple[IndexArray, IndexArray]:
        try:
            return self._search.list_within(
                self.Z, self.codes, lower=lower, upper=upper, most=MAX_ENTRIES, hidden=self.hidden
            )
        except TooManyFound as error:
            raise _too_many(error.args[0], "other") from None

    def _ranks(self, side: Side) -> tuple[IndexArray, IndexArray]:
        """Count each anchor's allowed rows, itself left out, and give its allowed ranges."""
        if side not in self._known_ranks:
            ranges = self._search.allowed(self.codes, side)
            counts = ranges[:, 1] - ranges[:, 0] + ranges[:, 3] - ranges[:, 2]
            if side == "own":
                counts = counts - ((self.own >= 0) & (counts > 0))
            self._known_ranks[side] = counts, ranges
        return self._known_ranks[side]

    @cached_property
    def _known_ranks(self) -> dict[Side, tuple[IndexArray, IndexArray]]:
        return {}

    def _at_ranks(self, ranks: IndexArray, side: Side) -> IndexArray:
        """Pool rows at the given ranks (n, k) of each anchor's side; -1 stays -1."""
        _, ranges = self._ranks(side)
        first = (ranges[:, 1] - ranges[:, 0])[:, None]
        positions = np.where(ranks < first, ranks + ranges[:, :1], ranks - first + ranges[:, 2:3])
        if side == "own":
            position_of = np.full(len(self.pool) + 1, len(self.pool), dtype=np.intp)
            position_of[self._search.order] = np.arange(len(self._search))
            positions = positions + (positions >= position_of[self.own][:, None])
        some = (ranks >= 0).any()
        found = self._search.order[np.where(ranks < 0, 0, positions)] if some else ranks
        return np.where(ranks < 0, -1, found)

    def _check_size(self, width: float, k: int, side: Side) -> None:
        entries = len(self) * width * k
        if entries > MAX_ENTRIES:
            what = "positives" if side == "own" else "negatives"
            pairs = f" × {width:g} positives" if width > 1 else ""
            raise _too_many(entries, side, f" ({len(self)} anchors{pairs} × {k} {what})")


def _too_many(entries: float, side: Side, counted: str = " and more") -> ValueError:
    remedy = "Take fewer (positives='nearest')" if side == "own" else "Ask for fewer (n_negatives)"
    return ValueError(
        f"This mining would return {entries:.2g} rows{counted}, above the limit of "
        f"{MAX_ENTRIES:.2g}. {remedy}, or mine in batches (pool='batch' in a learner)"
    )
