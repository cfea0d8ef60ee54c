"""From a name, an instance or a function to the object that does the work."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Self

from sklearn.base import BaseEstimator, clone


class Registry(Mapping[str, type]):
    """The known classes of one kind, by name.

    A name is the class name in snake_case less the suffix: `SemiHardMiner` is
    ``"semi_hard"``.

    Parameters
    ----------
    parameter : str
        What users call this kind, for error messages, such as ``"negative_miner"``.
    suffix : str
        The end of each class name that its short name leaves out.
    classes : sequence of type
        The known classes.
    methods : sequence of str
        What an object must offer to be one of this kind.
    base : type, optional
        What its class must inherit from instead.
    from_function : callable, optional
        Makes such an object from a user's function.
    renamed : mapping, optional
        From a name by the rule above to the name to use instead.
    also : sequence of str
        Names that the caller resolves, for error messages.
    """

    def __init__(
        self,
        parameter: str,
        suffix: str,
        classes: Sequence[type] = (),
        *,
        methods: Sequence[str] = (),
        base: type = object,
        from_function: Callable[[Callable[..., Any]], Any] | None = None,
        renamed: Mapping[str, str] = MappingProxyType({}),
        also: Sequence[str] = (),
    ) -> None:
        self.parameter = parameter
        self._suffix = suffix
        self._renamed = renamed
        self._also = also
        self._classes: dict[str, type] = {}
        self.add(classes)
        self._methods = tuple(methods)
        self._base = base
        self._from_function = from_function

    def add(self, classes: Sequence[type]) -> None:
        """Make further classes known: those that resolve names themselves come last."""
        for cls in classes:
            name = _snake_case(cls.__name__.removesuffix(self._suffix))
            self._classes[self._renamed.get(name, name)] = cls
        self._names = sorted([*self._classes, *self._also])

    def __getitem__(self, name: str) -> type:
        return self._classes[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)

    def resolve(self, given: Any) -> Any:
        """Return a fresh object for a name, an instance or a function.

        Instances are cloned (or deep-copied), so that the one given is never changed. Its
        parameters are checked, where it has a `check_parameters`.

        Raises
        ------
        ValueError
            For an unknown name; the known ones are listed.
        TypeError
            For an object that lacks a method of this kind; the method is named.
        """
        if isinstance(given, str):
            if given not in self._classes:
                near = difflib.get_close_matches(given, self._names, n=1)
                hint = f"Did you mean {near[0]!r}? " if near else ""
                raise ValueError(
                    f"Unknown {self.parameter} {given!r}. {hint}"
                    f"Known names: {', '.join(map(repr, self._names))}"
                )
            return self._checked(self._classes[given]())
        if isinstance(given, type):
            raise TypeError(
                f"{self.parameter} must be an instance, got the class {given.__name__}: "
                f"write {given.__name__}() with its parameters"
            )
        missing = [m for m in self._methods if not callable(getattr(given, m, None))]
        if isinstance(given, self._base) and not missing:
            return self._checked(clone(given, safe=False))
        if self._from_function is not None and callable(given):
            return self._from_function(given)
        function = ", a function" if self._from_function is not None else ""
        known = f"{self.parameter} must be a name ({', '.join(map(repr, self._names))}){function}"
        if not isinstance(given, self._base):
            base = self._base.__name__
            raise TypeError(
                f"{known} or an object that inherits from {base}; {given!r} is no {base}"
            )
        raise TypeError(
            f"{known} or an object with {' and '.join(m + '()' for m in self._methods)}; "
            f"{given!r} lacks {', '.join(m + '()' for m in missing)}"
        )

    @staticmethod
    def _checked(part: Any) -> Any:
        """Check a part's parameters, where it has a `check_parameters`."""
        try:
            getattr(part, "check_parameters", lambda: None)()
        except (TypeError, ValueError) as error:
            raise type(error)(f"{type(part).__name__}: {error}") from None
        return part


class NamedParts(BaseEstimator):
    """An estimator with parts that may be given by name, whose parameters can be set all the same.

    Attributes
    ----------
    _registries : dict of Registry
        What the names mean, by parameter.
    """

    _registries: ClassVar[dict[str, Registry]]

    def set_params(self, **params: Any) -> Self:
        """Set parameters, also of parts: one that is given by its name becomes an instance.

        Parameters
        ----------
        **params
            Such as ``max_iter=100``, or ``negative_miner__n_negatives=5``.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If there is no such parameter; or for a parameter of a part that is neither a name nor
            an instance.
        """
        parts = {key.partition("__")[0]: key for key in params if "__" in key}
        for name in parts.keys() & self._registries.keys():
            part = params.get(name, getattr(self, name))
            if isinstance(part, str) and part != "auto":
                params[name] = self._registries[name].resolve(part)
            elif not hasattr(part, "set_params"):
                raise ValueError(
                    f"{parts[name]} cannot be set, because {name} is {part!r}: pass an instance "
                    f"as {name}, whose parameters these are"
                )
        super().set_params(**params)
        return self


def _snake_case(name: str) -> str:
    """``"SemiHard"`` → ``"semi_hard"``, ``"NPair"`` → ``"npair"``, ``"NCA"`` → ``"nca"``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
