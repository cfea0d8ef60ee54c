"""Every measure of retrieval at once, from one ranking."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from skhnm.common._labels import RAISE
from skhnm.common._typing import FloatArray
from skhnm.common._validation import check_choice, check_number
from skhnm.metrics._inputs import rank
from skhnm.metrics._means import (
    AVERAGES,
    mean,
    per_query,
    precision,
    r_precision_of,
    recall,
    relevant_recall,
)
from skhnm.metrics._table import Report


class RetrievalReport(Report):
    """What `retrieval_report` returns: a dict, whose ``print`` shows a table.

    Attributes
    ----------
    per_query : dict of arrays of shape (n,)
        Each measure of each query, NaN for those without a match.
    """

    def __init__(self, figures: dict[str, float], per_query: dict[str, FloatArray]) -> None:
        super().__init__(figures)
        self.per_query = per_query


def retrieval_report(
    Z: Any,
    y: Any,
    *,
    ks: Iterable[int] = (1, 5, 10),
    reference: Any = None,
    reference_y: Any = None,
    own: Any = None,
    groups: Any = None,
    ungrouped: Any = -1,
    metric: str = "euclidean",
    average: str = "query",
    unlabelled: Any = RAISE,
    n_jobs: int | None = None,
) -> RetrievalReport:
    """Every measure of retrieval at once, from one ranking.

    Parameters
    ----------
    Z : array-like of shape (n, m)
        Embeddings of the queries, finite.
    y : array-like of shape (n,)
        Their labels: whole numbers, strings, booleans; every value is a class.
    ks : iterable of int, default=(1, 5, 10)
        At how many places both recalls and precision are taken, each >= 1.
    reference : array-like of shape (N, m), optional
        Embeddings of the rows that are ranked. Left out: the queries themselves, each
        left out of its own ranking by position.
    reference_y : array-like of shape (N,), optional
        Labels of the reference.
    own : array-like of shape (n,), int, optional
        Each query's own row of the reference, which it never finds; -1 for none.
    groups : array-like of shape (n,), or a pair of shapes (n,) and (N,), optional
        Rows of one group are neither hits nor misses of each other: they are taken out of the
        query's ranking, as its own row is (frames of one video, passages of one document). A
        pair, of the queries' and of the reference's, where there is a reference.
    ungrouped : group or None, default=-1
        The group that means "in no group". None and NaN always mean it. Pass None if -1 is a
        group of its own.
    metric : {"euclidean", "cosine"}, default="euclidean"
        What is near. By cosine, a zero row is similar (1) to other zero rows only, and
        not (0) to any other.
    average : {"query", "class"}, default="query"
        Over what means are taken: over all queries; or over each class's queries, and then over
        the classes, so that a large class counts no more than a small one.
    unlabelled : label or None, default="raise"
        The label that means "no class", None for missing ones: such rows are neither queries nor
        ranked. By default every value is a class, and a missing one an error.
    n_jobs : int or None
        Threads; None takes every core. It never changes the result.

    Returns
    -------
    report : RetrievalReport
        A dict: ``"recall_at_<k>"``, ``"relevant_recall_at_<k>"`` and ``"precision_at_<k>"`` for
        each k, ``"r_precision"``, ``"map_at_r"``, ``"mean_reciprocal_rank"``, as the functions
        of these names define them; ``"n_queries"``, how many labelled queries there are, and
        ``"n_without_match"``, how many of them are left out of the means, because their ranking
        holds no row of their class. ``report.per_query`` is a dict of the same measures as
        arrays (n,), of each query, NaN for those left out: to see which queries are hard, or to
        take means over parts of the queries.

    Raises
    ------
    ValueError
        If an argument cannot be used, no query has a match, or there is one class only.

    See Also
    --------
    recall_at_k, relevant_recall_at_k, precision_at_k, r_precision, map_at_r, mean_reciprocal_rank

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.metrics import retrieval_report
    >>> Z = np.array([[0.0], [1.0], [3.0], [4.0], [9.0], [10.0]])
    >>> report = retrieval_report(Z, ["a", "a", "b", "a", "b", "c"], ks=(1, 2))
    >>> print(report)
    recall_at_1           0.4000
    recall_at_2           0.6000
    relevant_recall_at_1  0.2000
    relevant_recall_at_2  0.3000
    precision_at_1        0.4000
    precision_at_2        0.3000
    r_precision           0.3000
    map_at_r              0.2500
    mean_reciprocal_rank  0.6167
    n_queries                  6
    n_without_match            1
    >>> report["map_at_r"]
    0.25
    >>> report.per_query["map_at_r"]
    array([0.5 , 0.5 , 0.  , 0.25, 0.  ,  nan])
    """
    check_choice(average, "average", AVERAGES)
    ks = _check_places(ks)
    ranking = rank(
        Z, y, reference, reference_y, own, groups, ungrouped, metric, average, unlabelled, n_jobs,
        ks=ks, find_first=True,
    )  # fmt: skip
    measures = (
        {f"recall_at_{k}": recall(ranking, at) for at, k in enumerate(ks)}
        | {f"relevant_recall_at_{k}": relevant_recall(ranking, at) for at, k in enumerate(ks)}
        | {f"precision_at_{k}": precision(ranking, at, k) for at, k in enumerate(ks)}
        | {
            "r_precision": r_precision_of(ranking),
            "map_at_r": ranking.average_precision,
            "mean_reciprocal_rank": ranking.reciprocal_rank,
        }
    )
    n_queries = int((ranking.codes >= 0).sum())
    return RetrievalReport(
        {name: mean(values, ranking, average) for name, values in measures.items()}
        | {"n_queries": n_queries, "n_without_match": n_queries - len(ranking.rows)},
        {name: per_query(values, ranking) for name, values in measures.items()},
    )


def _check_places(ks: Any) -> tuple[int, ...]:
    """Return the ks as whole numbers, each once."""
    if isinstance(ks, str) or not isinstance(ks, Iterable):
        raise TypeError(f"ks must be several whole numbers such as (1, 5, 10), got {ks!r}")
    places = tuple(ks)
    for k in places:
        check_number(k, "each of ks", low=1, integer=True)
    return tuple(dict.fromkeys(int(k) for k in places))
