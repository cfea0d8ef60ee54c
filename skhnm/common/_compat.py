"""The one place that knows which scikit-learn is installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # before scikit-learn 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in where scikit-learn has no callbacks: there is nobody to call."""

        def _init_callback_context(self, **options: Any) -> _NoContext:
            return _NoContext()

    def with_callbacks(method: Any) -> Any:
        """Return the method as it is."""
        return method


class _NoContext:
    """A callback context that calls nobody."""

    def subcontext(self, **options: Any) -> _NoContext:
        return self

    @contextmanager
    def propagate_callback_context(self, sub_estimator: Any) -> Iterator[None]:
        yield

    def call_on_fit_task_begin(self, **options: Any) -> _NoContext:
        return self

    def call_on_fit_task_end(self, **options: Any) -> bool:
        return False


__all__ = ["CallbackSupportMixin", "with_callbacks"]
