"""What a comparison of miners found: scores over splits, as a table and in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill
from typing import Any

import numpy as np
from scipy.special import stdtr

from skhnm.common._text import aligned
from skhnm.common._typing import FloatArray, IndexArray

BASELINE = "none"
"""The label of the features as they are."""


@dataclass(frozen=True, eq=False, repr=False)
class MinerComparison:
    """What `compare_miners` found; ``print`` shows it as a table.

    Parameters
    ----------
    labels : tuple of str
        The baseline "none", then the miners.
    scores : dict of arrays of shape (n_labels, n_splits)
        Scores by name; higher is better.
    seconds : array of shape (n_labels, n_splits)
        Duration of each fit of the whole pipeline.
    n_tuples : array of shape (n_labels, n_splits)
        Tuples mined during each fit, over all rounds.
    n_train, n_test : arrays of shape (n_splits,)
        Rows of each split.
    reference : str
        What the miners are to beat: random negatives, or "none" where those are not
        compared.
    note : str
        What could not be judged, and why.
    """

    labels: tuple[str, ...]
    scores: dict[str, FloatArray]
    seconds: FloatArray
    n_tuples: IndexArray
    n_train: IndexArray
    n_test: IndexArray
    reference: str = BASELINE
    note: str = ""

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the scores."""
        return tuple(self.scores)

    def best(self, metric: str | None = None) -> str:
        """Return the label with the highest mean, "none" included.

        Parameters
        ----------
        metric : str, optional
            Name of a score; by default the first.
        """
        return self.labels[int(self.of(metric).mean(axis=1).argmax())]

    def of(self, metric: str | None = None) -> FloatArray:
        """Return the scores of one metric, by default the first, (n_labels, n_splits)."""
        name = self.metrics[0] if metric is None else metric
        if name not in self.scores:
            listed = ", ".join(map(repr, self.metrics))
            raise ValueError(f"metric must be one of {listed}; got {metric!r}")
        return self.scores[name]

    def as_dict(self) -> dict[str, list[Any]]:
        """Return columns with one value a label, as for ``pandas.DataFrame``.

        Returns
        -------
        columns : dict of list
            "miner"; "mean_accuracy", "std_accuracy" and so on, over the splits, for each
            score; "seconds", the median of the fits; "n_tuples", the mean.
        """
        columns: dict[str, list[Any]] = {"miner": list(self.labels)}
        for name, scores in self.scores.items():
            columns[f"mean_{name}"] = scores.mean(axis=1).tolist()
            columns[f"std_{name}"] = spread(scores).tolist()
        columns["seconds"] = np.median(self.seconds, axis=1).tolist()
        columns["n_tuples"] = self.n_tuples.mean(axis=1).tolist()
        return columns

    def __str__(self) -> str:
        columns = [["", "", *self.labels]]
        for name, scores in self.scores.items():
            head, _, tail = name.partition("_")
            cells = map(mean_and_spread, scores.mean(axis=1), spread(scores))
            columns.append([head, tail.replace("_", " "), *cells])
        seconds, tuples = np.median(self.seconds, axis=1), self.n_tuples.mean(axis=1)
        columns.append(["", "seconds", *(f"{value:.2f}" for value in seconds)])
        columns.append(["", "tuples", *(f"{value:,.0f}" if value else "–" for value in tuples)])
        lines = aligned(zip(*columns, strict=True))
        n_splits = len(self.n_test)
        legend = (
            f"Mean ± standard deviation over {n_splits} splits; seconds: the median fit."
            if n_splits > 1
            else "One split; seconds: one fit."
        )
        words = [legend, *filter(None, [self.note]), self.verdict()]
        return "\n".join([*lines, "", *(fill(sentence, 80) for sentence in words)])

    __repr__ = __str__

    def verdict(self, metric: str | None = None) -> str:
        """Say in a sentence whether a miner beats random negatives beyond the spread.

        The scores of a miner less those of random negatives ("none" where these are not
        compared) are tested over the splits, by the t-test that is corrected for training
        rows shared between splits [1]_, at 5 % shared among the miners.

        Parameters
        ----------
        metric : str, optional
            Name of a score; by default the first.

        Returns
        -------
        sentence : str
            Each miner that is better, by how much, and in how many of the splits; if
            there is none, the best of the others.

        References
        ----------
        .. [1] Nadeau and Bengio (2003), "Inference for the Generalization Error",
           Machine Learning 52.
        """
        scores, name = self.of(metric), metric or self.metrics[0]
        reference = self.labels.index(self.reference)
        rivals = [i for i in range(1, len(self.labels)) if i != reference]
        what = "random negatives" if reference else "the features as they are"
        if not rivals:
            return f"By {name}, there is no other miner to compare with {what}."
        gains = scores - scores[reference]
        n_splits = gains.shape[1]

        def told(i: int) -> str:
            wins = int((gains[i] > 0).sum())
            return f"{self.labels[i]} ({gains[i].mean():+.4f}, better in {wins} of {n_splits})"

        if n_splits == 1:
            first = max(rivals, key=lambda i: gains[i, 0])
            return (
                f"By {name}, {told(first)} comes first against {what}; one split says nothing "
                "about chance."
            )
        ratio = float((self.n_test / self.n_train).mean())
        chances = {i: _chance(gains[i], ratio) for i in rivals}
        better = [i for i in rivals if gains[i].mean() > 0 and chances[i] < 0.05 / len(rivals)]
        if better:
            better.sort(key=lambda i: -gains[i].mean())
            listed = ", ".join(map(told, better))
            return f"By {name}, better than {what} beyond the spread over splits: {listed}."
        first = max(rivals, key=lambda i: gains[i].mean())
        return (
            f"By {name}, no miner is better than {what} beyond the spread over splits; the best "
            f"of the others: {told(first)}."
        )


def spread(scores: FloatArray) -> FloatArray:
    """Return the sample standard deviation over splits, nan for one."""
    if scores.shape[1] < 2:
        return np.full(len(scores), np.nan)
    found: FloatArray = scores.std(axis=1, ddof=1)
    return found


def mean_and_spread(mean: float, spread: float) -> str:
    """Write both, or the mean alone where one split has no spread."""
    return f"{mean:.3f}" if np.isnan(spread) else f"{mean:.3f} ± {spread:.3f}"


def _chance(gains: FloatArray, ratio: float) -> float:
    """Return the two-sided p value of the corrected t-test; `ratio` is test to training rows."""
    n_splits = len(gains)
    error = np.sqrt((1 / n_splits + ratio) * gains.var(ddof=1))
    if error == 0:
        return float(gains[0] == 0)
    return 2 * float(stdtr(n_splits - 1, -abs(gains.mean()) / error))
