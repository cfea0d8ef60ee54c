"""How well embeddings retrieve: the measures of a ranking by distance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from skhnm.common._labels import RAISE
from skhnm.common._validation import check_number
from skhnm.metrics._inputs import rank
from skhnm.metrics._means import map_at_r_of, precision, r_precision_of, recall, reciprocal_rank


def recall_at_k(
    Z: Any,
    y: Any,
    *,
    k: int = 1,
    reference: Any = None,
    reference_y: Any = None,
    own: Any = None,
    metric: str = "euclidean",
    unlabelled: Any = RAISE,
    n_jobs: int | None = None,
) -> float:
    """Share of queries with a match among their k nearest rows.

    ``mean over q of [some rel_q(i) = 1 with i <= k]``, where rel_q(i) is 1 if the row in place i
    of q's ranking is a match: of q's class, and other than q. Queries without any match are left
    out of the mean. Where rows are equally near, it is the mean over all orders of them.

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
    metric : {"euclidean", "cosine"}, default="euclidean"
        What is near. By cosine, a zero row is similar (1) to other zero rows only, and
        not (0) to any other.
    unlabelled : label or None, default="raise"
        The label that means "no class", None for missing ones: such rows are neither queries nor
        ranked. By default every value is a class, and a missing one an error.
    n_jobs : int or None
        Threads; None takes every core. It never changes the result.

    Returns
    -------
    recall : float
        In [0, 1]; higher is better.

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
        Z, y, reference, reference_y, own, metric, unlabelled, n_jobs, ks=(k,), cap=k
    )  # fmt: skip
    return recall(ranking, 0)


def precision_at_k(
    Z: Any,
    y: Any,
    *,
    k: int = 1,
    reference: Any = None,
    reference_y: Any = None,
    own: Any = None,
    metric: str = "euclidean",
    unlabelled: Any = RAISE,
    n_jobs: int | None = None,
) -> float:
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
    metric : {"euclidean", "cosine"}, default="euclidean"
        What is near. By cosine, a zero row is similar (1) to other zero rows only, and
        not (0) to any other.
    unlabelled : label or None, default="raise"
        The label that means "no class", None for missing ones: such rows are neither queries nor
        ranked. By default every value is a class, and a missing one an error.
    n_jobs : int or None
        Threads; None takes every core. It never changes the result.

    Returns
    -------
    precision : float
        In [0, 1]; higher is better. A query with fewer than k matches cannot reach 1.

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
        Z, y, reference, reference_y, own, metric, unlabelled, n_jobs, ks=(k,), cap=k
    )  # fmt: skip
    return precision(ranking, 0, k)


def r_precision(
    Z: Any,
    y: Any,
    *,
    reference: Any = None,
    reference_y: Any = None,
    own: Any = None,
    metric: str = "euclidean",
    unlabelled: Any = RAISE,
    n_jobs: int | None = None,
) -> float:
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
    metric : {"euclidean", "cosine"}, default="euclidean"
        What is near. By cosine, a zero row is similar (1) to other zero rows only, and
        not (0) to any other.
    unlabelled : label or None, default="raise"
        The label that means "no class", None for missing ones: such rows are neither queries nor
        ranked. By default every value is a class, and a missing one an error.
    n_jobs : int or None
        Threads; None takes every core. It never changes the result.

    Returns
    -------
    precision : float
        In [0, 1]; higher is better. 1 means that each query's matches are its nearest rows.

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
    return r_precision_of(rank(Z, y, reference, reference_y, own, metric, unlabelled, n_jobs))


def map_at_r(
    Z: Any,
    y: Any,
    *,
    k: int | None = None,
    reference: Any = None,
    reference_y: Any = None,
    own: Any = None,
    metric: str = "euclidean",
    unlabelled: Any = RAISE,
    n_jobs: int | None = None,
) -> float:
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
    metric : {"euclidean", "cosine"}, default="euclidean"
        What is near. By cosine, a zero row is similar (1) to other zero rows only, and
        not (0) to any other.
    unlabelled : label or None, default="raise"
        The label that means "no class", None for missing ones: such rows are neither queries nor
        ranked. By default every value is a class, and a missing one an error.
    n_jobs : int or None
        Threads; None takes every core. It never changes the result.

    Returns
    -------
    precision : float
        In [0, 1]; higher is better. 1 means that each query's matches are its nearest rows.

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
    ranking = rank(Z, y, reference, reference_y, own, metric, unlabelled, n_jobs, cap=k)
    return map_at_r_of(ranking)


def mean_reciprocal_rank(
    Z: Any,
    y: Any,
    *,
    k: int | None = None,
    reference: Any = None,
    reference_y: Any = None,
    own: Any = None,
    metric: str = "euclidean",
    unlabelled: Any = RAISE,
    n_jobs: int | None = None,
) -> float:
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
    metric : {"euclidean", "cosine"}, default="euclidean"
        What is near. By cosine, a zero row is similar (1) to other zero rows only, and
        not (0) to any other.
    unlabelled : label or None, default="raise"
        The label that means "no class", None for missing ones: such rows are neither queries nor
        ranked. By default every value is a class, and a missing one an error.
    n_jobs : int or None
        Threads; None takes every core. It never changes the result.

    Returns
    -------
    rank : float
        In [0, 1]; higher is better.

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
        Z, y, reference, reference_y, own, metric, unlabelled, n_jobs,
        ks=() if k is None else (k,), cap=1, find_first=k is None,
    )  # fmt: skip
    return reciprocal_rank(ranking)


MEASURES: dict[str, Callable[..., float]] = {
    measure.__name__: measure
    for measure in (recall_at_k, precision_at_k, r_precision, map_at_r, mean_reciprocal_rank)
}
"""What `skhnm.metrics.retrieval_scorer` knows, by name."""
