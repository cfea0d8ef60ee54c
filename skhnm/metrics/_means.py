"""From rankings to figures: the mean of each measure over the queries."""

from __future__ import annotations

import math

import numpy as np

from skhnm.common._typing import FloatArray
from skhnm.metrics._ranking import Ranking


def recall(ranking: Ranking, at: int) -> float:
    """Return the recall at one of the ranking's ks."""
    return _mean(ranking.found[:, at])


def precision(ranking: Ranking, at: int, k: int) -> float:
    """Return the precision at one of the ranking's ks."""
    return _mean(ranking.hits[:, at] / np.minimum(k, ranking.n_ranked))


def r_precision_of(ranking: Ranking) -> float:
    """Return the R-precision."""
    return _mean(ranking.r_hits / ranking.n_matches)


def map_at_r_of(ranking: Ranking) -> float:
    """Return the mean average precision at R."""
    return _mean(ranking.average_precision)


def reciprocal_rank(ranking: Ranking) -> float:
    """Return the mean reciprocal rank of the first match."""
    return _mean(ranking.reciprocal_rank)


def _mean(values: FloatArray) -> float:
    """Return the mean, the same for any order of the queries: the sum is exact."""
    return math.fsum(values.tolist()) / len(values)
