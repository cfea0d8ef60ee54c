"""Which queries are held out, and what they say."""

from __future__ import annotations

import numpy as np

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.estimators.adapter._searches import Searches

_N_FOLDS = 5
_MOST_FOR_FOLDS = 1000  # queries; of more, a part is held out once
_MOST_TO_CHOOSE = 4000  # queries that are learned from where the shrinkage is chosen
_MOST_TO_JUDGE = 2000  # queries
_MOST_COMPARED = 2e8  # of these with rows of the corpus


def choose(
    ranks: dict[float, FloatArray], losses: dict[float, FloatArray], *, may_stay: bool
) -> float:
    """Return the shrinkage to take; infinity is to stay where it is.

    The strongest whose loss is within one standard error of the least: a steadier judge than
    ranks are. It must lower the loss by more than a standard error, and raise the mean
    reciprocal rank, or it is better to stay, if that may be.
    """
    tried = [alpha for alpha in losses if np.isfinite(alpha)]
    least = losses[min(tried, key=lambda alpha: losses[alpha].mean())]
    best = next(alpha for alpha in tried if not _is_more(losses[alpha], least))
    is_better = _is_more(losses[np.inf], losses[best])
    is_better &= ranks[best].mean() > ranks[np.inf].mean()
    return best if is_better or not may_stay else np.inf


def _is_more(values: FloatArray, others: FloatArray) -> bool:
    """Whether values (n,) are more than others by more than one standard error."""
    more = values - others
    return bool(more.mean() > more.std() / np.sqrt(len(more)))


def no_better(scores: dict[float, float], best: float, n_components: int | None) -> str:
    """Say that held-out queries are not better for the maps, and what may help."""
    remedy = (
        "More queries with answers help most; or another side, or, where many answers are not "
        "known, negative_miner=FilteredMiner(relative_margin=0.05)"
    )
    if n_components is not None:
        return (
            f"In {n_components} dimensions held-out queries find their answers less well "
            f"than by the plain search: mean reciprocal rank {scores[best]:.3f}, before "
            f"{scores[np.inf]:.3f}. Take more n_components. {remedy}"
        )
    return (
        "No map was better than none for held-out queries, so the search stays as it is: "
        f"transform_queries only scales to unit length. {remedy}"
    )


def splits_of(searches: Searches, random: np.random.Generator) -> list[tuple[Searches, Searches]]:
    """Return what is learned from and what is held out, once or several times.

    Queries with the same first positive are held out together.
    """
    firsts = searches.positives.rows[searches.positives.starts[:-1]]
    answers, answer_of = np.unique(firsts, return_inverse=True)
    if len(answers) == 1:
        raise ValueError(
            f"all have the same first positive, row {answers[0]}, so no query can be held out to "
            "judge by: pass queries with other answers too"
        )
    place = random.permutation(len(answers))[answer_of]
    n = len(searches)
    if n <= _MOST_FOR_FOLDS:
        folds = [place % _N_FOLDS == fold for fold in range(_N_FOLDS)]
        held_out = [np.flatnonzero(fold) for fold in folds]
        learned = [np.flatnonzero(~fold) for fold in folds]
    else:
        is_held = place % _N_FOLDS == 0
        most = max(_MOST_FOR_FOLDS, int(_MOST_COMPARED / len(searches.D)))
        held_out = [_some(np.flatnonzero(is_held), min(_MOST_TO_JUDGE, most // 2), random)]
        learned = [_some(np.flatnonzero(~is_held), min(_MOST_TO_CHOOSE, most), random)]
    return [
        (searches.take(a), searches.take(b))
        for a, b in zip(learned, held_out, strict=True)
        if len(a) and len(b)
    ]


def _some(rows: IndexArray, most: int, random: np.random.Generator) -> IndexArray:
    return rows if len(rows) <= most else np.sort(random.choice(rows, most, replace=False))
