"""Measures of retrieval as scorers, for scikit-learn's cross-validation and searches."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sklearn import get_config
from sklearn.utils.metadata_routing import MetadataRequest

from skhnm.common._labels import RAISE, is_default
from skhnm.common._steps import can_transform, fitted_steps, transform
from skhnm.common._threads import effective_n_jobs
from skhnm.common._typing import FloatArray
from skhnm.common._validation import check_choice, check_number
from skhnm.metrics._at_k import precision_at_k, recall_at_k, relevant_recall_at_k
from skhnm.metrics._at_r import map_at_r, mean_reciprocal_rank, r_precision
from skhnm.metrics._inputs import METRICS
from skhnm.metrics._means import AVERAGES

MEASURES: dict[str, Callable[..., float | FloatArray]] = {
    measure.__name__: measure
    for measure in (
        recall_at_k, relevant_recall_at_k, precision_at_k, r_precision, map_at_r,
        mean_reciprocal_rank,
    )
}  # fmt: skip
"""What can be made a scorer, by name."""


def retrieval_scorer(
    name: str,
    *,
    k: int | None = None,
    ungrouped: Any = -1,
    metric: str = "euclidean",
    average: str = "query",
    n_jobs: int | None = None,
) -> RetrievalScorer:
    """Make a measure of retrieval a scorer: pass it as ``scoring=`` to scikit-learn.

    The rows of a test fold are mapped by the estimator, and each is a query among the others.
    So the folds may be of classes that were not seen in training, which is how retrieval is
    judged best: split by class, with ``GroupKFold`` and ``groups=y``.

    Parameters
    ----------
    name : str
        "recall_at_k", "relevant_recall_at_k", "precision_at_k", "r_precision", "map_at_r" or
        "mean_reciprocal_rank"; "recall_at_5" is "recall_at_k" with k = 5, and so on.
    k : int, optional
        How many places count. Left out: what the function of this name takes by default.
    ungrouped : group or None, default=-1
        The group that means "in no group", where the scorer is given groups.
    metric : {"euclidean", "cosine"}, default="euclidean"
        What is near. A learner whose loss is on cosine similarity is judged by cosine, unless its
        ``normalize=True`` makes both the same.
    average : {"query", "class"}, default="query"
        Over what the mean is taken: over all queries; or over each class's queries, and then
        over the classes.
    n_jobs : int or None
        Threads; None takes every core, or what the workers of a search leave to each.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y, groups=None)``, which can be pickled. The estimator is a
        transformer, such as a learner; a pipeline that ends in one; a pipeline that ends in a
        classifier, of which all steps before that are taken; or a fitted search over these. Rows
        that the learner calls `unlabelled` are not judged. Rows of one group are taken out of
        each other's rankings; cross-validation passes groups on to a scorer that asks for them by
        ``scorer.set_score_request(groups=True)``, with scikit-learn's metadata routing enabled.

    Raises
    ------
    ValueError
        If the name is unknown, or a parameter is out of its range. The scorer raises one if a
        fold holds no two rows of one class, or one class only.
    TypeError
        From the scorer, if the estimator cannot transform.

    Examples
    --------
    Folds without a class in common:

    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import GroupKFold, cross_val_score
    >>> from skhnm import HardNegativeMetricLearner
    >>> from skhnm.metrics import retrieval_scorer
    >>> X, y = load_digits(return_X_y=True)
    >>> X, y = X[:600], y[:600]
    >>> scores = cross_val_score(
    ...     HardNegativeMetricLearner(max_iter=5), X, y,
    ...     groups=y, cv=GroupKFold(5), scoring=retrieval_scorer("map_at_r"),
    ... )
    >>> scores.shape, bool(scores.min() > 0.5)
    ((5,), True)
    """
    measure, depth = measure_of(name)
    if depth is not None and k is None:
        name, k = measure, depth
    check_choice(name, "name", tuple(MEASURES))
    check_number(k, "k", low=1, integer=True, optional=True)
    if name == "r_precision" and k is not None:
        raise ValueError(
            "r_precision looks at as many places as there are matches, so it has no k: leave it "
            "out, or take 'precision_at_k'"
        )
    check_choice(metric, "metric", METRICS)
    check_choice(average, "average", AVERAGES)
    check_number(n_jobs, "n_jobs", integer=True, optional=True)
    effective_n_jobs(n_jobs)
    return RetrievalScorer(name, k, ungrouped, metric, average, n_jobs)


def measure_of(name: Any) -> tuple[str, int | None]:
    """Return the measure that a name means, and its k if the name tells it; "" for none."""
    at_k = re.fullmatch(r"(recall|relevant_recall|precision)_at_([1-9]\d*)", str(name))
    if at_k:
        return f"{at_k[1]}_at_k", int(at_k[2])
    return (name if isinstance(name, str) and name in MEASURES else ""), None


class RetrievalScorer:
    """What `retrieval_scorer` returns."""

    def __init__(
        self,
        name: str,
        k: int | None,
        ungrouped: Any,
        metric: str,
        average: str,
        n_jobs: int | None,
    ) -> None:
        self.name = name
        self.k = k
        self.ungrouped = ungrouped
        self.metric = metric
        self.average = average
        self.n_jobs = n_jobs
        self._groups_request: bool | str | None = None

    def set_score_request(self, *, groups: bool | str | None) -> RetrievalScorer:
        """Say whether the scorer wants groups, where scikit-learn's metadata routing is enabled.

        Parameters
        ----------
        groups : bool, str or None
            True and False: whether it wants them; a str: by what name they are passed; None: it
            is an error if they are passed.

        Returns
        -------
        scorer : RetrievalScorer
            Itself.

        Raises
        ------
        RuntimeError
            If metadata routing is not enabled.
        """
        if not get_config()["enable_metadata_routing"]:
            raise RuntimeError(
                "set_score_request needs metadata routing, which is enabled by "
                "sklearn.set_config(enable_metadata_routing=True)"
            )
        self._groups_request = groups
        return self

    def get_metadata_routing(self) -> Any:
        """Return what the scorer wants, as scikit-learn's metadata routing asks for it."""
        request = MetadataRequest(owner=self)
        request.score.add_request(param="groups", alias=self._groups_request)
        return request

    def __call__(self, estimator: Any, X: Any, y: Any, groups: Any = None) -> float:
        """Return how well the estimator's embeddings of X retrieve each other."""
        Z = self._embed(estimator, X)
        unlabelled = [
            value
            for name, value in estimator.get_params().items()
            if name.split("__")[-1] == "unlabelled" and not is_default(value)
        ]
        places = {} if self.k is None else {"k": self.k}
        try:
            score = MEASURES[self.name](
                Z, y, groups=groups, ungrouped=self.ungrouped, metric=self.metric,
                average=self.average, unlabelled=next(iter(unlabelled), RAISE),
                n_jobs=self.n_jobs, **places,
            )  # fmt: skip
        except ValueError as error:
            raise ValueError(f"{self!r} cannot judge these rows: {error}") from error
        return float(score)

    def _embed(self, estimator: Any, X: Any) -> Any:
        steps = fitted_steps(estimator)
        if not can_transform(steps[-1]):
            steps.pop()
        if steps:
            return transform(steps, X)
        raise TypeError(
            f"{self!r} judges embeddings, but {type(estimator).__name__} has no transform: pass "
            "a metric learner or another transformer, or a pipeline with one before its last step"
        )

    def __repr__(self) -> str:
        defaults = {
            "k": None, "ungrouped": -1, "metric": "euclidean", "average": "query", "n_jobs": None,
        }  # fmt: skip
        shown = [
            f"{n}={vars(self)[n]!r}" for n, value in defaults.items() if vars(self)[n] != value
        ]
        return f"retrieval_scorer({', '.join([repr(self.name), *shown])})"
