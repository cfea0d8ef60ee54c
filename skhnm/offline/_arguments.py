"""From a user's arguments to what a mining goes by."""

from __future__ import annotations

from typing import Any

from skhnm.common._groups import Codes, check_length, read_groups
from skhnm.common._labels import encode_labels, encode_together, is_default
from skhnm.common._validation import check_bool, check_number
from skhnm.miners._base import NEGATIVE_MINERS, FunctionMiner
from skhnm.offline._exclusions import Exclusions
from skhnm.offline._filters import Filters
from skhnm.offline._positives import read_positives


def read_filters(
    min_rank: Any,
    max_rank: Any,
    absolute_margin: Any,
    relative_margin: Any,
    max_similarity: Any,
    min_similarity: Any,
    drop_copies: Any,
    *,
    n_negatives: Any,
    cosine: bool,
) -> Filters:
    """Check the numbers that say which candidates are believed."""
    check_number(n_negatives, "n_negatives", low=1, integer=True)
    check_number(min_rank, "min_rank", low=1, integer=True)
    check_number(max_rank, "max_rank", low=min_rank, integer=True)
    if max_rank - min_rank + 1 < n_negatives:
        raise ValueError(
            f"n_negatives={n_negatives}, but between min_rank={min_rank} and "
            f"max_rank={max_rank} there are only {max_rank - min_rank + 1} candidates: raise "
            "max_rank"
        )
    low, high = (-1, 1) if cosine else (None, 0)
    check_number(absolute_margin, "absolute_margin", low=0, optional=True)
    check_number(relative_margin, "relative_margin", low=0, optional=True)
    check_number(max_similarity, "max_similarity", low=low, high=high, optional=True)
    check_number(min_similarity, "min_similarity", low=low, high=high, optional=True)
    check_bool(drop_copies, "drop_copies")
    if None not in (max_similarity, min_similarity) and min_similarity > max_similarity:
        raise ValueError(
            f"min_similarity={min_similarity:g} is above max_similarity={max_similarity:g}: "
            "nothing could be left between them"
        )
    return Filters(
        min_rank, max_rank, absolute_margin, relative_margin, max_similarity, min_similarity,
        bool(drop_copies),
    )  # fmt: skip


def read_miner(given: Any, n_negatives: int) -> Any:
    """Return a fresh miner; one that is named gives as many negatives as are wanted."""
    miner = NEGATIVE_MINERS.resolve(given)
    if isinstance(given, str):
        parameters = miner.get_params(deep=False)
        inner = {name: parameters[name] for name in ("miner", "miners") if name in parameters}
        for name, value in inner.items():
            parameters[name] = (
                read_miner(value, n_negatives)
                if name == "miner"
                else [read_miner(each, n_negatives) for each in value]
            )
        if "n_negatives" in parameters:
            parameters["n_negatives"] = n_negatives
        miner = NEGATIVE_MINERS.resolve(type(miner)(**parameters))
    return miner


def read_exclusions(
    n: int,
    n_corpus: int | None,
    *,
    positives: Any,
    labels: Any,
    query_labels: Any,
    groups: Any,
    ungrouped: Any,
    unlabelled: Any,
    search_positives: bool,
) -> Exclusions:
    """Check who belongs to whom.

    Parameters
    ----------
    n : int
        Queries.
    n_corpus : int or None
        Rows of the corpus; None if the queries are the corpus.
    positives, labels, query_labels, groups, ungrouped, unlabelled
        As `mine_hard_negatives` takes them.
    search_positives : bool
        Whether positives are needed, and are to be searched by label if none are given.
    """
    N = n if n_corpus is None else n_corpus
    known = None if positives is None else read_positives(positives, n, N, n_corpus is None)
    by_label = _read_labels(n, n_corpus, labels, query_labels, unlabelled)
    by_group = read_groups(groups, ungrouped, n, n_corpus, "corpus")
    return Exclusions(
        n, N, by_label, by_group, known, n_corpus is None,
        search_positives and known is None and by_label is not None,
    )  # fmt: skip


def check_positives_known(miner: Any, margin: bool, known: bool) -> bool:
    """Return whether positives are needed, or raise if nothing says which they are."""
    needs = getattr(miner, "needs_positives", True)
    if known or not (margin or (needs and not isinstance(miner, FunctionMiner))):
        return bool(margin or needs)
    what = "A margin refers" if margin else f"{type(miner).__name__} refers"
    raise ValueError(
        f"{what} to each query's most similar positive, but nothing says which rows are "
        "positives: pass positives= (rows of the corpus for each query) or labels="
    )


def _read_labels(
    n: int, n_corpus: int | None, labels: Any, query_labels: Any, unlabelled: Any
) -> Codes | None:
    if query_labels is not None and (n_corpus is None or labels is None):
        what = "a corpus" if n_corpus is None else "labels of the corpus"
        raise ValueError(
            f"query_labels are given without {what}: they are compared with labels=, which "
            "are those of the queries themselves where there is no corpus"
        )
    if labels is None:
        if not is_default(unlabelled):
            raise ValueError("unlabelled names a label, but no labels are given")
        return None
    if n_corpus is None:
        codes = encode_labels(labels, unlabelled, name="labels")[1]
        check_length(codes, "labels", n, "queries")
        return codes, codes
    if query_labels is None:
        raise ValueError(
            "labels are given for the corpus, but query_labels are missing: pass the label of "
            "each query"
        )
    query, corpus = encode_together(query_labels, labels, unlabelled, ("query_labels", "labels"))
    check_length(query, "query_labels", n, "queries")
    check_length(corpus, "labels", n_corpus, "rows of the corpus")
    return query, corpus
