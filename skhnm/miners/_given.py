"""Negatives and positives that were chosen beforehand, by row numbers of X."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from skhnm.common._tuples import Tuples
from skhnm.common._typing import IndexArray
from skhnm.common._validation import check_index_array
from skhnm.miners._base import BaseMiner
from skhnm.miners.positives import BasePositiveMiner
from skhnm.neighbors._candidates import Candidates
from skhnm.neighbors._padded import spread


class GivenMiner(BaseMiner):
    """Negatives that are known beforehand: picked by people, or by `mine_hard_negatives`.

    Parameters
    ----------
    negatives : array-like of shape (n, k), int
        For each row of the X of `fit`, rows of that X which are its negatives; -1 is padding.
        Rows are those of X as the user has it: where the learner sorts them, merges repeated
        ones or looks at batches, this miner follows.

    Notes
    -----
    A row without a negative, or one that is not among the candidates or has no label, is left
    out. Row numbers are of one X, so this miner has no place in a cross-validation, whose folds
    are other X. Triplets have, in a `TripletMetricLearner`, which takes them as they are.

    Examples
    --------
    >>> from skhnm import HardNegativeMetricLearner, mine_hard_negatives
    >>> from skhnm.miners import GivenMiner
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> chosen = mine_hard_negatives(X, labels=y, n_negatives=5, metric="euclidean").indices
    >>> learner = HardNegativeMetricLearner(negative_miner=GivenMiner(chosen)).fit(X, y)
    >>> bool(learner.score(X, y) > 0.9)
    True
    """

    needs_positives: ClassVar[bool] = False

    def __init__(self, negatives: Any) -> None:
        self.negatives = negatives

    def check_parameters(self) -> None:
        _read(self.negatives, "negatives")

    def select(self, candidates: Candidates) -> Tuples:
        found = look_up(_read(self.negatives, "negatives"), candidates, "negatives")
        return candidates.by_anchor(candidates.admitted(found))


class GivenPositives(BasePositiveMiner):
    """Positives that are known beforehand.

    Parameters
    ----------
    positives : array-like of shape (n, p), int
        For each row of the X of `fit`, other rows of that X which are its positives; -1 is
        padding. As in `GivenMiner`, rows are those of X as the user has it.

    Examples
    --------
    >>> from skhnm.miners import GivenPositives
    >>> GivenPositives([[2], [0], [-1]]).mine([[0.0], [1.0], [3.0]], ["a", "a", "a"])
    array([[ 2],
           [ 0],
           [-1]])
    """

    def __init__(self, positives: Any) -> None:
        self.positives = positives

    def check_parameters(self) -> None:
        _read(self.positives, "positives")

    def choose(self, candidates: Candidates) -> IndexArray:
        return look_up(_read(self.positives, "positives"), candidates, "positives")


def _read(given: Any, name: str) -> IndexArray:
    n = len(given) if hasattr(given, "__len__") else 0
    return check_index_array(given, name, n)


def look_up(given: IndexArray, candidates: Candidates, name: str) -> IndexArray:
    """Return rows of the pool (n, w) for each anchor, from lists (n_given, k) of the user's rows.

    Of rows that were merged into one, the lists are joined. What is not in the pool is left out.

    Raises
    ------
    ValueError
        If a number is no row, there is no list for an anchor, or a row is on the wrong side.
    """
    c = candidates
    n_anchors, n_rows = (
        int(rows.max(initial=-1)) + 1 if c.stands is None else len(c.stands)
        for rows in (c.rows, c.pool_rows)
    )
    if len(given) != n_anchors:
        raise ValueError(f"{name} has {len(given)} rows, but X has {n_anchors}: one for each")
    wrong = (given >= n_rows) | (given < -1)
    if wrong.any():
        t = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"{name} of row {t // given.shape[1]} hold {given.ravel()[t]}, but X has the rows 0 to "
            f"{n_rows - 1}; -1 is padding"
        )
    whose, column = np.nonzero(given >= 0)
    anchors, rows = whose, given[whose, column]
    if c.stands is not None:
        anchors, rows = c.stands[anchors], c.stands[rows]
    anchors = _through(_places(c.rows, n_anchors), anchors)
    rows = _through(_places(c.pool_rows, n_rows), rows)
    there = (anchors >= 0) & (rows >= 0)
    there[there] = (c.codes[anchors[there]] >= 0) & (c.pool_codes[rows[there]] >= 0)
    n = len(c.pool)
    pairs = np.unique(anchors[there] * n + rows[there])
    anchors, rows = pairs // n, pairs % n
    _check_side(anchors, rows, c, name)
    first = np.searchsorted(anchors, np.arange(len(c) + 1)).astype(np.intp)
    found = spread(rows, first)
    return found if found.shape[1] else np.full((len(c), 1), -1, dtype=np.intp)


def _places(numbers: IndexArray, n: int) -> IndexArray:
    """Return where each of the user's rows (n,) stands among `numbers`; -1 for nowhere."""
    place = np.full(n, -1, dtype=np.intp)
    known = np.flatnonzero(numbers >= 0)
    place[numbers[known]] = known
    return place


def _through(lookup: IndexArray, at: IndexArray) -> IndexArray:
    return np.where(at >= 0, lookup[at], -1)


def _check_side(anchors: IndexArray, rows: IndexArray, c: Candidates, name: str) -> None:
    same = c.codes[anchors] == c.pool_codes[rows]
    wrong = same if name == "negatives" else ~same | (c.own[anchors] == rows)
    if wrong.any():
        t = int(np.flatnonzero(wrong)[0])
        rule = "rows of another class" if name == "negatives" else "other rows of its class"
        raise ValueError(
            f"{name} of row {c.rows[anchors[t]]} hold row {c.pool_rows[rows[t]]}, but they must be "
            f"{rule}, by the labels of fit"
        )
