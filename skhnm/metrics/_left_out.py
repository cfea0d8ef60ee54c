"""What a query never finds: its own row of the reference, and the rows of its group."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from skhnm.common._groups import Codes
from skhnm.common._typing import IndexArray


@dataclass(frozen=True)
class LeftOut:
    """Which rows of the reference are taken out of a query's ranking.

    Parameters
    ----------
    codes : (codes of the queries, codes of the reference)
        Their classes; -1 is no class: neither query nor ranked.
    own : (n,) intp
        Each query's own row, which is of its class; -1 if it has none.
    groups : (codes of the queries, codes of the reference)
        Their groups; -1 is in no group.
    """

    codes: Codes
    own: IndexArray
    groups: Codes

    @cached_property
    def of_both(self) -> Codes:
        """Codes of class and group together; -1 where a row has not both."""
        width = 1 + int(self.groups[1].max(initial=-1))
        joined = [
            np.where((codes >= 0) & (groups >= 0), codes * width + groups, -1)
            for codes, groups in zip(self.codes, self.groups, strict=True)
        ]
        _, dense = np.unique(np.concatenate([[-1], *joined]), return_inverse=True)
        queries, reference = np.split(dense[1:] - 1, [len(joined[0])])
        return queries, reference

    @cached_property
    def of_group(self) -> Codes:
        """Codes of the groups; -1 for rows that are not ranked anyway."""
        return self.groups[0], np.where(self.codes[1] >= 0, self.groups[1], -1)

    @cached_property
    def is_apart(self) -> NDArray[np.bool_]:
        """Whether a query has an own row that is not in its group (n,)."""
        group = np.append(self.groups[1], -1)[self.own]
        return (self.own >= 0) & ((group < 0) | (group != self.groups[0]))

    @cached_property
    def n_rows(self) -> IndexArray:
        """How many rows are taken out of each query's ranking (n,)."""
        return count_equal(self.of_group) + self.is_apart

    @cached_property
    def n_matches(self) -> IndexArray:
        """How many of them are of its class (n,)."""
        return count_equal(self.of_both) + self.is_apart


def count_equal(codes: Codes) -> IndexArray:
    """Count the rows of the reference that have each query's code (n,); none have -1."""
    queries, reference = codes
    n_codes = 1 + max(queries.max(initial=-1), reference.max(initial=-1))
    counts = np.bincount(reference[reference >= 0], minlength=n_codes + 1)
    return counts[queries]  # -1 reads the last, which nobody has
