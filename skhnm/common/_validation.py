"""Checks of what users pass in: labels, weights, numbers and index arrays."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import column_or_1d

from skhnm.common._typing import FloatArray, IndexArray, LabelArray, RandomState


def check_embeddings(Z: Any, name: str = "Z") -> FloatArray:
    """Return finite embeddings (n, m) as float32 or float64; n may be 0."""
    rows: FloatArray = check_array(
        Z, dtype=[np.float64, np.float32], ensure_min_samples=0, input_name=name, order="C"
    )
    return rows


def encode_labels(
    y: Any, unlabelled: Any = None, *, name: str = "y"
) -> tuple[LabelArray, IndexArray]:
    """Turn labels of any type into codes.

    Parameters
    ----------
    y : array-like of shape (n,)
        Strings, whole numbers, booleans, pandas categoricals: every value is a class.
    unlabelled : label, optional
        The value that means "no class".
    name : str
        What the user calls `y`.

    Returns
    -------
    classes : (n_classes,)
        The sorted classes, without `unlabelled`.
    codes : (n,) intp
        Position of each label in `classes`; -1 where unlabelled.

    Raises
    ------
    ValueError
        If `y` is missing, not one-dimensional, holds missing or continuous values, or
        values of types that cannot be sorted together.
    """
    if y is None:
        raise ValueError(f"{name} is None, but a metric is learned from labels: pass one a row")
    labels = np.asarray(y)
    if labels.ndim == 0:
        raise ValueError(f"{name} should be a 1d array, one label a row; got {y!r}")
    labels = column_or_1d(labels)
    if labels.dtype.kind == "f":
        if not np.isfinite(labels).all():
            raise ValueError(
                f"{name} contains NaN or infinity; drop these rows, or give them a value "
                "of their own and name it in unlabelled="
            )
        fractional = labels[labels != np.floor(labels)]
        if len(fractional):
            raise ValueError(
                f"{name} holds continuous values such as {fractional[0]:g}, but a metric is "
                "learned from classes: pass whole numbers or strings (bin a target first, "
                "with KBinsDiscretizer, say)"
            )
    elif labels.dtype.kind == "O" and any(v is None or repr(v) == "<NA>" or v != v for v in labels):
        raise ValueError(
            f"{name} contains missing labels (None or NaN); drop these rows, or give them a "
            "value of their own and name it in unlabelled="
        )
    elif labels.dtype.kind == "c":
        raise ValueError(f"{name} holds complex numbers; pass whole numbers or strings")
    try:
        classes, codes = np.unique(labels, return_inverse=True)
    except TypeError:
        kinds = sorted({type(v).__name__ for v in labels})
        raise ValueError(
            f"{name} mixes types that cannot be sorted together ({', '.join(kinds)}); "
            "convert all labels to one type"
        ) from None
    codes = codes.reshape(-1).astype(np.intp)
    if unlabelled is not None:
        _check_unlabelled(unlabelled, classes, name)
        kept = np.array([bool(c != unlabelled) for c in classes], dtype=bool)
        position = np.where(kept, np.cumsum(kept) - 1, -1)
        classes, codes = classes[kept], position[codes].astype(np.intp)
    return classes, codes


def encode_together(
    y: Any, pool_y: Any, unlabelled: Any, names: tuple[str, str]
) -> tuple[IndexArray, IndexArray]:
    """Give equal labels of anchors and pool equal codes, without rounding either.

    `names` is what the user calls the two.
    """
    classes, codes = encode_labels(y, unlabelled, name=names[0])
    pool_classes, pool_codes = encode_labels(pool_y, unlabelled, name=names[1])
    code_of = {label: code for code, label in enumerate(classes.tolist())}
    if len(classes) and len(pool_classes):
        kinds = [isinstance(c.tolist()[0], str) for c in (classes, pool_classes)]
        if kinds[0] != kinds[1]:
            raise ValueError(
                f"{names[0]} holds {'strings' if kinds[0] else 'numbers'} and {names[1]} holds "
                f"{'strings' if kinds[1] else 'numbers'}: no label of one could match the "
                "other; convert both to one type"
            )
    shared = [code_of.setdefault(label, len(code_of)) for label in pool_classes.tolist()]
    lookup = np.array([*shared, -1], dtype=np.intp)
    return codes, lookup[pool_codes]


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
    unlabelled : label or None
        The label that means "no class".
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
    Z = check_embeddings(Z)
    if (pool is None) != (pool_y is None):
        raise ValueError(f"{names[0]} and {names[1]} go together: give both, or neither")
    if pool is None:
        _, codes = encode_labels(y, unlabelled)
        check_consistent_length(Z, codes)
        return Z, codes, Z, codes, np.arange(len(Z), dtype=np.intp)

    pool = check_embeddings(pool, names[0])
    dtype = np.result_type(Z, pool)
    Z, pool = Z.astype(dtype, copy=False), pool.astype(dtype, copy=False)
    if pool.shape[1] != Z.shape[1]:
        raise ValueError(f"{names[0]} has {pool.shape[1]} columns, but Z has {Z.shape[1]}")
    codes, pool_codes = encode_together(y, pool_y, unlabelled, ("y", names[1]))
    check_consistent_length(Z, codes)
    check_consistent_length(pool, pool_codes)
    return Z, codes, pool, pool_codes, np.full(len(Z), -1, dtype=np.intp)


def _check_unlabelled(unlabelled: Any, classes: LabelArray, name: str) -> None:
    """Raise if no label could ever equal the value that means "no class"."""
    if np.ndim(unlabelled) != 0:
        raise TypeError(f"unlabelled must be one label, got {unlabelled!r}")
    if len(classes) and isinstance(unlabelled, str) != isinstance(classes.tolist()[0], str):
        raise ValueError(
            f"unlabelled is {unlabelled!r}, but {name} holds labels such as "
            f"{classes.tolist()[0]!r}: give it the type of the labels"
        )


def check_weights(sample_weight: Any, n: int) -> FloatArray:
    """Return non-negative, finite row weights (n,) float64, ones for None."""
    if sample_weight is None:
        return np.ones(n)
    if isinstance(sample_weight, Real):
        sample_weight = np.full(n, float(sample_weight))
    weights: FloatArray = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if weights.ndim != 1:
        raise ValueError("Sample weights must be 1D array or scalar")
    if weights.shape != (n,):
        raise ValueError(f"sample_weight.shape == {weights.shape}, expected {(n,)}!")
    if (weights < 0).any():
        raise ValueError("sample_weight must not be negative; a weight of 0 leaves a row out")
    if not weights.any():
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
) -> None:
    """Raise if a parameter is not a number in its range.

    Raises
    ------
    TypeError
        If it is not a number of that kind.
    ValueError
        If it is outside [low, high], or on an open end.
    """
    if optional and value is None:
        return
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


def check_choice(value: Any, name: str, choices: tuple[str, ...]) -> None:
    """Raise a ValueError that lists the choices if `value` is none of them."""
    if not isinstance(value, str) or value not in choices:
        listed = ", ".join(map(repr, choices))
        raise ValueError(f"{name} must be one of {listed}; got {value!r}")


def check_codes(codes: Any, name: str = "codes") -> IndexArray:
    """Return whole numbers (n,) intp from -1 up.

    Raises
    ------
    ValueError
        If they are not one-dimensional, not whole numbers, or below -1.
    """
    given = column_or_1d(np.asarray(codes))
    if given.size and (given.dtype.kind not in "iu" or given.min() < -1):
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
