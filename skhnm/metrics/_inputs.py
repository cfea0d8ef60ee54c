"""From a user's arrays to the ranking that every measure reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skhnm.common._threads import effective_n_jobs
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.common._validation import check_choice, check_number, check_sides
from skhnm.kernels._rows import unit_rows
from skhnm.metrics._ranking import Ranking, rank_matches

METRICS = ("euclidean", "cosine")


def rank(
    Z: Any,
    y: Any,
    reference: Any,
    reference_y: Any,
    metric: str,
    unlabelled: Any,
    n_jobs: int | None,
    *,
    ks: Sequence[int] = (),
    cap: int | None = None,
    find_first: bool = False,
) -> Ranking:
    """Validate the arguments of a public measure, and rank the reference for each query.

    Raises
    ------
    ValueError
        If they cannot be used, or if no measure could tell one embedding from another.
    """
    check_choice(metric, "metric", METRICS)
    check_number(n_jobs, "n_jobs", integer=True, optional=True)
    effective_n_jobs(n_jobs)
    Z, codes, reference, reference_codes, own = check_sides(
        Z, y, reference, reference_y, unlabelled, ("reference", "reference_y")
    )
    _check_judgeable(codes, reference_codes, own)
    if metric == "cosine":
        Z, reference = for_cosine(Z, reference)
    return rank_matches(
        Z, codes, reference, reference_codes, own,
        ks=ks, cap=cap, find_first=find_first, n_jobs=n_jobs,
    )  # fmt: skip


def for_cosine(Z: FloatArray, reference: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return rows at unit length, whose squared distance is twice the cosine distance.

    Zero rows have no direction; they get one of their own, in one more column.
    """
    same = reference is Z
    sides = [unit_rows(Z)[0]] if same else [unit_rows(Z)[0], unit_rows(reference)[0]]
    zero = [~side.any(axis=1) for side in sides]
    if any(rows.any() for rows in zero):
        sides = [np.column_stack(pair).astype(Z.dtype) for pair in zip(sides, zero, strict=True)]
    return sides[0], sides[-1]


def _check_judgeable(codes: IndexArray, reference_codes: IndexArray, own: IndexArray) -> None:
    """Raise if no query has a match, or if all are of one class and none could fail."""
    same = bool((own >= 0).any())
    of, label_of = ("Z", "y") if same else ("reference", "reference_y")
    for rows, name, label in ((codes, "Z", "y"), (reference_codes, of, label_of)):
        if len(rows) == 0:
            raise ValueError(f"{name} has no rows, so there is nothing to rank")
        if (rows < 0).all():
            raise ValueError(f"{label} holds no label but the one that means unlabelled")
    counts = np.bincount(reference_codes[reference_codes >= 0])
    if (counts > 0).sum() == 1:
        raise ValueError(
            f"{label_of} holds one class only, so any ranking is perfect: pass rows of at "
            "least two classes"
        )
    matches = np.append(counts, np.zeros(codes.max() + 1, dtype=np.intp))[codes[codes >= 0]]
    if matches.max() <= same:
        raise ValueError(
            "no row of Z has a match: each is the only one of its class, and at least one "
            "class needs two rows"
            if same
            else "no row of Z has a match: reference_y holds none of the classes of y"
        )
