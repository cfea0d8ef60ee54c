"""Checks of what users pass in: embeddings, weights, numbers and index arrays."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import column_or_1d

from skhnm.common._labels import encode_labels, encode_together
from skhnm.common._rows import as_rows
from skhnm.common._typing import FloatArray, IndexArray, RandomState


def check_embeddings(Z: Any, name: str = "Z") -> FloatArray:
    """Return finite embeddings (n, m) as float32 or float64; n may be 0."""
    rows: FloatArray = check_array(
        as_rows(Z, name),
        dtype=[np.float64, np.float32],
        ensure_min_samples=0,
        input_name=name,
        order="C",
    )
    if rows.dtype == np.float64 and rows.size:
        largest = max(float(rows.max()), -float(rows.min()))
        if largest and not 1e-150 < largest < 1e150:
            raise ValueError(
                f"{name} holds numbers of the order of {largest:.1g}, whose squares leave the "
                "range of floating point; scale it first"
            )
    return rows


def check_sides(
    Z: Any, y: Any, pool: Any, pool_y: Any, unlabelled: Any, names: tuple[str, str]
) -> tuple[FloatArray, IndexArray, FloatArray, IndexArray, IndexArray]:
    """Validate embeddings, and those that each of them is compared with.

    Parameters
    ----------
    Z, y : array-like of shapes (n, m) and (n,)
        Embeddings and their labels.
    pool, pool_y : array-like of shapes (N, m) and (N,), or None
        Whom they are compared with; None: each other.
    unlabelled
        As `encode_labels` takes it.
    names : tuple of str
        What the user calls `pool` and `pool_y`.

    Returns
    -------
    Z, codes, pool, pool_codes : arrays
        Of one floating type; equal labels have equal codes, -1 for none. Where `pool` is
        None, it is `Z` itself, the same object.
    own : (n,) intp
        Each row's own row in the pool, or -1.

    Raises
    ------
    ValueError
        If only one of `pool` and `pool_y` is given, shapes do not fit, or values are
        not finite.
    """
    if (pool is None) != (pool_y is None):
        raise ValueError(f"{names[0]} and {names[1]} go together: give both, or neither")
    Z, pool = check_pool(Z, pool, names[0])
    if pool_y is None:
        _, codes = encode_labels(y, unlabelled)
        check_consistent_length(Z, codes)
        return Z, codes, Z, codes, np.arange(len(Z), dtype=np.intp)

    codes, pool_codes = encode_together(y, pool_y, unlabelled, ("y", names[1]))
    check_consistent_length(Z, codes)
    check_consistent_length(pool, pool_codes)
    return Z, codes, pool, pool_codes, np.full(len(Z), -1, dtype=np.intp)


def check_pool(Z: Any, pool: Any, name: str) -> tuple[FloatArray, FloatArray]:
    """Return embeddings and those they are compared with, of one type; themselves for None.

    Raises
    ------
    ValueError
        If they are not finite, or not of as many columns.
    """
    Z = check_embeddings(Z)
    if pool is None:
        return Z, Z
    pool = check_embeddings(pool, name)
    dtype = np.result_type(Z, pool)
    if pool.shape[1] != Z.shape[1]:
        raise ValueError(f"{name} has {pool.shape[1]} columns, but Z has {Z.shape[1]}")
    return Z.astype(dtype, copy=False), pool.astype(dtype, copy=False)


def check_weights(sample_weight: Any, n: int, *, may_be_zero: bool = False) -> FloatArray:
    """Return non-negative, finite row weights (n,) float64, ones for None.

    Unless they may all be zero, at least one must not be.
    """
    if sample_weight is None:
        return np.ones(n)
    if isinstance(sample_weight, Real):
        sample_weight = np.full(n, float(sample_weight))
    sample_weight = as_rows(sample_weight, "sample_weight")
    weights: FloatArray = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if weights.ndim != 1:
        raise ValueError("Sample weights must be 1D array or scalar")
    if weights.shape != (n,):
        raise ValueError(f"sample_weight.shape == {weights.shape}, expected {(n,)}!")
    if (weights < 0).any():
        raise ValueError("sample_weight must not be negative; a weight of 0 leaves a row out")
    if not (may_be_zero or weights.any()):
        raise ValueError("sample_weight is zero for every row; at least two rows must count")
    return weights


def check_number(
    value: Any,
    name: str,
    *,
    low: float | None = None,
    high: float | None = None,
    low_open: bool = False,
    high_open: bool = False,
    integer: bool = False,
    optional: bool = False,
    auto: bool = False,
) -> None:
    """Raise if a parameter is not a number in its range, nor None or "auto" where it may be that.

    Raises
    ------
    TypeError
        If it is not a number of that kind.
    ValueError
        If it is outside [low, high], or on an open end.
    """
    if (optional and value is None) or (auto and isinstance(value, str) and value == "auto"):
        return
    if auto:
        name += " must be 'auto', or it"
    kind: Any = Integral if integer else Real
    what = "an integer" if integer else "a number"
    bounds = []
    if low is not None:
        bounds.append(f"{'>' if low_open else '>='} {low:g}")
    if high is not None:
        bounds.append(f"{'<' if high_open else '<='} {high:g}")
    wanted = f"{what}{' ' if bounds else ''}{' and '.join(bounds)}"
    if optional:
        wanted += ", or None"
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, kind):
        raise TypeError(f"{name} must be {wanted}, got {value!r}")
    below = low is not None and (value < low or (low_open and value == low))
    above = high is not None and (value > high or (high_open and value == high))
    if below or above or not np.isfinite(value):
        raise ValueError(f"{name} must be {wanted}, got {value!r}")


def check_choice(
    value: Any, name: str, choices: tuple[str, ...], *, optional: bool = False
) -> None:
    """Raise a ValueError that lists the choices if `value` is none of them."""
    if optional and value is None:
        return
    if not isinstance(value, str) or value not in choices:
        listed = ", ".join(map(repr, choices)) + (", or None" if optional else "")
        raise ValueError(f"{name} must be one of {listed}; got {value!r}")


def check_kinds(given: Any, n: int, name: str) -> NDArray[np.bool_]:
    """Return which of n pairs are alike, as the user says by +1 and -1.

    Raises
    ------
    ValueError
        If there is anything else, or another number of them.
    """
    if given is None:
        raise ValueError(f"{name} is needed: +1 for a pair that is alike, -1 for one that is not")
    kinds, codes = encode_labels(given, name=name)
    wrong = [kind for kind in kinds.tolist() if isinstance(kind, bool) or kind not in (1, -1)]
    if wrong:
        raise ValueError(
            f"{name} must be +1 for a pair that is alike (of one class) and -1 for one that is "
            f"not, got {wrong[0]!r}: np.where(alike, 1, -1) makes it from booleans"
        )
    if len(codes) != n:
        raise ValueError(f"{name} has {len(codes)} entries, but there are {n} pairs")
    return (kinds == 1)[codes] if n else np.empty(0, dtype=bool)


def check_bool(value: Any, name: str) -> None:
    """Raise a TypeError if a parameter is neither True nor False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r}")


def check_codes(codes: Any, name: str = "codes") -> IndexArray:
    """Return whole numbers (n,) intp from -1 up.

    Raises
    ------
    ValueError
        If they are not one-dimensional, not whole numbers, or below -1.
    """
    given = column_or_1d(np.asarray(codes))
    most = np.iinfo(np.intp).max
    if given.size and (given.dtype.kind not in "iu" or given.min() < -1 or given.max() > most):
        raise ValueError(f"{name} must be whole numbers from 0, or -1 for none, got {given[:5]}")
    return given.astype(np.intp, copy=False)


def check_index_array(rows: Any, name: Any, n_rows: int) -> IndexArray:
    """Return indices (n_rows, k) intp; whether they are in range is another question.

    Raises
    ------
    ValueError
        If they are not whole numbers, or not two-dimensional.
    """
    try:
        indices = np.asarray(rows)
    except ValueError:
        indices = np.asarray(rows, dtype=object)
    if indices.ndim != 2 or len(indices) != n_rows:
        raise ValueError(f"{name} must have shape ({n_rows}, k), got {indices.shape}")
    if indices.size and indices.dtype.kind not in "iu":
        raise ValueError(f"{name} must hold integer row indices, got dtype {indices.dtype}")
    if indices.dtype == np.uint64:  # the largest would become negative
        indices = np.minimum(indices, np.uint64(np.iinfo(np.intp).max))
    return indices.astype(np.intp, copy=False)


def check_generator(random_state: RandomState) -> np.random.Generator:
    """Return a NumPy Generator for a seed, a RandomState, a Generator or None."""
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**32, size=4, dtype=np.uint64))
    try:
        return np.random.default_rng(random_state)
    except (TypeError, ValueError):
        raise ValueError(
            "random_state must be a whole number >= 0, a numpy RandomState or Generator, or "
            f"None; got {random_state!r}"
        ) from None
