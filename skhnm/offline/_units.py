"""From what the index found to the negatives of a unit of queries.

Whatever is drawn at random is drawn for a unit, from a generator of its own: so the result
depends neither on the size of the chunks nor on where a run was interrupted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skhnm.common._tuples import Tuples
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.neighbors._padded import compact, nearest_first, trim
from skhnm.neighbors._shortlist import Shortlist
from skhnm.offline._exclusions import Exclusions
from skhnm.offline._filters import Filters
from skhnm.offline._report import Tally
from skhnm.offline._sources import FAR, Rows

UNIT = 1024
"""Queries that a miner sees at a time."""


@dataclass(frozen=True)
class Rules:
    """What makes a row of the corpus a negative.

    Parameters
    ----------
    exclusions : Exclusions
    filters : Filters
    miner : negative miner
        Chooses among what is left.
    n_negatives : int
        Negatives of each query, at most.
    cosine : bool
        Whether a similarity is the cosine, or else the negative distance.
    n_jobs : int or None
    """

    exclusions: Exclusions
    filters: Filters
    miner: Any
    n_negatives: int
    cosine: bool
    n_jobs: int | None

    def similarity(self, squared: FloatArray) -> FloatArray:
        """Turn squared distances into similarities; NaN stays NaN."""
        if not self.cosine:
            return -np.sqrt(squared)
        return np.where(squared == FAR**2, 0.0, np.clip(1.0 - 0.5 * squared, -1.0, 1.0))


def mine_unit(
    rules: Rules,
    queries: slice,
    Z: FloatArray,
    corpus: Rows,
    found: IndexArray,
    positives: IndexArray,
    random: np.random.Generator,
) -> tuple[IndexArray, FloatArray, Tally]:
    """Mine the negatives of one unit.

    Parameters
    ----------
    rules : Rules
    queries : slice
        The rows of the unit among all queries.
    Z : (r, m) float
        Their embeddings.
    corpus : Rows
    found : (r, k) intp
        What the index found, nearest first; -1 is padding.
    positives : (r, p) intp
        Known positives of each query, of which the most similar one counts.
    random : numpy.random.Generator

    Returns
    -------
    indices : (r, n_negatives) intp
        Rows of the corpus, most similar first; -1 is padding.
    similarities : (r, n_negatives) float64
        NaN where there is none.
    tally : Tally
    """
    filters = rules.filters
    ranked = compact(rules.exclusions.apply(found, queries))[:, : filters.max_rank]
    window = trim(ranked)[:, filters.min_rank - 1 :]
    n_skipped = int((ranked[:, : filters.min_rank - 1] >= 0).sum())

    # Rows of the corpus from here on are rows of the small pool that the miner is given.
    members = np.unique(np.concatenate([window.ravel(), positives.ravel()]))
    members = members[members >= 0]
    pool = corpus.take(members, "corpus")
    candidates = _candidates(rules, queries, Z, pool, members, _renumber(window, members), random)
    candidates.positives, d_pos = _nearest(candidates, _renumber(positives, members))
    s_pos = rules.similarity(d_pos)
    dropped: dict[str, int] = {}
    if filters.by_similarity:
        s = rules.similarity(candidates.distances(candidates.listed))
        kept, dropped = filters.keep(s, s_pos)
        candidates = replace(candidates, listed=np.where(kept, candidates.listed, -1))

    rules.miner.reset()  # what it saw of other units must not matter
    chosen = _rows_of(rules.miner.select(candidates), candidates, rules)
    chosen, distances = nearest_first(chosen, candidates.distances(chosen))
    indices = np.where(chosen >= 0, members[chosen] if len(members) else -1, -1)
    similarities = rules.similarity(distances)
    is_anchor = candidates.codes >= 0
    has_positive = is_anchor & ~np.isnan(s_pos)
    counts = (chosen >= 0).sum(axis=1)
    tally = Tally(
        int((is_anchor & (counts < rules.n_negatives)).sum()),
        int((is_anchor & (counts == 0)).sum()),
        int(counts.sum()),
        float(np.nansum(similarities)),
        int(has_positive.sum()),
        float(s_pos[has_positive].sum()),
        {"min_rank": n_skipped, **dropped},
    )
    return indices, similarities, tally


def _candidates(
    rules: Rules,
    queries: slice,
    Z: FloatArray,
    pool: FloatArray,
    members: IndexArray,
    listed: IndexArray,
    random: np.random.Generator,
) -> Shortlist:
    """Return what the miner is asked about: classes are the labels', if there are any."""
    labels = rules.exclusions.labels
    codes = np.zeros(len(Z), dtype=np.intp) if labels is None else labels[0][queries]
    pool_codes = np.ones(len(pool), dtype=np.intp) if labels is None else labels[1][members]
    return Shortlist(
        Z, codes, pool, pool_codes, np.full(len(Z), -1, dtype=np.intp), random,
        n_jobs=rules.n_jobs, needs_positive=False, listed=listed,
        row_numbers=lambda: (np.arange(queries.start, queries.stop), members),
    )  # fmt: skip


def _renumber(rows: IndexArray, members: IndexArray) -> IndexArray:
    """Rows of the corpus as positions among the sorted members; -1 stays."""
    return np.where(rows >= 0, np.searchsorted(members, rows), -1)


def _nearest(candidates: Shortlist, positives: IndexArray) -> tuple[IndexArray, FloatArray]:
    """Return the nearest (r, 1) of each query's positives (r, p), and its distance (r,)."""
    if positives.shape[1] == 0:
        return positives, np.full(len(candidates), np.nan)
    distances = candidates.distances(positives, np.inf)
    place = np.argmin(distances, axis=1)[:, None]
    nearest = np.take_along_axis(positives, place, axis=1)
    d_pos = np.take_along_axis(distances, place, axis=1)
    return nearest, np.where(nearest >= 0, d_pos, np.nan)[:, 0]


def _rows_of(tuples: Any, candidates: Shortlist, rules: Rules) -> IndexArray:
    """Return the first n_negatives rows that the miner's tuples give each query, none twice."""
    n, N, k = len(candidates), len(candidates.pool), rules.n_negatives
    if not isinstance(tuples, Tuples):
        raise TypeError(
            f"select of {rules.miner!r} must return Tuples, as candidates.by_anchor or by_pair "
            f"make them; got {type(tuples).__name__}"
        )
    rows = candidates.admitted(tuples.negatives, tuples.anchors)
    pairs = (tuples.anchors[:, None] * N + rows)[rows >= 0]
    pairs = pairs[np.sort(np.unique(pairs, return_index=True)[1])]
    pairs = pairs[np.argsort(pairs // max(N, 1), kind="stable")]
    anchors, rows = np.divmod(pairs, max(N, 1))
    ranks = np.arange(len(pairs)) - np.searchsorted(anchors, anchors)
    chosen = np.full((n, k), -1, dtype=np.intp)
    first = ranks < k
    chosen[anchors[first], ranks[first]] = rows[first]
    return chosen
