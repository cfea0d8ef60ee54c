"""How every metric learner is fitted, at once or by a stream."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils import Tags

from skhnm.common._compat import CallbackSupportMixin, with_callbacks
from skhnm.common._labels import encode_labels, join_labels
from skhnm.common._registry import NamedParts, Registry
from skhnm.common._threads import single_threaded_blas, standing_crew
from skhnm.common._typing import FloatArray, LabelArray
from skhnm.common._validation import check_generator, check_weights
from skhnm.embeddings._base import BaseEmbedding
from skhnm.estimators._callbacks import FitCallbacks
from skhnm.estimators._data import TrainingData, hold_out, merge_repeated, place, prepare
from skhnm.estimators._fitting import all_or_nothing, make_judge
from skhnm.estimators._given import GivenTuples, check_given
from skhnm.estimators._learned import LearnedMetric, read_labelled
from skhnm.estimators._parts import (
    AXES,
    check_shared_parameters,
    make_solver,
    resolve_alpha,
    resolve_parts,
    setting,
)
from skhnm.estimators._stream import Reservoir
from skhnm.pools._dataset import DatasetPool
from skhnm.pools._memory import MemoryPool
from skhnm.training._loop import Problem, rounds, train
from skhnm.training._monitor import Monitor
from skhnm.training._objective import is_normalized

_MOST_OF_A_CURVE = 1000
"""Entries of the curves that a stream keeps, which has no end."""


class BaseMetricLearner(CallbackSupportMixin, LearnedMetric, NamedParts):
    """A metric learner: everything but the embedding itself."""

    _registries: ClassVar[dict[str, Registry]] = AXES
    _solvers: ClassVar[tuple[str, ...]]
    _scales_features: ClassVar[bool] = False
    n_iter_: int
    _may_be_auto: ClassVar[tuple[str, ...]] = ()
    """Parameters of which "auto" depends on the data."""
    _auto: ClassVar[dict[str, tuple[Any, Any]]] = {"loss": ("robust_nca", "sup_con")}
    """What "auto" stands for, without and with `normalize`."""

    @abstractmethod
    def _check_embedding_parameters(self, n_features: int) -> None:
        """Raise if a parameter of the embedding does not suit the data."""

    @abstractmethod
    def _make_embedding(
        self,
        data: TrainingData,
        parts: dict[str, Any],
        go_on: bool,
        random: np.random.Generator,
        alike: TrainingData | None = None,
    ) -> BaseEmbedding:
        """Return the embedding to start from; with `go_on`, the one that is fitted.

        `alike` holds rows of which is known who are alike, as classes; None: as in the data.
        """

    @abstractmethod
    def _learned(self, embedding: BaseEmbedding, data: TrainingData) -> dict[str, Any]:
        """Return the fitted attributes that hold the embedding."""

    def _n_iterations(self, n_rows: int) -> int:
        """Return the iterations of a fit to so many rows."""
        n: int = self.max_iter
        return n

    def _fit_given(self, rows: FloatArray, given: GivenTuples) -> Self:
        """Learn from tuples of rows (n, d), not from labels."""
        check_shared_parameters(self, self._solvers)
        check_given(self)
        parts = resolve_parts(self) | {"pool": DatasetPool()}
        self._check_embedding_parameters(rows.shape[1])
        random = check_generator(self.random_state)
        n = len(rows)
        data = place(
            TrainingData(rows, np.zeros(n, dtype=np.intp), np.ones(n)),
            centred=self._centres(parts["loss"]),
            scaled=self._scales_features,
        )
        solver = make_solver(self, parts["pool"], self._solvers)
        n_iterations = self._n_iterations(given.n_tuples)
        every = n_iterations if given.stays and not solver.stochastic else self.refresh_every
        monitor = self._make_monitor(data, None, parts["loss"], None)
        with single_threaded_blas(), standing_crew():
            embedding = self._make_embedding(data, parts, False, random, given.alike(data))
            problem = self._make_problem(data, parts, random, given)
            schedule = rounds(n_iterations, every, solver, parts["pool"])
            train(problem, embedding, solver, monitor, schedule)
        self._keep(embedding, data, parts, np.empty(0, dtype=np.intp))
        self._keep_curves(monitor)
        self.n_features_in_ = rows.shape[1]
        return self

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
        with all_or_nothing(self):
            return self._fit(X, y, sample_weight)

    def _fit(self, X: Any, y: Any, sample_weight: Any) -> Self:
        check_shared_parameters(self, self._solvers)
        parts = resolve_parts(self)
        classes, codes, X = read_labelled(
            self, X, y, self.unlabelled, reset=True, ensure_min_samples=2
        )
        self._check_embedding_parameters(X.shape[1])
        weights = check_weights(sample_weight, len(X))
        data = self._prepare(X, codes, weights, classes, parts["loss"])
        random = check_generator(self.random_state)
        held_out = None
        if self.early_stopping:
            data, held_out = hold_out(
                data, self.validation_fraction, random, self.early_stopping == "classes"
            )
        solver = make_solver(self, parts["pool"], self._solvers)
        n_iterations = self._n_iterations(len(data))
        schedule = rounds(n_iterations, self.refresh_every, solver, parts["pool"])
        with single_threaded_blas(), standing_crew():  # once for all tiles of the fit
            embedding = self._make_embedding(
                data, parts, self.warm_start and hasattr(self, "classes_"), random
            )
            callbacks = FitCallbacks(
                self, X, y, len(schedule),
                lambda embedding: {
                    "classes_": classes,
                    "loss_": parts["loss"],
                    **self._learned(embedding, data),
                },
            )  # fmt: skip
            monitor = self._make_monitor(data, held_out, parts["loss"], callbacks)
            problem = self._make_problem(data, parts, random)
            train(problem, embedding, solver, monitor, schedule)

        self._keep(embedding, data, parts, classes)
        self._keep_curves(monitor)
        for name in ("reservoir_", "validation_scores_"):
            self.__dict__.pop(name, None)
        if self.early_stopping:
            self.validation_scores_ = monitor.validation_scores
        callbacks.end_fit(embedding)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Go on learning with a chunk of a stream.

        A sample of every class seen so far is kept (``reservoir_``), as large as the
        memory pool's `size` (8,192 rows with other pools), whatever the number of chunks.
        The chunk joins it, and the metric goes on from where it is, on that sample alone:
        so the order of the chunks does not matter, even if they come class by class. A
        call runs one round: `refresh_every` iterations, or, with a pool that is mined at
        every step, one epoch. Of a miner that is a function, ``rows`` and ``pool_rows`` are
        those of the whole stream, counted from 0 and on with each chunk.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The chunk.
        y : array-like of shape (n_samples,)
            Its labels; new classes may appear at any time.
        classes : array-like of shape (n_classes,), optional
            Classes that are known to come; they then stand in ``classes_`` from the start.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row as an anchor, >= 0.

        Returns
        -------
        self
            The estimator. As long as there is no positive pair or only one class, it is
            the start of the metric. A chunk without a labelled row of some weight changes
            nothing. After a `fit` it goes on from there, but the rows of the fit are not kept.

        Raises
        ------
        ValueError
            If the data or a parameter cannot be used; the message says what to do.
        """
        with all_or_nothing(self):
            return self._partial_fit(X, y, classes, sample_weight)

    def _partial_fit(self, X: Any, y: Any, classes: Any, sample_weight: Any) -> Self:
        check_shared_parameters(self, self._solvers)
        if self.early_stopping:
            raise ValueError(
                "partial_fit has no held-out rows to stop by; set early_stopping=False"
            )
        parts = resolve_parts(self)
        before: Reservoir | None = getattr(self, "reservoir_", None)
        is_first = not hasattr(self, "classes_")
        y_classes, codes, X = read_labelled(self, X, y, self.unlabelled, reset=is_first)
        self._check_embedding_parameters(X.shape[1])
        weights = check_weights(sample_weight, len(X), may_be_zero=True)
        used = (codes >= 0) & (weights > 0)
        if not used.any():
            if is_first:  # nothing has begun: not even the features are known
                for name in ("n_features_in_", "feature_names_in_"):
                    self.__dict__.pop(name, None)
            return self
        announced = None if classes is None else encode_labels(classes, name="classes")[0]
        known = (getattr(self, "classes_", None), announced, y_classes)
        all_classes = np.unique(join_labels([labels for labels in known if labels is not None]))

        size = parts["pool"].size if isinstance(parts["pool"], MemoryPool) else MemoryPool().size
        n_before = 0 if before is None else int(before.counts.sum())
        seed = int(check_generator(self.random_state).integers(2**63))
        random = np.random.default_rng([seed, n_before])
        labels = y_classes[codes[used]]
        reservoir = (before or Reservoir.empty(size, X, labels)).updated(
            X[used], labels, weights[used], random, used
        )
        codes, weights = np.searchsorted(all_classes, reservoir.y), reservoir.anchor_weights()
        data = merge_repeated(reservoir.X, codes, weights)
        counts = np.bincount(data.codes)
        enough = counts.max() >= 2 and (counts > 0).sum() >= 2
        if enough:
            data = self._prepare(
                reservoir.X, codes, weights, all_classes, parts["loss"], more_to_come=True
            )
            enough = bool(data.weights.any())  # class_weight may count none of them
        data.rows, data.stands = reservoir.rows[data.rows], None
        solver = make_solver(self, parts["pool"], self._solvers)
        monitor = self._make_monitor(data, None, parts["loss"], None)
        with single_threaded_blas(), standing_crew():
            has_learned = bool(getattr(self, "mining_curve_", []))
            n_iter = self.n_iter_ if has_learned else 0
            embedding = self._make_embedding(data, parts, has_learned, random)
            if enough:
                schedule = rounds(self.refresh_every, self.refresh_every, solver, parts["pool"])
                problem = self._make_problem(data, parts, random)
                train(problem, embedding, solver, monitor, schedule[:1])
        self._keep(embedding, data, parts, all_classes)
        self.reservoir_ = reservoir
        for name, more in (
            ("loss_curve_", monitor.loss_curve),
            ("mining_curve_", monitor.mining_curve),
        ):
            setattr(self, name, [*getattr(self, name, []), *more][-_MOST_OF_A_CURVE:])
        self.n_iter_ = max(1, n_iter + len(monitor.loss_curve))
        return self

    def _prepare(
        self,
        X: FloatArray,
        codes: Any,
        weights: FloatArray,
        classes: LabelArray,
        loss: Any,
        more_to_come: bool = False,
    ) -> TrainingData:
        return prepare(
            X, codes, weights, classes, self.class_weight,
            centred=self._centres(loss), scaled=self._scales_features, more_to_come=more_to_come,
        )  # fmt: skip

    def _centres(self, loss: Any) -> bool:
        """Whether the mean may be taken off: cosine similarity has an origin, distances none."""
        return self._scales_features or not is_normalized(self.normalize, loss)

    def _shrinkage(self, n_rows: int, loss: Any) -> float:
        """Return the weight of the shrinkage of a fit to so many rows."""
        return resolve_alpha(self.alpha, n_rows, is_normalized(self.normalize, loss))

    def _make_problem(
        self,
        data: TrainingData,
        parts: dict[str, Any],
        random: np.random.Generator,
        given: GivenTuples | None = None,
    ) -> Problem:
        supplied: dict[str, Any] = (
            {} if given is None else {"supply": given.supply, "objective": given.objective}
        )
        return Problem(
            X=data.X, codes=data.codes, weights=data.weights, rows=data.rows,
            stands=data.stands,
            normalize=self.normalize,
            alpha=self._shrinkage(len(data), parts["loss"]),
            batch_size=setting(self, "batch_size"), random=random, n_jobs=self.n_jobs,
            **parts, **supplied,
        )  # fmt: skip

    def _make_monitor(
        self, data: TrainingData, held_out: TrainingData | None, loss: Any, callbacks: Any
    ) -> Monitor:
        normalize = is_normalized(self.normalize, loss)
        judge = None if held_out is None else make_judge(data, held_out, normalize, self.n_jobs)
        return Monitor(
            type(self).__name__,
            verbose=self.verbose,
            tol=self.tol,
            n_iter_no_change=self.n_iter_no_change,
            judge=judge,
            callbacks=callbacks,
        )

    def _keep(
        self,
        embedding: BaseEmbedding,
        data: TrainingData,
        parts: dict[str, Any],
        classes: LabelArray,
    ) -> None:
        """Set the fitted attributes that every kind of fit sets."""
        for name, value in self._learned(embedding, data).items():
            setattr(self, name, value)
        for name, part in parts.items():
            setattr(self, f"{name}_", part)
        self.classes_ = classes

    def _keep_curves(self, monitor: Monitor) -> None:
        self.loss_curve_ = monitor.loss_curve
        self.mining_curve_ = monitor.mining_curve
        self.n_iter_ = max(1, len(monitor.loss_curve))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
