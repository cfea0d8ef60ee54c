"""Negative miners: which of the candidates an anchor is driven away from."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator

from skhnm.common._labels import RAISE
from skhnm.common._registry import Registry
from skhnm.common._tuples import Tuples
from skhnm.common._typing import RandomState
from skhnm.exceptions import MiningWarning
from skhnm.miners._arguments import make_candidates
from skhnm.miners._function import call_function
from skhnm.miners.positives import POSITIVE_MINERS, check_positives, check_side, choose_checked
from skhnm.neighbors._candidates import Candidates


class BaseMiner(BaseEstimator, ABC):
    """Chooses the negatives of each anchor.

    A subclass states its parameters in ``__init__``, checks them in `check_parameters`,
    and answers `select`: it asks the candidates for rows, and hands them back with
    `Candidates.by_anchor` (a rule about the anchor alone) or `Candidates.by_pair` (a rule
    that looks at one positive).

    Attributes
    ----------
    wants_gain : bool
        Whether a fit tells it, with `learn` after each step, by how much the step lowered
        the loss of the tuples that it gave.
    needs_positives : bool
        Whether its rule looks at the positives. Where it does not, nobody has to search them.
    """

    wants_gain: ClassVar[bool] = False
    needs_positives: ClassVar[bool] = True

    def mine(
        self,
        Z: Any,
        y: Any,
        *,
        positives: Any = "all",
        pool: Any = None,
        pool_y: Any = None,
        unlabelled: Any = RAISE,
        random_state: RandomState = None,
        n_jobs: int | None = None,
    ) -> Tuples:
        """Mine tuples for the rows of Z.

        Distances are squared Euclidean; ties go to the lowest index.

        Parameters
        ----------
        Z : array-like of shape (n, m)
            Embeddings of the anchors, finite.
        y : array-like of shape (n,)
            Their labels. Every value is a class, -1 and whole floats included.
        positives : str, positive miner, function or array of shape (n, p), default="all"
            Who is each anchor's positive: "all", "nearest", "hardest", "random", an
            instance, a function, or rows of the pool (-1 is padding).
        pool, pool_y : array-like of shapes (N, m) and (N,), optional
            Candidates and their labels. Left out: Z itself, each row excluded from its
            own candidates by position.
        unlabelled : label or None, default="raise"
            The label that means "no class", None for missing ones: such rows are never
            anchor, positive or negative. By default every value is a class, and a missing one an
            error.
        random_state : int, RandomState, Generator or None
            Seed of random choices.
        n_jobs : int or None
            Threads; None takes every core. It never changes the result.

        Returns
        -------
        tuples : Tuples
            Anchors without a positive or without a negative are left out.

        Raises
        ------
        ValueError
            If an argument is not finite, of the wrong shape, or names nothing known.

        Warns
        -----
        MiningWarning
            If nothing at all was found; the message says why.
        """
        self.check_parameters()
        self.reset()  # the result must not depend on earlier calls
        candidates = make_candidates(Z, y, pool, pool_y, unlabelled, random_state, n_jobs)
        if isinstance(positives, (np.ndarray, list, tuple)):
            candidates.positives = check_positives(positives, candidates, "positives")
        else:
            candidates.positives = choose_checked(POSITIVE_MINERS.resolve(positives), candidates)
        tuples = select_checked(self, candidates)
        if len(tuples) == 0 and len(candidates) > 0:
            warnings.warn(explain_empty(candidates), MiningWarning, stacklevel=2)
        return tuples

    def check_parameters(self) -> None:
        """Raise if a parameter is out of its range."""

    @abstractmethod
    def select(self, candidates: Candidates) -> Tuples:
        """Return the tuples of these candidates, whose positives are already chosen."""

    def report(self) -> dict[str, float]:
        """Say what was done since the last report; it stands in the ``mining_curve_``."""
        return {}

    def learn(self, gain: float) -> None:
        """Take how much a step lowered the loss of the tuples, if `wants_gain`."""

    def reset(self) -> None:
        """Forget what earlier minings taught, at the start of a fit."""


class FunctionMiner(BaseMiner):
    """A user's function as a miner.

    Parameters
    ----------
    function : callable
        ``f(Z, y, positives, pool, pool_y, random_state) -> (n, k) intp``: rows of the
        pool, of another class than the anchor's; -1 is padding. Labels arrive as codes,
        -1 for none; `pool` is `Z` itself where anchors and candidates are the same rows.
        If it has parameters named ``rows`` or ``pool_rows``, it is given them.

    Notes
    -----
    In a fit, these are not the rows of X in their order: they are sorted by class and along a
    direction; repeated ones are merged; those without a label or a weight, held out, or of
    other batches are left out. `rows` (n,) and `pool_rows` (N,) are the rows of X that anchors
    and candidates are: of repeated ones the first, and -1 for what is no row (a proxy, a class
    mean) or hidden. In `mine` they are 0, 1, 2 and so on; in `mine_hard_negatives`, rows of the
    queries and of the corpus; in `partial_fit`, of the whole stream.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def select(self, candidates: Candidates) -> Tuples:
        c = candidates
        given = call_function(
            self.function, c, c.Z, c.codes, c.positives, c.pool, c.pool_codes, c.random
        )
        name = "The result of the negative miner's function"
        return c.by_anchor(c.admitted(check_side(given, c, name, None, "negative")))


NEGATIVE_MINERS = Registry("negative_miner", "Miner", base=BaseMiner, from_function=FunctionMiner)
"""Negative miners by name. `skhnm.miners._known` adds them, since some resolve names themselves."""


def select_checked(miner: BaseMiner, candidates: Candidates) -> Tuples:
    """Let a miner select, and refuse what it may not: kernels would not notice.

    Raises
    ------
    ValueError
        If an anchor, positive or negative is no row, or of the wrong class.
    """
    tuples = miner.select(candidates)
    if not isinstance(tuples, Tuples):
        raise TypeError(
            f"select of {miner!r} must return Tuples, as candidates.by_anchor or by_pair make "
            f"them; got {type(tuples).__name__}"
        )
    n = len(candidates)
    if len(tuples) and not 0 <= tuples.anchors.min() <= tuples.anchors.max() < n:
        raise ValueError(f"{miner!r} gives anchors that are no rows of the {n} that there are")
    check_positives(tuples.positives, candidates, miner, tuples.anchors)
    check_side(tuples.negatives, candidates, miner, tuples.anchors, "negative")
    return tuples


def explain_empty(candidates: Candidates) -> str:
    """Say why nothing was mined, and what to do."""
    known = candidates.codes[candidates.codes >= 0]
    if len(known) == 0:
        return "Nothing was mined: no anchor has a label."
    if not (candidates.positives >= 0).any():
        return (
            "Nothing was mined: no anchor has a positive. At least one class needs two "
            "rows (among the candidates, if a pool is given)."
        )
    classes = np.union1d(known, candidates.pool_codes[candidates.pool_codes >= 0])
    if len(classes) < 2:
        return (
            "Nothing was mined: all rows bear one class, so there are no negatives. "
            "Pass rows of at least two classes."
        )
    return (
        "Nothing was mined: no candidate met the miner's rule. Widen its margin or rank "
        "window, choose a fallback, or take another miner."
    )
