"""Positive miners: which rows of its own class an anchor is drawn towards."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skhnm.common._labels import RAISE
from skhnm.common._registry import Registry
from skhnm.common._threads import cut, run_tiles
from skhnm.common._typing import IndexArray, RandomState
from skhnm.common._validation import check_index_array, check_number
from skhnm.kernels._rows import first_misplaced
from skhnm.miners._arguments import make_candidates
from skhnm.miners._function import call_function
from skhnm.neighbors._candidates import Candidates
from skhnm.neighbors._padded import trim


class BasePositiveMiner(BaseEstimator, ABC):
    """Chooses the positives of each anchor.

    A subclass states its parameters in ``__init__``, checks them in `check_parameters`,
    and answers `choose`.
    """

    def mine(
        self,
        Z: Any,
        y: Any,
        *,
        pool: Any = None,
        pool_y: Any = None,
        unlabelled: Any = RAISE,
        random_state: RandomState = None,
        n_jobs: int | None = None,
    ) -> IndexArray:
        """Choose the positives of each row of Z.

        Parameters
        ----------
        Z : array-like of shape (n, m)
            Embeddings of the anchors.
        y : array-like of shape (n,)
            Their labels.
        pool, pool_y : array-like of shapes (N, m) and (N,), optional
            Candidates and their labels. Left out: Z itself, each row excluded from its
            own candidates.
        unlabelled : label or None, default="raise"
            The label that means "no class", None for missing ones; such rows have and are no
            positives.
        random_state : int, RandomState, Generator or None
            Seed of random choices.
        n_jobs : int or None
            Threads; None takes every core. It never changes the result.

        Returns
        -------
        positives : array of shape (n, p), intp
            Rows of the pool; -1 where an anchor has fewer.
        """
        self.check_parameters()
        candidates = make_candidates(Z, y, pool, pool_y, unlabelled, random_state, n_jobs)
        return choose_checked(self, candidates)

    def check_parameters(self) -> None:
        """Raise if a parameter is out of its range."""

    @abstractmethod
    def choose(self, candidates: Candidates) -> IndexArray:
        """Return the positives (n, p) of each anchor; -1 is padding."""


class NearestPositives(BasePositiveMiner):
    """The nearest rows of the anchor's class: LMNN's target neighbours.

    In training they are chosen anew, under the current metric, at each refresh.

    Parameters
    ----------
    n_positives : int, default=7
        Positives of each anchor, at least 1.

    References
    ----------
    Weinberger and Saul (2009), "Distance Metric Learning for Large Margin Nearest
    Neighbor Classification", JMLR 10.

    Examples
    --------
    >>> from skhnm.miners import NearestPositives
    >>> NearestPositives(1).mine([[0.0], [1.0], [3.0]], ["a", "a", "a"])
    array([[1],
           [0],
           [1]])
    """

    def __init__(self, n_positives: int = 7) -> None:
        self.n_positives = n_positives

    def check_parameters(self) -> None:
        check_number(self.n_positives, "n_positives", low=1, integer=True)

    def choose(self, candidates: Candidates) -> IndexArray:
        return trim(candidates.nearest(self.n_positives, "own")[0])


class HardestPositives(BasePositiveMiner):
    """The farthest rows of the anchor's class.

    Parameters
    ----------
    n_positives : int, default=1
        Positives of each anchor, at least 1.

    References
    ----------
    Hermans, Beyer and Leibe (2017), "In Defense of the Triplet Loss for Person
    Re-Identification", arXiv:1703.07737.

    Examples
    --------
    >>> from skhnm.miners import HardestPositives
    >>> HardestPositives().mine([[0.0], [1.0], [3.0]], ["a", "a", "a"])
    array([[2],
           [2],
           [0]])
    """

    def __init__(self, n_positives: int = 1) -> None:
        self.n_positives = n_positives

    def check_parameters(self) -> None:
        check_number(self.n_positives, "n_positives", low=1, integer=True)

    def choose(self, candidates: Candidates) -> IndexArray:
        return trim(candidates.nearest(self.n_positives, "own", farthest=True)[0])


class AllPositives(BasePositiveMiner):
    """Every row of the anchor's class but itself, by index. Meant for batches.

    Examples
    --------
    >>> from skhnm.miners import AllPositives
    >>> AllPositives().mine([[0.0], [1.0], [3.0]], ["a", "a", "b"])
    array([[ 1],
           [ 0],
           [-1]])
    """

    def choose(self, candidates: Candidates) -> IndexArray:
        return candidates.every("own")


class RandomPositives(BasePositiveMiner):
    """Rows of the anchor's class, drawn uniformly without replacement.

    Parameters
    ----------
    n_positives : int, default=1
        Positives of each anchor, at least 1.

    Examples
    --------
    >>> from skhnm.miners import RandomPositives
    >>> RandomPositives().mine([[0.0], [1.0]], ["a", "a"], random_state=0)
    array([[1],
           [0]])
    """

    def __init__(self, n_positives: int = 1) -> None:
        self.n_positives = n_positives

    def check_parameters(self) -> None:
        check_number(self.n_positives, "n_positives", low=1, integer=True)

    def choose(self, candidates: Candidates) -> IndexArray:
        return trim(candidates.sample(self.n_positives, "own"))


class FunctionPositives(BasePositiveMiner):
    """A user's function as a positive miner.

    Parameters
    ----------
    function : callable
        ``f(Z, y, pool, pool_y, random_state) -> (n, p) intp``: rows of the pool, of the
        anchor's class and other than the anchor itself; -1 is padding. Labels arrive as
        codes, -1 for none. If it has parameters named ``rows`` or ``pool_rows``, it is given
        them.

    Notes
    -----
    In a fit, these are not the rows of X in their order: see `FunctionMiner`.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def choose(self, candidates: Candidates) -> IndexArray:
        c = candidates
        given = call_function(self.function, c, c.Z, c.codes, c.pool, c.pool_codes, c.random)
        return check_positives(given, c, "The result of the positive miner's function")


def choose_checked(miner: BasePositiveMiner, candidates: Candidates) -> IndexArray:
    """Let a positive miner choose, and refuse rows that cannot be positives."""
    return check_positives(miner.choose(candidates), candidates, miner)


def check_positives(
    given: Any, candidates: Candidates, name: Any, anchors: IndexArray | None = None
) -> IndexArray:
    """Return positives (t, p) of the anchors, or raise where one cannot be a positive."""
    return check_side(given, candidates, name, anchors, "positive")


def check_side(
    given: Any, candidates: Candidates, name: Any, anchors: IndexArray | None, what: str
) -> IndexArray:
    """Return rows (t, k) of the anchors, or raise where one is not on its side.

    `name` is who gave them: a text, or a miner, whose text is made only where it is needed;
    `what` is "positive" or "negative".
    """
    c = candidates
    anchors = np.arange(len(c)) if anchors is None else anchors
    try:
        rows = check_index_array(given, name, len(anchors))
    except ValueError as error:
        is_of_others = hasattr(given, "__len__") and len(given) != len(anchors)
        raise ValueError(f"{error}{_whose_rows(c) if is_of_others else ''}") from None
    parts = cut(slice(0, len(rows)), rows.shape[1])
    wrong = np.full(len(parts), -1, dtype=np.intp)

    def look(i: int) -> None:
        wrong[i] = first_misplaced(
            rows, anchors, c.codes, c.pool_codes, c.own, what == "positive",
            parts[i].start, parts[i].stop,
        )  # fmt: skip

    run_tiles(look, len(parts), c.n_jobs, float(rows.size))
    for place in wrong[wrong >= 0]:
        t, column = divmod(int(place), rows.shape[1])
        row = rows[t, column]
        if not 0 <= row < len(c.pool):
            raise ValueError(
                f"{name} must hold rows of the pool, 0 to {len(c.pool) - 1}, or -1 for padding; "
                f"got {row} among the {what}s of anchor {anchors[t]}{_whose_rows(c)}"
            )
        rule = (
            "another row of the anchor's class" if what == "positive"
            else "a row of another known class"
        )  # fmt: skip
        raise ValueError(
            f"{name} gives row {row} as a {what} of anchor {anchors[t]}: a {what} is {rule} "
            f"(pad with -1){_whose_rows(c)}"
        )
    return rows


def _whose_rows(c: Candidates) -> str:
    """Say how rows of the pool differ from those of the user, where they do."""
    if c.row_numbers is None:
        return ""
    return (
        ". Are these rows of your data? A miner does not see them in their order: a fit sorts "
        "them by class, merges repeated ones and leaves out others; mine_hard_negatives shows "
        "what it found. A function that has a parameter pool_rows is told which row of your data "
        "each row of the pool is (in a miner's select, candidates.pool_rows says so)"
    )


POSITIVE_MINERS = Registry(
    "positive_miner",
    "Positives",
    [NearestPositives, HardestPositives, AllPositives, RandomPositives],
    base=BasePositiveMiner,
    from_function=FunctionPositives,
)
"""Positive miners by name."""
