"""Whether hard mining helps on the data at hand, and which miner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone, is_classifier
from sklearn.metrics import f1_score, get_scorer_names, make_scorer, precision_score, recall_score
from sklearn.model_selection import check_cv, cross_validate
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils import indexable

from skhnm.common._labels import RAISE, encode_labels
from skhnm.common._rows import as_rows
from skhnm.common._steps import can_transform
from skhnm.common._typing import IndexArray, LabelArray, RandomState
from skhnm.common._validation import check_generator, check_number
from skhnm.comparison._result import BASELINE, MinerComparison
from skhnm.metrics._scorer import measure_of, retrieval_scorer
from skhnm.miners._base import NEGATIVE_MINERS
from skhnm.miners._unranked import RandomMiner

MINERS = ("random", "semi_hard", "rank", "distance_weighted", "hardest")
"""What is compared unless one says otherwise."""

MACRO = {"precision_macro": precision_score, "recall_macro": recall_score, "f1_macro": f1_score}
"""scikit-learn's of these names warn of each class that a split lacks or nothing is taken for."""

CLASSIFICATION = ("accuracy", *MACRO)
RETRIEVAL = ("map_at_r", "precision_at_1")

Split = tuple[IndexArray, IndexArray]


def compare_miners(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    miners: Any = MINERS,
    cv: Any = 5,
    scoring: Any = None,
    groups: Any = None,
    random_state: RandomState = None,
    n_jobs: int | None = None,
) -> MinerComparison:
    """Compare negative miners with each other, and with the features as they are.

    Each miner is cross-validated on the same splits with the same seed, so that
    differences between miners are those of the miners alone.

    Parameters
    ----------
    estimator : metric learner or Pipeline
        A metric learner, or a Pipeline with one among its steps. Where no classifier is
        at the end, ``KNeighborsClassifier(3)`` on the embeddings judges classification.
        It is never changed.
    X : array-like of shape (n_samples, n_features)
        Features.
    y : array-like of shape (n_samples,)
        Their labels. Rows that the learner is told are unlabelled are left out.
    miners : sequence of (str, miner or function), or dict of these by label
        What takes the place of the learner's `negative_miner`; by default "random",
        "semi_hard", "rank", "distance_weighted" and "hardest". The baseline, "none", is
        always there: the pipeline without the learner.
    cv : int, splitter or iterable, default=5
        How to split, as in scikit-learn: a number is that of stratified folds.
    scoring : str, callable, sequence of str, or dict, optional
        What to judge by, as in scikit-learn's `cross_validate`; higher is better.
        Retrieval has names too, judged on the test rows among themselves: "map_at_r",
        "r_precision", "mean_reciprocal_rank", "precision_at_1", "recall_at_5" and so on.
        By default accuracy, precision, recall and F1 (means over classes), MAP@R and
        precision at 1, or those of them that the splits allow.
    groups : array-like of shape (n_samples,), optional
        For a splitter by groups. ``groups=y, cv=GroupKFold(5)`` tests on classes that
        were not in training: then retrieval alone can be judged.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the learner, where its own is None. All fits get the same.
    n_jobs : int or None, default=None
        Fits at a time. It never changes the scores, but fits at the same time slow each
        other down: for timings leave it None.

    Returns
    -------
    comparison : MinerComparison
        ``print`` shows it as a table.

    Raises
    ------
    ValueError
        If there is not exactly one learner, a miner or score is unknown, or the splits
        cannot be judged by a score. An error within a fit carries the miner's label.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skhnm import HardNegativeMetricLearner, compare_miners
    >>> X, y = load_wine(return_X_y=True)
    >>> pipe = make_pipeline(StandardScaler(), HardNegativeMetricLearner(random_state=0))
    >>> comparison = compare_miners(pipe, X, y, miners=("random", "hardest"))
    >>> comparison.labels
    ('none', 'random', 'hardest')
    >>> bool((comparison.scores["accuracy"].mean(axis=1) > 0.9).all())
    True
    """
    pipeline, step = _with_classifier(estimator)
    labelled = _labelled_miners(miners)
    asked = named_scores(scoring)
    seed = _seed(random_state)
    check_number(n_jobs, "n_jobs", integer=True, optional=True)
    learner = pipeline.named_steps[step]
    classes, codes = encode_labels(y, getattr(learner, "unlabelled", RAISE))
    X, codes, groups = indexable(as_rows(X), codes, groups)
    splits = _splits(cv, X, codes, groups)
    if not splits:
        raise ValueError("cv gave no splits: pass a number, a splitter, or pairs of train and test")
    scorers, note = _scorers(asked, codes, splits)
    y = classes[codes]  # of unlabelled rows, which are in no split, it says nothing

    alike = {}
    if learner.get_params(deep=False).get("random_state", 0) is None:
        alike[f"{step}__random_state"] = seed
    candidates = {BASELINE: clone(pipeline).set_params(**{step: "passthrough"})}
    for label, miner in labelled.items():
        chosen = {f"{step}__negative_miner": miner, **alike}
        candidates[label] = clone(pipeline).set_params(**chosen)
    found = Parallel(n_jobs=n_jobs)(
        delayed(_judge)(label, candidate, step, X, y, split, scorers)
        for label, candidate in candidates.items()
        for split in splits
    )

    def table(column: str) -> Any:
        return np.array([row[column] for row in found]).reshape(len(candidates), len(splits))

    return MinerComparison(
        labels=tuple(candidates),
        scores={name: table(f"test_{name}") for name in scorers},
        seconds=table("fit_time"),
        n_tuples=table("n_tuples"),
        n_train=np.array([len(train) for train, _ in splits]),
        n_test=np.array([len(test) for _, test in splits]),
        reference=next((name for name, m in labelled.items() if _is_random(m)), BASELINE),
        note=note,
    )


def _judge(
    label: str,
    candidate: Pipeline,
    step: str,
    X: Any,
    y: LabelArray,
    split: Split,
    scorers: dict[str, Any],
) -> dict[str, float]:
    """Return the scores of one fit, its seconds and its tuples."""
    try:
        found = cross_validate(
            candidate, X, y, cv=[split], scoring=scorers, error_score="raise",
            return_estimator=True,
        )  # fmt: skip
    except Exception as error:
        error.add_note(f"compare_miners: this happened with the miner {label!r}.")
        raise
    learner = found.pop("estimator")[0].named_steps[step]
    rounds = getattr(learner, "mining_curve_", [])
    n_tuples = sum(int(mined["n_tuples"]) for mined in rounds)
    return {**{name: value[0] for name, value in found.items()}, "n_tuples": n_tuples}


def _with_classifier(estimator: Any) -> tuple[Pipeline, str]:
    """Return a pipeline that ends in a classifier, and the name of its learner's step."""
    pipeline = estimator if isinstance(estimator, Pipeline) else make_pipeline(estimator)
    learners = [
        name
        for name, part in pipeline.steps
        if hasattr(part, "get_params")
        and not isinstance(part, type)
        and "negative_miner" in part.get_params(deep=False)
    ]
    if len(learners) != 1:
        found = f"{len(learners)}: {', '.join(learners)}" if learners else "none"
        raise ValueError(
            "estimator must be a metric learner, or a Pipeline with exactly one among its own "
            f"steps (a step that has the parameter negative_miner); got {found} in {estimator!r}"
        )
    last = pipeline.steps[-1][1]
    if is_classifier(last):
        return pipeline, learners[0]
    if not can_transform(last):
        raise ValueError(
            f"estimator ends in {last!r}, which neither classifies nor transforms; let it end in "
            "the metric learner or in a classifier"
        )
    steps = [*pipeline.steps, ("compare_miners_classifier", KNeighborsClassifier(3))]
    return Pipeline(steps, memory=pipeline.memory), learners[0]


def _labelled_miners(miners: Any) -> dict[str, Any]:
    """Return the miners by label; each is known to be one."""
    if isinstance(miners, Mapping):
        labelled = dict(miners)
        wrong = [label for label in labelled if not isinstance(label, str) or label == BASELINE]
        if wrong:
            raise ValueError(
                f"labels of miners must be strings other than {BASELINE!r}, which is the "
                f"baseline; got {wrong[0]!r}"
            )
    elif isinstance(miners, (list, tuple)):
        labelled = {}
        for miner in miners:
            plain = label = _label(miner)
            number = 1
            while label in labelled:
                number += 1
                label = f"{plain} ({number})"
            labelled[label] = miner
    else:
        raise TypeError(
            "miners must be a list of names, miners or functions, or a dict of these by label; "
            f"got {miners!r}"
        )
    if not labelled:
        raise ValueError("miners is empty: name at least one, such as 'hardest'")
    for miner in labelled.values():
        NEGATIVE_MINERS.resolve(miner)
    return labelled


def _label(miner: Any) -> str:
    if isinstance(miner, str):
        return miner
    if hasattr(miner, "__name__"):
        return str(miner.__name__)
    return " ".join(repr(miner).split())


def _is_random(miner: Any) -> bool:
    return isinstance(NEGATIVE_MINERS.resolve(miner), RandomMiner)


def _splits(cv: Any, X: Any, codes: IndexArray, groups: Any) -> list[Split]:
    """Return the labelled rows of each training and test set; only they are dealt out."""
    splitter = check_cv(cv, codes, classifier=True)
    if hasattr(cv, "__iter__") or (codes >= 0).all():  # pairs that somebody made are of all rows
        splits = _as_indices(splitter.split(X, codes, groups))
        return [(train[codes[train] >= 0], test[codes[test] >= 0]) for train, test in splits]
    known = np.flatnonzero(codes >= 0)
    groups = None if groups is None else np.asarray(groups)[known]
    splits = _as_indices(splitter.split(known, codes[known], groups))
    return [(known[train], known[test]) for train, test in splits]


def _as_indices(splits: Any) -> list[Split]:
    """Return splits as index arrays, also where a user gave masks."""
    listed = [tuple(map(np.asarray, split)) for split in splits]
    return [
        tuple(np.flatnonzero(rows) if rows.dtype == bool else rows for rows in split)  # type: ignore[misc]
        for split in listed
    ]


def named_scores(scoring: Any) -> dict[str, Any]:
    """Return the scores that are asked for, names or callables, by label; {} for the default."""
    if scoring is None:
        return {}
    if isinstance(scoring, Mapping):
        asked = dict(scoring)
    elif isinstance(scoring, str):
        asked = {scoring: scoring}
    elif callable(scoring):
        asked = {"score": scoring}
    else:
        names = list(scoring) if isinstance(scoring, Iterable) else [scoring]
        if not all(isinstance(name, str) for name in names):
            raise TypeError(
                "scoring must be a name, a callable, several names, or a dict of names and "
                f"callables by label; got {scoring!r}"
            )
        asked = {name: name for name in names}
    if not asked:
        raise ValueError("scoring is empty: name at least one score, or leave it out")
    return asked


def _scorers(
    asked: dict[str, Any], codes: IndexArray, splits: list[Split]
) -> tuple[dict[str, Any], str]:
    """Return scorers by label, and a note on what the splits do not let be judged."""
    refused = {}
    if any(not np.isin(codes[test], codes[train]).any() for train, test in splits):
        refused["classification"] = "the classes of the test rows are not in training"
    if any(not _can_be_searched(codes[test]) for _, test in splits):
        refused["retrieval"] = "a split has not two classes among its test rows, one of two rows"
    if not asked:
        names: list[str] = []
        names += CLASSIFICATION if "classification" not in refused else ()
        names += RETRIEVAL if "retrieval" not in refused else ()
        if names:
            left_out = "; ".join(f"No {what}: {why}" for what, why in refused.items())
            return {name: _scorer(name)[0] for name in names}, left_out and f"{left_out}."
        why = " and ".join(refused.values())
        raise ValueError(f"these splits cannot be judged, because {why}; pass another cv")
    scorers = {}
    for label, given in asked.items():
        scorers[label], what = _scorer(given)
        if what in refused:
            raise ValueError(
                f"these splits cannot be judged by {given!r}, because {refused[what]}; pass "
                "another cv, or another scoring"
            )
    return scorers, ""


def _can_be_searched(codes: IndexArray) -> bool:
    counts = np.bincount(codes, minlength=1)
    return bool(counts.max() > 1 and (counts > 0).sum() > 1)


def _scorer(given: Any) -> tuple[Any, str]:
    """Return a scorer, and whether it judges "classification", "retrieval" or something else."""
    if callable(given):
        return given, ""
    if measure_of(given)[0]:
        return retrieval_scorer(given), "retrieval"
    if given in MACRO:
        return make_scorer(MACRO[given], average="macro", zero_division=0), "classification"
    if given not in get_scorer_names():
        raise ValueError(
            f"Unknown score {given!r}. Known names: 'map_at_r', 'r_precision', "
            "'mean_reciprocal_rank', 'precision_at_1', 'recall_at_1' (or at any k), and those of "
            "sklearn.metrics.get_scorer_names()"
        )
    return given, "classification"


def _seed(random_state: RandomState) -> int:
    given: Any = random_state
    drawn = check_generator(given).integers(2**32)
    return int(given if isinstance(given, Integral) else drawn)
