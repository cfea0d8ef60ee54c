"""The soft vote: neighbours count the less, the farther they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skhnm.common._typing import FloatArray
from skhnm.common._validation import check_number


class SoftVote(BaseEstimator):
    """Weights ``exp(-scale (d² - d₁²))`` of neighbours at distances d, the nearest at d₁.

    Pass it as ``KNeighborsClassifier(n_neighbors=30, weights=SoftVote(0.5))`` after a metric
    learner: far neighbours then hardly count, so that there may be many, and the probabilities
    mean something. The nearest always has weight 1, so nothing overflows or vanishes, however
    near (distance 0 too) or far they all are. Both learners scale their metric so that scales of
    0.1 to 10 are of interest.

    Parameters
    ----------
    scale : float, default=1.0
        How fast weights fall with the squared distance, >= 0; 0 counts all neighbours alike.

    References
    ----------
    Goldberger, Hinton, Roweis and Salakhutdinov (2004), "Neighbourhood Components
    Analysis", NIPS 17: the same weights, over all rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.neighbors import SoftVote
    >>> SoftVote()(np.array([[0.0, 0.0, 1.0], [7.0, 7.0, 9.0]])).round(3)
    array([[1.   , 1.   , 0.368],
           [1.   , 1.   , 0.   ]])

    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from skhnm import HardNegativeMetricLearner
    >>> X, y = load_iris(return_X_y=True)
    >>> vote = KNeighborsClassifier(30, weights=SoftVote(0.5))
    >>> pipe = make_pipeline(HardNegativeMetricLearner(), vote).fit(X, y)
    >>> float(pipe.predict_proba(X[:1]).max().round(2))
    1.0
    """

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def __call__(self, distances: Any) -> FloatArray:
        """Return the weights of neighbours.

        Parameters
        ----------
        distances : array-like of shape (n_queries, n_neighbors), or object array of arrays
            Distances (not squared) of the neighbours of each query, >= 0, in any order; lists of
            different lengths come from a radius.

        Returns
        -------
        weights : array of the same shape
            In [0, 1], and of the same floating type.

        Raises
        ------
        TypeError, ValueError
            If `scale` is no number >= 0.
        """
        check_number(self.scale, "scale", low=0)
        distances = np.asarray(distances)
        if distances.dtype == object:  # from RadiusNeighborsClassifier
            weights = np.empty(len(distances), dtype=object)
            weights[:] = [self(np.asarray(row, dtype=float)) for row in distances]
            return weights
        dtype = distances.dtype if distances.dtype.kind == "f" else np.float64
        if not distances.size:
            return np.ones(distances.shape, dtype=dtype)
        d = distances.astype(np.float64)
        nearest = d.min(axis=-1, keepdims=True)
        with np.errstate(over="ignore"):
            farther = (d - nearest) * (d + nearest)
        return soft_weights(farther, self.scale).astype(dtype)


def soft_weights(farther: FloatArray, scale: float) -> FloatArray:
    """Return the weights for how much farther, in squared distance, each neighbour is."""
    if scale == 0:  # however far, and were it infinitely
        return np.ones_like(farther)
    return np.exp(-scale * farther)
