"""Learning from comparisons: triplets and quadruplets of rows."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils import Tags

from skhnm.common._tuples import Tuples
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.estimators._fitting import all_or_nothing
from skhnm.estimators._given import GivenTuples
from skhnm.estimators.tuples._base import (
    BaseTupleLearner,
    refuse,
    same_index,
    weights_of,
)
from skhnm.estimators.tuples._read import Read, read_tuples
from skhnm.losses._softmax import NCALoss
from skhnm.training._quadruplets import QuadrupletObjective


class BaseRelativeLearner(BaseTupleLearner):
    """A learner from comparisons of two distances, of which the first shall be less."""

    _near: ClassVar[tuple[int, int]]
    _far: ClassVar[tuple[int, int]]

    def __init__(
        self,
        learner: Any = "linear",
        preprocessor: Any = None,
        *,
        random_state: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        self.learner = learner
        self.preprocessor = preprocessor
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _fit(self, tuples: Any, y: Any, sample_weight: Any) -> Self:
        _refuse_labels(self._what, y)
        read = read_tuples(tuples, self._size, self.preprocessor)
        weights = weights_of(sample_weight, len(read))
        self._check(read)
        used = ~(self._same(read.which, self._near) | self._same(read.which, self._far))
        used &= ~self._is_one_pair(read.which)
        if not used.all():
            warnings.warn(
                f"Of {len(read)} {self._what}, {int((~used).sum())} compare equal rows, from which "
                "no metric can learn: left out",
                UserWarning,
                stacklevel=3,
            )
        used = used if weights is None else used & (weights > 0)
        if not used.any():
            raise ValueError(
                f"none of the {self._what} compares two pairs of different rows, so there is "
                "nothing to learn from"
            )
        rows = read.which[used]
        learner = self._resolve(NCALoss(), NCALoss(scale=5.0), len(rows))
        with all_or_nothing(self):
            given = self._given(rows, None if weights is None else weights[used])
            return self._learn(learner, read, given)

    def decision_function(self, tuples: Any) -> FloatArray:
        """Return how much nearer the first two rows are than the others.

        Parameters
        ----------
        tuples : array-like of shape (n, t, n_features), or of indices (n, t)
            As in `fit`.

        Returns
        -------
        decision : array of shape (n,)
            The distance that shall be greater, less the one that shall be less.
        """
        read = self._read(tuples, self._size)
        return self._distances(read, *self._far) - self._distances(read, *self._near)

    def predict(self, tuples: Any) -> IndexArray:
        """Say whether each comparison holds: +1, or else -1.

        Parameters
        ----------
        tuples : array-like of shape (n, t, n_features), or of indices (n, t)
            As in `fit`.

        Returns
        -------
        y : array of shape (n,)
            +1 or -1; where both distances are equal, -1.
        """
        return np.where(self.decision_function(tuples) > 0, 1, -1)

    def score(self, tuples: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return the share of comparisons that hold.

        Parameters
        ----------
        tuples : array-like of shape (n, t, n_features), or of indices (n, t)
            As in `fit`.
        y : None
            Not used.
        sample_weight : array-like of shape (n,), optional
            Weight of each.

        Returns
        -------
        accuracy : float
            In [0, 1].
        """
        right = self.predict(tuples) > 0
        return float(np.average(right, weights=weights_of(sample_weight, len(right))))

    def _check(self, read: Read) -> None:
        """Refuse what cannot be meant."""
        for ends, why in ((self._near, "which compares a row with itself"),
                          (self._far, "in which a row is to be far from itself")):  # fmt: skip
            refuse(same_index(read, *ends), read, self._what, why)
        pairs = self._is_one_pair(read.shown) & (read.shown is not read.which)
        refuse(pairs, read, self._what, "in which the near pair is the far one too")

    def _same(self, rows: IndexArray, ends: tuple[int, int]) -> Any:
        return rows[:, ends[0]] == rows[:, ends[1]]

    def _is_one_pair(self, rows: IndexArray) -> Any:
        """Where (n,) the two pairs are the same."""
        near, far = (np.sort(rows[:, list(ends)], axis=1) for ends in (self._near, self._far))
        return (near == far).all(axis=1)

    def _given(self, rows: IndexArray, weights: FloatArray | None) -> GivenTuples:
        raise NotImplementedError

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        return tags


class TripletMetricLearner(BaseRelativeLearner):
    """Learn a metric from triplets: a is nearer to b than to c.

    Parameters
    ----------
    learner : str or metric learner, default="linear"
        What is learned: "linear" (`HardNegativeMetricLearner`), "mlp" (`MLPMetricLearner`), or
        an instance with parameters of its own. Its `pool` must be left as it is, and its miners
        are not used: these are for labels. A `loss` of "auto" is "nca", which is
        ``log(1 + e^(d_ab - d_ac))`` here, on squared distances; an `alpha` of "auto"
        is 60 over the number of triplets.
    preprocessor : array-like of shape (N, n_features), function or None, default=None
        Lets triplets be given as indices: the rows, or a function from a 1-D array of indices
        to rows (n, n_features).
    random_state : int, RandomState, Generator or None, default=None
        Seed of the learner, if it has none of its own.
    n_jobs : int or None, default=None
        Threads of the learner, if it says nothing itself. It never changes the result.

    Attributes
    ----------
    learner_ : metric learner
        Fitted.
    components_ : array of shape (n_components, n_features)
        Of a linear learner: the map L. It may be assigned.
    classes_ : array of shape (2,)
        0 and 1, whom scikit-learn's scorers ask for.
    n_features_in_, n_iter_ : int
        Features of a row, and iterations of the fit.

    See Also
    --------
    PairMetricLearner : From pairs that are alike or not.
    QuadrupletMetricLearner : From comparisons of two pairs.

    References
    ----------
    Schultz and Joachims (2003), "Learning a Distance Metric from Relative Comparisons", NIPS
    16. Bar-Hillel, Hertz, Shental and Weinshall (2005), "Learning a Mahalanobis Metric from
    Equivalence Constraints", JMLR 6: the start, from how a and b differ.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm import TripletMetricLearner
    >>> X = np.array([[0.0, 3.0], [0.2, 9.0], [0.1, 6.0], [1.0, 3.1], [1.2, 8.0], [0.9, 6.0]])
    >>> triplets = [[0, 1, 3], [1, 2, 4], [3, 4, 0], [5, 4, 2]]
    >>> learner = TripletMetricLearner(preprocessor=X).fit(triplets)
    >>> learner.predict([[2, 0, 5]])
    array([1])
    """

    _size = 3
    _near, _far = (0, 1), (0, 2)

    def fit(self, triplets: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Learn the metric.

        Parameters
        ----------
        triplets : array-like of shape (n, 3, n_features), or of indices (n, 3)
            Rows a, b and c, of which a is nearer to b; indices where there is a `preprocessor`.
        y : None
            Not used.
        sample_weight : array-like of shape (n,), optional
            Weight of each triplet, >= 0.

        Returns
        -------
        self
            The fitted learner. If fitting fails or is interrupted, it is as before.

        Raises
        ------
        ValueError
            If the triplets or a parameter cannot be used.
        """
        return self._fit(triplets, y, sample_weight)

    def _given(self, rows: IndexArray, weights: FloatArray | None) -> GivenTuples:
        tuples = Tuples(rows[:, 0], rows[:, 1:2], rows[:, 2:], weights)
        return GivenTuples.fixed(rows[:, :2], weights, tuples)


class QuadrupletMetricLearner(BaseRelativeLearner):
    """Learn a metric from quadruplets: a and b are nearer to each other than c and d.

    Parameters
    ----------
    learner : str or metric learner, default="linear"
        What is learned: "linear" (`HardNegativeMetricLearner`), "mlp" (`MLPMetricLearner`), or
        an instance with parameters of its own. Its `pool` must be left as it is, and its miners
        are not used: these are for labels. A `loss` of "auto" is "nca", which is
        ``log(1 + e^(d_ab - d_cd))`` here, on squared distances; an `alpha` of "auto"
        is 60 over the number of quadruplets.
    preprocessor : array-like of shape (N, n_features), function or None, default=None
        Lets quadruplets be given as indices: the rows, or a function from a 1-D array of indices
        to rows (n, n_features).
    random_state : int, RandomState, Generator or None, default=None
        Seed of the learner, if it has none of its own.
    n_jobs : int or None, default=None
        Threads of the learner, if it says nothing itself. It never changes the result.

    Attributes
    ----------
    learner_ : metric learner
        Fitted.
    components_ : array of shape (n_components, n_features)
        Of a linear learner: the map L. It may be assigned.
    classes_ : array of shape (2,)
        0 and 1, whom scikit-learn's scorers ask for.
    n_features_in_, n_iter_ : int
        Features of a row, and iterations of the fit.

    See Also
    --------
    PairMetricLearner : From pairs that are alike or not.
    TripletMetricLearner : Where both pairs share a row.

    References
    ----------
    Liu, Guo, Yu, Zhang and Xiong (2012), "Metric Learning from Relative Comparisons by
    Minimizing Squared Residual", ICDM.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm import QuadrupletMetricLearner
    >>> X = np.array([[0.0, 3.0], [0.2, 9.0], [0.1, 6.0], [1.0, 3.1], [1.2, 8.0], [0.9, 6.0]])
    >>> quadruplets = [[0, 1, 0, 3], [1, 2, 1, 4], [3, 4, 2, 5], [4, 5, 0, 3]]
    >>> learner = QuadrupletMetricLearner(preprocessor=X).fit(quadruplets)
    >>> learner.predict([[0, 2, 2, 3]])
    array([1])
    """

    _size = 4
    _near, _far = (0, 1), (2, 3)

    def fit(self, quadruplets: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Learn the metric.

        Parameters
        ----------
        quadruplets : array-like of shape (n, 4, n_features), or of indices (n, 4)
            Rows a, b, c and d; indices where there is a `preprocessor`.
        y : None
            Not used.
        sample_weight : array-like of shape (n,), optional
            Weight of each quadruplet, >= 0.

        Returns
        -------
        self
            The fitted learner. If fitting fails or is interrupted, it is as before.

        Raises
        ------
        ValueError
            If the quadruplets or a parameter cannot be used.
        """
        return self._fit(quadruplets, y, sample_weight)

    def _given(self, rows: IndexArray, weights: FloatArray | None) -> GivenTuples:
        tuples = Tuples(rows[:, 0], rows[:, 1:2], rows[:, 2:], weights)
        return GivenTuples.fixed(rows[:, :2], weights, tuples, QuadrupletObjective)


def _refuse_labels(what: str, y: Any) -> None:
    if y is not None:
        raise ValueError(
            f"{what} have no y: their order says it all. Weights go into sample_weight="
        )
