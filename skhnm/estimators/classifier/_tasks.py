"""The tasks of one fit, as scikit-learn's callbacks see them: the fit, designs, the metric."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Tasks:
    """Tells callbacks when a task begins and ends.

    Parameters
    ----------
    estimator : HardNegativeClassifier
        Whose callbacks to call.
    X, y
        The training data, handed on.
    """

    def __init__(self, estimator: Any, X: Any, y: Any) -> None:
        self._data = {"estimator": estimator, "X": X, "y": y}
        self._fit = estimator._init_callback_context(max_subtasks=None)
        self._fit.call_on_fit_task_begin(**self._data)
        self.stopped = False

    @contextmanager
    def task(self, name: str) -> Iterator[Any]:
        """Tell of a task within the fit; hand its context to a learner that is part of it."""
        context = self._fit.subcontext(task_name=name)
        context.call_on_fit_task_begin(**self._data)
        yield context
        self.stopped |= bool(context.call_on_fit_task_end(**self._data))

    def end(self, fitted: dict[str, Any]) -> None:
        """Tell that the fit ends, with these fitted attributes."""
        self._fit.call_on_fit_task_end(**self._data, reconstruction_attributes=lambda: fitted)
