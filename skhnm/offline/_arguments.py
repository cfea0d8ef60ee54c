"""From a user's arguments to what a mining goes by."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhnm.common._labels import encode_labels, encode_together, is_default, is_missing
from skhnm.common._typing import IndexArray
from skhnm.common._validation import check_bool, check_number
from skhnm.miners._base import NEGATIVE_MINERS, FunctionMiner
from skhnm.offline._exclusions import Codes, Exclusions
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
    return Exclusions(
        n, N, by_label, _read_groups(n, n_corpus, groups, ungrouped), known, n_corpus is None,
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
        _check_length(codes, "labels", n, "queries")
        return codes, codes
    if query_labels is None:
        raise ValueError(
            "labels are given for the corpus, but query_labels are missing: pass the label of "
            "each query"
        )
    query, corpus = encode_together(query_labels, labels, unlabelled, ("query_labels", "labels"))
    _check_length(query, "query_labels", n, "queries")
    _check_length(corpus, "labels", n_corpus, "rows of the corpus")
    return query, corpus


def _read_groups(n: int, n_corpus: int | None, groups: Any, ungrouped: Any) -> Codes | None:
    if groups is None:
        return None
    if n_corpus is None:
        codes = encode_labels(groups, None, name="groups")[1]
        _check_length(codes, "groups", n, "queries")
        codes[_find_ungrouped([groups], ["groups"], ungrouped)[0]] = -1
        return codes, codes
    if not isinstance(groups, (tuple, list)) or len(groups) != 2:
        raise ValueError(
            "groups must be a pair (groups of the queries, groups of the corpus) where there "
            f"is a corpus; got {type(groups).__name__}"
        )
    names = ("groups[0]", "groups[1]")
    query, corpus = encode_together(groups[0], groups[1], None, names)
    _check_length(query, names[0], n, "queries")
    _check_length(corpus, names[1], n_corpus, "rows of the corpus")
    in_no_group = _find_ungrouped(groups, names, ungrouped)
    query[in_no_group[0]], corpus[in_no_group[1]] = -1, -1
    return query, corpus


def _find_ungrouped(
    groups: Sequence[Any], names: Sequence[str], ungrouped: Any
) -> list[NDArray[np.bool_]]:
    """Say of each of some arrays which rows bear the group that means "in no group".

    Warns if -1 does, and other negative numbers occur too.
    """
    if np.ndim(ungrouped) != 0:
        raise TypeError(f"ungrouped must be one group, or None, got {ungrouped!r}")
    encoded = [
        encode_labels(given, None, name=name) for given, name in zip(groups, names, strict=True)
    ]
    if is_missing(ungrouped):
        return [codes < 0 for _, codes in encoded]
    seen = {group for classes, _ in encoded for group in classes.tolist()}
    is_text = {isinstance(group, str) for group in seen}
    if is_text and isinstance(ungrouped, str) not in is_text and ungrouped != -1:
        raise ValueError(
            f"ungrouped is {ungrouped!r}, but groups are such as {seen.pop()!r}: give it the type "
            "of the groups, or pass None"
        )
    negative = [group for group in seen if isinstance(group, (int, float)) and group < 0]
    if ungrouped == -1 and -1 in negative and len(negative) > 1:
        warnings.warn(
            f"The group -1 is taken to mean 'in no group', but {min(negative)!r} is a group too: "
            "pass ungrouped=None if -1 is a group like the others",
            UserWarning,
            stacklevel=5,
        )
    # A missing group has the code -1, which is the last entry.
    return [
        np.array([*(group == ungrouped for group in classes.tolist()), True])[codes]
        for classes, codes in encoded
    ]


def _check_length(codes: IndexArray, name: str, n: int, of: str) -> None:
    if len(codes) != n:
        raise ValueError(f"{name} has {len(codes)} entries, but there are {n} {of}")
