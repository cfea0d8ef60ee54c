"""The loop over chunks of queries."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.neighbors._padded import compact
from skhnm.neighbors._sides import MAX_ENTRIES
from skhnm.neighbors._sorted import Side
from skhnm.offline._exclusions import Exclusions
from skhnm.offline._positives import Positives
from skhnm.offline._search import Question, Searcher
from skhnm.offline._sources import Rows
from skhnm.offline._store import MemoryStore
from skhnm.offline._units import UNIT, Rules, mine_unit

FEW_POSITIVES = 128
"""So many rows more than are wanted are asked for of everybody in a unit; who needs more, apart."""

_DEEP_ENTRIES = 2**22  # rows held at a time for those who need more


def whole_units(chunk_size: int) -> int:
    """Round up to whole units."""
    return -(-chunk_size // UNIT) * UNIT


def search_depths(rules: Rules, chunk_size: int) -> IndexArray:
    """Return how many rows the index has to find for each query (n,).

    Enough that ``max_rank`` are left when its positives are gone. A unit is asked together, as
    deep as the one with most positives needs; but those with many positives by themselves.

    Raises
    ------
    ValueError
        If that would take too much memory.
    """
    exclusions, max_rank = rules.exclusions, rules.filters.max_rank
    surplus = exclusions.surplus
    few = np.where(surplus > FEW_POSITIVES, 0, surplus)
    starts = np.arange(0, exclusions.n, UNIT)
    sizes = np.minimum(UNIT, exclusions.n - starts)
    most = np.repeat(np.maximum.reduceat(few, starts), sizes) if len(starts) else few
    rounded_up = 2 ** np.ceil(np.log2(np.maximum(surplus, 1))).astype(np.intp)
    depths = min(max_rank, exclusions.N) + np.where(surplus > FEW_POSITIVES, rounded_up, most)
    depths = np.minimum(depths, max(1, exclusions.N)).astype(np.intp)
    at_once = int(depths[surplus <= FEW_POSITIVES].max(initial=0)) * min(chunk_size, exclusions.n)
    if at_once > MAX_ENTRIES:
        raise ValueError(
            f"A chunk of {min(chunk_size, exclusions.n)} queries would take {at_once:.2g} "
            f"candidates, above the limit of {MAX_ENTRIES:.2g}: up to max_rank={max_rank} of each "
            "query. Lower max_rank or chunk_size"
        )
    return depths


def run(
    rules: Rules,
    queries: Rows,
    corpus: Rows,
    searcher: Searcher,
    depths: IndexArray,
    store: MemoryStore,
    chunk_size: int,
    verbose: int,
) -> None:
    """Mine one chunk after the other, from where the store has stopped.

    Parameters
    ----------
    rules : Rules
    queries, corpus : Rows
    searcher : Searcher
        Over the corpus.
    depths : (n,) intp
        From `search_depths`.
    store : store
        Where the results of each unit go.
    chunk_size : int
        Queries for which a block of the corpus is searched at a time: whole units.
    verbose : int
        Above 0, a line is printed after each chunk.
    """
    n, begun, started = len(queries), store.n_done, time.monotonic()
    tally = store.tally
    for start in range(begun, n, chunk_size):
        chunk = np.arange(start, min(start + chunk_size, n), dtype=np.intp)
        Z = queries.take(slice(start, start + len(chunk)), "query")
        ranked, nearest_of_class = _search(rules, searcher, Z, chunk, depths[chunk])
        for begin in range(0, len(chunk), UNIT):
            part = slice(begin, begin + UNIT)
            unit = slice(start + begin, start + begin + len(chunk[part]))
            positives = _positives_of(rules, chunk[part], nearest_of_class[part])
            random = _generator(store.entropy, unit)
            indices, similarities, counts = mine_unit(
                rules, unit, Z[part], corpus, ranked[part], positives, random
            )
            store.write(unit, indices, similarities)
            tally.add(counts)
        store.commit(start + len(chunk), tally)
        if verbose:
            _print_progress(start + len(chunk), n, begun, time.monotonic() - started)


def _search(
    rules: Rules, searcher: Searcher, Z: FloatArray, queries: IndexArray, depths: IndexArray
) -> tuple[IndexArray, IndexArray]:
    """Find what some queries (r,) may have, and the nearest of their class, if that is needed.

    Returns
    -------
    ranked : (r, max_rank) intp
        Nearest first; -1 is padding.
    nearest_of_class : (r, 1) or (r, 0) intp
    """
    exclusions, max_rank = rules.exclusions, rules.filters.max_rank
    ranked = np.full((len(Z), max(1, min(max_rank, exclusions.N))), -1, dtype=np.intp)
    nearest_of_class = np.empty((len(Z), 0), dtype=np.intp)
    everybody = np.arange(len(Z))
    for number, asked in enumerate(_passes(depths, ranked.shape[1] + FEW_POSITIVES)):
        questions = [
            _question(exclusions, Z, queries, rows, k, exclusions.side) for rows, k in asked
        ]
        if exclusions.search_positives and number == 0:
            questions.append(_question(exclusions, Z, queries, everybody, 1, "own"))
        answers = searcher.answer(questions)
        for (rows, _), found in zip(asked, answers, strict=False):
            for begin in range(0, len(rows), UNIT):
                part = rows[begin : begin + UNIT]
                kept = compact(exclusions.apply(found[begin : begin + UNIT], queries[part]))
                ranked[part, : kept.shape[1]] = kept[:, :max_rank]
        if len(answers) > len(asked):
            nearest_of_class = answers[-1]
    return ranked, nearest_of_class


def _passes(depths: IndexArray, shallow: int) -> Iterator[list[tuple[IndexArray, int]]]:
    """Yield who (r,) is to be asked together, and how deep: all who are shallow, then the others.

    Few of these at a time, since each holds many rows.
    """
    yield [(np.flatnonzero(depths == k), int(k)) for k in np.unique(depths[depths <= shallow])]
    for k in np.unique(depths[depths > shallow]).tolist():
        rows = np.flatnonzero(depths == k)
        step = max(1, _DEEP_ENTRIES // k)
        for begin in range(0, len(rows), step):
            yield [(rows[begin : begin + step], k)]


def _question(
    exclusions: Exclusions,
    Z: FloatArray,
    queries: IndexArray,
    rows: IndexArray,
    k: int,
    side: Side,
) -> Question:
    """Ask for some rows of Z, which are some of the queries."""
    groups = exclusions.index_groups if side == exclusions.side else None
    numbers = queries[rows]
    return Question(
        Z if len(rows) == len(Z) else Z[rows], exclusions.codes[0][numbers],
        exclusions.own(numbers), k, side, None if groups is None else groups[0][numbers],
    )  # fmt: skip


def _generator(entropy: list[int], unit: slice) -> np.random.Generator:
    """Return a unit's own source of randomness."""
    seed = np.random.SeedSequence(entropy, spawn_key=(unit.start // UNIT,))
    return np.random.Generator(np.random.PCG64(seed))


def _positives_of(
    rules: Rules, queries: IndexArray, nearest_of_class: IndexArray
) -> Positives | None:
    """Return the positives that are given, or the nearest of the class, or none."""
    if rules.exclusions.positives is not None:
        return rules.exclusions.positives.of(queries)
    if not nearest_of_class.shape[1]:
        return None
    known = nearest_of_class >= 0
    starts = np.append(0, np.cumsum(known.sum(axis=1))).astype(np.intp)
    return Positives(starts, nearest_of_class[known])


def _print_progress(done: int, n: int, begun: int, seconds: float) -> None:
    left = seconds / (done - begun) * (n - done)
    print(
        f"[mine_hard_negatives] {done} of {n} queries  elapsed {seconds:.1f} s  left {left:.1f} s"
    )
