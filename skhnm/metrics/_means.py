"""From rankings to figures: each measure of each query, and their mean."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from skhnm.common._typing import FloatArray
from skhnm.metrics._ranking import Ranking

AVERAGES = ("query", "class")
"""Over what a mean is taken."""


def recall(ranking: Ranking, at: int) -> FloatArray:
    """Return the probability of any match (q,) within one of the ranking's ks."""
    return ranking.found[:, at]


def relevant_recall(ranking: Ranking, at: int) -> FloatArray:
    """Return the share of all matches (q,) that are within one of the ranking's ks."""
    return ranking.hits[:, at] / ranking.n_matches


def precision(ranking: Ranking, at: int, k: int) -> FloatArray:
    """Return the precision (q,) at one of the ranking's ks."""
    return ranking.hits[:, at] / np.minimum(k, ranking.n_ranked)


def r_precision_of(ranking: Ranking) -> FloatArray:
    """Return the R-precision (q,)."""
    return ranking.r_hits / ranking.n_matches


def mean(values: FloatArray, ranking: Ranking, average: str = "query") -> float:
    """Return the mean of a measure (q,), the same for any order of the queries: sums are exact."""
    if average == "query":
        return _exact_mean(values)
    codes = ranking.codes[ranking.rows]
    order = np.argsort(codes, kind="stable")
    begins = np.flatnonzero(np.diff(codes[order])) + 1
    return _exact_mean(
        np.array([_exact_mean(of_class) for of_class in np.split(values[order], begins)])
    )


def per_query(values: FloatArray, ranking: Ranking) -> FloatArray:
    """Return a measure of all queries (n,), NaN where one is not judged."""
    every = np.full(len(ranking.codes), np.nan)
    every[ranking.rows] = values
    return every


def average_of(values: FloatArray, ranking: Ranking, average: Any) -> float | FloatArray:
    """Return the mean of a measure (q,), or what it is of each query if `average` is None."""
    return per_query(values, ranking) if average is None else mean(values, ranking, average)


def _exact_mean(values: FloatArray) -> float:
    return math.fsum(values.tolist()) / len(values)
