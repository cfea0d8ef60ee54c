"""Learning from pairs that are alike, and pairs that are not."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.utils.validation import check_is_fitted

from skhnm.common._registry import Registry
from skhnm.common._tuples import Tuples
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.common._validation import check_generator, check_kinds
from skhnm.estimators._fitting import all_or_nothing
from skhnm.estimators._given import GivenTuples
from skhnm.estimators.tuples._base import (
    LEARNERS,
    BaseTupleLearner,
    weights_of,
)
from skhnm.estimators.tuples._checks import (
    both_kinds,
    check_calibration_params,
    check_judges_pairs,
    check_pairs,
)
from skhnm.estimators.tuples._mined import MinedNegatives, different_pairs
from skhnm.estimators.tuples._read import Read, read_tuples
from skhnm.estimators.tuples._threshold import best_threshold, check_calibration
from skhnm.exceptions import MiningWarning
from skhnm.losses._contrastive import LogisticLoss
from skhnm.losses._softmax import RobustNCALoss, SupConLoss
from skhnm.miners._base import NEGATIVE_MINERS
from skhnm.training._objective import is_normalized


class PairMetricLearner(BaseTupleLearner):
    """Learn a metric from pairs of rows that are alike (+1) or not (-1).

    Alike rows come near, others move apart, and a threshold of the distance is chosen with it:
    a pair is taken to be alike up to there.

    Parameters
    ----------
    learner : str or metric learner, default="linear"
        What is learned: "linear" (`HardNegativeMetricLearner`), "mlp" (`MLPMetricLearner`), or
        an instance with parameters of its own. Its `pool` must be left as it is, and its miners
        are not used: these are for labels. Its `loss` must judge a pair by itself: "auto" is
        "logistic" (`LogisticLoss`); "contrastive" and "margin" are others. An `alpha` of "auto" is
        60 over the number of pairs, which suits nearest neighbours; less is often better where
        only the pairs themselves count.
    preprocessor : array-like of shape (N, n_features), function or None, default=None
        Lets pairs be given as indices: the rows, or a function from a 1-D array of indices to
        rows (n, n_features).
    negative_miner : str, miner or function, default="hardest"
        Where all pairs are alike: who is chosen, for each row, among the rows of other pairs as
        they lie by then, at most ten. Never a row known to be alike at one or two steps. Where
        few things have many rows each, "random" can serve better: compare. A `FilteredMiner`
        passes over rows that are too near to be believed.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the learner, if it has none of its own, and of miners.
    n_jobs : int or None, default=None
        Threads of the learner, if it says nothing itself. It never changes the result.

    Attributes
    ----------
    learner_ : metric learner
        Fitted.
    components_ : array of shape (n_components, n_features)
        Of a linear learner: the map L. It may be assigned.
    threshold_ : float
        The distance up to which a pair is taken to be alike.
    classes_ : array of shape (2,)
        0 and 1, whom scikit-learn's scorers ask for; labels of pairs are -1 and +1.
    n_features_in_, n_iter_ : int
        Features of a row, and iterations of the fit.

    See Also
    --------
    TripletMetricLearner : From "a is nearer to b than to c".
    skhnm.metrics.verification_report : Thresholds for a wanted rate of false accepts.

    Notes
    -----
    The start whitens how the alike pairs differ: relevant component analysis [1]_, shrunk. From
    there a logistic regression of the squared distances is learned together with the map [2]_.
    Where all pairs are alike, they are drawn before mined negatives, as by labels, under
    `RobustNCALoss`, which gives up what looks wrong; the threshold is then chosen against as
    many random pairs that nobody called alike.

    References
    ----------
    .. [1] Bar-Hillel, Hertz, Shental and Weinshall (2005), "Learning a Mahalanobis Metric from
       Equivalence Constraints", JMLR 6.
    .. [2] Guillaumin, Verbeek and Schmid (2009), "Is that you? Metric Learning Approaches for
       Face Identification", ICCV.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm import PairMetricLearner
    >>> X = np.array([[0.0, 3.0], [0.2, 9.0], [0.1, 6.0], [1.0, 3.1], [1.2, 8.0], [0.9, 6.0]])
    >>> pairs = [[0, 1], [1, 2], [3, 4], [4, 5], [0, 3], [1, 4], [2, 5]]
    >>> alike = [1, 1, 1, 1, -1, -1, -1]
    >>> learner = PairMetricLearner(preprocessor=X).fit(pairs, alike)
    >>> learner.predict([[0, 2], [2, 3]])
    array([ 1, -1])
    >>> learner.score(pairs, alike) > 0.5
    True
    """

    _registries: ClassVar[dict[str, Registry]] = {
        "learner": LEARNERS, "negative_miner": NEGATIVE_MINERS
    }  # fmt: skip
    _size = 2

    def __init__(
        self,
        learner: Any = "linear",
        preprocessor: Any = None,
        *,
        negative_miner: Any = "hardest",
        random_state: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        self.learner = learner
        self.preprocessor = preprocessor
        self.negative_miner = negative_miner
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(
        self,
        pairs: Any,
        y: Any,
        sample_weight: Any = None,
        calibration_params: dict[str, Any] | None = None,
    ) -> Self:
        """Learn the metric, and choose the threshold on the same pairs.

        Parameters
        ----------
        pairs : array-like of shape (n_pairs, 2, n_features), or of indices (n_pairs, 2)
            Two rows each, with features on comparable scales; indices where there is a
            `preprocessor`.
        y : array-like of shape (n_pairs,)
            +1 for a pair that is alike, -1 for one that is not. If all are +1, negatives are
            mined.
        sample_weight : array-like of shape (n_pairs,), optional
            Weight of each pair, >= 0.
        calibration_params : dict, optional
            Parameters of `calibrate_threshold`, such as ``{"strategy": "f_beta"}``.

        Returns
        -------
        self
            The fitted learner. If fitting fails or is interrupted, it is as before.

        Raises
        ------
        ValueError
            If the pairs, their kinds or a parameter cannot be used.

        Warns
        -----
        UserWarning
            If a pair is given as alike and as different, or its two rows are the same.
        MiningWarning
            If all pairs are alike, so that negatives are mined.
        """
        calibration = {} if calibration_params is None else dict(calibration_params)
        check_calibration_params(calibration)
        read = read_tuples(pairs, 2, self.preprocessor)
        alike = check_kinds(y, len(read), "y")
        weights = weights_of(sample_weight, len(read))
        check_pairs(read, alike)
        with all_or_nothing(self):
            return self._fit(read, alike, weights, calibration)

    def _fit(
        self,
        read: Read,
        alike: NDArray[np.bool_],
        weights: FloatArray | None,
        calibration: dict[str, Any],
    ) -> Self:
        apart = read.which[:, 0] != read.which[:, 1]
        used = np.flatnonzero(apart if weights is None else apart & (weights > 0))
        which, is_alike = read.which[used], alike[used]
        some = None if weights is None else weights[used]
        if not is_alike.any():
            raise ValueError(
                "no pair of two different rows with a weight is alike (+1), so nothing says what "
                "is: add some"
            )
        if is_alike.all():
            return self._fit_alike(read, which, some, calibration)
        learner = self._resolve(LogisticLoss(), LogisticLoss(scale=5.0, beta=1.0), len(which))
        check_judges_pairs(learner.loss)
        positives = np.where(is_alike, which[:, 1], -1)[:, None]
        negatives = np.where(is_alike, -1, which[:, 1])[:, None]
        tuples = Tuples(which[:, 0], positives, negatives, some)
        of_alike = None if some is None else some[is_alike]
        self._learn(learner, read, GivenTuples.fixed(which[is_alike], of_alike, tuples))
        distances = self._distances(read, 0, 1)
        self.threshold_ = best_threshold(distances, alike, weights, **calibration)
        return self

    def _fit_alike(
        self,
        read: Read,
        pairs: IndexArray,
        weights: FloatArray | None,
        calibration: dict[str, Any],
    ) -> Self:
        """Learn from pairs that are all alike, and mined negatives."""
        warnings.warn(
            "All pairs to learn from are alike (+1), so negatives are mined among the rows of "
            "other pairs; pass pairs that differ (-1) if there are any, or compare "
            "negative_miner='random'",
            MiningWarning,
            stacklevel=4,
        )
        learner = self._resolve(RobustNCALoss(), SupConLoss(), len(pairs))
        supply = MinedNegatives(
            pairs, weights, len(read.X), NEGATIVE_MINERS.resolve(self.negative_miner),
            is_normalized(learner.normalize, learner.loss), check_generator(self.random_state),
            self.n_jobs,
        )  # fmt: skip
        given = GivenTuples(pairs, weights, len(pairs), supply, stays=False)
        self._learn(learner, read, given)
        random = check_generator(self.random_state)
        others = different_pairs(pairs, supply.partners, random)
        judged = np.concatenate([pairs, others])
        distances = self._distances(Read(read.X, judged, judged), 0, 1)
        if not len(others):
            self.threshold_ = float(distances.max())
            return self
        if weights is not None:
            weights = np.append(weights, np.full(len(others), weights.mean()))
        alike = np.arange(len(judged)) < len(pairs)
        self.threshold_ = best_threshold(distances, alike, weights, **calibration)
        return self

    def decision_function(self, pairs: Any) -> FloatArray:
        """Return how alike each pair is: minus the learned distance, as `pair_score`.

        Parameters
        ----------
        pairs : array-like of shape (n_pairs, 2, n_features), or of indices (n_pairs, 2)
            Two rows each.

        Returns
        -------
        scores : array of shape (n_pairs,)
            At most 0; at least ``-threshold_`` where the pair is taken to be alike.
        """
        return self.pair_score(pairs)

    def predict(self, pairs: Any) -> IndexArray:
        """Say whether each pair is alike: whether its distance is at most ``threshold_``.

        Parameters
        ----------
        pairs : array-like of shape (n_pairs, 2, n_features), or of indices (n_pairs, 2)
            Two rows each.

        Returns
        -------
        y : array of shape (n_pairs,)
            +1 or -1.
        """
        check_is_fitted(self, "threshold_")
        return np.where(self.pair_distance(pairs) <= self.threshold_, 1, -1)

    def score(self, pairs: Any, y: Any, sample_weight: Any = None) -> float:
        """Area under the ROC curve: how often a pair that is alike is nearer than one that is not.

        Parameters
        ----------
        pairs : array-like of shape (n_pairs, 2, n_features), or of indices (n_pairs, 2)
            Two rows each.
        y : array-like of shape (n_pairs,)
            +1 or -1, of both kinds.
        sample_weight : array-like of shape (n_pairs,), optional
            Weight of each pair.

        Returns
        -------
        score : float
            In [0, 1]; ties count half.
        """
        scores = self.decision_function(pairs)
        alike = both_kinds(check_kinds(y, len(scores), "y"), "score")
        return float(roc_auc_score(alike, scores, sample_weight=sample_weight))

    def set_threshold(self, threshold: Any) -> Self:
        """Set the distance up to which a pair is taken to be alike.

        Parameters
        ----------
        threshold : float
            For example one that `verification_report` gives for a wanted rate of false accepts.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If it is no number.
        """
        check_is_fitted(self, "learner_")
        if isinstance(threshold, str):
            raise ValueError(f"threshold must be a number, got {threshold!r}")
        try:
            number = float(threshold)
        except (TypeError, ValueError):
            raise ValueError(f"threshold must be a number, got {threshold!r}") from None
        if np.isnan(number):
            raise ValueError("threshold must be a number, got nan")
        self.threshold_ = number
        return self

    def calibrate_threshold(
        self,
        pairs: Any,
        y: Any,
        strategy: str = "accuracy",
        min_rate: float | None = None,
        beta: float = 1.0,
    ) -> Self:
        """Choose the threshold on other pairs.

        Parameters
        ----------
        pairs : array-like of shape (n_pairs, 2, n_features), or of indices (n_pairs, 2)
            Two rows each.
        y : array-like of shape (n_pairs,)
            +1 or -1, of both kinds.
        strategy : {"accuracy", "f_beta", "max_tpr", "max_tnr"}, default="accuracy"
            What is to be best: the share of pairs that are right; the F-score; the true positive
            rate, where the true negative rate is at least `min_rate`; or the other way round.
        min_rate : float, optional
            In [0, 1]; for the last two.
        beta : float, default=1.0
            How much more recall counts than precision in the F-score, above 0.

        Returns
        -------
        self
            With the best ``threshold_`` that there is for these pairs, ties included.

        Raises
        ------
        ValueError
            If an argument cannot be used.

        Examples
        --------
        At most one false accept in a thousand:

        >>> import numpy as np
        >>> from skhnm import PairMetricLearner
        >>> X = np.random.default_rng(0).normal(size=(300, 3)) + np.arange(300)[:, None] % 2 * 4
        >>> pairs = np.random.default_rng(1).integers(300, size=(2000, 2))
        >>> pairs = pairs[pairs[:, 0] != pairs[:, 1]]
        >>> y = np.where(pairs.sum(axis=1) % 2, -1, 1)
        >>> learner = PairMetricLearner(preprocessor=X).fit(pairs[:500], y[:500])
        >>> learner = learner.calibrate_threshold(
        ...     pairs[500:], y[500:], strategy="max_tpr", min_rate=0.999
        ... )
        >>> accepted = learner.predict(pairs[500:]) > 0
        >>> bool(accepted[y[500:] < 0].mean() <= 0.001)
        True
        """
        check_calibration(strategy, min_rate, beta)
        distances = self.pair_distance(pairs)
        alike = both_kinds(check_kinds(y, len(distances), "y"), "calibrate_threshold")
        self.threshold_ = best_threshold(
            distances, alike, strategy=strategy, min_rate=min_rate, beta=beta
        )
        return self
