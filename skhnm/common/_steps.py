"""What rows go through in a fitted estimator: pipelines and searches, taken apart."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline

PASS = "passthrough"


def fitted_steps(estimator: Any) -> list[Any]:
    """Return the steps of a pipeline, of a search's best estimator, or of both in each other.

    A step that passes rows through is "passthrough"; any other estimator is its only step.
    """
    estimator = getattr(estimator, "best_estimator_", estimator)
    if not isinstance(estimator, Pipeline):
        return [PASS if estimator is None else estimator]
    return [inner for _, step in estimator.steps for inner in fitted_steps(step)]


def can_transform(step: Any) -> bool:
    """Whether rows can go on from a step, as they cannot from most classifiers."""
    return step is None or isinstance(step, str) or hasattr(step, "transform")


def transform(steps: list[Any], X: Any) -> Any:
    """Pass rows through several steps, one after the other."""
    for step in steps:
        X = X if isinstance(step, str) else step.transform(X)
    return X
