"""Features as they are, or each as a curve: what the metric of a table is learned on."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.preprocessing import SplineTransformer

from skhnm.common._typing import FloatArray, IndexArray

_CONSTANT = 1e-6  # of the spread of a column of splines, whose values are of the order of one
_DEGREE = 3


class Encoding:
    """Standardised columns made of the features, each of one feature alone.

    Parameters
    ----------
    n_knots : int or None
        Knots of the cubic splines that bend each feature, at least 2; None leaves features as
        they are, as one column each. Between the knots a column is smooth; beyond the outermost
        it stays constant.

    Attributes
    ----------
    feature_ : (n_columns,) intp
        Which feature each column is made of, ascending; constant features have none.
    """

    def __init__(self, n_knots: int | None) -> None:
        self.n_knots = n_knots

    def fit(self, X: FloatArray, weights: FloatArray) -> Self:
        """Learn from rows (n, d), which count by their weights (n,)."""
        self.fit_transform(X, weights)
        return self

    def fit_transform(self, X: FloatArray, weights: FloatArray) -> FloatArray:
        """Learn from rows, and return their columns: to bend them takes longest."""
        dtype = X.dtype
        self.used_: IndexArray = np.flatnonzero(X.max(axis=0) > X.min(axis=0))
        self.feature_: IndexArray = self.used_
        X = X[:, self.used_]
        self.knots_: FloatArray | None = None
        if self.n_knots is not None and len(self.used_):
            self.range_ = X.min(axis=0), X.max(axis=0)
            self.knots_ = np.stack([knots_of(x, weights, self.n_knots) for x in X.T], axis=1)
            X = self._bend(X)
            self.kept_: IndexArray = np.flatnonzero(np.ptp(X, axis=0) > _CONSTANT)
            n_splines = X.shape[1] // len(self.used_)
            self.feature_ = self.used_[self.kept_ // n_splines]
            X = X[:, self.kept_]
        shares = weights / weights.sum()
        self.mean_: FloatArray = shares @ X
        spread = np.sqrt(shares @ np.square(X - self.mean_))
        self.scale_: FloatArray = np.where(spread > 0, spread, 1.0)
        return self._standardised(X, dtype)

    def transform(self, X: FloatArray) -> FloatArray:
        """Return the columns (n, n_columns) of rows, in their floating type."""
        dtype = X.dtype
        X = X[:, self.used_]
        if self.knots_ is not None:
            X = self._bend(X)[:, self.kept_]
        return self._standardised(X, dtype)

    def _standardised(self, X: FloatArray, dtype: Any) -> FloatArray:
        encoded: FloatArray = (X - self.mean_) / self.scale_
        return encoded.astype(dtype, copy=False)

    def _bend(self, X: FloatArray) -> FloatArray:
        # Made anew from the knots, which are all that there is to it: they can be saved anywhere.
        splines = SplineTransformer(degree=_DEGREE, knots=self.knots_, extrapolation="constant")
        within = np.clip(X, *self.range_)  # some knots may lie beyond, see `knots_of`
        bent: FloatArray = splines.fit(self.knots_).transform(within)
        return bent


def n_columns(n_knots: int | None) -> int:
    """Return how many columns are made of a feature that takes many values."""
    return 1 if n_knots is None else n_knots + _DEGREE - 1


def knots_of(x: FloatArray, weights: FloatArray, n_knots: int) -> FloatArray:
    """Place knots (n_knots,), ascending: at quantiles of a feature's values.

    No value counts for more than one interval, or a common one (0, often) would take several
    knots and leave few for the rest. Where a feature has no more values than there are knots,
    each is one, and the curve may take any height at each; the rest lie beyond, where nothing is.
    """
    values, which = np.unique(x.astype(np.float64), return_inverse=True)
    if len(values) > n_knots:
        counts = np.bincount(which, weights=weights)
        counts = np.minimum(counts, counts.sum() / (n_knots - 1))
        middle = np.cumsum(counts) - counts / 2
        ranks = (middle - middle[0]) / (middle[-1] - middle[0])
        wanted = np.linspace(0.0, 1.0, n_knots) - 1e-9  # a rank may be one of them but for rounding
        places = np.searchsorted(ranks, wanted)
        values = values[np.unique([0, *places[1:-1], len(values) - 1])]
    step = max(values[-1] - values[-2], 2 * np.spacing(np.abs(values[-1])))
    beyond = values[-1] + step * np.arange(1, n_knots - len(values) + 1)
    return np.concatenate([values, beyond])
