"""What a fit reports of itself, and when it should stop."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skhnm.common._typing import FloatArray
from skhnm.embeddings._base import BaseEmbedding
from skhnm.exceptions import MiningWarning
from skhnm.training._objective import MiningStatistics

_COLLAPSED = 0.05  # of the distance to the nearest negatives at the start


class Monitor:
    """Keeps the curves, the best parameters, and the patience.

    Parameters
    ----------
    name : str
        The estimator's, for messages.
    verbose : int
        Above 0, one line is printed after each round.
    tol : float
        Least improvement of the held-out score that counts.
    n_iter_no_change : int
        Rounds without such an improvement after which to stop.
    judge : callable, optional
        Gives the held-out score of the embedding, higher is better; the best parameters
        are kept.
    callbacks : object, optional
        With ``begin_round()`` and ``end_round(embedding)``, which returns whether to stop.
    """

    def __init__(
        self,
        name: str,
        *,
        verbose: int,
        tol: float,
        n_iter_no_change: int,
        judge: Callable[[BaseEmbedding], float] | None = None,
        callbacks: Any = None,
    ) -> None:
        self.name = name
        self.verbose = verbose
        self.tol = tol
        self.patience = n_iter_no_change
        self.judge = judge
        self.callbacks = callbacks
        self.loss_curve: list[float] = []
        self.mining_curve: list[dict[str, float]] = []
        self.validation_scores: list[float] = []
        self._best = -np.inf
        self._best_parameters: FloatArray | None = None
        self._waited = 0
        self._seen: list[MiningStatistics] = []
        self._n_mined = 0

    def begin(self, embedding: BaseEmbedding) -> None:
        """Judge the start: a fit that is no better than it is not kept."""
        if self.judge is not None:
            self.validation_scores.append(self.judge(embedding))
            self._best = self.validation_scores[0]
            self._best_parameters = embedding.parameters.copy()

    def begin_round(self) -> None:
        self._seen, self._n_mined = [], 0
        if self.callbacks is not None:
            self.callbacks.begin_round()

    def mined(self, n_tuples: int) -> None:
        """Count what one mining found."""
        self._n_mined += n_tuples

    def saw(self, statistics: MiningStatistics | None) -> None:
        """Take note of what one step was given."""
        if statistics is not None:
            self._seen.append(statistics)

    def end_round(
        self, embedding: BaseEmbedding, losses: list[float], report: dict[str, float]
    ) -> bool:
        """Take stock of a round, and of what the miner reports; return whether to stop."""
        self.loss_curve.extend(losses)
        self.mining_curve.append({"n_iter": len(losses), **self._summary(), **report})
        if self.judge is not None:
            self.validation_scores.append(self.judge(embedding))
        if self.verbose:
            self._print(losses)
        stop = self.callbacks is not None and self.callbacks.end_round(embedding)
        if not self._seen and len(self.mining_curve) > 1:
            return True  # nothing more to find
        if not self._seen:
            warnings.warn(
                "No tuple was mined, so there is nothing to learn from: no row "
                "has both a positive and a negative that meet the miners' rules. Widen the "
                "margin or rank window, choose a fallback, or take another miner.",
                MiningWarning,
                stacklevel=4,
            )
            return True
        if self.judge is not None:
            stop = self._is_out_of_patience(self.validation_scores[-1], embedding) or stop
        return stop

    def finish(self, embedding: BaseEmbedding) -> None:
        """Restore the best parameters that the judge saw; without a judge, warn of a collapse."""
        if self._best_parameters is not None:
            embedding.parameters = self._best_parameters
            return
        rows = [row for row in self.mining_curve if row["n_tuples"]]
        if len(rows) > 1 and _has_collapsed(rows[0], rows[-1]):
            warnings.warn(
                "The embedding has collapsed: rows of different classes have come to lie "
                f"{rows[-1]['spread'] / rows[0]['spread']:.1e} times as far apart as at the "
                "start, and are still nearer than those of one class. Mine easier negatives "
                "(negative_miner='semi_hard') or nearer positives (positive_miner='nearest'), "
                "take more components, or start where classes are apart already (init='auto').",
                ConvergenceWarning,
                stacklevel=4,
            )

    def _is_out_of_patience(self, score: float, embedding: BaseEmbedding) -> bool:
        """Keep the best parameters; return whether the judge saw no better for too long."""
        gain = score - self._best
        if gain > 0:
            self._best, self._best_parameters = score, embedding.parameters.copy()
        self._waited = 0 if gain > self.tol else self._waited + 1
        return self._waited >= self.patience

    def _summary(self) -> dict[str, float]:
        """One row of the mining curve: the tuples mined, and means over them."""
        seen = self._seen
        counts = np.array([s.n_tuples for s in seen], dtype=float)
        names = ("active", "hardness", "spread")
        means = {
            name: float(counts @ [getattr(s, name) for s in seen] / counts.sum()) if seen else 0.0
            for name in names
        }
        return {"n_tuples": self._n_mined, **means}

    def _print(self, losses: list[float]) -> None:
        row = self.mining_curve[-1]
        loss = f"{losses[-1]:.5g}" if losses else "none"
        score = f"  held-out P@1 {self.validation_scores[-1]:.4f}" if self.judge else ""
        print(
            f"[{self.name}] round {len(self.mining_curve)}  loss {loss}  "
            f"tuples {row['n_tuples']}  active {row['active']:.1%}  "
            f"hardness {row['hardness']:.3f}{score}"
        )


def _has_collapsed(first: dict[str, float], last: dict[str, float]) -> bool:
    """Whether everything has moved into one point, and not just to another scale.

    That is the way out of a margin on negatives which are nearer than the positives: where
    all distances are 0, the loss is the margin.
    """
    return last["spread"] < _COLLAPSED * first["spread"] and last["hardness"] >= 0.5
