"""What a fitted learner can be asked: embeddings, a score, distances of pairs, confusions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_array, check_is_fitted, column_or_1d, validate_data

from skhnm.common._labels import RAISE, encode_labels
from skhnm.common._rows import as_rows
from skhnm.common._tuples import Tuples
from skhnm.common._typing import FloatArray, IndexArray, LabelArray
from skhnm.kernels._rows import distinct_rows, unit_rows
from skhnm.metrics._inputs import ONE_CLASS
from skhnm.metrics._means import mean, precision
from skhnm.metrics._ranking import rank_matches
from skhnm.miners._ranked import HardestMiner
from skhnm.miners.positives import NearestPositives
from skhnm.training._model import across
from skhnm.training._objective import is_normalized

FLOATS = [np.float64, np.float32]
TUPLES = {2: "pairs", 3: "triplets", 4: "quadruplets"}


def read_rows(estimator: Any, X: Any, *, reset: bool, **checks: Any) -> FloatArray:
    """Return the rows (n, d) that an estimator was given as an array, or raise."""
    X = as_rows(X)
    shape: Any = np.shape(X) if isinstance(X, (list, tuple)) else getattr(X, "shape", ())
    name = type(estimator).__name__
    if len(shape) == 3 and shape[1] in TUPLES:
        measured = (
            "; pair_distance measures pairs of this shape"
            if hasattr(estimator, "pair_distance") else ""
        )  # fmt: skip
        raise ValueError(
            f"X holds {TUPLES[shape[1]]} of rows, of shape {shape}, but {name} "
            "takes single rows (n, n_features), and learns from a label of each. Stack the "
            f"rows, X.reshape(-1, {shape[2]}), and give those that are alike one label{measured}"
        )
    try:
        rows: FloatArray = validate_data(estimator, X, dtype=FLOATS, reset=reset, **checks)
    except ValueError as error:
        if "could not convert string" in str(error):
            raise ValueError(
                f"{error}. {name} takes numbers alone: encode columns of text before, with "
                "sklearn.preprocessing.OrdinalEncoder or OneHotEncoder, in a "
                "sklearn.compose.make_column_transformer of these columns"
            ) from None
        if "contains NaN" not in str(error):
            raise
        raise ValueError(
            f"Input X contains NaN. {name} takes no missing values: fill them in before, as "
            f"make_pipeline(SimpleImputer(), {name}()) does, with sklearn.impute.SimpleImputer "
            "and sklearn.pipeline.make_pipeline"
        ) from None
    return rows


def read_labelled(
    estimator: Any, X: Any, y: Any, unlabelled: Any = RAISE, **checks: Any
) -> tuple[LabelArray, IndexArray, FloatArray]:
    """Return the classes, their codes and the rows of what was passed to a kind of fit."""
    if y is None:
        validate_data(estimator, X, y)  # which says so, in scikit-learn's words
    classes, codes = encode_labels(y, unlabelled)
    if len(getattr(y, "shape", ())) == 2:
        column_or_1d(y, warn=True)  # scikit-learn warns of these wherever it learns
    X = read_rows(estimator, X, order="C", **checks)
    check_consistent_length(X, codes)
    return classes, codes, X


class LearnedMetric(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ABC):
    """The questions that a fitted metric learner answers.

    The mixins stand here because scikit-learn gives `transform` its output where it is defined.
    """

    normalize: bool
    unlabelled: Any
    n_jobs: int | None
    loss_: Any
    n_features_in_: int

    offset_: FloatArray | None = None
    _is_linear: ClassVar[bool] = False
    """Whether `_embed` is a linear map."""

    @abstractmethod
    def _embed(self, X: FloatArray) -> FloatArray:
        """Return the embeddings of validated rows, before `normalize`."""

    @abstractmethod
    def _embedding_vjp(self, X: FloatArray, along: FloatArray) -> FloatArray:
        """Return the gradient (n, d), by rows, of the products of `_embed` with vectors (n, m)."""

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
        return self._embed_as_shown(self._check_rows(X))

    def _transform_as_trained(self, X: Any) -> FloatArray:
        """Return embeddings whose Euclidean distances rank as the loss's distances do."""
        return self._embed_as_trained(self._check_rows(X))

    def _check_rows(self, X: Any) -> FloatArray:
        check_is_fitted(self)
        return read_rows(self, X, reset=False)

    def _embed_as_shown(self, X: FloatArray) -> FloatArray:
        """Return what `transform` gives of validated rows."""
        Z = self._embed_near(X)
        return unit_rows(Z)[0] if self.normalize else Z

    def _embed_as_trained(self, X: FloatArray) -> FloatArray:
        Z = self._embed_near(X)
        return unit_rows(Z)[0] if is_normalized(self.normalize, self.loss_) else Z

    def _vjp(self, X: FloatArray, along: FloatArray) -> FloatArray:
        """Return the gradient (n, d), by rows, of `_embed_as_trained` times vectors (n, m)."""
        near = self._near(X)
        if is_normalized(self.normalize, self.loss_):
            unit, norms = unit_rows(self._embed(near))
            along = across(along, unit, norms)
        return self._embedding_vjp(near, along)

    def _embed_near(self, X: FloatArray) -> FloatArray:
        """Map rows after what is far from the origin has come near."""
        return self._embed(self._near(X))

    def _near(self, X: FloatArray) -> FloatArray:
        """Bring rows that are far from the origin near, as their embedding takes them."""
        return X if self.offset_ is None else X - self.offset_.astype(X.dtype)

    def score(self, X: Any, y: Any) -> float:
        """Precision at 1: how often a row's nearest other row bears its label.

        Nearest by the learned distance; by cosine where the loss is on cosine similarity. Where
        several rows are nearest, it is the mean over them, so that no order of rows matters, and
        a metric for which all are the same is no better than chance.

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

        Raises
        ------
        ValueError
            If no class has two labelled rows, or there is one class only. Folds may be of one
            class: scikit-learn stratifies them by itself for classifiers only, so pass
            ``cv=StratifiedKFold(3, shuffle=True)`` to it, or a pipeline that ends in a classifier.
        """
        X = self._check_rows(X)
        _, codes = encode_labels(y, self.unlabelled)
        check_consistent_length(X, codes)
        counts = np.bincount(codes[codes >= 0])
        if counts.max(initial=0) < 2:
            raise ValueError(
                "score needs at least two labelled rows of one class, or no row can have its "
                "own class as its nearest"
            )
        if (counts > 0).sum() < 2:
            raise ValueError(f"y {ONE_CLASS}")
        first, which = distinct_rows(X)
        Z = self._embed_as_trained(X[first])[which]  # a product may round equal rows differently
        own = np.arange(len(Z), dtype=np.intp)
        ranking = rank_matches(Z, codes, Z, codes, own, ks=(1,), cap=1, n_jobs=self.n_jobs)
        return mean(precision(ranking, 0, 1), ranking)

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
        pairs = check_array(
            as_rows(pairs, "pairs"), dtype=FLOATS, allow_nd=True, input_name="pairs"
        )
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
        return np.linalg.norm(self._embed_as_shown(a) - self._embed_as_shown(b), axis=1)
