"""Queries that stand in the reference: their own rows, and a warning where nobody names them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.common._validation import check_codes
from skhnm.kernels._rows import row_keys

_FEW = 0.1  # of the queries may stand in the reference, before anybody is warned
_TIMES = 2.0  # as often as the queries repeat each other, or they are codes of few values


def check_own(
    own: Any, y: Any, reference_y: Any, codes: IndexArray, reference_codes: IndexArray
) -> IndexArray:
    """Return each query's own row of the reference (n,); -1 where it has none that is ranked.

    Raises
    ------
    ValueError
        If there is no reference, if they are not rows of it, one for each query, or if a query
        and its own row are of two classes.
    """
    if reference_y is None:
        raise ValueError(
            "own holds rows of the reference, but none is given: leave it out, each row of Z is "
            "left out of its own ranking"
        )
    own = check_codes(own, "own")
    n_rows = len(reference_codes)
    if len(own) != len(codes):
        raise ValueError(f"own must have shape ({len(codes)},), one for each of Z; got {own.shape}")
    if own.max(initial=-1) >= n_rows:
        q = int(np.argmax(own >= n_rows))
        raise ValueError(f"own[{q}] is {own[q]}, but the reference has {n_rows} rows")
    own_codes = np.append(reference_codes, -1)[own]
    has_own = (codes >= 0) & (own_codes >= 0)
    wrong = np.flatnonzero(has_own & (own_codes != codes))
    if len(wrong):
        q = int(wrong[0])
        here, there = np.asarray(y).tolist()[q], np.asarray(reference_y).tolist()[own[q]]
        raise ValueError(
            f"own[{q}] is {own[q]}, but y[{q}] is {here!r} and reference_y[{own[q]}] is {there!r}: "
            "a query and its own row are the same, so own must count rows as reference does"
        )
    return np.where(has_own, own, -1)


def warn_of_own_rows(
    Z: FloatArray, codes: IndexArray, reference: FloatArray, reference_codes: IndexArray
) -> None:
    """Warn if queries stand in the reference, where each would find itself first."""
    judged = np.isin(codes, reference_codes) & (codes >= 0)
    if not judged.any():
        return
    standing, repeated = _shares(Z[judged], codes[judged], reference, reference_codes)
    if standing >= _FEW and standing >= _TIMES * repeated:
        warnings.warn(
            f"{standing:.0%} of the queries stand in the reference with the same label, and each "
            "finds itself: pass own, each query's row of the reference (-1 for none), so that it "
            "is left out. If these are other rows that happen to be the same, pass "
            "own=np.full(len(Z), -1).",
            UserWarning,
            stacklevel=4,
        )


def _shares(
    Z: FloatArray, codes: IndexArray, reference: FloatArray, reference_codes: IndexArray
) -> tuple[float, float]:
    """Return which share of the queries stands in the reference, and is repeated among them."""
    if Z.dtype != np.float32 and (_is_single(Z) or _is_single(reference)):
        with np.errstate(over="ignore"):  # the other side may be the same rows, not yet rounded
            Z, reference = Z.astype(np.float32), reference.astype(np.float32)
    keys, sought = (  # the label is one more feature
        row_keys(rows) + np.sqrt(2.0) * labels
        for rows, labels in ((Z, codes), (reference, reference_codes))
    )
    order = np.argsort(keys)
    keys, first, sizes = np.unique(keys[order], return_index=True, return_counts=True)
    group = np.minimum(np.searchsorted(keys, sought), len(keys) - 1)
    rows = np.flatnonzero(keys[group] == sought)
    group = group[rows]
    queries = order[first[group]]
    alike = (codes[queries] == reference_codes[rows]) & (Z[queries] == reference[rows]).all(axis=1)
    stands = np.zeros(len(keys), dtype=bool)
    stands[group[alike]] = True
    return float(sizes[stands].sum() / len(Z)), float(sizes[sizes > 1].sum() / len(Z))


def _is_single(rows: FloatArray) -> bool:
    """Whether every number is one of float32."""
    with np.errstate(over="ignore"):
        return bool((rows.astype(np.float32) == rows).all())
