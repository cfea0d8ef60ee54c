"""The one door for labels: whatever they are, they are seen as they were given.

NumPy alone would make the text "nan" of a missing label among strings, floats of nullable whole
numbers, and one label of two large ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import column_or_1d

from skhnm.common._typing import IndexArray, LabelArray

_FLOATS = (float, np.floating)
_KINDS = {"U": "strings", "S": "bytes", "M": "dates", "m": "durations"}

RAISE = "raise"
"""The value of `unlabelled` by default: every value is a class, a missing one is an error."""


def encode_labels(
    y: Any, unlabelled: Any = RAISE, *, name: str = "y"
) -> tuple[LabelArray, IndexArray]:
    """Turn labels of any type into codes.

    Parameters
    ----------
    y : array-like of shape (n,)
        Strings, whole numbers, booleans, pandas or polars columns: every value is a class.
    unlabelled : label, None or NaN
        What means "no class"; None and NaN (or pandas' NA and NaT) both mean missing values.
    name : str
        What the user calls `y`.

    Returns
    -------
    classes : (n_classes,)
        The sorted classes, without the unlabelled one; whole numbers stay whole.
    codes : (n,) intp
        Position of each label in `classes`; -1 where unlabelled.

    Raises
    ------
    ValueError
        If `y` is missing, not one-dimensional, holds continuous values, missing ones that
        `unlabelled` does not name, or values of types that cannot be sorted together.
    """
    known, missing = _as_given(y, name)
    if missing.any() and not is_missing(unlabelled):
        raise ValueError(_on_missing(y, unlabelled, name))
    try:
        classes, known_codes = np.unique(known, return_inverse=True)
    except TypeError:
        kinds = sorted({type(label).__name__ for label in known.tolist()})
        raise ValueError(
            f"{name} mixes types that cannot be sorted together ({', '.join(kinds)}); "
            "convert all labels to one type"
        ) from None
    _check_no_continuum(classes, name)
    codes = np.full(len(missing), -1, dtype=np.intp)
    codes[~missing] = known_codes.reshape(-1)
    if is_default(unlabelled) or is_missing(unlabelled):
        return classes, codes
    _check_unlabelled(unlabelled, classes, name)
    kept = np.array([bool(c != unlabelled) for c in classes], dtype=bool)
    position = np.append(np.where(kept, np.cumsum(kept) - 1, -1), -1)
    return classes[kept], position[codes].astype(np.intp)


def encode_together(
    y: Any, pool_y: Any, unlabelled: Any, names: tuple[str, str]
) -> tuple[IndexArray, IndexArray]:
    """Give equal labels of anchors and pool equal codes, without rounding either.

    `names` is what the user calls the two.
    """
    classes, codes = encode_labels(y, unlabelled, name=names[0])
    pool_classes, pool_codes = encode_labels(pool_y, unlabelled, name=names[1])
    if len(classes) and len(pool_classes):
        kinds = [_kind(c) for c in (classes, pool_classes)]
        if kinds[0] != kinds[1]:
            raise ValueError(
                f"{names[0]} holds {kinds[0]} and {names[1]} holds {kinds[1]}: no label of one "
                "could match the other; convert both to one type"
            )
    if classes.dtype.kind in "mM" and pool_classes.dtype.kind in "mM":  # days equal nanoseconds
        unit = np.result_type(classes, pool_classes)
        classes, pool_classes = classes.astype(unit), pool_classes.astype(unit)
    code_of = {label: code for code, label in enumerate(classes.tolist())}
    shared = [code_of.setdefault(label, len(code_of)) for label in pool_classes.tolist()]
    lookup = np.array([*shared, -1], dtype=np.intp)
    return codes, lookup[pool_codes]


def join_labels(several: Sequence[LabelArray]) -> LabelArray:
    """Put labels of several arrays into one, without rounding any.

    Raises
    ------
    ValueError
        If some are strings and others are not.
    """
    given = [labels for labels in several if len(labels)]
    kinds = list(dict.fromkeys(map(_kind, given)))
    if len(kinds) > 1:
        raise ValueError(
            f"The labels are {kinds[0]} here and {kinds[1]} there (in earlier chunks, in classes "
            "or in y): convert all to one type"
        )
    if len({labels.dtype.kind for labels in given}) > 1:
        return _native([label for labels in given for label in labels.tolist()])
    return np.concatenate(given or list(several))


def is_default(unlabelled: Any) -> bool:
    """Whether nothing was said of what means "no class"."""
    return isinstance(unlabelled, str) and unlabelled == RAISE


def is_missing(value: Any) -> bool:
    """Whether a value is None, NaN, NaT or NA."""
    if value is None:
        return True
    if isinstance(value, (str, bytes, int)):
        return False
    try:
        return bool(value != value)
    except (TypeError, ValueError):  # pandas' NA is neither equal nor unequal; arrays are many
        return type(value).__name__ == "NAType"


def _as_given(y: Any, name: str) -> tuple[LabelArray, NDArray[np.bool_]]:
    """Return the labels that are there, as they are, and which of all (n,) are missing."""
    if y is None:
        raise ValueError(f"{name} is None, but a metric is learned from labels: pass one a row")
    columns: Any = getattr(y, "columns", ())
    if len(columns) == 1:  # a data frame
        y = y[columns[0]]
    dtype = getattr(y, "dtype", None)
    if not isinstance(dtype, np.dtype) or dtype.kind == "T":  # no column of NumPy's own types
        for to_list in ("to_pylist", "tolist", "to_list"):  # pyarrow; pandas, tensors; polars
            if hasattr(y, to_list):
                y = getattr(y, to_list)()
                break
    if isinstance(y, (list, tuple)) and len(y) and np.ndim(y[0]) == 0:
        missing = np.array([is_missing(label) for label in y])
        return _native([label for label, gone in zip(y, missing, strict=True) if not gone]), missing
    try:
        labels = np.asarray(y)
    except ValueError:  # lists of several lengths
        labels = np.empty(())
    if labels.ndim == 0:
        raise ValueError(f"{name} should be a 1d array, one label a row; got {y!r}")
    labels = column_or_1d(labels)
    if labels.dtype.kind == "O":
        missing = np.array([is_missing(label) for label in labels], dtype=bool)
    elif labels.dtype.kind in "fmM":
        missing = labels != labels
    else:
        missing = np.zeros(len(labels), dtype=bool)
    if isinstance(y, np.ma.MaskedArray):
        missing |= np.ma.getmaskarray(y).ravel()
    known = labels[~missing]
    # Whole numbers may stand among objects for the sake of a None.
    return (_native(known.tolist()) if known.dtype == "O" and missing.any() else known), missing


def _native(labels: list[Any]) -> LabelArray:
    """Return some labels as an array of NumPy's type, or of objects if that would change one."""
    try:
        native: LabelArray = np.asarray(labels)
        whole = native.dtype.kind == "f" and not any(isinstance(v, _FLOATS) for v in labels)
        if native.ndim == 1 and native.tolist() == labels and not whole:
            return native
    except (ValueError, OverflowError):
        pass
    objects = np.empty(len(labels), dtype=object)
    objects[:] = labels
    return objects


def _check_no_continuum(labels: LabelArray, name: str) -> None:
    """Raise if labels are infinite, fractional or complex numbers."""
    if labels.dtype.kind in "cV":
        raise ValueError(f"{name} holds {labels.dtype} values; pass whole numbers or strings")
    if labels.dtype.kind == "f":
        numbers = labels
    elif labels.dtype.kind == "O":
        numbers = np.array([v for v in labels if isinstance(v, _FLOATS)], dtype=float)
    else:
        return
    if np.isinf(numbers).any():
        raise ValueError(f"{name} contains NaN or infinity; drop these rows")
    fractional = numbers[numbers != np.floor(numbers)]
    if len(fractional):
        raise ValueError(
            f"{name} holds continuous values such as {fractional[0]:g}, but a metric is "
            "learned from classes: pass whole numbers or strings (bin a target first, "
            "with KBinsDiscretizer, say)"
        )


def _on_missing(y: Any, unlabelled: Any, name: str) -> str:
    is_float = np.asarray(y).dtype.kind == "f"
    what = f"{name} contains {'NaN' if is_float else 'missing labels (None or NaN)'}"
    if is_default(unlabelled):
        return (
            f"{what}; drop these rows, or pass unlabelled=None (with a classifier, to its "
            "learner), which leaves them out as rows of no class"
        )
    return (
        f"{what}, but unlabelled={unlabelled!r} names another value; give all rows without a "
        "class one of the two (unlabelled=None means the missing ones)"
    )


def _check_unlabelled(unlabelled: Any, classes: LabelArray, name: str) -> None:
    """Raise if no label could ever equal the value that means "no class"."""
    if np.ndim(unlabelled) != 0:
        raise TypeError(f"unlabelled must be one label, got {unlabelled!r}")
    if len(classes) and isinstance(unlabelled, str) != (_kind(classes) == "strings"):
        raise ValueError(
            f"unlabelled is {unlabelled!r}, but {name} holds labels such as "
            f"{classes.tolist()[0]!r}: give it the type of the labels"
        )


def _kind(labels: LabelArray) -> str:
    """Return what some labels are, of which there is at least one."""
    if labels.dtype.kind in _KINDS:
        return _KINDS[labels.dtype.kind]
    first = labels.tolist()[0]
    for types, kind in ((str, "strings"), (bytes, "bytes"), ((Number, np.bool_), "numbers")):
        if isinstance(first, types):
            return kind
    return f"values of type {type(first).__name__}"
