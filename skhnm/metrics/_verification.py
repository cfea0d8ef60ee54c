"""How well a distance tells pairs of one class from pairs of two: verification."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn.metrics import auc

from skhnm.common._labels import RAISE
from skhnm.common._typing import FloatArray, IndexArray, RandomState
from skhnm.common._validation import check_choice, check_generator, check_number
from skhnm.kernels._distances import pair_distances_tile
from skhnm.metrics._inputs import METRICS, for_cosine
from skhnm.metrics._pairs import read_pairs
from skhnm.metrics._table import Report
from skhnm.metrics._thresholds import thresholds_of


class VerificationReport(Report):
    """What `verification_report` returns: a dict, whose ``print`` shows a table."""


def verification_report(
    Z: Any,
    y: Any = None,
    *,
    pairs: Any = None,
    pair_y: Any = None,
    reference: Any = None,
    reference_y: Any = None,
    far: Iterable[float] = (0.001, 0.01, 0.1),
    metric: str = "euclidean",
    unlabelled: Any = RAISE,
    max_pairs: int = 2_000_000,
    random_state: RandomState = None,
) -> VerificationReport:
    """How well the distance of two rows tells whether they are of one class.

    A pair is accepted if its distance is at most a threshold. The false accept rate (FAR) is
    the share of pairs of different classes that are accepted, the true accept rate (TAR) that
    of pairs of one class; the ROC curve shows one against the other for all thresholds. The
    pairs are of rows of Z, or of one of Z and one of a reference: a probe, and somebody enrolled.

    Parameters
    ----------
    Z : array-like of shape (n, m)
        Embeddings, finite.
    y : array-like of shape (n,), optional
        Their labels: whole numbers, strings, booleans; every value is a class. Needed unless
        `pair_y` says which pairs are of one class.
    pairs : array-like of shape (t, 2), int, optional
        Rows to compare: two of Z, or one of Z and one of the reference. Left out: every pair of
        labelled rows, if these are at most `max_pairs`; else a uniform sample without
        repetition, half of it of each kind, or all of a kind of which there are fewer.
    pair_y : array-like of shape (t,), optional
        1 for each of the `pairs` that is of one class, -1 for each that is of two; in place of
        `y` and `reference_y`.
    reference : array-like of shape (N, m), optional
        Embeddings that each row of Z is compared with. Left out: the other rows of Z.
    reference_y : array-like of shape (N,), optional
        Labels of the reference.
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
        A dict. ``"roc_auc"``: the area under the ROC curve, which is the probability that a
        pair of one class is nearer than a pair of two (ties count half). ``"eer"``: the rate at
        which false accepts and false rejects are equally frequent, on the curve joined by
        straight lines. ``"tar_at_far_<f>"``: the highest TAR of a threshold whose FAR is at most
        f. ``"best_f1"``, ``"best_accuracy"`` and ``"best_balanced_accuracy"``: the highest F1
        score of the accepted pairs, share of right decisions, and mean of TAR and 1 - FAR.
        ``"n_same"`` and ``"n_different"``: how many pairs were compared.

        The thresholds are distances: ``"threshold_at_far_<f>"``, ``"best_f1_threshold"``,
        ``"best_accuracy_threshold"`` and ``"best_threshold"`` (of the balanced accuracy) attain
        these figures on the pairs compared, if ``distance <= threshold`` is accepted.
        ``"eer_threshold"`` is where both error rates are nearest each other. Each is the least
        that will do, halfway to the next distance that was seen; where nobody may be accepted,
        it is below the least distance, which may be negative.

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
    roc_auc                  0.5833
    eer                      0.5000
    eer_threshold            3.5000
    tar_at_far_0.1           0.0000
    threshold_at_far_0.1     0.5000
    tar_at_far_0.5           0.7500
    threshold_at_far_0.5     4.5000
    best_f1                  0.6667
    best_f1_threshold        7.0000
    best_accuracy            0.6000
    best_accuracy_threshold  0.5000
    best_threshold           7.0000
    best_balanced_accuracy   0.6667
    n_same                        4
    n_different                   6

    Pairs that are given, with what they are:

    >>> pairs, pair_y = [[0, 1], [0, 2], [2, 4]], [1, -1, 1]
    >>> verification_report(Z, pairs=pairs, pair_y=pair_y)["best_accuracy_threshold"]
    2.0

    Probes against an enrolled set:

    >>> enrolled = {"reference": [[0.4], [8.0]], "reference_y": ["a", "b"]}
    >>> report = verification_report(Z, ["a", "a", "b", "a", "b"], **enrolled, far=[0.2])
    >>> report["tar_at_far_0.2"], round(report["threshold_at_far_0.2"], 2)
    (0.8, 3.8)
    """
    check_choice(metric, "metric", METRICS)
    check_number(max_pairs, "max_pairs", low=2, integer=True)
    rates = _check_rates(far)
    random = check_generator(random_state)
    Z, pool, given, same = read_pairs(
        Z, y, reference, reference_y, pairs, pair_y, unlabelled, max_pairs, random
    )
    every = thresholds_of(_distances(Z, pool, given, metric), same)
    FAR, TAR, at = every.FAR, every.TAR, every.distances.tolist()
    report = {
        "roc_auc": float(auc(FAR, TAR)),
        "eer": every.equal_error_rate(),
        "eer_threshold": at[every.nearest_to_equal_errors()],
    }
    for rate in rates:
        highest = TAR[np.searchsorted(FAR, rate, "right") - 1]
        report[f"tar_at_far_{rate:g}"] = float(highest)
        report[f"threshold_at_far_{rate:g}"] = at[int(np.searchsorted(TAR, highest))]
    for name, figures in (("f1", every.f_beta()), ("accuracy", every.accuracy)):
        best = int(np.argmax(figures))
        report[f"best_{name}"] = float(figures[best])
        report[f"best_{name}_threshold"] = at[best]
    balanced = (TAR + 1.0 - FAR) / 2.0
    best = 1 + int(np.argmax(balanced[1:]))  # the first accepts nobody
    return VerificationReport(
        report
        | {
            "best_threshold": at[best],
            "best_balanced_accuracy": float(balanced[best]),
            "n_same": int(same.sum()),
            "n_different": int((~same).sum()),
        }
    )


def _distances(Z: FloatArray, pool: FloatArray, pairs: IndexArray, metric: str) -> FloatArray:
    """Return the distance of each pair of a row of Z and one of the pool (t,) float64."""
    if metric == "cosine":
        Z, pool = for_cosine(Z, pool)
    out = np.empty((len(pairs), 1))
    others = np.ascontiguousarray(pairs[:, 1:])
    rows = np.ascontiguousarray(pairs[:, 0])
    pair_distances_tile(Z, pool, rows, others, np.inf, 0, len(out), out)
    return out[:, 0] / 2.0 if metric == "cosine" else np.sqrt(out[:, 0])


def _check_rates(far: Any) -> tuple[float, ...]:
    """Return the false accept rates."""
    if isinstance(far, str) or not isinstance(far, Iterable):
        raise TypeError(f"far must be several rates such as (0.001, 0.01), got {far!r}")
    rates = tuple(far)
    for rate in rates:
        check_number(rate, "each of far", low=0, high=1)
    return rates
