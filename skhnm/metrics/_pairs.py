"""Which pairs of rows a verification compares: those that are given, all, or a sample."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhnm.common._labels import is_default
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.common._validation import check_index_array, check_kinds, check_pool, check_sides


def read_pairs(
    Z: Any,
    y: Any,
    reference: Any,
    reference_y: Any,
    pairs: Any,
    pair_y: Any,
    unlabelled: Any,
    max_pairs: int,
    random: np.random.Generator,
) -> tuple[FloatArray, FloatArray, IndexArray, NDArray[np.bool_]]:
    """Return Z, whom it is compared with, the pairs (t, 2), and which are of one class (t,).

    Raises
    ------
    ValueError
        If an argument cannot be used, or there are no pairs of one of the two kinds.
    """
    if pair_y is None:
        if y is None:
            raise ValueError(
                "y is None, and so is pair_y: pass a label for each row of Z, or pairs with "
                "pair_y, 1 for each of one class and -1 for each of two"
            )
        Z, codes, pool, pool_codes, _ = check_sides(
            Z, y, reference, reference_y, unlabelled, ("reference", "reference_y")
        )
        if pairs is not None:
            given = _check_pairs(pairs, len(Z), len(pool), reference is not None)
            labelled = (codes[given[:, 0]] >= 0) & (pool_codes[given[:, 1]] >= 0)
            given = given[labelled]
        elif reference is None:
            given = draw_pairs(codes, max_pairs, random)
        else:
            given = draw_cross_pairs(codes, pool_codes, max_pairs, random)
        same = codes[given[:, 0]] == pool_codes[given[:, 1]]
    else:
        if y is not None or reference_y is not None:
            raise ValueError("pair_y and labels of rows both say who is of one class: pass one")
        if pairs is None:
            raise ValueError("pair_y is given without pairs: pass the rows that each entry is of")
        if not is_default(unlabelled):
            raise ValueError("unlabelled names a label, but pair_y is given in place of labels")
        Z, pool = check_pool(Z, reference, "reference")
        given = _check_pairs(pairs, len(Z), len(pool), reference is not None)
        same = check_kinds(pair_y, len(given), "pair_y")
    _check_both_kinds(same, reference is not None, pairs is None)
    return Z, pool, given, same


def draw_pairs(codes: IndexArray, max_pairs: int, random: np.random.Generator) -> IndexArray:
    """Return pairs of different labelled rows (t, 2): all, or as many of each kind as may be.

    Rows sorted by class have the partners of their own class, and those of later classes,
    in one run each.
    """
    rows = _by_class(codes)
    place = np.arange(len(rows))
    ends = np.searchsorted(codes[rows], codes[rows], "right")
    (first, nth), (other, nth_other) = _draw(
        [ends - place - 1, len(rows) - ends], max_pairs, random
    )
    return np.concatenate(
        [
            np.column_stack([rows[first], rows[first + 1 + nth]]),
            np.column_stack([rows[other], rows[ends[other] + nth_other]]),
        ]
    )


def draw_cross_pairs(
    codes: IndexArray, pool_codes: IndexArray, max_pairs: int, random: np.random.Generator
) -> IndexArray:
    """Return pairs of a labelled row and one of the pool (t, 2): all, or as many of each kind.

    The partners of one class are a run of the pool sorted by class, the others all but that run.
    """
    rows, others = np.flatnonzero(codes >= 0), _by_class(pool_codes)
    begins, ends = (
        np.searchsorted(pool_codes[others], codes[rows], side) for side in ("left", "right")
    )
    sizes = ends - begins
    (first, nth), (other, nth_other) = _draw([sizes, len(others) - sizes], max_pairs, random)
    of_two = nth_other + np.where(nth_other < begins[other], 0, sizes[other])
    return np.concatenate(
        [
            np.column_stack([rows[first], others[begins[first] + nth]]),
            np.column_stack([rows[other], others[of_two]]),
        ]
    )


def _by_class(codes: IndexArray) -> IndexArray:
    """Return the labelled rows, sorted by class."""
    return np.argsort(codes, kind="stable")[np.count_nonzero(codes < 0) :]


def _draw(
    kinds: list[IndexArray], max_pairs: int, random: np.random.Generator
) -> list[tuple[IndexArray, IndexArray]]:
    """Return the rows and the numbers of the partners of the pairs that are compared, by kind.

    A kind says how many partners each row has (n,). So a pair has a number, and numbers are drawn.
    """
    everything = sum(int(sizes.sum()) for sizes in kinds) <= max_pairs
    drawn = []
    for sizes in kinds:
        last = np.cumsum(sizes)  # the number after the last pair of each row
        n_pairs = int(last[-1]) if len(last) else 0
        if everything or n_pairs <= max_pairs // 2:
            numbers = np.arange(n_pairs)
        else:
            numbers = np.sort(random.choice(n_pairs, max_pairs // 2, replace=False, shuffle=False))
        first = np.searchsorted(last, numbers, "right")
        drawn.append((first, numbers - (last - sizes)[first]))
    return drawn


def _check_pairs(pairs: Any, n: int, n_pool: int, is_apart: bool) -> IndexArray:
    """Return the user's pairs (t, 2)."""
    given = check_index_array(pairs, "pairs", len(pairs) if hasattr(pairs, "__len__") else 0)
    if given.shape[1] != 2:
        raise ValueError(f"pairs must have shape (t, 2), got {given.shape}")
    which = f"which is no row of the {n} of Z"
    if is_apart:
        which = f"which is no row of the {n} of Z, and one of the {n_pool} of the reference"
    for wrong, why in (
        ((given < 0) | (given >= [n, n_pool]), which),
        ((given[:, :1] == given[:, 1:]) & (not is_apart), "a row with itself"),
    ):
        if wrong.any():
            t = int(np.flatnonzero(wrong.any(axis=1))[0])
            raise ValueError(f"pairs[{t}] is {given[t].tolist()}, {why}")
    return given


def _check_both_kinds(same: NDArray[np.bool_], is_apart: bool, drawn: bool) -> None:
    """Raise if there is nothing to tell apart."""
    if same.any() and not same.all():
        return
    kind = "different classes" if same.any() else "one class"
    if not len(same):
        kind = "labelled rows"
    remedy = "pass pairs of both kinds (with labels, leave pairs out to compare all rows)"
    if drawn and is_apart:
        remedy = "y and reference_y need two classes, and one in common"
    elif drawn:
        remedy = "y needs two classes, and two rows in at least one"
    raise ValueError(f"there are no pairs of {kind}, so there is nothing to tell apart: {remedy}")
