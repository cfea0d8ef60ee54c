"""The data set as pool: offline mining over all rows, refreshed as the metric changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from skhnm._tuples import Tuples
from skhnm._typing import IndexArray
from skhnm.pools._base import BasePool


class DatasetPool(BasePool):
    """Every training row is a candidate of every other.

    Mined anew under the current metric at each refresh. Negatives found before are kept:
    they would come back as soon as nothing held them off, and the loss would rise again.

    Parameters
    ----------
    keep : bool, default=True
        Keep the negatives of earlier minings beside the new ones.

    References
    ----------
    Weinberger and Saul (2009), "Distance Metric Learning for Large Margin Nearest
    Neighbor Classification", JMLR 10: the active set of impostors.
    """

    mined_each_step: ClassVar[bool] = False

    def __init__(self, keep: bool = True) -> None:
        self.keep = keep

    def reset(self) -> None:
        self._seen: Tuples | None = None

    def candidates(
        self, codes: IndexArray, batch_size: int, random: np.random.Generator
    ) -> Iterator[IndexArray]:
        yield np.arange(len(codes), dtype=np.intp)

    def remember(self, tuples: Tuples) -> Tuples:
        if not self.keep:
            return tuples
        if self._seen is not None and len(self._seen):
            tuples = _add_negatives(tuples, self._seen) if len(tuples) else self._seen
        self._seen = tuples
        return tuples


def _add_negatives(tuples: Tuples, earlier: Tuples) -> Tuples:
    """Add to each tuple the negatives of an earlier one of its kind, and keep the others.

    Tuples are of the same kind if they share the anchor, and the positive too where
    tuples are pairs.
    """
    pairs = tuples.positives.shape[1] == 1 and earlier.positives.shape[1] == 1
    by_pair = pairs and any(len(np.unique(t.anchors)) < len(t) for t in (tuples, earlier))
    size = int(max(tuples.positives.max(), earlier.positives.max())) + 1
    keys, earlier_keys = (
        t.anchors * size + t.positives[:, 0] if by_pair else t.anchors for t in (tuples, earlier)
    )
    order = np.argsort(earlier_keys, kind="stable")
    place = np.searchsorted(earlier_keys[order], keys)
    place = order[np.minimum(place, len(order) - 1)]
    known = earlier_keys[place] == keys
    before = np.where(known[:, None], earlier.negatives[place], -1)
    together = Tuples(
        tuples.anchors, tuples.positives, _union(tuples.negatives, before), tuples.weights
    )
    return Tuples.concatenate([together, earlier[np.flatnonzero(~np.isin(earlier_keys, keys))]])


def _union(a: IndexArray, b: IndexArray) -> IndexArray:
    """Union of each row's entries, without -1, padded with -1 at the end."""
    last = np.iinfo(np.intp).max
    rows = np.concatenate([a, b], axis=1)
    rows = np.sort(np.where(rows < 0, last, rows), axis=1)
    rows[:, 1:][rows[:, 1:] == rows[:, :-1]] = last
    rows.sort(axis=1)
    width = max(1, int((rows != last).sum(axis=1).max(initial=0)))
    rows = rows[:, :width]
    return np.where(rows == last, -1, rows)
