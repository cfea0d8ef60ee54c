"""The classifier of tables: a metric learned on curves of the features, and a soft vote."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skhnm.common._compat import CallbackSupportMixin, with_callbacks
from skhnm.common._labels import RAISE, encode_together
from skhnm.common._registry import NamedParts, Registry
from skhnm.common._threads import single_threaded_blas, standing_crew
from skhnm.common._typing import FloatArray, IndexArray, LabelArray
from skhnm.common._validation import check_number, check_weights
from skhnm.estimators._data import prepare
from skhnm.estimators._fitting import all_or_nothing
from skhnm.estimators._learned import read_labelled, read_rows
from skhnm.estimators.classifier._choice import choose
from skhnm.estimators.classifier._evidence import Evidence, parts_of_distances
from skhnm.estimators.classifier._folds import weighted
from skhnm.estimators.classifier._plan import LEARNERS, Plan
from skhnm.estimators.classifier._tasks import Tasks
from skhnm.estimators.classifier._voting import Neighbors, Vote, Voters
from skhnm.neighbors._known import INDEXES

_BLOCK = 2**22  # neighbours at a time


class HardNegativeClassifier(
    CallbackSupportMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    ClassifierMixin,
    NamedParts,
):
    """Classify rows of a table by the votes of near rows, under a metric learned for it.

    Each feature is bent into a curve (or left as it is), a metric is learned on these from hard
    negatives, and the nearest training rows vote, the nearer the more. What fits the table is
    chosen in `fit` by rows that are held out. `evidence` shows, for any prediction, which rows
    decided it, and which features made them near.

    Parameters
    ----------
    learner : str or metric learner, default="auto"
        "linear" (`HardNegativeMetricLearner`), "mlp" (`MLPMetricLearner`), or an instance with
        parameters of its own, such as its miner, which a grid search then reaches as
        ``learner__negative_miner``; rows that are `unlabelled` to it are left out altogether.
        "auto" tries both. An `n_components` of None is 32 here, or the number of encoded columns
        if that is less.
    encoding : {"auto", "plain", "splines"} or int, default="auto"
        "plain" standardises the features; an int is the number of knots, at least 2, of a cubic
        spline that bends each feature (at quantiles of its values; constant beyond the last).
        "splines" tries 4, 7 and 12 knots, "auto" these and "plain"; those that would make more
        than 1,500 columns, each feature two more than it has knots, are left out. A feature with
        no more values than knots is free to take any height at each value, as categories in whole
        numbers should.
    strength : float or "auto", default="auto"
        Multiplies the shrinkage `alpha` of the learner, >= 0; "auto" tries 1 and 10.
    n_neighbors : int or "auto", default="auto"
        Rows that vote, at least 1; "auto" tries 7, 15, 30 and 60, and on large tables 120 and 240.
    scale : float or "auto", default="auto"
        How fast votes fall with the squared distance, >= 0, as in `SoftVote`; "auto" tries 1/16
        to 4 in powers of 2.
    smoothing : float or "auto", default="auto"
        Votes of the classes' base rates, >= 0: 1 counts as much as a row of mean weight that is
        as near as the nearest. Keeps chances off 0 and 1, the more so the fewer rows decide;
        "auto" tries .03, .1, .3 and 1.
    index : str or index, default="exact"
        Who finds the nearest rows. "exact" compares all; "graph", say, or an instance such as
        ``GraphIndex(ef_search=100)``, takes longer to fit and is faster to ask: it pays where
        many more rows are predicted than trained on.
    class_weight : "balanced", dict or None, default=None
        Weight of the rows of each class, in learning and in the vote; a dict gives others 1.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the learner, if it has none of its own: of the network's start and batches. All
        else uses no randomness.
    n_jobs : int or None, default=None
        Threads; None takes every core that the process may use. It never changes the result.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        The classes seen.
    learner_ : metric learner
        Fitted on the encoded features.
    encoding_ : "plain" or int
        The encoding that was chosen.
    strength_, n_neighbors_, scale_, smoothing_ : float, int, float, float
        What was chosen of each.
    cv_results_ : dict of arrays
        What was tried, a row for each learner, encoding and strength, with the vote that was
        best for it: "params", "param_learner" and so on; "mean_test_score", "split0_test_score"
        and so on, minus the Brier score, by which is chosen; "mean_test_log_loss",
        "mean_test_accuracy", "mean_fit_time", "rank_test_score". Empty where nothing was to be
        chosen.
    metric_, voters_ : object
        What predictions are made of: the fitted encoding with the learner; and the embeddings,
        classes and weights of the rows that vote.
    index_ : index
        Holds the training rows under the metric.
    training_rows_ : array of shape (n_voters, n_features)
        The distinct rows that vote.
    row_numbers_ : array of shape (n_voters,), intp
        Their numbers in the X of `fit`; of repeated rows, the first.
    n_features_in_ : int
        Features seen in `fit`.
    feature_names_in_ : array of shape (n_features,)
        Their names, where X had string column names.

    See Also
    --------
    HardNegativeMetricLearner : The metric alone, for a pipeline with `KNeighborsClassifier`.
    skhnm.neighbors.SoftVote : The vote alone.
    skhnm.plotting.EvidenceDisplay : A picture of the evidence.

    Notes
    -----
    The budget: at most six metrics are compared (each encoding; the best with a larger strength;
    the best with the network), each learned three times, on two thirds of the rows. Of more than
    3,000 rows a third is held out once, of at most 10,000 rows, drawn evenly. The best is then
    learned on all rows, or on about 50,000 of them; everybody votes. On a large table a
    twentieth of the rows (at most 5,000) is held out from that, to choose the vote.

    Judged is the Brier score [1]_ of the chances: proper, and not ruled by a few lost rows. The
    splits are by the rows alone, so no order of rows changes the result. Where weights are whole
    multiples of the least of their class, a row of weight 2 is the same as the row twice; with
    other weights, no row is judged by what was learned from itself. The vote over a learned metric
    is that of [2]_; the curves are those of additive models [3]_.

    References
    ----------
    .. [1] Brier (1950), "Verification of Forecasts Expressed in Terms of Probability", Monthly
       Weather Review 78.
    .. [2] Goldberger, Hinton, Roweis and Salakhutdinov (2004), "Neighbourhood Components
       Analysis", NIPS 17.
    .. [3] Hastie and Tibshirani (1986), "Generalized Additive Models", Statistical Science 1.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.model_selection import train_test_split
    >>> from skhnm import HardNegativeClassifier
    >>> X, y = load_wine(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> classifier = HardNegativeClassifier(random_state=0).fit(X_train, y_train)
    >>> bool(classifier.score(X_test, y_test) > 0.95)
    True
    >>> classifier.predict_proba(X_test).shape
    (45, 3)
    """

    _registries: ClassVar[dict[str, Registry]] = {"learner": LEARNERS, "index": INDEXES}

    def __init__(
        self,
        learner: Any = "auto",
        *,
        encoding: Any = "auto",
        strength: Any = "auto",
        n_neighbors: Any = "auto",
        scale: Any = "auto",
        smoothing: Any = "auto",
        index: Any = "exact",
        class_weight: Any = None,
        random_state: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        self.learner = learner
        self.encoding = encoding
        self.strength = strength
        self.n_neighbors = n_neighbors
        self.scale = scale
        self.smoothing = smoothing
        self.index = index
        self.class_weight = class_weight
        self.random_state = random_state
        self.n_jobs = n_jobs

    @with_callbacks
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Choose an encoding, learn a metric on it, and keep the rows that vote.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features, finite and dense, on any scales; categories as whole numbers.
        y : array-like of shape (n_samples,)
            Class of each row: strings, whole numbers, booleans, categoricals.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row, in learning and in the vote, >= 0; a row of weight 0 is left out.

        Returns
        -------
        self
            The fitted classifier. If fitting fails or is interrupted, it is as before.

        Raises
        ------
        ValueError
            If the data or a parameter cannot be used; the message says what to do.
        TypeError
            If a parameter is of the wrong type.
        """
        with all_or_nothing(self):
            return self._fit(X, y, sample_weight)

    def _fit(self, X: Any, y: Any, sample_weight: Any) -> Self:
        plan = Plan.of(self)
        classes, codes, X_read = read_labelled(
            self, X, y, plan.unlabelled, reset=True, ensure_min_samples=2
        )
        weights = check_weights(sample_weight, len(codes))
        data = prepare(X_read, codes, weights, classes, self.class_weight, centred=False)
        data = weighted(data, data.weights)  # a class of weight 0 has no vote
        tasks = Tasks(self, X, y)
        with single_threaded_blas(), standing_crew():
            chosen = choose(plan, data, classes, self.n_jobs, tasks)
            voters = Voters(chosen.metric.embed(data.X), data, len(classes), plan.index)
        fitted = {
            "classes_": classes,
            "metric_": chosen.metric,
            "learner_": chosen.metric.learner,
            "voters_": voters,
            "training_rows_": data.X,
            "row_numbers_": data.rows,
            "index_": voters.index,
            "encoding_": chosen.design.encoding,
            "strength_": chosen.design.strength,
            **{f"{name}_": value for name, value in vars(chosen.vote).items()},
            "cv_results_": chosen.results,
        }
        for name, value in fitted.items():
            setattr(self, name, value)
        tasks.end(fitted)
        return self

    def predict(self, X: Any) -> LabelArray:
        """Return the likeliest class of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows with the features seen in `fit`.

        Returns
        -------
        y : array of shape (n_samples,)
            Labels; where two are equally likely, the first in `classes_`.
        """
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the chance of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows with the features seen in `fit`.

        Returns
        -------
        P : array of shape (n_samples, n_classes)
            The share of the class in the vote, and in the base rates; in the order of
            `classes_`. Rows sum to 1.
        """
        read, rates = self._read(X), self.voters_.base_rates
        blocks = gen_batches(len(read), max(1, _BLOCK // self.n_neighbors_))
        found = (self._near(read[rows]) for rows in blocks)
        return np.concatenate([near.probabilities(self._vote, rates) for near in found])

    def predict_log_proba(self, X: Any) -> FloatArray:
        """Return the logarithm of the chance of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows with the features seen in `fit`.

        Returns
        -------
        log_P : array of shape (n_samples, n_classes)
            -inf for a class without a vote where `smoothing` is 0, or its base rate.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy: the share of rows whose class is predicted.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows with the features seen in `fit`.
        y : array-like of shape (n_samples,)
            Their labels.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row, >= 0.

        Returns
        -------
        accuracy : float
            In [0, 1].

        Raises
        ------
        ValueError
            If labels are missing, or of another kind than those of `fit`.
        """
        predicted = self.predict(X)
        right, given = encode_together(y, predicted, RAISE, ("y", "the labels of fit"))
        check_consistent_length(right, given)
        weights = check_weights(sample_weight, len(given))
        return float(np.average(right == given, weights=weights))

    def transform(self, X: Any) -> FloatArray:
        """Map rows to the space in which Euclidean distance is the learned metric.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows with the features seen in `fit`.

        Returns
        -------
        Z : array of shape (n_samples, n_components)
            Embeddings, of X's floating type.
        """
        read = self._read(X)
        return self.metric_.embed(read)

    def kneighbors(
        self, X: Any, n_neighbors: int | None = None, return_distance: bool = True
    ) -> Any:
        """Find the training rows nearest to each row, under the learned metric.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows with the features seen in `fit`.
        n_neighbors : int, optional
            How many; by default as many as vote.
        return_distance : bool, default=True
            Whether to return distances too.

        Returns
        -------
        distances : array of shape (n_samples, n_neighbors)
            Not squared, ascending. Only with `return_distance`.
        rows : array of shape (n_samples, n_neighbors), intp
            Numbers of rows of the X of `fit`; of repeated rows with one label, the first. Both
            have fewer columns if there are fewer rows.
        """
        read = self._read(X)
        check_number(n_neighbors, "n_neighbors", low=1, integer=True, optional=True)
        found = self._near(read, n_neighbors)
        rows = self._numbers(found)
        return (np.sqrt(found.distances), rows) if return_distance else rows

    def evidence(self, X: Any) -> Evidence:
        """Say which training rows decided each prediction, and which features made them near.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Some rows, with the features seen in `fit`: the answer has a number for each row,
            neighbour and feature.

        Returns
        -------
        evidence : Evidence
            The rows that voted, their labels, distances and share of the vote, and the part of
            each feature in the squared distance. The votes add up to `predict_proba`, the parts
            to the squared distance. With the linear learner the parts are exact, a sum over the
            features; with the network or `normalize`, features act together, and the parts are
            gathered along the straight line between two encoded rows.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skhnm import HardNegativeClassifier
        >>> X, y = load_iris(return_X_y=True, as_frame=True)
        >>> classifier = HardNegativeClassifier("linear", encoding="plain", n_neighbors=5)
        >>> evidence = classifier.fit(X, y).evidence(X[:1])
        >>> evidence.labels
        array([[0, 0, 0, 0, 0]])
        >>> float((evidence.votes.sum(axis=1) + evidence.base_votes)[0])
        1.0
        """
        return self._evidence(self._read(X))

    def _evidence(self, read: FloatArray) -> Evidence:
        found = self._near(read)
        n, k = found.rows.shape
        votes, base_votes = found.votes(self._vote)
        near = self.training_rows_[found.rows.ravel()]
        squared = found.distances.ravel()
        parts = parts_of_distances(self.metric_, np.repeat(read, k, axis=0), near, squared)
        numbered = np.array([f"x{f}" for f in range(self.n_features_in_)], dtype=object)
        there = found.rows >= 0
        return Evidence(
            rows=self._numbers(found),
            labels=self.classes_[found.codes],
            distances=np.sqrt(found.distances),
            votes=votes,
            base_votes=base_votes,
            features=np.where(there[:, :, None], parts.reshape(n, k, -1), 0.0),
            base_rates=self.voters_.base_rates,
            classes=self.classes_,
            feature_names=getattr(self, "feature_names_in_", numbered),
        )

    @property
    def _vote(self) -> Vote:
        return Vote(self.n_neighbors_, self.scale_, self.smoothing_)

    @property
    def _n_features_out(self) -> int:
        """Columns of `transform`, for `get_feature_names_out`."""
        return self.learner_._n_features_out

    def _read(self, X: Any) -> FloatArray:
        check_is_fitted(self)
        return read_rows(self, X, reset=False)

    def _near(self, read: FloatArray, n_neighbors: int | None = None) -> Neighbors:
        k = self.n_neighbors_ if n_neighbors is None else n_neighbors
        return self.voters_.near(self.metric_.embed(read), k)

    def _numbers(self, found: Neighbors) -> IndexArray:
        """Return the numbers of rows as the user gave them."""
        return np.where(found.rows >= 0, self.row_numbers_[found.rows], -1)
