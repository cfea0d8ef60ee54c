"""What every loss must do, whatever its formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import clone

from skhnm.common._typing import FloatArray

Distances = tuple[FloatArray, FloatArray]


def check_loss(loss: Any, *, n_positives: int = 3, n_negatives: int = 6) -> None:
    """Run all checks of `loss_checks`.

    Parameters
    ----------
    loss : loss
        An instance; it is cloned for each check.
    n_positives, n_negatives : int
        Widths of the tuples, for losses that need certain ones.

    Raises
    ------
    AssertionError
        If a check fails; its name is in the traceback.

    Examples
    --------
    >>> from skhnm.losses import TripletLoss
    >>> from skhnm.testing import check_loss
    >>> check_loss(TripletLoss(margin=0.5))
    """
    for check in loss_checks(loss, n_positives=n_positives, n_negatives=n_negatives):
        check()


def loss_checks(
    loss: Any, *, n_positives: int = 3, n_negatives: int = 6
) -> Iterator[Callable[[], None]]:
    """Yield the checks of a loss, one function without arguments each.

    Parameters
    ----------
    loss : loss
        An instance; it is cloned for each check.
    n_positives, n_negatives : int
        Widths of the tuples, for losses that need certain ones.

    Yields
    ------
    check : callable
        Raises an AssertionError if the loss fails; ``check.func.__name__`` says what it asks.
    """
    distances = _distances(n_positives, n_negatives)
    for check in (
        it_names_a_known_distance,
        results_have_their_shapes,
        derivatives_equal_differences,
        padding_has_no_derivative,
        a_tuple_depends_on_its_own_row_alone,
        extreme_distances_stay_finite,
        distances_are_left_as_they_are,
        no_tuples_cost_nothing,
    ):
        yield partial(check, clone(loss, safe=False), distances)


def _distances(p: int, k: int) -> Distances:
    """Seven tuples, no two of a kind; some with padding, the last without a negative."""
    random = np.random.default_rng(0)
    d_pos, d_neg = random.uniform(0.0, 2.0, (7, p)), random.uniform(0.0, 2.0, (7, k))
    d_pos[0, 1:] = d_pos[3, 1:] = -np.inf
    d_neg[1, k - 1] = d_neg[2, 0] = d_neg[6] = np.inf
    return d_pos, d_neg


def it_names_a_known_distance(loss: Any, distances: Distances) -> None:
    """``metric`` is one of the three distances, or left out."""
    metric = getattr(loss, "metric", "sqeuclidean")
    assert metric in ("sqeuclidean", "euclidean", "cosine"), f"unknown metric {metric!r}"


def results_have_their_shapes(loss: Any, distances: Distances) -> None:
    """Values (t,), and derivatives of the shapes of the distances."""
    d_pos, d_neg = distances
    shapes = [np.shape(part) for part in loss.value_and_grad(d_pos.copy(), d_neg.copy())]
    expected = [(len(d_pos),), d_pos.shape, d_neg.shape]
    assert shapes == expected, f"value_and_grad gives shapes {shapes} instead of {expected}"


def derivatives_equal_differences(loss: Any, distances: Distances) -> None:
    """Compare derivatives with central differences of the values."""
    d_pos, d_neg = distances
    _, g_pos, g_neg = loss.value_and_grad(d_pos.copy(), d_neg.copy())
    by_pos = _differences(lambda d: loss.value_and_grad(d, d_neg.copy())[0], d_pos)
    by_neg = _differences(lambda d: loss.value_and_grad(d_pos.copy(), d)[0], d_neg)
    np.testing.assert_allclose(g_pos, by_pos, rtol=1e-5, atol=1e-8, err_msg="positives")
    np.testing.assert_allclose(g_neg, by_neg, rtol=1e-5, atol=1e-8, err_msg="negatives")
    assert (g_pos != 0).any() or (g_neg != 0).any(), "all derivatives are 0"


def _differences(value: Callable[[FloatArray], FloatArray], d: FloatArray) -> FloatArray:
    found, step = np.zeros(d.shape), 1e-5
    for column in range(d.shape[1]):
        up, down = d.copy(), d.copy()
        up[:, column] += step
        down[:, column] -= step
        found[:, column] = (value(up) - value(down)) / (2.0 * step)
    found[~np.isfinite(d)] = 0.0
    return found


def padding_has_no_derivative(loss: Any, distances: Distances) -> None:
    """Give padding (-inf, +inf) a derivative of 0, and keep values finite."""
    d_pos, d_neg = distances
    values, g_pos, g_neg = loss.value_and_grad(d_pos.copy(), d_neg.copy())
    assert np.isfinite(values).all(), "padding makes values infinite"
    assert (g_pos[np.isinf(d_pos)] == 0).all(), "padding among the positives has a derivative"
    assert (g_neg[np.isinf(d_neg)] == 0).all(), "padding among the negatives has a derivative"


def a_tuple_depends_on_its_own_row_alone(loss: Any, distances: Distances) -> None:
    """Tuples arrive in pieces of any size: each must cost what it costs alone."""
    d_pos, d_neg = distances
    whole = loss.value_and_grad(d_pos.copy(), d_neg.copy())
    for t in range(len(d_pos)):
        alone = loss.value_and_grad(d_pos[t : t + 1].copy(), d_neg[t : t + 1].copy())
        for a, b in zip(alone, whole, strict=True):
            np.testing.assert_allclose(a[0], b[t], rtol=1e-10, atol=1e-12)


def extreme_distances_stay_finite(loss: Any, distances: Distances) -> None:
    """Distances of 0 and of 10⁴ give finite values and derivatives, without a warning."""
    d_pos, d_neg = distances
    for near in (0.0, 1e4):
        for far in (0.0, 1e4):
            with np.errstate(over="raise", invalid="raise", divide="raise"):
                results = loss.value_and_grad(np.full(d_pos.shape, near), np.full(d_neg.shape, far))
            assert all(np.isfinite(part).all() for part in results), f"distances {near}, {far}"


def distances_are_left_as_they_are(loss: Any, distances: Distances) -> None:
    """Do not change the arrays that come in."""
    d_pos, d_neg = (d.copy() for d in distances)
    loss.value_and_grad(d_pos, d_neg)
    assert np.array_equal(d_pos, distances[0]), "d_pos was changed"
    assert np.array_equal(d_neg, distances[1]), "d_neg was changed"


def no_tuples_cost_nothing(loss: Any, distances: Distances) -> None:
    """Empty input gives empty results of the right shapes."""
    d_pos, d_neg = distances
    shapes = [np.shape(part) for part in loss.value_and_grad(d_pos[:0], d_neg[:0])]
    assert shapes == [(0,), (0, d_pos.shape[1]), (0, d_neg.shape[1])], f"got shapes {shapes}"
