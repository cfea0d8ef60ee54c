"""From the classifier's parameters to what is tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skhnm.common._threads import effective_n_jobs
from skhnm.common._typing import FloatArray
from skhnm.common._validation import check_choice, check_generator, check_number
from skhnm.estimators._base import BaseMetricLearner
from skhnm.estimators._known import learners, resolve_learner
from skhnm.estimators.classifier._encoding import n_columns
from skhnm.estimators.classifier._voting import Vote
from skhnm.neighbors._base import BaseIndex
from skhnm.neighbors._known import resolve_index

LEARNERS = learners("auto")
"""Learners by name."""

_KNOTS = (4, 7, 12)
_STRENGTHS = (1.0, 10.0)
# Of the votes, what is safe comes first: it is taken where nothing can be judged.
_NEIGHBORS = (15, 7, 30, 60)
_OF_MANY = (120, 240)
_SCALES = (0.5, 0.0625, 0.125, 0.25, 1.0, 2.0, 4.0)
_SMOOTHINGS = (0.3, 0.03, 0.1, 1.0)
_MOST_COLUMNS = 1500


@dataclass(frozen=True)
class Plan:
    """What is tried of each choice; a choice that the user made is the only one."""

    learners: list[tuple[Any, BaseMetricLearner]]
    knots: list[int | None]
    strengths: list[float]
    neighbors: list[int]
    scales: list[float]
    smoothings: list[float]
    index: BaseIndex

    @classmethod
    def of(cls, classifier: Any) -> Plan:
        """Check the parameters of a classifier, and say what they ask for.

        Raises
        ------
        ValueError
            If one is unknown or out of its range.
        TypeError
            If one is of the wrong kind.
        """
        c = classifier
        check_number(c.n_jobs, "n_jobs", integer=True, optional=True)
        effective_n_jobs(c.n_jobs)
        check_generator(c.random_state)
        return cls(
            learners=_learners(c),
            knots=_knots(c.encoding),
            strengths=_one_or(c.strength, "strength", _STRENGTHS, low=0),
            neighbors=_one_or(c.n_neighbors, "n_neighbors", _NEIGHBORS, low=1, integer=True),
            scales=_one_or(c.scale, "scale", _SCALES, low=0),
            smoothings=_one_or(c.smoothing, "smoothing", _SMOOTHINGS, low=0),
            index=resolve_index(c.index, c.n_jobs),
        )

    def knots_for(self, X: FloatArray) -> list[int | None]:
        """Return the encodings to try of rows (n, d), without those that would be in vain.

        These make too many columns, or are as free at every value as a coarser one.
        """
        n_values = max(len(np.unique(x)) for x in X.T)
        fitting = [k for k in self.knots if n_columns(k) * X.shape[1] <= _MOST_COLUMNS]
        free = [k for k in fitting if k is not None and k >= n_values]
        fitting = [k for k in fitting if k not in free[1:]]
        return fitting or self.knots[:1]

    @property
    def unlabelled(self) -> Any:
        """What the learner takes for no class."""
        return self.learners[0][1].unlabelled

    def is_open(self, knots: list[int | None]) -> bool:
        """Whether anything is left to be chosen, with these encodings to try."""
        designs = len(self.learners) * len(knots) * len(self.strengths)
        return designs * len(self.votes()) > 1

    def votes(self, *, of_many: bool = False) -> list[Vote]:
        """Return the votes to try; of many rows, more of them may vote."""
        neighbors = self.neighbors
        if of_many and len(neighbors) > 1:
            neighbors = [*neighbors, *_OF_MANY]
        return [Vote(k, s, e) for s in self.scales for k in neighbors for e in self.smoothings]


def _learners(classifier: Any) -> list[tuple[Any, BaseMetricLearner]]:
    """Return the learners to try, as they were given and as they are fitted."""
    given = classifier.learner
    tried = ["linear", "mlp"] if isinstance(given, str) and given == "auto" else [given]
    return [(each, resolve_learner(LEARNERS, each, classifier)) for each in tried]


def _knots(encoding: Any) -> list[int | None]:
    if isinstance(encoding, str):
        known: dict[str, list[int | None]] = {
            "auto": [None, *_KNOTS], "plain": [None], "splines": [*_KNOTS]
        }  # fmt: skip
        check_choice(encoding, "encoding must be a number of knots, or it", tuple(known))
        return known[encoding]
    named = "encoding must be 'auto', 'plain', 'splines', or it"
    check_number(encoding, named, low=2, integer=True)
    return [int(encoding)]


def _one_or(given: Any, name: str, tried: tuple[Any, ...], **bounds: Any) -> list[Any]:
    """Return the value given as the only one to try, or those tried for "auto"."""
    check_number(given, name, auto=True, **bounds)
    return list(tried) if isinstance(given, str) else [given]
