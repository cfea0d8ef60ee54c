"""Choosing an encoding, a learner, a strength and a vote by rows that were held out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.stats import rankdata

from skhnm.common._typing import LabelArray
from skhnm.estimators._data import TrainingData
from skhnm.estimators.classifier._folds import can_learn, deal, thin, weighted
from skhnm.estimators.classifier._metric import Design, TableMetric
from skhnm.estimators.classifier._plan import Plan
from skhnm.estimators.classifier._tasks import Tasks
from skhnm.estimators.classifier._voting import Judgement, Vote, Voters
from skhnm.neighbors._exact import ExactIndex

N_FOLDS = 3
MOST_FOR_FOLDS = 3000  # rows; of more, one part is held out
MOST_TO_CHOOSE = 10_000  # rows that designs are compared on
MOST_TO_LEARN = 50_000  # rows that the metric is learned on
MOST_TO_JUDGE = 5_000  # rows that the vote of a large table is chosen by

Split = tuple[TrainingData, TrainingData]
"""Rows to learn from, and rows to judge by."""


@dataclass(frozen=True)
class Chosen:
    """What was chosen, and the metric learned with it."""

    design: Design
    vote: Vote
    metric: TableMetric
    results: dict[str, Any]


def choose(
    plan: Plan, data: TrainingData, classes: LabelArray, n_jobs: int | None, tasks: Tasks
) -> Chosen:
    """Try what the plan asks for, and learn the best on distinct rows, sorted by class."""
    few = thin(data, MOST_TO_CHOOSE)
    knots, votes = plan.knots_for(few.X), plan.votes()
    splits = splits_of(few) if plan.is_open(knots) else []
    search = Search(splits, votes, classes, n_jobs)
    for design in _designs(plan, search, knots):
        if tasks.stopped:
            break
        with tasks.task("design"):
            search.attempt(design)
    design, vote = search.best()
    many = thin(data, MOST_TO_LEARN)
    with tasks.task("metric") as context:
        if len(many) <= MOST_FOR_FOLDS or len(votes) == 1:
            metric = design.learn(many, classes, context)
        else:  # neighbours are nearer among more rows: choose the vote there
            split = _split(many, -(-len(many) // min(MOST_TO_JUDGE, len(many) // 20)))
            metric = design.learn(split[0], classes, context)
            judged = judge(metric, split, plan.votes(of_many=True), len(classes), n_jobs)
            vote = min(judged, key=lambda vote: judged[vote].brier)
    return Chosen(design, vote, metric, search.results())


def _designs(plan: Plan, search: Search, knots: list[int | None]) -> Iterator[Design]:
    """Yield what to try next: encodings; on the best of them, more strength and other learners."""
    first, *others = plan.learners
    for n_knots in knots:
        yield Design(*first, n_knots, plan.strengths[0])
    n_knots = search.best()[0].n_knots
    for strength in plan.strengths[1:]:
        yield Design(*first, n_knots, strength)
    for learner in others:
        yield Design(*learner, n_knots, plan.strengths[0])


@dataclass
class Trial:
    """What is known of a design: how good its chances were by each vote, on each split.

    `vote` is the best of these; the first that there is, while nothing is judged.
    """

    design: Design
    vote: Vote
    seconds: list[float] = field(default_factory=list)
    judged: list[dict[Vote, Judgement]] = field(default_factory=list)

    def mean(self, vote: Vote, score: str, weights: list[float]) -> float:
        """Return the mean of a score over the splits, whose held-out rows have these weights."""
        return float(np.average([getattr(s[vote], score) for s in self.judged], weights=weights))


class Search:
    """Tries designs on the same splits.

    Parameters
    ----------
    splits : list of Split
        Empty where nothing can be or needs to be judged.
    votes : list of Vote
        To judge each design by.
    classes : (n_classes,) array
        Labels of the codes.
    n_jobs : int or None
        Threads.
    """

    def __init__(
        self, splits: list[Split], votes: list[Vote], classes: LabelArray, n_jobs: int | None
    ) -> None:
        self.splits = splits
        self.weights = [float(test.weights.sum()) for _, test in splits]
        self.votes = votes
        self.classes = classes
        self.n_jobs = n_jobs
        self.trials: list[Trial] = []

    def attempt(self, design: Design) -> None:
        """Learn a design on each split, and judge it by the held-out rows."""
        trial = Trial(design, self.votes[0])
        for split in self.splits:
            start = time.perf_counter()
            metric = design.learn(split[0], self.classes)
            trial.seconds.append(time.perf_counter() - start)
            judged = judge(metric, split, self.votes, len(self.classes), self.n_jobs)
            trial.judged.append(judged)
        if self.splits:
            trial.vote = min(self.votes, key=lambda vote: trial.mean(vote, "brier", self.weights))
        self.trials.append(trial)

    def best(self) -> tuple[Design, Vote]:
        """Return the design and vote with the least Brier score; the first, if none was judged."""
        best = self.trials[0]
        if self.splits:
            best = min(self.trials, key=lambda t: t.mean(t.vote, "brier", self.weights))
        return best.design, best.vote

    def results(self) -> dict[str, Any]:
        """Return a row for each design, by the best vote for it, as `cv_results_` of a search."""
        if not self.splits:
            return {}
        params = [{**trial.design.described(), **vars(trial.vote)} for trial in self.trials]
        found: dict[str, Any] = {"params": params}
        for name in params[0]:
            found[f"param_{name}"] = np.array([each[name] for each in params], dtype=object)
        for name, score in (("score", "brier"), ("log_loss", "log_loss"), ("accuracy", "accuracy")):
            means = np.array([t.mean(t.vote, score, self.weights) for t in self.trials])
            found[f"mean_test_{name}"] = -means if name == "score" else means
        for number in range(len(self.splits)):
            scores = [-trial.judged[number][trial.vote].brier for trial in self.trials]
            found[f"split{number}_test_score"] = np.array(scores)
        found["mean_fit_time"] = np.array([np.mean(trial.seconds) for trial in self.trials])
        found["rank_test_score"] = rankdata(-found["mean_test_score"], method="min").astype(int)
        return found


def judge(
    metric: TableMetric, split: Split, votes: list[Vote], n_classes: int, n_jobs: int | None
) -> dict[Vote, Judgement]:
    """Judge each vote of the training rows by the held-out rows, under a metric."""
    train, test = split
    voters = Voters(metric.embed(train.X), train, n_classes, ExactIndex(n_jobs))
    found = voters.near(metric.embed(test.X), max(vote.n_neighbors for vote in votes))
    return {
        vote: Judgement.of(P, test.codes, test.weights)
        for vote, P in found.every(votes, voters.base_rates)
    }


def splits_of(data: TrainingData) -> list[Split]:
    """Return three folds of few rows, one split of many; those from which can be learned."""
    n_splits = N_FOLDS if len(data) <= MOST_FOR_FOLDS else 1
    splits = [_split(data, N_FOLDS, number) for number in range(n_splits)]
    return [(train, test) for train, test in splits if can_learn(train) and len(test)]


def _split(data: TrainingData, n_folds: int, number: int = 0) -> Split:
    """Hold out one of several folds."""
    out = deal(data.weights, data.codes, n_folds)[number]
    return weighted(data, data.weights - out), weighted(data, out)
