"""How well a distance tells pairs of one class from pairs of two: verification."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import auc, roc_curve
from sklearn.utils import check_consistent_length

from skhnm.common._labels import RAISE, encode_labels
from skhnm.common._typing import FloatArray, IndexArray, RandomState
from skhnm.common._validation import (
    check_choice,
    check_embeddings,
    check_generator,
    check_index_array,
    check_number,
)
from skhnm.kernels._distances import pair_distances_tile
from skhnm.metrics._inputs import METRICS, for_cosine
from skhnm.metrics._table import Report


class VerificationReport(Report):
    """What `verification_report` returns: a dict, whose ``print`` shows a table."""


def verification_report(
    Z: Any,
    y: Any,
    *,
    pairs: Any = None,
    far: Iterable[float] = (0.001, 0.01, 0.1),
    metric: str = "euclidean",
    unlabelled: Any = RAISE,
    max_pairs: int = 2_000_000,
    random_state: RandomState = None,
) -> VerificationReport:
    """How well the distance of two rows tells whether they are of one class.

    A pair is accepted if its distance is at most a threshold. The false accept rate (FAR) is
    the share of pairs of different classes that are accepted, the true accept rate (TAR) that
    of pairs of one class; the ROC curve shows one against the other for all thresholds.

    Parameters
    ----------
    Z : array-like of shape (n, m)
        Embeddings, finite.
    y : array-like of shape (n,)
        Their labels: whole numbers, strings, booleans; every value is a class.
    pairs : array-like of shape (t, 2), int, optional
        Rows of Z to compare. Left out: every pair of labelled rows, if these are at most
        `max_pairs`; else a uniform sample without repetition, half of it of each kind, or
        all of a kind of which there are fewer.
    far : iterable of float, default=(0.001, 0.01, 0.1)
        False accept rates to give the true accept rate at, in [0, 1].
    metric : {"euclidean", "cosine"}, default="euclidean"
        The Euclidean distance, or 1 less the cosine similarity. By cosine, a zero row is
        similar (1) to other zero rows only, and not (0) to any other.
    unlabelled : label or None, default="raise"
        The label that means "no class", None for missing ones: pairs with such a row are left
        out. By default every value is a class, and a missing one an error.
    max_pairs : int, default=2,000,000
        Beyond so many pairs a sample is drawn, >= 2. Memory grows with the pairs that are
        compared, never with n².
    random_state : int, RandomState, Generator or None
        Seed of the sample.

    Returns
    -------
    report : VerificationReport
        A dict: ``"roc_auc"``, the area under the ROC curve, which is the probability that a
        pair of one class is nearer than a pair of two (ties count half); ``"eer"``, the rate
        at which false accepts and false rejects are equally frequent, on the curve joined by
        straight lines; ``"tar_at_far_<f>"``, the highest TAR of a threshold whose FAR is at
        most f; ``"best_threshold"``, the distance up to which pairs are accepted for the best
        mean of TAR and 1 - FAR, halfway to the next distance that was seen, and
        ``"best_balanced_accuracy"``, that mean; ``"n_same"`` and ``"n_different"``, how many
        pairs were compared.

    Raises
    ------
    ValueError
        If an argument cannot be used, or there are no pairs of one of the two kinds.

    References
    ----------
    Huang, Ramesh, Berg and Learned-Miller (2007), "Labeled Faces in the Wild", University of
    Massachusetts, report 07-49. Fawcett (2006), "An Introduction to ROC Analysis", Pattern
    Recognition Letters 27.

    Examples
    --------
    >>> import numpy as np
    >>> from skhnm.metrics import verification_report
    >>> Z = np.array([[0.0], [1.0], [3.0], [4.0], [9.0]])
    >>> report = verification_report(Z, ["a", "a", "b", "a", "b"], far=(0.1, 0.5))
    >>> print(report)
    roc_auc                 0.5833
    eer                     0.5000
    tar_at_far_0.1          0.0000
    tar_at_far_0.5          0.7500
    best_threshold          7.0000
    best_balanced_accuracy  0.6667
    n_same                       4
    n_different                  6
    """
    check_choice(metric, "metric", METRICS)
    check_number(max_pairs, "max_pairs", low=2, integer=True)
    rates = _check_rates(far)
    random = check_generator(random_state)
    Z = check_embeddings(Z)
    _, codes = encode_labels(y, unlabelled)
    check_consistent_length(Z, codes)
    given = draw_pairs(codes, max_pairs, random) if pairs is None else _check_pairs(pairs, codes)
    same = codes[given[:, 0]] == codes[given[:, 1]]
    _check_both_kinds(same, codes, pairs is None)
    distances = _distances(Z, given, metric)

    FAR, TAR, similarities = roc_curve(same, -distances, drop_intermediate=False)
    accuracy = (TAR + 1.0 - FAR) / 2.0
    best = 1 + int(np.argmax(accuracy[1:]))  # the first accepts nobody
    return VerificationReport(
        {"roc_auc": float(auc(FAR, TAR)), "eer": _equal_error_rate(FAR, TAR)}
        | {
            f"tar_at_far_{rate:g}": float(TAR[np.searchsorted(FAR, rate, "right") - 1])
            for rate in rates
        }
        | {
            "best_threshold": float(-similarities[best : best + 2].mean()),
            "best_balanced_accuracy": float(accuracy[best]),
            "n_same": int(same.sum()),
            "n_different": int((~same).sum()),
        }
    )


def draw_pairs(codes: IndexArray, max_pairs: int, random: np.random.Generator) -> IndexArray:
    """Return pairs of different labelled rows (t, 2): all, or as many of each kind as may be.

    Rows sorted by class have the partners of their own class, and those of later classes,
    in one run each. So a pair has a number, and numbers are drawn.
    """
    rows = np.argsort(codes, kind="stable")[np.count_nonzero(codes < 0) :]
    place = np.arange(len(rows))
    ends = np.searchsorted(codes[rows], codes[rows], "right")
    runs = [(place + 1, ends), (ends, np.full(len(rows), len(rows)))]
    everything = len(rows) * (len(rows) - 1) // 2 <= max_pairs
    drawn = []
    for begin, end in runs:
        last = np.cumsum(end - begin)  # the number after the last pair of each row
        n_pairs = int(last[-1]) if len(last) else 0
        if everything or n_pairs <= max_pairs // 2:
            numbers = np.arange(n_pairs)
        else:
            numbers = np.sort(random.choice(n_pairs, max_pairs // 2, replace=False, shuffle=False))
        first = np.searchsorted(last, numbers, "right")
        second = end[first] - (last[first] - numbers)
        drawn.append(np.column_stack([rows[first], rows[second]]))
    return np.concatenate(drawn)


def _distances(Z: FloatArray, pairs: IndexArray, metric: str) -> FloatArray:
    """Return the distance of each pair (t,) float64."""
    if metric == "cosine":
        Z, _ = for_cosine(Z, Z)
    out = np.empty((len(pairs), 1))
    others = np.ascontiguousarray(pairs[:, 1:])
    pair_distances_tile(Z, Z, np.ascontiguousarray(pairs[:, 0]), others, np.inf, 0, len(out), out)
    return out[:, 0] / 2.0 if metric == "cosine" else np.sqrt(out[:, 0])


def _equal_error_rate(FAR: FloatArray, TAR: FloatArray) -> float:
    """Return the error rate where the ROC curve meets the line TAR = 1 - FAR."""
    lead = (1.0 - TAR) - FAR  # falls from 1 to -1
    after = int(np.argmax(lead <= 0.0))
    before = after - 1
    share = lead[before] / (lead[before] - lead[after])
    return float(FAR[before] + share * (FAR[after] - FAR[before]))


def _check_pairs(pairs: Any, codes: IndexArray) -> IndexArray:
    """Return the user's pairs of labelled rows (t, 2)."""
    given = check_index_array(pairs, "pairs", len(pairs) if hasattr(pairs, "__len__") else 0)
    if given.shape[1] != 2:
        raise ValueError(f"pairs must have shape (t, 2), got {given.shape}")
    for wrong, why in (
        ((given < 0) | (given >= len(codes)), f"which is no row of the {len(codes)} of Z"),
        (given[:, :1] == given[:, 1:], "a row with itself"),
    ):
        if wrong.any():
            t = int(np.flatnonzero(wrong.any(axis=1))[0])
            raise ValueError(f"pairs[{t}] is {given[t].tolist()}, {why}")
    return given[(codes[given] >= 0).all(axis=1)]


def _check_both_kinds(same: NDArray[np.bool_], codes: IndexArray, drawn: bool) -> None:
    """Raise if there is nothing to tell apart."""
    if same.any() and not same.all():
        return
    kind = "different classes" if same.any() else "one class"
    if not len(same):
        kind = "labelled rows"
    remedy = (
        "y needs two classes, and two rows in at least one"
        if drawn
        else "pass pairs of both kinds, or leave pairs out to compare all rows"
    )
    raise ValueError(f"there are no pairs of {kind}, so there is nothing to tell apart: {remedy}")


def _check_rates(far: Any) -> tuple[float, ...]:
    """Return the false accept rates."""
    if isinstance(far, str) or not isinstance(far, Iterable):
        raise TypeError(f"far must be several rates such as (0.001, 0.01), got {far!r}")
    rates = tuple(far)
    for rate in rates:
        check_number(rate, "each of far", low=0, high=1)
    return rates
