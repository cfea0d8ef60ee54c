"""Telling scikit-learn's callbacks how a fit goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from skhnm.embeddings._base import BaseEmbedding


class FitCallbacks:
    """The tasks of one fit, as scikit-learn's callbacks see them: the fit and its rounds.

    Parameters
    ----------
    estimator : BaseMetricLearner
        Whose callbacks to call.
    X, y
        The training data, handed on.
    n_rounds : int
        Most rounds that there will be.
    learned : callable
        Gives the fitted attributes that the embedding makes.
    """

    def __init__(
        self,
        estimator: Any,
        X: Any,
        y: Any,
        n_rounds: int,
        learned: Callable[[BaseEmbedding], dict[str, Any]],
    ) -> None:
        self._data = {"estimator": estimator, "X": X, "y": y}
        self._learned = learned
        self._fit = estimator._init_callback_context(max_subtasks=n_rounds)
        self._fit.call_on_fit_task_begin(**self._data)

    def begin_round(self) -> None:
        self._round = self._fit.subcontext(task_name="round")
        self._round.call_on_fit_task_begin(**self._data)

    def end_round(self, embedding: BaseEmbedding) -> bool:
        """Return whether a callback wishes to stop."""
        return bool(self._end(self._round, embedding))

    def end_fit(self, embedding: BaseEmbedding) -> None:
        self._end(self._fit, embedding)

    def _end(self, context: Any, embedding: BaseEmbedding) -> Any:
        return context.call_on_fit_task_end(
            **self._data, reconstruction_attributes=lambda: self._learned(embedding)
        )
