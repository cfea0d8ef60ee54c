"""What all learners from tuples share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags, check_array, gen_batches
from sklearn.utils.validation import check_is_fitted

from skhnm.common._registry import NamedParts, Registry
from skhnm.common._rows import as_rows
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.common._validation import check_weights
from skhnm.estimators._base import BaseMetricLearner
from skhnm.estimators._given import GivenTuples
from skhnm.estimators._known import learners, resolve_learner
from skhnm.estimators._learned import FLOATS, TUPLES
from skhnm.estimators._linear import HardNegativeMetricLearner
from skhnm.estimators.tuples._read import Read, as_indices, look_up, read_tuples
from skhnm.losses._known import LOSSES
from skhnm.training._objective import is_normalized

LEARNERS = learners()
"""Learners by name."""

_SHRINKAGE = 60.0  # over the number of tuples; each says less than a label
_BLOCK = 2**22  # numbers at a time


class _NoFitTransform:
    """Hides what scikit-learn's mixin would do: to transform what `fit` has learned from.

    A class of its own, since that mixin wraps what its subclasses define.
    """

    @property
    def fit_transform(self) -> Any:
        """Not there: `fit` takes tuples, and `transform` rows."""
        raise AttributeError(
            f"{type(self).__name__} has no fit_transform: fit takes tuples, and transform rows"
        )


class BaseTupleLearner(
    _NoFitTransform, ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClassifierMixin, NamedParts
):
    """A learner from tuples of rows: it wraps a metric learner, and answers for it."""

    classes_ = np.array([0, 1])  # whom scikit-learn's scorers ask
    _registries: ClassVar[dict[str, Registry]] = {"learner": LEARNERS}
    _size: ClassVar[int]

    learner: Any
    preprocessor: Any
    random_state: Any
    n_jobs: int | None
    learner_: BaseMetricLearner

    def transform(self, X: Any) -> FloatArray:
        """Map rows to the space in which Euclidean distance is the learned metric.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or of indices (n_samples,)
            Rows; indices where there is a `preprocessor`.

        Returns
        -------
        Z : array of shape (n_samples, n_components)
            Embeddings, of X's floating type. Of a linear learner ``X @ components_.T``, unless
            the rows lie so far from the origin that ``learner_.offset_`` is taken off first.
        """
        check_is_fitted(self)
        if self.preprocessor is not None:
            given = as_rows(X)
            given = given if hasattr(given, "shape") else np.asarray(given)
            if len(given.shape) == 1 and given.dtype.kind in "iu":
                rows = look_up(self.preprocessor, as_indices(given, "X"), "X")
                return self.learner_._embed_as_shown(rows)
        Z: FloatArray = self.learner_._transform(X)
        return Z

    def pair_distance(self, pairs: Any) -> FloatArray:
        """Learned distance of each pair of rows.

        Parameters
        ----------
        pairs : array-like of shape (n_pairs, 2, n_features), or of indices (n_pairs, 2)
            Two rows each.

        Returns
        -------
        distances : array of shape (n_pairs,)
            Euclidean distances between the embeddings (not squared), >= 0.
        """
        read = self._read(pairs, 2)
        return self._distances(read, 0, 1)

    def pair_score(self, pairs: Any) -> FloatArray:
        """Similarity of each pair of rows: minus the learned distance.

        Parameters
        ----------
        pairs : array-like of shape (n_pairs, 2, n_features), or of indices (n_pairs, 2)
            Two rows each.

        Returns
        -------
        scores : array of shape (n_pairs,)
            At most 0; higher is more alike.
        """
        return -self.pair_distance(pairs)

    def get_metric(self) -> Callable[..., float]:
        """Return the learned distance as a function of two rows, which can be pickled.

        Returns
        -------
        metric : callable
            ``metric(u, v, squared=False)``. A later fit does not change it.
        """
        check_is_fitted(self)
        return self.learner_.get_metric()

    def get_mahalanobis_matrix(self) -> FloatArray:
        """Return M = LᵀL, of shape (n_features, n_features); of a linear learner only."""
        check_is_fitted(self)
        if isinstance(self.learner_, HardNegativeMetricLearner):
            return self.learner_.get_mahalanobis_matrix()
        raise AttributeError("a network has no Mahalanobis matrix; get_metric() gives its distance")

    @property
    def components_(self) -> FloatArray:
        """The linear map (n_components, n_features)."""
        components: FloatArray = self._learned("components_")
        return components

    @components_.setter
    def components_(self, components: Any) -> None:
        self._learned("components_")
        given: FloatArray = check_array(components, dtype=FLOATS, input_name="components_")
        if given.shape[1] != self.n_features_in_:
            raise ValueError(
                f"components_ must have {self.n_features_in_} columns, got {given.shape}"
            )
        self.learner_.components_ = given

    @property
    def n_features_in_(self) -> int:
        """Features of a row."""
        n: int = self._learned("n_features_in_")
        return n

    @property
    def n_iter_(self) -> int:
        """Iterations of the fit."""
        n: int = self._learned("n_iter_")
        return n

    def _learned(self, name: str) -> Any:
        """Return a fitted attribute of the learner; without a fit there is none."""
        if "learner_" not in vars(self):
            raise AttributeError(f"{type(self).__name__} has no {name} before it is fitted")
        return getattr(self.learner_, name)

    @property
    def _n_features_out(self) -> int:
        return self.learner_._n_features_out

    def _read(self, tuples: Any, size: int) -> Read:
        """Read tuples that the fitted metric is asked about."""
        check_is_fitted(self)
        return read_tuples(tuples, size, self.preprocessor, self.n_features_in_)

    def _distances(self, read: Read, a: int, b: int) -> FloatArray:
        """Return the distances (n,) between two rows of each tuple."""
        X, found = read.X, np.empty(len(read))
        for part in gen_batches(len(read), max(1, _BLOCK // X.shape[1])):
            which = read.which[part]
            found[part] = self.learner_._pair_distance(X[which[:, a]], X[which[:, b]])
        return found

    def _resolve(self, loss: Any, unit_loss: Any, n: int) -> BaseMetricLearner:
        """Return a fresh learner, with what "auto" means for n tuples, at unit length or not."""
        learner = resolve_learner(LEARNERS, self.learner, self)
        if isinstance(learner.loss, str) and learner.loss == "auto":
            learner.loss = unit_loss if learner.normalize else loss
        learner.loss = LOSSES.resolve(learner.loss)
        if learner.alpha == "auto" and not is_normalized(learner.normalize, learner.loss):
            learner.alpha = _SHRINKAGE / n
        return learner

    def _learn(self, learner: BaseMetricLearner, read: Read, given: GivenTuples) -> Self:
        """Fit the learner to rows, and keep it."""
        self.learner_ = learner._fit_given(read.X, given)
        names = list(getattr(self.preprocessor, "columns", []))
        if names and all(isinstance(name, str) for name in names):
            self.learner_.feature_names_in_ = np.array(names, dtype=object)
        return self

    @property
    def _what(self) -> str:
        return TUPLES[self._size]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def weights_of(sample_weight: Any, n: int) -> FloatArray | None:
    """Return the weights (n,) of tuples; None where all weigh the same."""
    return None if sample_weight is None else check_weights(sample_weight, n)


def refuse(wrong: Any, read: Read, name: str, why: str) -> None:
    """Raise a ValueError that shows the first of the tuples that are `wrong` (n,)."""
    if wrong.any():
        t = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"{name}[{t}] is {read.shown[t].tolist()}, {why}; {int(wrong.sum())} of {len(read)} "
            f"{name} are like that: leave them out"
        )


def same_index(read: Read, a: int, b: int) -> Any:
    """Return where (n,) the user gave the same index in two places."""
    shown: IndexArray = read.shown
    return (shown[:, a] == shown[:, b]) & (read.shown is not read.which)
