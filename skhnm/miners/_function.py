"""How a user's function is called, as a negative or a positive miner."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import Parameter, signature
from typing import Any

from skhnm.neighbors._candidates import Candidates

_BY_NAME = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


def call_function(function: Callable[..., Any], candidates: Candidates, *arguments: Any) -> Any:
    """Call it; with the user's rows too, where it has parameters `rows` or `pool_rows`."""
    names = _asked_for(function, len(arguments))
    return function(*arguments, **{name: getattr(candidates, name) for name in names})


def _asked_for(function: Callable[..., Any], n_given: int) -> list[str]:
    """Return which of both parameters it has, beside the first `n_given` and those bound."""
    try:
        parameters = list(signature(function).parameters.values())
    except (TypeError, ValueError):  # some builtins do not tell
        return []
    in_order = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    taken = [p.name for p in parameters if p.kind in in_order][:n_given]
    if isinstance(function, partial):
        taken += function.keywords
    free = [p.name for p in parameters if p.kind in _BY_NAME and p.name not in taken]
    return [name for name in ("rows", "pool_rows") if name in free]
