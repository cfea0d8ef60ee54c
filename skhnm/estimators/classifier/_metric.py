"""A learned metric of tables: an encoding of the features, and a learner on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import gen_batches

from skhnm.common._typing import FloatArray, LabelArray
from skhnm.estimators._base import BaseMetricLearner
from skhnm.estimators._data import TrainingData
from skhnm.estimators._parts import resolve_parts
from skhnm.estimators.classifier._encoding import Encoding
from skhnm.training._objective import is_normalized

MOST_COMPONENTS = 32
_BLOCK = 2**22  # numbers of encoded rows at a time
_POINTS = 32  # of a line, where slopes are taken of what is not linear


@dataclass(frozen=True)
class Design:
    """What a metric is learned with: the learner, the knots of the encoding, and the strength.

    `given` is the learner as the user named or gave it.
    """

    given: Any
    learner: BaseMetricLearner
    n_knots: int | None
    strength: float

    @property
    def encoding(self) -> str | int:
        """The encoding, as the classifier's parameter names it."""
        return "plain" if self.n_knots is None else self.n_knots

    def learn(self, data: TrainingData, classes: LabelArray, context: Any = None) -> TableMetric:
        """Learn from the rows, by the labels that their codes stand for.

        `context` is a task of scikit-learn's callbacks.
        """
        encoding = Encoding(self.n_knots)
        E = encoding.fit_transform(data.X, data.weights)
        learner = clone(self.learner)
        if learner.n_components is None:
            learner.set_params(n_components=min(MOST_COMPONENTS, E.shape[1]))
        if self.strength != 1:
            alpha = learner._shrinkage(len(E), resolve_parts(learner)["loss"])
            learner.set_params(alpha=self.strength * alpha)
        y = classes[data.codes]
        if context is None:
            learner.fit(E, y, sample_weight=data.weights)
        else:
            with context.propagate_callback_context(learner):
                learner.fit(E, y, sample_weight=data.weights)
        return TableMetric(encoding, learner)

    def described(self) -> dict[str, Any]:
        """Return the choices by the names of the classifier's parameters."""
        return {"learner": self.given, "encoding": self.encoding, "strength": self.strength}


class TableMetric:
    """An encoding and a fitted learner.

    Parameters
    ----------
    encoding : Encoding
        Fitted.
    learner : BaseMetricLearner
        Fitted on encoded rows.
    """

    def __init__(self, encoding: Encoding, learner: BaseMetricLearner) -> None:
        self.encoding = encoding
        self.learner = learner

    def embed(self, X: FloatArray) -> FloatArray:
        """Return where rows (n, d) lie (n, m)."""
        embed, encode = self.learner._embed_as_trained, self.encoding.transform
        return np.concatenate([embed(encode(X[rows])) for rows in self.blocks(len(X))])

    def blocks(self, n: int) -> Iterator[slice]:
        """Cut n rows into blocks that are not too large once they are encoded."""
        return gen_batches(n, max(1, _BLOCK // max(1, len(self.encoding.feature_))))

    def slopes_between(self, A: FloatArray, B: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Follow the embeddings along the line from rows b to rows a (p, d).

        Returns
        -------
        difference : (p, n_columns) float64
            Encoded a less encoded b.
        slopes : (p, n_columns) float64
            Mean gradient, on that line, of the embedding's product with the ends' difference.
        """
        end, start = (self.encoding.transform(rows.astype(np.float64)) for rows in (A, B))
        learner = self.learner
        along = learner._embed_as_trained(end) - learner._embed_as_trained(start)
        bends = not learner._is_linear or is_normalized(learner.normalize, learner.loss_)
        n_points = _POINTS if bends else 1
        slopes = np.zeros_like(end)
        for point in range(n_points):
            share = (point + 0.5) / n_points
            slopes += learner._vjp(start + share * (end - start), along) / n_points
        return end - start, slopes
