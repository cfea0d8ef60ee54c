"""From tuples as users have them, of points or of indices, to distinct rows and who they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import check_array

from skhnm.common._rows import as_rows
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.estimators._learned import FLOATS, TUPLES
from skhnm.kernels._rows import distinct_rows


@dataclass(frozen=True)
class Read:
    """Tuples of distinct rows.

    Parameters
    ----------
    X : (r, d) float
        The rows, in an order of their own.
    which : (n, t) intp
        Which of these the tuples are.
    shown : (n, t)
        The indices that the user gave, if any, for messages; else the numbers of the rows.
    """

    X: FloatArray
    which: IndexArray
    shown: IndexArray

    def __len__(self) -> int:
        return len(self.which)


def read_tuples(
    tuples: Any, size: int, preprocessor: Any = None, n_features: int | None = None
) -> Read:
    """Validate tuples of `size` rows each, given as points or as indices.

    Raises
    ------
    ValueError
        If they are of another shape, not finite, out of range, or indices of nobody knows what.
    """
    name = TUPLES[size]
    given = as_rows(tuples, name)
    if not hasattr(given, "shape"):
        given = _stacked(given, name)
    if len(given.shape) == 2:
        return _read_indices(given, name, size, preprocessor, n_features)
    if len(given.shape) != 3 or given.shape[1] != size:
        raise ValueError(_wrong_shape(name, size, tuple(given.shape)))
    points: FloatArray = check_array(given, dtype=FLOATS, allow_nd=True, input_name=name)
    _check_width(points.shape[2], name, n_features)
    rows = np.ascontiguousarray(points.reshape(-1, points.shape[2]))
    first, which = distinct_rows(rows)
    which = which.reshape(-1, size)
    return Read(rows[first], which, which)


def _stacked(given: Any, name: str) -> Any:
    try:
        return np.asarray(given)
    except ValueError:
        raise ValueError(
            f"{name} are of different lengths: each must hold as many rows as the others"
        ) from None


def _read_indices(
    given: Any, name: str, size: int, preprocessor: Any, n_features: int | None
) -> Read:
    if preprocessor is None:
        raise ValueError(
            f"{name} has shape {tuple(given.shape)}, so it holds indices, but there is no "
            f"preprocessor to say of what: pass preprocessor=X, or points of shape (n, {size}, "
            "n_features)"
        )
    if given.shape[1] != size:
        raise ValueError(_wrong_shape(name, size, tuple(given.shape)))
    indices = check_array(given, dtype=None, input_name=name)
    rows = as_indices(indices, name)
    used, place = np.unique(rows, return_inverse=True)
    X = look_up(preprocessor, used, name)
    _check_width(X.shape[1], name, n_features)
    first, which = distinct_rows(X)
    return Read(X[first], which[place.reshape(rows.shape)], rows)


def as_indices(given: Any, name: str) -> IndexArray:
    """Return whole numbers, which a float may stand for.

    Raises
    ------
    ValueError
        If there is any other number.
    """
    numbers = np.asarray(given)
    if numbers.dtype.kind == "f" and np.array_equal(numbers, np.round(numbers)):
        numbers = numbers.astype(np.intp)
    if numbers.dtype.kind not in "iu":
        raise ValueError(f"{name} must hold whole numbers as indices, got {numbers.ravel()[:4]}")
    indices: IndexArray = numbers.astype(np.intp, copy=False)
    return indices


def look_up(preprocessor: Any, indices: IndexArray, name: str) -> FloatArray:
    """Return the rows (n, d) of some indices (n,).

    Raises
    ------
    ValueError
        If one is out of range, or a function gives anything but a finite row for each.
    """
    if callable(preprocessor):
        rows: FloatArray = check_array(
            as_rows(preprocessor(indices)), dtype=FLOATS, input_name="preprocessor", order="C"
        )
        if len(rows) != len(indices):
            raise ValueError(
                f"preprocessor must return a row for each index: it was given {len(indices)} and "
                f"returned {len(rows)}"
            )
        return rows
    X = as_rows(preprocessor)
    if not isinstance(X, np.ndarray) or X.ndim != 2:
        X = check_array(X, dtype=FLOATS, input_name="preprocessor")
    wrong = indices[(indices < 0) | (indices >= len(X))]
    if len(wrong):
        raise ValueError(
            f"{name} holds the index {wrong[0]}, but the preprocessor has the rows 0 to "
            f"{len(X) - 1}"
        )
    taken: FloatArray = check_array(X[indices], dtype=FLOATS, input_name="preprocessor", order="C")
    return taken


def _check_width(d: int, name: str, n_features: int | None) -> None:
    if n_features is not None and d != n_features:
        raise ValueError(f"{name} have {d} features, but the metric was learned on {n_features}")


def _wrong_shape(name: str, size: int, shape: tuple[int, ...]) -> str:
    return (
        f"{name} must have shape (n, {size}, n_features), or (n, {size}) as indices with a "
        f"preprocessor; got {shape}"
    )
