"""The loop over chunks of queries."""

from __future__ import annotations

import time

import numpy as np

from skhnm.common._typing import IndexArray
from skhnm.neighbors._sides import MAX_ENTRIES
from skhnm.offline._positives import Positives
from skhnm.offline._search import Question, Searcher
from skhnm.offline._sources import Rows
from skhnm.offline._store import MemoryStore
from skhnm.offline._units import UNIT, Rules, mine_unit


def whole_units(chunk_size: int) -> int:
    """Round up to whole units."""
    return -(-chunk_size // UNIT) * UNIT


def search_depths(rules: Rules, chunk_size: int) -> IndexArray:
    """Return how many rows the index has to find for the queries of each unit.

    Enough that ``max_rank`` are left when those are gone that a query may not have.

    Raises
    ------
    ValueError
        If that would take too much memory.
    """
    exclusions, max_rank = rules.exclusions, rules.filters.max_rank
    starts = np.arange(0, exclusions.n, UNIT)
    most = np.maximum.reduceat(exclusions.surplus, starts) if len(starts) else starts
    depths = np.minimum(min(max_rank, exclusions.N) + most, max(1, exclusions.N)).astype(np.intp)
    units_a_chunk = chunk_size // UNIT
    sizes = np.minimum(UNIT, exclusions.n - starts)
    for first in range(0, len(depths), units_a_chunk):
        part = slice(first, first + units_a_chunk)
        entries = int(depths[part] @ sizes[part])
        if entries > MAX_ENTRIES:
            surplus = int(most[part].max())
            raise ValueError(
                f"A chunk of {sizes[part].sum()} queries would take {entries:.2g} candidates, "
                f"above the limit of {MAX_ENTRIES:.2g}: up to max_rank={max_rank} of each query, "
                f"and up to {surplus} known positives besides, which it may not have. "
                "Lower max_rank or chunk_size"
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
    depths : (n_units,) intp
        From `search_depths`.
    store : store
        Where the results of each unit go.
    chunk_size : int
        Queries for which a block of the corpus is searched at a time: whole units.
    verbose : int
        Above 0, a line is printed after each chunk.
    """
    n, begun, started = len(queries), store.n_done, time.monotonic()
    exclusions, tally = rules.exclusions, store.tally
    groups = exclusions.index_groups
    for start in range(begun, n, chunk_size):
        stop = min(start + chunk_size, n)
        units = [slice(a, min(a + UNIT, stop)) for a in range(start, stop, UNIT)]
        embeddings = [queries.take(unit, "query") for unit in units]
        questions = [
            Question(
                Z, exclusions.codes[0][unit], exclusions.own(unit),
                int(depths[unit.start // UNIT]), exclusions.side,
                None if groups is None else groups[0][unit],
            )
            for unit, Z in zip(units, embeddings, strict=True)
        ]  # fmt: skip
        if exclusions.search_positives:
            questions += [Question(q.queries, q.codes, q.own, 1, "own", None) for q in questions]
        answers = searcher.answer(questions)
        for number, (unit, Z) in enumerate(zip(units, embeddings, strict=True)):
            positives = _positives_of(rules, unit, answers[number + len(units) :][:1])
            random = _generator(store.entropy, unit)
            indices, similarities, counts = mine_unit(
                rules, unit, Z, corpus, answers[number], positives, random
            )
            store.write(unit, indices, similarities)
            tally.add(counts)
        store.commit(stop, tally)
        if verbose:
            _print_progress(stop, n, begun, time.monotonic() - started)


def _generator(entropy: list[int], unit: slice) -> np.random.Generator:
    """Return a unit's own source of randomness."""
    seed = np.random.SeedSequence(entropy, spawn_key=(unit.start // UNIT,))
    return np.random.Generator(np.random.PCG64(seed))


def _positives_of(
    rules: Rules, unit: slice, nearest_of_class: list[IndexArray]
) -> Positives | None:
    """Return the positives that are given, or the nearest of the class, or none."""
    if rules.exclusions.positives is not None:
        return rules.exclusions.positives.of(unit)
    if not nearest_of_class:
        return None
    rows = nearest_of_class[0]
    starts = np.append(0, np.cumsum((rows >= 0).sum(axis=1))).astype(np.intp)
    return Positives(starts, rows[rows >= 0])


def _print_progress(done: int, n: int, begun: int, seconds: float) -> None:
    left = seconds / (done - begun) * (n - done)
    print(
        f"[mine_hard_negatives] {done} of {n} queries  elapsed {seconds:.1f} s  left {left:.1f} s"
    )
