"""The door for groups: rows that belong together, whatever their classes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhnm.common._labels import encode_labels, encode_together, is_missing
from skhnm.common._typing import IndexArray

Codes = tuple[IndexArray, IndexArray]
"""Classes or groups of the queries (n,) and, in the same codes, of the rows searched (N,)."""


def read_groups(
    groups: Any, ungrouped: Any, n: int, n_searched: int | None, searched: str
) -> Codes | None:
    """Return codes of the groups of queries and of the rows they search, -1 for none.

    Parameters
    ----------
    groups, ungrouped
        As the user gives them; groups of None are none at all.
    n, n_searched : int, int or None
        Queries, and rows they search; None if they search each other.
    searched : str
        What the user calls the rows they search: "corpus", say.

    Raises
    ------
    ValueError
        If there are not as many as rows, or they are no pair where queries search other rows.

    Warns
    -----
    UserWarning
        If -1 is taken to mean "in no group", and other negative numbers are groups.
    """
    if groups is None:
        return None
    if n_searched is None:
        codes = encode_labels(groups, None, name="groups")[1]
        check_length(codes, "groups", n, "queries")
        codes[_find_ungrouped([groups], ["groups"], ungrouped)[0]] = -1
        return codes, codes
    if not isinstance(groups, (tuple, list)) or len(groups) != 2:
        raise ValueError(
            f"groups must be a pair (groups of the queries, groups of the {searched}) where there "
            f"is a {searched}; got {type(groups).__name__}"
        )
    names = ("groups[0]", "groups[1]")
    query, other = encode_together(groups[0], groups[1], None, names)
    check_length(query, names[0], n, "queries")
    check_length(other, names[1], n_searched, f"rows of the {searched}")
    in_no_group = _find_ungrouped(groups, names, ungrouped)
    query[in_no_group[0]], other[in_no_group[1]] = -1, -1
    return query, other


def check_length(codes: IndexArray, name: str, n: int, of: str) -> None:
    """Raise a ValueError if there is not one code for each of n."""
    if len(codes) != n:
        raise ValueError(f"{name} has {len(codes)} entries, but there are {n} {of}")


def _find_ungrouped(
    groups: Sequence[Any], names: Sequence[str], ungrouped: Any
) -> list[NDArray[np.bool_]]:
    """Say of each of some arrays which rows bear the group that means "in no group".

    Warns if -1 does, and other negative numbers occur too.
    """
    if np.ndim(ungrouped) != 0:
        raise TypeError(f"ungrouped must be one group, or None, got {ungrouped!r}")
    encoded = [
        encode_labels(given, None, name=name) for given, name in zip(groups, names, strict=True)
    ]
    if is_missing(ungrouped):
        return [codes < 0 for _, codes in encoded]
    seen = {group for classes, _ in encoded for group in classes.tolist()}
    is_text = {isinstance(group, str) for group in seen}
    if is_text and isinstance(ungrouped, str) not in is_text and ungrouped != -1:
        raise ValueError(
            f"ungrouped is {ungrouped!r}, but groups are such as {seen.pop()!r}: give it the type "
            "of the groups, or pass None"
        )
    negative = [group for group in seen if isinstance(group, (int, float)) and group < 0]
    if ungrouped == -1 and -1 in negative and len(negative) > 1:
        warnings.warn(
            f"The group -1 is taken to mean 'in no group', but {min(negative)!r} is a group too: "
            "pass ungrouped=None if -1 is a group like the others",
            UserWarning,
            stacklevel=5,
        )
    # A missing group has the code -1, which is the last entry.
    return [
        np.array([*(group == ungrouped for group in classes.tolist()), True])[codes]
        for classes, codes in encoded
    ]
