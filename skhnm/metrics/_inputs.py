"""From a user's arrays to the ranking that every measure reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skhnm.common._groups import read_groups
from skhnm.common._threads import effective_n_jobs
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.common._validation import check_choice, check_number, check_sides
from skhnm.kernels._rows import unit_rows
from skhnm.metrics._left_out import count_equal
from skhnm.metrics._means import AVERAGES
from skhnm.metrics._own import check_own, warn_of_own_rows
from skhnm.metrics._ranking import Ranking, rank_matches

METRICS = ("euclidean", "cosine")

ONE_CLASS = (
    "holds one class only, so any ranking is perfect: pass rows of at least two classes. "
    "scikit-learn stratifies folds by itself for classifiers only: in a cross-validation pass "
    "cv=StratifiedKFold(3, shuffle=True), or put a classifier last in the pipeline"
)


def rank(
    Z: Any,
    y: Any,
    reference: Any,
    reference_y: Any,
    own: Any,
    groups: Any,
    ungrouped: Any,
    metric: str,
    average: Any,
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
    check_choice(average, "average", AVERAGES, optional=True)
    check_number(n_jobs, "n_jobs", integer=True, optional=True)
    effective_n_jobs(n_jobs)
    apart = reference is not None
    Z, codes, reference, reference_codes, itself = check_sides(
        Z, y, reference, reference_y, unlabelled, ("reference", "reference_y")
    )
    if own is not None:
        itself = check_own(own, y, reference_y, codes, reference_codes)
    n_searched = len(reference) if apart else None
    grouped = read_groups(groups, ungrouped, len(Z), n_searched, "reference")
    _check_judgeable(codes, reference_codes, apart)
    if apart and own is None:
        seen = codes if grouped is None else np.where(grouped[0] < 0, codes, -1)
        warn_of_own_rows(Z, seen, reference, reference_codes)
    if metric == "cosine":
        Z, reference = for_cosine(Z, reference)
    ranking = rank_matches(
        Z, codes, reference, reference_codes, itself,
        groups=grouped, ks=ks, cap=cap, find_first=find_first, n_jobs=n_jobs,
    )  # fmt: skip
    if len(ranking.rows) == 0:
        why = _why_none(codes, reference_codes, itself, apart)
        raise ValueError(f"no row of Z has a match: {why}")
    return ranking


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


def _check_judgeable(codes: IndexArray, reference_codes: IndexArray, apart: bool) -> None:
    """Raise if there is nothing to rank, or if all are of one class and none could fail."""
    of, label_of = ("reference", "reference_y") if apart else ("Z", "y")
    for rows, name, label in ((codes, "Z", "y"), (reference_codes, of, label_of)):
        if len(rows) == 0:
            raise ValueError(f"{name} has no rows, so there is nothing to rank")
        if (rows < 0).all():
            raise ValueError(f"{label} holds no label but the one that means unlabelled")
    counts = np.bincount(reference_codes[reference_codes >= 0])
    if (counts > 0).sum() == 1:
        raise ValueError(f"{label_of} {ONE_CLASS}")


def _why_none(codes: IndexArray, reference_codes: IndexArray, own: IndexArray, apart: bool) -> str:
    """Say why no query has a match."""
    n_of_class = count_equal((codes, reference_codes))
    if (n_of_class > (own >= 0)).any():
        return "all rows of its class are of its own group"
    if not apart:
        return "each is the only one of its class, and at least one class needs two rows"
    if n_of_class.any():
        return "reference_y holds no row of their classes but their own"
    return "reference_y holds none of the classes of y"
