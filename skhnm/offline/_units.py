"""From what the index found to the negatives of a unit of queries.

Whatever is drawn at random is drawn for a unit, from a generator of its own: so the result
depends neither on the size of the chunks nor on where a run was interrupted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhnm.common._tuples import Tuples
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.neighbors._copies import find_copies
from skhnm.neighbors._padded import nearest_first, trim
from skhnm.neighbors._shortlist import Shortlist
from skhnm.offline._exclusions import Exclusions
from skhnm.offline._filters import Filters
from skhnm.offline._positives import Positives
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
    tolerance : float
        How far apart copies may be, from `copy_tolerance`.
    """

    exclusions: Exclusions
    filters: Filters
    miner: Any
    n_negatives: int
    cosine: bool
    n_jobs: int | None
    tolerance: float

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
    ranked: IndexArray,
    positives: Positives | None,
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
    ranked : (r, k) intp
        What they may have, nearest first; -1 is padding.
    positives : Positives or None
        Those of the queries of the unit, of which the most similar one counts.
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
    window = trim(ranked)[:, filters.min_rank - 1 :]
    n_skipped = int((ranked[:, : filters.min_rank - 1] >= 0).sum())

    # Rows of the corpus from here on are rows of the small pool that the miner is given.
    known = np.empty(0, dtype=np.intp) if positives is None else positives.rows
    members = np.unique(np.concatenate([window.ravel(), known]))
    members = members[members >= 0]
    pool = corpus.take(members, "corpus")
    candidates = _candidates(rules, queries, Z, pool, members, _renumber(window, members), random)
    if positives is not None:
        positives = replace(positives, rows=_renumber(positives.rows, members))
    candidates.positives, d_pos = _nearest(candidates, positives)
    s_pos = rules.similarity(d_pos)
    dropped: dict[str, int] = {}
    if filters.drop_copies:
        copies = _find_copies(rules, candidates, positives, corpus)
        candidates = replace(candidates, listed=np.where(copies, -1, candidates.listed))
        dropped["copy"] = int(copies.sum())
    if filters.by_similarity:
        s = rules.similarity(candidates.distances(candidates.listed))
        kept, dropped_by_name = filters.keep(s, s_pos)
        candidates = replace(candidates, listed=np.where(kept, candidates.listed, -1))
        dropped |= dropped_by_name

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


def _nearest(candidates: Shortlist, positives: Positives | None) -> tuple[IndexArray, FloatArray]:
    """Return the nearest (r, 1) of each query's positives, ties by index, and its distance (r,)."""
    n = len(candidates)
    if positives is None:
        return np.empty((n, 0), dtype=np.intp), np.full(n, np.nan)
    queries, rows = positives.queries, positives.rows
    distances = candidates.distances(rows[:, None], anchors=queries)[:, 0]
    order = np.lexsort((distances, queries))
    some = np.flatnonzero(np.diff(positives.starts))
    first = order[positives.starts[some]]
    nearest, d_pos = np.full((n, 1), -1, dtype=np.intp), np.full(n, np.nan)
    nearest[some, 0], d_pos[some] = rows[first], distances[first]
    return nearest, d_pos


def _find_copies(
    rules: Rules, candidates: Shortlist, positives: Positives | None, corpus: Rows
) -> NDArray[np.bool_]:
    """Return which of the listed rows equal the query or any of its positives."""
    if positives is None:
        nobody = np.zeros(len(candidates) + 1, dtype=np.intp)
        positives = Positives(nobody, np.empty(0, dtype=np.intp))
    return find_copies(
        candidates.Z, candidates.pool, candidates.listed, (positives.starts, positives.rows),
        rules.tolerance, rules.n_jobs, width=corpus.n_columns,
    )  # fmt: skip


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
