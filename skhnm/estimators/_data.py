"""From validated rows and labels to the rows that a learner trains on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from skhnm.common._typing import FloatArray, IndexArray, LabelArray
from skhnm.common._validation import check_number
from skhnm.kernels._rows import sort_rows

_ROUNDED = 1e-4  # of a feature's spread
_OF_A_MULTIPLE = 1e-6  # weights may have been products


@dataclass
class TrainingData:
    """Distinct rows, sorted by class: ``X = scale * (given - mean)``.

    Rows that are mapped later have `offset` taken off first, see `_far_offset`.

    A row that is repeated with the same label stands once, with the weights added:
    otherwise it would be its own nearest positive, from which nothing can be learned.
    The order depends on the rows alone, not on how they came in. `rows` (n,) says which of the
    rows as they came in each is, of repeated ones the first; left out, they are in order.
    `stands` (n_given,) says which of the rows as they came in is here for each of these, -1 for
    none; None: each for itself.
    """

    X: FloatArray
    codes: IndexArray
    weights: FloatArray
    mean: FloatArray | float = 0.0
    scale: float = 1.0
    offset: FloatArray | None = None
    rows: IndexArray = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    stands: IndexArray | None = None

    def __post_init__(self) -> None:
        if not len(self.rows):
            self.rows = np.arange(len(self.X), dtype=np.intp)

    def __len__(self) -> int:
        return len(self.X)

    def take(self, rows: IndexArray) -> TrainingData:
        return replace(
            self, X=self.X[rows], codes=self.codes[rows], weights=self.weights[rows],
            rows=self.rows[rows],
        )  # fmt: skip


def prepare(
    X: FloatArray,
    codes: IndexArray,
    weights: FloatArray,
    classes: LabelArray,
    class_weight: Any,
    *,
    centred: bool,
    scaled: bool = False,
    more_to_come: bool = False,
) -> TrainingData:
    """Leave out rows without label or weight, merge repeated ones, and weigh classes.

    Rows are centred, and scaled to a mean square of 1 over all features, where asked for. Where
    there is more to come, none of the classes that `class_weight` names need be here.

    Raises
    ------
    ValueError
        If there is nothing to learn from: fewer than two classes, or no class with two
        different rows.
    """
    used = (codes >= 0) & (weights > 0)
    data = merge_repeated(X[used], codes[used], weights[used])
    numbers = np.flatnonzero(used)
    data.rows = numbers[data.rows]
    stands = np.full(len(X), -1, dtype=np.intp)
    stands[numbers] = numbers if data.stands is None else numbers[data.stands]
    data.stands = stands
    counts = np.bincount(data.codes, minlength=len(classes))
    if (counts > 0).sum() < 2:
        found = f"only {classes[counts > 0].tolist()[0]!r}" if counts.any() else "none"
        raise ValueError(
            f"A metric is learned between classes: y needs at least two, got 1 class or less "
            f"({found}) among the labelled rows with a weight"
        )
    if counts.max() < 2:
        raise ValueError(
            "No class has two different rows, so there is no positive pair to learn from. "
            "Pass at least two different rows of one class (are the rows all identical, or "
            "is y an identifier instead of a class?)"
        )
    factors = class_factors(class_weight, classes, data, more_to_come)
    data.weights = data.weights * factors[data.codes]
    return place(data, centred=centred, scaled=scaled)


def place(data: TrainingData, *, centred: bool, scaled: bool) -> TrainingData:
    """Centre rows, and scale them to a mean square of 1 over all features, where asked for.

    Raises
    ------
    ValueError
        If their squares leave the range of floating point.
    """
    if centred:
        data.mean = data.X.mean(axis=0, dtype=np.float64).astype(data.X.dtype)
        data.X = data.X - data.mean
    largest = float(np.abs(data.X).max())
    if not 1e-100 < largest < 1e100:
        raise ValueError(
            f"The features are of the order of {largest:.1g}, whose squares leave the range of "
            "floating point; scale them first, with StandardScaler, say"
        )
    if scaled:
        squares = np.einsum("ij,ij->", data.X, data.X, dtype=np.float64)
        data.scale = 1.0 / float(np.sqrt(squares / data.X.size))
        data.X = (data.X * data.scale).astype(data.X.dtype, copy=False)
    if centred:
        data.offset = _far_offset(data)
    return data


def _far_offset(data: TrainingData) -> FloatArray | None:
    """Return what to take off each feature (d,) before rows are mapped, None for nothing.

    It is the mean of features so far from 0, for how they spread, that their products would be
    rounded by more than a ten-thousandth of that. Distances do not notice.
    """
    mean = np.broadcast_to(data.mean, data.X.shape[1:]).astype(data.X.dtype)
    squares = np.einsum("ij,ij->j", data.X, data.X, dtype=np.float64) / len(data)
    spread = np.sqrt(squares) / data.scale
    typical = float(np.sqrt(squares.mean())) / data.scale
    rounding = np.finfo(mean.dtype).eps * np.abs(mean)
    is_far = rounding > _ROUNDED * np.where(spread > rounding, spread, typical)
    return np.where(is_far, mean, 0).astype(mean.dtype) if is_far.any() else None


def merge_repeated(X: FloatArray, codes: IndexArray, weights: FloatArray) -> TrainingData:
    """Sort rows by class and in an order of their own, and merge those that are the same."""
    order, is_new = sort_rows(X, codes)
    X, codes, weights = X[order], codes[order], weights[order]
    if is_new.all():
        return TrainingData(X, codes, weights, rows=order)
    group = np.cumsum(is_new) - 1
    stands = np.empty_like(order)
    stands[order] = order[is_new][group]
    return TrainingData(
        X[is_new], codes[is_new], np.bincount(group, weights=weights).astype(np.float64),
        rows=order[is_new], stands=stands,
    )  # fmt: skip


def whole_multiples(weights: FloatArray, below: int) -> IndexArray | None:
    """Return how many times the least each weight (n,) above 0 is; None where any is not whole.

    Multiples of `below` and more are no counts either.
    """
    multiples = weights / weights.min()
    whole = np.rint(multiples)
    if multiples.max() < below and (np.abs(multiples - whole) < _OF_A_MULTIPLE * whole).all():
        return whole.astype(np.intp)
    return None


def class_factors(
    class_weight: Any, classes: LabelArray, data: TrainingData, more_to_come: bool = False
) -> FloatArray:
    """Return the factor (n_classes,) of each class: 1, balanced, or from a dict.

    Classes of a dict that have no rows wait for these.

    Raises
    ------
    ValueError
        For another string, a negative weight, or a dict that names no class at all.
    TypeError
        For a weight that is no number.
    """
    factors = np.ones(len(classes))
    if class_weight is None:
        return factors
    if isinstance(class_weight, dict):
        for label, factor in class_weight.items():
            check_number(factor, f"class_weight[{label!r}]", low=0)
        named = [label in class_weight for label in classes.tolist()]
        alike = {isinstance(label, str) for label in [*class_weight, *classes.tolist()]}
        if class_weight and not any(named) and (len(alike) > 1 or not more_to_come):
            raise ValueError(
                f"class_weight names the class {next(iter(class_weight))!r}, but y has "
                f"{classes.tolist()}: none of its keys is a class here"
            )
        factors[named] = [class_weight[label] for label in classes[named].tolist()]
        if not (more_to_come or (factors[np.unique(data.codes)] > 0).any()):
            raise ValueError("class_weight is 0 for every class; at least one must count")
        return factors
    if class_weight == "balanced":
        totals = np.bincount(data.codes, weights=data.weights, minlength=len(classes))
        present = totals > 0
        factors[present] = totals.sum() / (present.sum() * totals[present])
        return factors
    raise ValueError(
        f"class_weight must be 'balanced', a dict from class to weight, or None; "
        f"got {class_weight!r}"
    )


def hold_out(
    data: TrainingData, fraction: float, random: np.random.Generator, whole_classes: bool = False
) -> tuple[TrainingData, TrainingData]:
    """Split off about a `fraction` of the rows, across classes, or of the classes.

    A class keeps two rows, from which it is learned. Where none has more, classes are held out.

    Raises
    ------
    ValueError
        If nothing can be spared.
    """
    counts = np.bincount(data.codes)
    if whole_classes or counts.max() <= 2:
        held = np.isin(data.codes, _spare_classes(counts, fraction, random))
    else:
        held = np.zeros(len(data), dtype=bool)
        for code, n in enumerate(_spare_rows(counts, fraction, random).tolist()):
            held[random.choice(np.flatnonzero(data.codes == code), n, replace=False)] = True
    return data.take(np.flatnonzero(~held)), data.take(np.flatnonzero(held))


def _spare_rows(counts: IndexArray, fraction: float, random: np.random.Generator) -> IndexArray:
    """Return how many rows each class spares; what is less than one is dealt out at random."""
    spare = np.maximum(counts - 2, 0)
    wanted = fraction * counts
    shares = np.minimum(wanted.astype(np.intp), spare)
    by_rest = np.lexsort((random.random(len(counts)), shares - wanted))
    by_rest = by_rest[shares[by_rest] < spare[by_rest]]
    n = max(1, round(fraction * counts.sum())) - shares.sum()
    shares[by_rest[: max(0, n)]] += 1
    return shares


def _spare_classes(counts: IndexArray, fraction: float, random: np.random.Generator) -> IndexArray:
    """Return which classes are spared: at least two, so that one could be taken for the other."""
    pairs = np.flatnonzero(counts >= 2)
    most = min(len(pairs) - 1, int(np.count_nonzero(counts)) - 2)
    if most < 2:
        raise ValueError(
            "early_stopping holds out rows of classes with more than two, or two classes of at "
            "least two rows while others are left to learn from; here it finds neither: pass "
            "more rows, or turn it off"
        )
    n = min(max(2, int(fraction * np.count_nonzero(counts) + 0.5)), most)
    classes: IndexArray = random.choice(pairs, n, replace=False)
    return classes
