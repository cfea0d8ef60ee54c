"""What every metric learner does alike: fit, score, measure pairs, mine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags, check_consistent_length
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from skhnm._compat import CallbackSupportMixin, with_callbacks
from skhnm._monitor import Monitor
from skhnm._objective import as_seen_by
from skhnm._threads import effective_n_jobs, single_threaded_blas
from skhnm._training import Problem, rounds, train
from skhnm._tuples import Tuples
from skhnm._typing import FloatArray
from skhnm._validation import (
    check_choice,
    check_generator,
    check_number,
    check_weights,
    encode_labels,
)
from skhnm.embeddings._base import BaseEmbedding
from skhnm.estimators._callbacks import FitCallbacks
from skhnm.estimators._data import TrainingData, hold_out, prepare
from skhnm.losses._known import LOSSES
from skhnm.miners._known import NEGATIVE_MINERS
from skhnm.miners._ranked import HardestMiner
from skhnm.miners.positives import POSITIVE_MINERS, NearestPositives
from skhnm.neighbors._exact import ExactSearch
from skhnm.pools._known import POOLS
from skhnm.solvers._adam import AdamSolver
from skhnm.solvers._base import BaseSolver
from skhnm.solvers._lbfgs import LBFGSSolver

_FLOATS = [np.float64, np.float32]


class BaseMetricLearner(
    CallbackSupportMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator, ABC
):
    """A metric learner: everything but the embedding itself."""

    @abstractmethod
    def _check_embedding_parameters(self, n_features: int) -> None:
        """Raise if a parameter of the embedding does not suit the data."""

    @abstractmethod
    def _make_embedding(self, data: TrainingData, parts: Any, random: Any) -> BaseEmbedding:
        """Return the embedding to start from."""

    @abstractmethod
    def _learned(self, embedding: BaseEmbedding, dtype: Any) -> dict[str, Any]:
        """Return the fitted attributes that hold the embedding."""

    @abstractmethod
    def _embed(self, X: FloatArray) -> FloatArray:
        """Return the embeddings of validated rows."""

    @with_callbacks
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn the metric.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features, finite and dense; on comparable scales (put a `StandardScaler`
            before).
        y : array-like of shape (n_samples,)
            Class of each row: strings, whole numbers, booleans, categoricals.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row as an anchor, >= 0; a row of weight 0 is left out.

        Returns
        -------
        self
            The fitted estimator. If fitting fails or is interrupted, it is as before.

        Raises
        ------
        ValueError
            If the data or a parameter cannot be used; the message says what to do.
        TypeError
            If a parameter is of the wrong type.
        """
        with _all_or_nothing(self):
            return self._fit(X, y, sample_weight)

    def _fit(self, X: Any, y: Any, sample_weight: Any) -> Self:
        self._check_parameters()
        parts = self._resolve_parts()
        labels = None if y is None else encode_labels(y, self.unlabelled)
        X, y = validate_data(self, X, y, dtype=_FLOATS, order="C", ensure_min_samples=2)
        classes, codes = encode_labels(y) if labels is None else labels
        self._check_embedding_parameters(X.shape[1])
        weights = check_weights(sample_weight, len(X))
        check_choice(
            getattr(parts["loss"], "metric", "sqeuclidean"),
            f"metric of {parts['loss']!r}",
            ("sqeuclidean", "euclidean", "cosine"),
        )
        centred = getattr(parts["loss"], "metric", None) != "cosine"  # cosine has an origin
        data = prepare(X, codes, weights, classes, self.class_weight, centred=centred)
        random = check_generator(self.random_state)
        held_out = None
        if self.early_stopping:
            data, held_out = hold_out(data, self.validation_fraction, random)

        with single_threaded_blas():
            embedding = self._make_embedding(data, parts, random)
        solver = self._make_solver(parts["pool"])
        schedule = rounds(self.max_iter, self.refresh_every, solver, parts["pool"])
        callbacks = FitCallbacks(
            self, X, y, len(schedule),
            lambda embedding: {
                "classes_": classes,
                "loss_": parts["loss"],
                **self._learned(embedding, X.dtype),
            },
        )  # fmt: skip
        monitor = Monitor(
            type(self).__name__,
            verbose=self.verbose,
            tol=self.tol,
            n_iter_no_change=self.n_iter_no_change,
            judge=_judge(data, held_out, parts["loss"], self.n_jobs)
            if held_out is not None
            else None,
            callbacks=callbacks,
        )
        problem = Problem(
            X=data.X, codes=data.codes, weights=data.weights, alpha=self.alpha,
            batch_size=self.batch_size, random=random, n_jobs=self.n_jobs, **parts,
        )  # fmt: skip
        with single_threaded_blas():  # once for all tiles, and the same bits for any company
            train(problem, embedding, solver, monitor, schedule)

        for name, value in self._learned(embedding, X.dtype).items():
            setattr(self, name, value)
        for name, part in parts.items():
            setattr(self, f"{name}_", part)
        self.classes_ = classes
        self.loss_curve_ = monitor.loss_curve
        self.mining_curve_ = monitor.mining_curve
        self.n_iter_ = max(1, len(monitor.loss_curve))
        if self.early_stopping:
            self.validation_scores_ = monitor.validation_scores
        elif hasattr(self, "validation_scores_"):
            del self.validation_scores_
        callbacks.end_fit(embedding)
        return self

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
        return self._transform(X)

    def _transform(self, X: Any) -> FloatArray:
        check_is_fitted(self)
        return self._embed(validate_data(self, X, dtype=_FLOATS, reset=False))

    def _transform_as_trained(self, X: Any) -> FloatArray:
        """Return embeddings whose Euclidean distances rank as the loss's distances do."""
        return as_seen_by(self.loss_, self._transform(X))

    def score(self, X: Any, y: Any) -> float:
        """Precision at 1: how often a row's nearest other row bears its label.

        Nearest by the learned distance; by cosine where the loss is on cosine similarity.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows; each is left out of its own neighbours.
        y : array-like of shape (n_samples,)
            Their labels. Rows whose class has no other row, and unlabelled rows, are
            left out of the mean.

        Returns
        -------
        score : float
            In [0, 1]; higher is better.
        """
        Z = self._transform_as_trained(X)
        _, codes = encode_labels(y, self.unlabelled)
        check_consistent_length(Z, codes)
        known = codes >= 0
        Z, codes = Z[known], codes[known]
        judged = np.bincount(codes, minlength=1)[codes] > 1
        if not judged.any():
            raise ValueError(
                "score needs at least two labelled rows of one class, or no row can have its "
                "own class as its nearest"
            )
        own = np.arange(len(Z), dtype=np.intp)
        nearest, _ = ExactSearch(Z, codes, self.n_jobs).nearest(Z, codes, 1, side="any", own=own)
        return float((codes[nearest[judged, 0]] == codes[judged]).mean())

    def pair_distance(self, pairs: Any) -> FloatArray:
        """Learned distance of each pair of rows.

        Parameters
        ----------
        pairs : array-like of shape (n_pairs, 2, n_features)
            Two rows each.

        Returns
        -------
        distances : array of shape (n_pairs,)
            Euclidean distances between the embeddings (not squared), >= 0.
        """
        check_is_fitted(self)
        pairs = check_array(pairs, dtype=_FLOATS, allow_nd=True, input_name="pairs")
        expected = (2, self.n_features_in_)
        if pairs.ndim != 3 or pairs.shape[1:] != expected:
            raise ValueError(
                f"pairs must have shape (n_pairs, 2, {self.n_features_in_}), got {pairs.shape}"
            )
        return self._pair_distance(pairs[:, 0], pairs[:, 1])

    def pair_score(self, pairs: Any) -> FloatArray:
        """Similarity of each pair of rows: minus the learned distance.

        Parameters
        ----------
        pairs : array-like of shape (n_pairs, 2, n_features)
            Two rows each.

        Returns
        -------
        scores : array of shape (n_pairs,)
            At most 0; higher is more alike.
        """
        return -self.pair_distance(pairs)

    def mine(self, X: Any, y: Any, *, n_negatives: int = 1, n_positives: int = 1) -> Tuples:
        """Find the rows that the fitted metric confuses, the most confused first.

        A row far nearer to another class than to its own is on a hard border, or bears a
        wrong label.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,)
            Their labels.
        n_negatives, n_positives : int, default=1
            Nearest rows of other classes, and of its own, to give for each anchor.

        Returns
        -------
        tuples : Tuples
            Indices of rows of X, sorted by how much nearer (in Euclidean distance) the
            first negative is than the first positive. Rows alone in their class have no
            positive and are left out.
        """
        Z = self._transform_as_trained(X)
        positives = NearestPositives(n_positives)
        positives.check_parameters()
        tuples = HardestMiner(n_negatives).mine(
            Z, y, positives=positives, unlabelled=self.unlabelled, n_jobs=self.n_jobs
        )
        anchors = Z[tuples.anchors].astype(np.float64)
        to_positive = np.linalg.norm(anchors - Z[tuples.positives[:, 0]], axis=1)
        to_negative = np.linalg.norm(anchors - Z[tuples.negatives[:, 0]], axis=1)
        return tuples[np.argsort(to_negative - to_positive, kind="stable")]

    @abstractmethod
    def get_metric(self) -> Callable[..., float]:
        """Return the learned distance as a function of two rows."""

    def _pair_distance(self, a: FloatArray, b: FloatArray) -> FloatArray:
        difference = self._embed(a) - self._embed(b)
        return np.sqrt(np.einsum("ij,ij->i", difference, difference))

    # Parameters.

    def _check_parameters(self) -> None:
        """Raise if a parameter that all learners share is out of its range."""
        check_number(self.max_iter, "max_iter", low=1, integer=True)
        check_number(self.tol, "tol", low=0)
        check_number(self.refresh_every, "refresh_every", low=1, integer=True)
        check_number(self.batch_size, "batch_size", low=4, integer=True)
        check_number(self.learning_rate, "learning_rate", low=0, low_open=True)
        check_number(self.alpha, "alpha", low=0)
        check_number(self.n_iter_no_change, "n_iter_no_change", low=1, integer=True)
        check_number(
            self.validation_fraction, "validation_fraction",
            low=0, high=1, low_open=True, high_open=True,
        )  # fmt: skip
        if not isinstance(self.verbose, bool):
            check_number(self.verbose, "verbose", low=0, integer=True)
        check_number(self.n_jobs, "n_jobs", integer=True, optional=True)
        effective_n_jobs(self.n_jobs)
        check_choice(self.solver, "solver", ("auto", "lbfgs", "adam"))

    def _resolve_parts(self) -> dict[str, Any]:
        """Return fresh objects for the three axes, by the name of their parameter."""
        parts = {
            "pool": POOLS.resolve(self.pool),
            "negative_miner": NEGATIVE_MINERS.resolve(self.negative_miner),
            "positive_miner": POSITIVE_MINERS.resolve(self.positive_miner),
            "loss": LOSSES.resolve(self.loss),
        }
        return parts

    def _make_solver(self, pool: Any) -> BaseSolver:
        if self.solver == "adam" or (self.solver == "auto" and pool.mined_each_step):
            return AdamSolver(self.learning_rate, self.batch_size, pool.mined_each_step)
        return LBFGSSolver(self.tol)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _judge(
    data: TrainingData, held_out: TrainingData, loss: Any, n_jobs: int | None
) -> Callable[[BaseEmbedding], float]:
    """Return a function that gives an embedding's precision at 1 on held-out rows."""

    def precision_at_1(embedding: BaseEmbedding) -> float:
        pool = as_seen_by(loss, embedding.forward(data.X)[0])
        queries = as_seen_by(loss, embedding.forward(held_out.X)[0])
        search = ExactSearch(pool, data.codes, n_jobs)
        nearest, _ = search.nearest(queries, held_out.codes, 1, side="any")
        return float((data.codes[nearest[:, 0]] == held_out.codes).mean())

    return precision_at_1


@contextmanager
def _all_or_nothing(estimator: Any) -> Iterator[None]:
    """Put fitted attributes back as they were if the block fails or is interrupted."""

    def fitted() -> dict[str, Any]:
        return {k: v for k, v in vars(estimator).items() if k.endswith("_") and k[0] != "_"}

    before = fitted()
    try:
        yield
    except BaseException:
        for name in fitted():
            delattr(estimator, name)
        vars(estimator).update(before)
        raise
