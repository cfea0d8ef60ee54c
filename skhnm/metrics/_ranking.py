"""Where the matches of each query stand among the reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skhnm._typing import FloatArray, IndexArray


@dataclass(frozen=True)
class Ranking:
    """Where each query's matches stand among the reference, nearest first; ties by index.

    Only judged queries, those with a match, have an entry. A match is a row of the query's
    class, other than itself.
    """

    n_queries: int
    """Labelled queries, judged or not."""
    n_matches: IndexArray
    """(q,) R of each judged query."""
    first: IndexArray
    """(q,) rank of the first match, from 1."""
    hits: IndexArray
    """(q, len(ks)) matches in the first k places."""
    r_hits: IndexArray
    """(q,) matches in the first min(R, cap) places."""
    average_precision: FloatArray
    """(q,) (1/R') Σ_{i<=R'} P(i) rel(i), with R' = min(R, cap)."""
    n_ranked: IndexArray
    """(q,) labelled rows of the reference, less the query itself."""


def rank_matches(
    Z: FloatArray,
    codes: IndexArray,
    reference: FloatArray,
    reference_codes: IndexArray,
    own: IndexArray,
    *,
    ks: Sequence[int],
    cap: int | None,
    n_jobs: int | None,
) -> Ranking:
    """Rank the labelled rows of the reference for each labelled row of Z, by distance.

    Parameters
    ----------
    Z, reference : (n, m) and (N, m) float, of one type
        Embeddings.
    codes, reference_codes : (n,) and (N,) intp
        Classes from 0; -1 for none.
    own : (n,) intp
        The query's own row in the reference, or -1.
    ks : sequence of int
        How many places count for each column of `Ranking.hits`.
    cap : int or None
        How many places count, at most, for `r_hits` and `average_precision`.
    n_jobs : int or None
        Threads.
    """
    labelled = np.flatnonzero(reference_codes >= 0)
    kept = {name: [] for name in ("R", "first", "hits", "r_hits", "ap", "ranked")}  # type: ignore[var-annotated]
    for i in np.flatnonzero(codes >= 0):
        rows = labelled[labelled != own[i]]
        distances = ((reference[rows].astype(np.float64) - Z[i]) ** 2).sum(axis=1)
        match = (reference_codes[rows] == codes[i])[np.argsort(distances, kind="stable")]
        R = int(match.sum())
        if R == 0:
            continue
        counted = match[: R if cap is None else min(R, cap)]
        precision = np.cumsum(counted) / np.arange(1, len(counted) + 1)
        kept["R"].append(R)
        kept["first"].append(1 + np.argmax(match))
        kept["hits"].append([match[:k].sum() for k in ks])
        kept["r_hits"].append(counted.sum())
        kept["ap"].append((precision * counted).sum() / len(counted))
        kept["ranked"].append(len(rows))

    def indices(name: str) -> IndexArray:
        return np.array(kept[name], dtype=np.intp)

    return Ranking(
        n_queries=int((codes >= 0).sum()),
        n_matches=indices("R"),
        first=indices("first"),
        hits=indices("hits").reshape(len(kept["R"]), len(ks)),
        r_hits=indices("r_hits"),
        average_precision=np.array(kept["ap"], dtype=np.float64),
        n_ranked=indices("ranked"),
    )
