"""From groups of rows that are alike to pairs, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from skhnm.common._groups import read_groups
from skhnm.common._typing import IndexArray, RandomState
from skhnm.common._validation import check_generator, check_number
from skhnm.estimators.tuples._read import as_indices
from skhnm.metrics._pairs import draw_pairs


def pairs_of_groups(
    groups: Any,
    *,
    ungrouped: Any = -1,
    max_pairs: int = 100_000,
    random_state: RandomState = None,
) -> IndexArray:
    """Pairs of rows of one group: what a `PairMetricLearner` learns from, all +1.

    Groups (chunks, chunklets) say that some rows are alike, and nothing of rows of different
    groups. Where different groups are different things, they are classes: then fit a
    `HardNegativeMetricLearner` to them as labels, with ``unlabelled=-1``.

    Parameters
    ----------
    groups : array-like of shape (n,)
        Group of each row.
    ungrouped : group or None, default=-1
        The group that means "in no group". None and NaN always mean it.
    max_pairs : int, default=100,000
        Beyond so many pairs a sample of them is drawn, >= 1.
    random_state : int, RandomState, Generator or None
        Seed of the sample.

    Returns
    -------
    pairs : array of shape (t, 2), intp
        Row numbers.

    Examples
    --------
    >>> from skhnm.estimators import pairs_of_groups
    >>> pairs_of_groups(["a", "b", "a", None, "b", "a"])
    array([[0, 2],
           [0, 5],
           [2, 5],
           [1, 4]])
    """
    check_number(max_pairs, "max_pairs", low=1, integer=True)
    n = len(groups)
    read = read_groups(groups, ungrouped, n, None, "")
    assert read is not None
    codes = read[0]
    random = check_generator(random_state)
    drawn = draw_pairs(codes, 2 * max_pairs, random)  # half of each kind, if not all
    pairs = drawn[codes[drawn[:, 0]] == codes[drawn[:, 1]]]
    if len(pairs) > max_pairs:
        pairs = pairs[np.sort(random.choice(len(pairs), max_pairs, replace=False))]
    return pairs


def groups_of_pairs(pairs: Any, n: int) -> IndexArray:
    """Join rows into groups that pairs connect, at any number of steps.

    This is the transitive closure, which no learner takes by itself: that a is like b and b like
    c need not mean that a is like c, and one wrong pair joins two groups.

    Parameters
    ----------
    pairs : array-like of shape (t, 2), int
        Row numbers of rows that are alike.
    n : int
        Rows.

    Returns
    -------
    groups : array of shape (n,), intp
        From 0; -1 for a row without a partner.

    Raises
    ------
    ValueError
        If a number is no row.

    Examples
    --------
    >>> from skhnm.estimators import groups_of_pairs
    >>> groups_of_pairs([[0, 4], [4, 5], [1, 2]], 6)
    array([ 0,  1,  1, -1,  0,  0])
    """
    check_number(n, "n", low=0, integer=True)
    given = as_indices(pairs, "pairs")
    if given.ndim != 2 or given.shape[1] != 2:
        raise ValueError(f"pairs must have shape (t, 2), got {given.shape}")
    if given.size and not 0 <= given.min() <= given.max() < n:
        raise ValueError(f"pairs must hold rows 0 to {n - 1}, got {given.min()} to {given.max()}")
    graph = coo_array((np.ones(len(given), dtype=bool), given.T), shape=(n, n))
    found = connected_components(graph, directed=False)[1]
    found[np.bincount(found, minlength=1)[found] == 1] = -1
    first = np.unique(found[found >= 0], return_inverse=True)[1]
    groups = np.full(n, -1, dtype=np.intp)
    groups[found >= 0] = first
    return groups
