"""The data set as pool: offline mining over all rows, refreshed as the metric changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, ClassVar

import numpy as np

from skhnm.common._registry import NamedParts, Registry
from skhnm.common._tuples import Tuples
from skhnm.common._typing import IndexArray
from skhnm.common._validation import check_number
from skhnm.neighbors._candidates import Candidates
from skhnm.neighbors._exact import ExactIndex
from skhnm.neighbors._known import INDEXES, resolve_index
from skhnm.neighbors._padded import sort_by_index
from skhnm.neighbors._shortlist import Shortlist
from skhnm.pools._base import BasePool, all_rows
from skhnm.pools._members import renumber
from skhnm.pools._turns import Turns


class DatasetPool(NamedParts, BasePool):
    """Every training row is a candidate of every other.

    Mined anew under the current metric at each refresh. Negatives found before are kept:
    they would come back as soon as nothing held them off, and the loss would rise again.

    Parameters
    ----------
    keep : bool, default=True
        Keep the negatives of earlier minings beside the new ones.
    rows_per_class : int or None, default=None
        A quota, at least 2: of a larger class so many rows are drawn at each refresh, to
        be anchors and candidates; the next refresh goes on with others, until all have come.
        Rare classes, which give all their rows, then are mined as often as others, and mining
        costs less. None takes every row.
    index : str or index, default="exact"
        Who finds the nearest rows of other classes. "exact" compares all rows, which takes
        n² comparisons; "graph", say, or an instance such as ``GraphIndex(ef_search=100)``
        from `skhnm.neighbors`, is faster on half a million rows and more, and may miss some.
    n_candidates : int, default=100
        Rows that an index other than "exact" lists for each anchor, at least 1. Negative
        miners choose among these.

    References
    ----------
    Weinberger and Saul (2009), "Distance Metric Learning for Large Margin Nearest
    Neighbor Classification", JMLR 10: the active set of impostors.
    """

    _registries: ClassVar[dict[str, Registry]] = {"index": INDEXES}
    mined_each_step: ClassVar[bool] = False

    def __init__(
        self,
        keep: bool = True,
        *,
        rows_per_class: int | None = None,
        index: Any = "exact",
        n_candidates: int = 100,
    ) -> None:
        self.keep = keep
        self.rows_per_class = rows_per_class
        self.index = index
        self.n_candidates = n_candidates

    def check_parameters(self) -> None:
        check_number(self.rows_per_class, "rows_per_class", low=2, integer=True, optional=True)
        check_number(self.n_candidates, "n_candidates", low=1, integer=True)
        resolve_index(self.index)

    def reset(self) -> None:
        self._seen: Tuples | None = None
        self._turns: Turns | None = None

    def draws(
        self, codes: IndexArray, batch_size: int | None, random: np.random.Generator
    ) -> Iterator[IndexArray]:
        if self.rows_per_class is None:
            yield all_rows(codes)
            return
        self._turns = turns = Turns.going_on(getattr(self, "_turns", None), codes, random)
        taken = [turns.take(c, self.rows_per_class) for c in range(len(turns.sizes))]
        yield np.sort(np.concatenate(taken))

    def narrowed(self, candidates: Candidates) -> Candidates:
        c = candidates
        index = resolve_index(self.index, c.n_jobs)
        if isinstance(index, ExactIndex):
            return c
        index.fit(c.pool, c.pool_codes)
        listed, _ = index.nearest(c.Z, c.codes, self.n_candidates, own=c.own)
        known = {field.name: getattr(c, field.name) for field in fields(c)}
        known["hints"] = None  # they may be nearer than any on the list
        return Shortlist(**known, listed=listed)

    def hints(self, rows: IndexArray) -> IndexArray | None:
        if self._seen is None:
            return None
        earlier = _among(self._seen, rows)
        found = np.full((len(rows), earlier.negatives.shape[1]), -1, dtype=np.intp)
        found[earlier.anchors] = earlier.negatives
        return _union(found, found[:, :0])  # a miner of one's own may name a row twice

    def remember(self, rows: IndexArray, tuples: Tuples) -> Tuples:
        if not self.keep:
            return tuples
        if self._seen is not None:
            earlier = _among(self._seen, rows)
            if len(earlier):
                tuples = _add_negatives(tuples, earlier) if len(tuples) else earlier
        self._seen = renumber(tuples, rows)
        return tuples


def _among(tuples: Tuples, rows: IndexArray) -> Tuples:
    """Return tuples of the training rows as indices into `rows`, less those that are not there."""
    size = max(int(t.max(initial=0)) for t in (rows, tuples.anchors, tuples.positives))
    place = np.full(max(size, int(tuples.negatives.max(initial=0))) + 1, -1, dtype=np.intp)
    place[rows] = np.arange(len(rows))
    found = renumber(tuples, place)
    whole = (
        (found.anchors >= 0)
        & (found.positives >= 0).any(axis=1)
        & (found.negatives >= 0).any(axis=1)
    )
    return found if whole.all() else found[np.flatnonzero(whole)]


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
    rows = sort_by_index(np.concatenate([a, b], axis=1))
    rows[:, 1:][rows[:, 1:] == rows[:, :-1]] = -1
    rows = sort_by_index(rows)
    width = max(1, int((rows >= 0).sum(axis=1).max(initial=0)))
    return rows[:, :width]
