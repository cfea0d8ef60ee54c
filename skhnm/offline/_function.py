"""The function that mines hard negatives from embeddings, offline."""

from __future__ import annotations

import tempfile
import warnings
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from skhnm.common._labels import RAISE
from skhnm.common._threads import effective_n_jobs
from skhnm.common._typing import FloatArray, IndexArray, RandomState
from skhnm.common._validation import check_choice, check_generator, check_number
from skhnm.exceptions import MiningWarning
from skhnm.miners._ranked import HardestMiner
from skhnm.neighbors._copies import copy_tolerance
from skhnm.offline._arguments import (
    check_positives_known,
    read_exclusions,
    read_filters,
    read_miner,
)
from skhnm.offline._report import MiningReport, explain_short
from skhnm.offline._run import run, search_depths, whole_units
from skhnm.offline._search import Searcher, choose_index
from skhnm.offline._sources import open_rows, prepare
from skhnm.offline._store import (
    FolderStore,
    MemoryStore,
    check_folder,
    describe,
    describe_arrays,
    describe_rows,
)
from skhnm.offline._units import Rules


class HardNegatives(NamedTuple):
    """What `mine_hard_negatives` returns.

    Parameters
    ----------
    indices : array of shape (n, n_negatives), intp
        Rows of the corpus, most similar first; -1 where there are fewer.
    similarities : array of shape (n, n_negatives), float64
        Their similarities to the query; NaN where there are fewer.
    report : MiningReport
        Counts, and mean similarities.
    """

    indices: IndexArray
    similarities: FloatArray
    report: MiningReport


def mine_hard_negatives(
    queries: Any,
    corpus: Any = None,
    *,
    positives: Any = None,
    labels: Any = None,
    query_labels: Any = None,
    groups: Any = None,
    ungrouped: Any = -1,
    miner: Any = "hardest",
    n_negatives: int = 3,
    min_rank: int = 1,
    max_rank: int = 100,
    absolute_margin: float | None = None,
    relative_margin: float | None = None,
    max_similarity: float | None = None,
    min_similarity: float | None = None,
    drop_copies: bool = False,
    metric: str = "cosine",
    index: Any = "auto",
    chunk_size: int = 16384,
    unlabelled: Any = RAISE,
    output: Any = None,
    n_jobs: int | None = None,
    random_state: RandomState = None,
    verbose: int = 0,
) -> HardNegatives:
    """Find hard negatives for each query among the rows of a corpus.

    Of all rows that a query may have, those at ranks `min_rank` to `max_rank` by similarity
    are looked at; the margins and limits drop suspected false negatives; the `miner`
    chooses among the rest. With the exact index, memory grows with `chunk_size` times
    `max_rank`, with the rows found for 1,024 queries, and with a block of the corpus,
    however many rows there are.

    Parameters
    ----------
    queries : array-like of shape (n, m), path, or iterator of arrays of shape (r, m)
        Embeddings, finite. A path names a ``.npy`` file, which is mapped into memory like
        a `numpy.memmap`; the chunks of an iterator are written to one such file first, in a
        temporary folder or in `output`. float32 stays what it is, all else becomes float64.
    corpus : array-like of shape (N, m), path, or iterator of arrays, optional
        The candidates. Left out, queries are each other's candidates, each excluded from
        its own by position.
    positives : list of n lists, or array of shape (n,) or (n, p), int, optional
        Rows of the corpus that are each query's known positives; -1 and missing values are padding.
        They are never its negatives, and the most similar one is *the* positive, to which margins
        refer and which the miner sees. Left out, it is the most similar other row with the
        query's label, if there are labels.
    labels : array-like of shape (N,), optional
        Labels of the corpus, or of the queries where there is none. A row with the query's
        label is no negative.
    query_labels : array-like of shape (n,), optional
        Labels of the queries, where there is a corpus.
    groups : array-like of shape (n,), or a pair of shapes (n,) and (N,), optional
        Rows of one group are not each other's negatives: passages of one document, copies
        of one product. A pair, of the queries' and of the corpus's, where there is a corpus.
    ungrouped : group or None, default=-1
        The group that means "in no group", as clusterings give it: such rows are anybody's
        candidates. None and NaN always mean it. Pass None if -1 is a group of its own.
    miner : str, negative miner or function, default="hardest"
        Chooses among what is left, such as "random", "semi_hard" or ``DiverseMiner()``. A
        name gives `n_negatives`; an instance keeps its own parameters, and
        if it gives more, the first `n_negatives` stay, of "all" and other miners that list
        rows by index the lowest. It sees 1,024 queries at a time, and of the corpus what was
        found for these, by index: a function with parameters ``rows`` and ``pool_rows`` is
        told which rows of the queries and of the corpus they are.
    n_negatives : int, default=3
        Negatives of each query, at most; at least 1.
    min_rank, max_rank : int, default=1 and 100
        First and last rank looked at, from 1, the most similar row that the query may have.
    absolute_margin : float or None, default=None
        Drop rows with ``s > s_pos - absolute_margin``, with s_pos the similarity of the
        positive; at least 0. A query without a positive is not filtered.
    relative_margin : float or None, default=None
        Drop rows with ``s > s_pos - |s_pos| · relative_margin``; at least 0.
    max_similarity, min_similarity : float or None, default=None
        Drop rows with ``s > max_similarity``, or with ``s < min_similarity``.
    drop_copies : bool, default=False
        Drop copies of the query and of its positives (by label: of *the* positive), which no
        limit below 1 could drop alone: rows that equal it up to rounding; under the cosine,
        rows of its direction, and zero rows where it is zero. Two rows are copies if they
        differ by no more than 8 machine epsilons (of float32, 1e-6) of the longer one.
    metric : {"cosine", "euclidean"}, default="cosine"
        What s is: the cosine, where a zero row is similar to nobody (0); or the *negative*
        Euclidean distance, at most 0, to which margins and limits then refer.
    index : "auto", str or index, default="auto"
        "exact" compares all rows. It reads the corpus in blocks, once for each chunk of
        queries. Other indexes of `skhnm.neighbors` are faster on large data, hold a copy
        of the whole corpus in memory, and may miss some rows. "auto" is exact unless that
        would take more than a few minutes and faiss is installed; the report says why.
    chunk_size : int, default=16384
        Queries that are searched at a time, and that are lost if a run is interrupted;
        rounded up to a multiple of 1,024. It never changes the result.
    unlabelled : label or None, default="raise"
        The label that means "no class", None or NaN for missing ones: such rows are neither
        queries nor negatives. By default every value is a class, -1 too, and a missing one an
        error.
    output : path, optional
        A folder for the results, which are then memory-mapped from there. A run that was
        interrupted, in whatever way, goes on from there when it is called again with the
        same arguments, and gives the same result to the last bit. Of an iterator that it
        had written down, only the first chunk is taken again, to compare. Until the run is
        over, the folder also holds a pickle of an index that is not exact: do not go on
        with the folder of somebody whom you do not trust.
    n_jobs : int or None, default=None
        Threads; None takes every core. It never changes the result.
    random_state : int, RandomState, Generator or None
        Seed of random miners.
    verbose : int, default=0
        Above 0, a line is printed after each chunk.

    Returns
    -------
    indices : array of shape (n, n_negatives), intp
        Rows of the corpus, most similar first, ties by index; -1 where there are fewer.
    similarities : array of shape (n, n_negatives), float64
        Their similarities; NaN where there are fewer.
    report : MiningReport
        What each filter dropped, how many queries fell short, mean similarities, and which
        index was used. ``print(report)`` shows a table.

    Raises
    ------
    ValueError
        If an argument is not finite (the message gives the row), of the wrong shape or out
        of its range; if a margin or the miner needs positives and nothing says which they
        are; if `output` holds a run with other arguments or data.
    TypeError
        If a number, the miner or the index is none.
    ImportError
        If the index needs faiss, and it is not there.
    FileNotFoundError
        If there is no file at a path.

    Warns
    -----
    MiningWarning
        If queries have fewer negatives than asked for; the message says what to loosen.
    UserWarning
        If -1 is taken to mean "in no group", and other negative numbers are groups.

    Notes
    -----
    For inner products, which are no distance (a row need not be the most similar to
    itself), put rows at unit length ("cosine"), or take "euclidean".

    Those who come from sentence-transformers' function of this name find ``range_min`` as
    ``min_rank - 1``, ``range_max`` as `max_rank` (which counts from the first row that a
    query may have), ``max_score`` and ``min_score`` as `max_similarity` and
    `min_similarity`, and ``sampling_strategy="random"`` as ``miner="random"``. The margins
    are the same, but refer to the least similar of several positives there; and the relative
    one of its earlier releases, ``s > s_pos (1 - m)``, lets in what it should drop where s_pos
    is negative.

    The context miner judges the neighbourhood of a candidate by the rows that were found
    for 1,024 queries, not by the whole corpus; an OHEM miner keeps its share of each 1,024.

    References
    ----------
    Xiong et al. (2021), "Approximate Nearest Neighbor Negative Contrastive Learning for
    Dense Text Retrieval", ICLR.

    Moreira et al. (2024), "NV-Retriever: Improving Text Embedding Models with Effective
    Hard-Negative Mining", arXiv:2407.15831: relative margins of 0.05 served best.

    Examples
    --------
    Two questions, each with the passage that answers it. The nearest other passage of the
    first is even nearer than its answer, and so perhaps an answer too: a margin drops it.

    >>> import numpy as np
    >>> from skhnm import mine_hard_negatives
    >>> questions = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> passages = np.array([[1.0, 0.3], [0.2, 1.0], [1.0, 0.1], [1.0, 1.0]])
    >>> indices, similarities, report = mine_hard_negatives(
    ...     questions, passages, positives=[[0], [1]], n_negatives=1, relative_margin=0.05
    ... )
    >>> indices
    array([[3],
           [3]])
    >>> similarities.round(2)
    array([[0.71],
           [0.71]])
    >>> report.dropped["relative_margin"]
    1

    Labels instead of positives, and rows that are each other's candidates:

    >>> Z, y = [[1.0, 0.0], [1.0, 0.1], [1.0, 0.4], [0.0, 1.0]], ["a", "a", "b", "b"]
    >>> mine_hard_negatives(Z, labels=y, n_negatives=2).indices
    array([[2, 3],
           [2, 3],
           [1, 0],
           [1, 0]])
    """
    check_choice(metric, "metric", ("cosine", "euclidean"))
    cosine = metric == "cosine"
    filters = read_filters(
        min_rank, max_rank, absolute_margin, relative_margin, max_similarity, min_similarity,
        drop_copies, n_negatives=n_negatives, cosine=cosine,
    )  # fmt: skip
    chosen_miner = read_miner(miner, n_negatives)
    asked_filters = filters
    if type(chosen_miner) is HardestMiner and not (filters.by_similarity or filters.drop_copies):
        filters = replace(filters, max_rank=min(max_rank, min_rank - 1 + n_negatives))
    check_number(chunk_size, "chunk_size", low=1, integer=True)
    check_number(verbose, "verbose", low=0, integer=True)
    check_number(n_jobs, "n_jobs", integer=True, optional=True)
    effective_n_jobs(n_jobs)
    entropy = check_generator(random_state).integers(2**32, size=4).tolist()
    with_positives = filters.drop_copies | check_positives_known(
        chosen_miner, filters.has_margin, positives is not None or labels is not None
    )
    with ExitStack() as stack:
        folder = None if output is None else check_folder(output)
        spool = folder
        if folder is None and any(hasattr(given, "__next__") for given in (queries, corpus)):
            temporary = tempfile.TemporaryDirectory(prefix="skhnm_", ignore_cleanup_errors=True)
            spool = Path(stack.enter_context(temporary))
        asked = open_rows(queries, "queries", cosine, spool)
        searched = asked if corpus is None else open_rows(corpus, "corpus", cosine, spool)
        if searched.n_columns != asked.n_columns:
            raise ValueError(
                f"corpus has {searched.n_columns} columns, but queries have {asked.n_columns}"
            )
        n = len(asked)
        exclusions = read_exclusions(
            n, None if corpus is None else len(searched), positives=positives, labels=labels,
            query_labels=query_labels, groups=groups, ungrouped=ungrouped,
            unlabelled=unlabelled, search_positives=with_positives,
        )  # fmt: skip
        tolerance = copy_tolerance(asked.dtype, searched.dtype)
        rules = Rules(exclusions, filters, chosen_miner, n_negatives, cosine, n_jobs, tolerance)
        chunk_size = whole_units(chunk_size)
        depths = search_depths(rules, chunk_size)
        chosen_index, why = choose_index(
            index, n, searched, n_jobs, with_groups=exclusions.index_groups is not None
        )

        prepare(asked, searched)
        if folder is None:
            store = MemoryStore((n, n_negatives), entropy)
        else:
            known = exclusions.positives
            fingerprint = {
                "queries": describe_rows(asked),
                "corpus": describe_rows(None if corpus is None else searched),
                "positives": describe_arrays(None if known is None else (known.starts, known.rows)),
                "labels": describe_arrays(exclusions.labels),
                "groups": describe_arrays(exclusions.groups),
                "miner": describe(miner if isinstance(miner, str) else chosen_miner),
                "n_negatives": str(n_negatives),
                **{name: str(value) for name, value in vars(asked_filters).items()},
                "metric": metric,
                "index": describe(chosen_index),
                "random_state": "None" if random_state is None else str(entropy),
            }
            store = FolderStore(folder, (n, n_negatives), entropy, fingerprint)
        if store.n_done < n:
            groups_of = exclusions.index_groups
            searcher = Searcher(
                chosen_index, searched, exclusions.codes[1],
                None if groups_of is None else groups_of[1], store.index_path,
            )  # fmt: skip
            run(rules, asked, searched, searcher, depths, store, chunk_size, verbose)
            store.finish()
        report = store.tally.report(n, why, exclusions.count())
        indices, similarities = store.results()
    if report.n_short:
        warnings.warn(explain_short(report, n_negatives), MiningWarning, stacklevel=2)
    return HardNegatives(indices, similarities, report)
