"""How well embeddings retrieve: what is among the k nearest rows."""

from __future__ import annotations

from typing import Any

from skhnm.common._labels import RAISE
from skhnm.common._typing import FloatArray
from skhnm.common._validation import check_number
from skhnm.metrics._inputs import rank
from skhnm.metrics._means import average_of, precision, recall, relevant_recall


def recall_at_k(
    Z: Any,
    y: Any,
    *,
    k: int = 1,
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
    """Share of queries with a match among their k nearest rows.

    ``mean over q of [some rel_q(i) = 1 with i <= k]``, where rel_q(i) is 1 if the row in place i
    of q's ranking is a match: of q's class, and other than q. Queries without any match are left
    out of the mean. Where rows are equally near, it is the mean over all orders of them.

    One match is enough here. Metric learning calls this recall, others hit rate or success at k.
    `relevant_recall_at_k` is what information retrieval calls recall: how many of the matches
    are found.

    Parameters
    ----------
    Z : array-like of shape (n, m)
        Embeddings of the queries, finite.
    y : array-like of shape (n,)
        Their labels: whole numbers, strings, booleans; every value is a class.
    k : int, default=1
        How many places count, >= 1; where there are fewer rows, all of them.
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
    recall : float, or array of shape (n,)
        In [0, 1]; higher is better.
        One for each query if `average` is None, NaN for those without a match.

    Raises
    ------
    ValueError
        If an argument cannot be used, no query has a match, or there is one class only.

    References
    ----------
    Jégou, Douze and Schmid (2011), "Product Quantization for Nearest Neighbor Search",
    IEEE TPAMI 33; for classes: Oh Song, Xiang, Jegelka and Savarese (2016), "Deep Metric
    Learning via Lifted Structured Feature Embedding", CVPR.
    McSherry and Najork (2008), "Computing Information Retrieval Performance Measures
    Efficiently in the Presence of Tied Scores", ECIR: equally near rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.metrics import recall_at_k
    >>> Z = np.array([[0.0], [1.0], [3.0], [4.0], [9.0]])
    >>> recall_at_k(Z, ["a", "a", "b", "a", "b"], k=2)
    0.8
    """
    check_number(k, "k", low=1, integer=True)
    ranking = rank(
        Z, y, reference, reference_y, own, groups, ungrouped, metric, average, unlabelled, n_jobs,
        ks=(k,), cap=k,
    )  # fmt: skip
    return average_of(recall(ranking, 0), ranking, average)


def relevant_recall_at_k(
    Z: Any,
    y: Any,
    *,
    k: int = 1,
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
    """Mean share of all matches of a query that are among its k nearest rows.

    ``mean over q of (1 / R_q) Σ_{i <= k} rel_q(i)``, where rel_q(i) is 1 if the row in place i of
    q's ranking is a match: of q's class, and other than q; R_q is how many matches there are.
    Queries without any are left out of the mean. Where rows are equally near, it is the mean over
    all orders of them.

    This is what information retrieval calls recall. `recall_at_k`, as metric learning has it, is
    satisfied by one match, whatever R_q.

    Parameters
    ----------
    Z : array-like of shape (n, m)
        Embeddings of the queries, finite.
    y : array-like of shape (n,)
        Their labels: whole numbers, strings, booleans; every value is a class.
    k : int, default=1
        How many places count, >= 1; where there are fewer rows, all of them.
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
    recall : float, or array of shape (n,)
        In [0, 1]; higher is better. A query with more than k matches cannot reach 1.
        One for each query if `average` is None, NaN for those without a match.

    Raises
    ------
    ValueError
        If an argument cannot be used, no query has a match, or there is one class only.

    References
    ----------
    Manning, Raghavan and Schütze (2008), "Introduction to Information Retrieval",
    Cambridge University Press, chapter 8.
    McSherry and Najork (2008), "Computing Information Retrieval Performance Measures
    Efficiently in the Presence of Tied Scores", ECIR: equally near rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.metrics import relevant_recall_at_k
    >>> Z = np.array([[0.0], [1.0], [3.0], [4.0], [9.0]])
    >>> relevant_recall_at_k(Z, ["a", "a", "b", "a", "b"], k=2)
    0.5
    """
    check_number(k, "k", low=1, integer=True)
    ranking = rank(
        Z, y, reference, reference_y, own, groups, ungrouped, metric, average, unlabelled, n_jobs,
        ks=(k,), cap=k,
    )  # fmt: skip
    return average_of(relevant_recall(ranking, 0), ranking, average)


def precision_at_k(
    Z: Any,
    y: Any,
    *,
    k: int = 1,
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
    """Mean share of matches among the k nearest rows.

    ``mean over q of (1 / min(k, N_q)) Σ_{i <= k} rel_q(i)``, where rel_q(i) is 1 if the row in
    place i of q's ranking of N_q rows is a match: of q's class, and other than q. Queries without
    any match are left out of the mean. Where rows are equally near, it is the mean over all orders
    of them. At k = 1 it is the accuracy of the nearest neighbour.

    Parameters
    ----------
    Z : array-like of shape (n, m)
        Embeddings of the queries, finite.
    y : array-like of shape (n,)
        Their labels: whole numbers, strings, booleans; every value is a class.
    k : int, default=1
        How many places count, >= 1; where there are fewer rows, all of them.
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
        In [0, 1]; higher is better. A query with fewer than k matches cannot reach 1.
        One for each query if `average` is None, NaN for those without a match.

    Raises
    ------
    ValueError
        If an argument cannot be used, no query has a match, or there is one class only.

    References
    ----------
    Manning, Raghavan and Schütze (2008), "Introduction to Information Retrieval",
    Cambridge University Press, chapter 8.
    McSherry and Najork (2008), "Computing Information Retrieval Performance Measures
    Efficiently in the Presence of Tied Scores", ECIR: equally near rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.metrics import precision_at_k
    >>> Z = np.array([[0.0], [1.0], [3.0], [4.0], [9.0]])
    >>> precision_at_k(Z, ["a", "a", "b", "a", "b"], k=2)
    0.4
    """
    check_number(k, "k", low=1, integer=True)
    ranking = rank(
        Z, y, reference, reference_y, own, groups, ungrouped, metric, average, unlabelled, n_jobs,
        ks=(k,), cap=k,
    )  # fmt: skip
    return average_of(precision(ranking, 0, k), ranking, average)
