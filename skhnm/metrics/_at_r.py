"""How well embeddings retrieve: where in a ranking the matches stand."""

from __future__ import annotations

from typing import Any

from skhnm.common._labels import RAISE
from skhnm.common._typing import FloatArray
from skhnm.common._validation import check_number
from skhnm.metrics._inputs import rank
from skhnm.metrics._means import average_of, r_precision_of


def r_precision(
    Z: Any,
    y: Any,
    *,
    reference: Any = None,
    reference_y: Any = None,
    own: Any = None,
    groups: Any = None,
    ungrouped: Any = -1,
    metric: str = "euclidean",
    average: str | None = "query",
    unlabelled: Any = RAISE,
    n_jobs: int | None = None,
) -> float | FloatArray:
    """Mean share of matches among the R nearest rows, R being how many there are.

    ``mean over q of (1 / R_q) Σ_{i <= R_q} rel_q(i)``, where rel_q(i) is 1 if the row in place i
    of q's ranking is a match: of q's class, and other than q; R_q is how many matches there are.
    Queries without any are left out of the mean. Where rows are equally near, it is the mean over
    all orders of them.

    Parameters
    ----------
    Z : array-like of shape (n, m)
        Embeddings of the queries, finite.
    y : array-like of shape (n,)
        Their labels: whole numbers, strings, booleans; every value is a class.
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
    average : {"query", "class"} or None, default="query"
        Over what the mean is taken: over all queries; or over each class's queries, and then
        over the classes, so that a large class counts no more than a small one. None takes no
        mean.
    unlabelled : label or None, default="raise"
        The label that means "no class", None for missing ones: such rows are neither queries nor
        ranked. By default every value is a class, and a missing one an error.
    n_jobs : int or None
        Threads; None takes every core. It never changes the result.

    Returns
    -------
    precision : float, or array of shape (n,)
        In [0, 1]; higher is better. 1 means that each query's matches are its nearest rows.
        One for each query if `average` is None, NaN for those without a match.

    Raises
    ------
    ValueError
        If an argument cannot be used, no query has a match, or there is one class only.

    References
    ----------
    Manning, Raghavan and Schütze (2008), "Introduction to Information Retrieval",
    Cambridge University Press, chapter 8.
    Musgrave, Belongie and Lim (2020), "A Metric Learning Reality Check", ECCV.
    McSherry and Najork (2008), "Computing Information Retrieval Performance Measures
    Efficiently in the Presence of Tied Scores", ECIR: equally near rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.metrics import r_precision
    >>> Z = np.array([[0.0], [1.0], [3.0], [4.0], [9.0]])
    >>> r_precision(Z, ["a", "a", "b", "a", "b"])
    0.3
    """
    ranking = rank(
        Z, y, reference, reference_y, own, groups, ungrouped, metric, average, unlabelled, n_jobs
    )
    return average_of(r_precision_of(ranking), ranking, average)


def map_at_r(
    Z: Any,
    y: Any,
    *,
    k: int | None = None,
    reference: Any = None,
    reference_y: Any = None,
    own: Any = None,
    groups: Any = None,
    ungrouped: Any = -1,
    metric: str = "euclidean",
    average: str | None = "query",
    unlabelled: Any = RAISE,
    n_jobs: int | None = None,
) -> float | FloatArray:
    """Mean average precision at R: R-precision that also looks at the order.

    ``mean over q of (1 / R_q) Σ_{i <= R_q} P_q(i) rel_q(i)``, where rel_q(i) is 1 if the row in
    place i of q's ranking is a match (of q's class, and other than q), P_q(i) is the share of
    matches among the first i, and R_q is how many matches there are, or k if that is less.
    Queries without any match are left out of the mean. Where rows are equally near, it is the mean
    over all orders of them.

    Parameters
    ----------
    Z : array-like of shape (n, m)
        Embeddings of the queries, finite.
    y : array-like of shape (n,)
        Their labels: whole numbers, strings, booleans; every value is a class.
    k : int, optional
        How many places count, >= 1. Left out: all R of a query.
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
    average : {"query", "class"} or None, default="query"
        Over what the mean is taken: over all queries; or over each class's queries, and then
        over the classes, so that a large class counts no more than a small one. None takes no
        mean.
    unlabelled : label or None, default="raise"
        The label that means "no class", None for missing ones: such rows are neither queries nor
        ranked. By default every value is a class, and a missing one an error.
    n_jobs : int or None
        Threads; None takes every core. It never changes the result.

    Returns
    -------
    precision : float, or array of shape (n,)
        In [0, 1]; higher is better. 1 means that each query's matches are its nearest rows.
        One for each query if `average` is None, NaN for those without a match.

    Raises
    ------
    ValueError
        If an argument cannot be used, no query has a match, or there is one class only.

    References
    ----------
    Musgrave, Belongie and Lim (2020), "A Metric Learning Reality Check", ECCV.
    McSherry and Najork (2008), "Computing Information Retrieval Performance Measures
    Efficiently in the Presence of Tied Scores", ECIR: equally near rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.metrics import map_at_r
    >>> Z = np.array([[0.0], [1.0], [3.0], [4.0], [9.0]])
    >>> map_at_r(Z, ["a", "a", "b", "a", "b"])
    0.25
    """
    check_number(k, "k", low=1, integer=True, optional=True)
    ranking = rank(
        Z, y, reference, reference_y, own, groups, ungrouped, metric, average, unlabelled, n_jobs,
        cap=k,
    )  # fmt: skip
    return average_of(ranking.average_precision, ranking, average)


def mean_reciprocal_rank(
    Z: Any,
    y: Any,
    *,
    k: int | None = None,
    reference: Any = None,
    reference_y: Any = None,
    own: Any = None,
    groups: Any = None,
    ungrouped: Any = -1,
    metric: str = "euclidean",
    average: str | None = "query",
    unlabelled: Any = RAISE,
    n_jobs: int | None = None,
) -> float | FloatArray:
    """Mean of one over the place of the first match.

    ``mean over q of 1 / min {i : rel_q(i) = 1}``, where rel_q(i) is 1 if the row in place i of q's
    ranking is a match: of q's class, and other than q. Queries without any match are left out of
    the mean. Where rows are equally near, it is the mean over all orders of them.

    Parameters
    ----------
    Z : array-like of shape (n, m)
        Embeddings of the queries, finite.
    y : array-like of shape (n,)
        Their labels: whole numbers, strings, booleans; every value is a class.
    k : int, optional
        How many places count, >= 1. A first match beyond counts 0. Left
        out: every place.
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
    average : {"query", "class"} or None, default="query"
        Over what the mean is taken: over all queries; or over each class's queries, and then
        over the classes, so that a large class counts no more than a small one. None takes no
        mean.
    unlabelled : label or None, default="raise"
        The label that means "no class", None for missing ones: such rows are neither queries nor
        ranked. By default every value is a class, and a missing one an error.
    n_jobs : int or None
        Threads; None takes every core. It never changes the result.

    Returns
    -------
    rank : float, or array of shape (n,)
        In [0, 1]; higher is better.
        One for each query if `average` is None, NaN for those without a match.

    Raises
    ------
    ValueError
        If an argument cannot be used, no query has a match, or there is one class only.

    References
    ----------
    Voorhees (1999), "The TREC-8 Question Answering Track Report".
    McSherry and Najork (2008), "Computing Information Retrieval Performance Measures
    Efficiently in the Presence of Tied Scores", ECIR: equally near rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.metrics import mean_reciprocal_rank
    >>> Z = np.array([[0.0], [1.0], [3.0], [4.0], [9.0]])
    >>> mean_reciprocal_rank(Z, ["a", "a", "b", "a", "b"])
    0.65
    """
    check_number(k, "k", low=1, integer=True, optional=True)
    ranking = rank(
        Z, y, reference, reference_y, own, groups, ungrouped, metric, average, unlabelled, n_jobs,
        ks=() if k is None else (k,), cap=1, find_first=k is None,
    )  # fmt: skip
    return average_of(ranking.reciprocal_rank, ranking, average)
