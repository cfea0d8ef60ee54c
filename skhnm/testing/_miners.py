"""What every negative miner must do, whatever its rule."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import clone

from skhnm.common._tuples import Tuples
from skhnm.common._typing import FloatArray, LabelArray
from skhnm.estimators._linear import HardNegativeMetricLearner
from skhnm.exceptions import MiningWarning
from skhnm.miners._base import BaseMiner


def check_miner(miner: Any) -> None:
    """Run all checks of `miner_checks`.

    Parameters
    ----------
    miner : negative miner
        An instance; it is cloned for each check.

    Raises
    ------
    AssertionError
        If a check fails; its name is in the traceback.
    TypeError
        If it is no instance of a class that inherits from `BaseMiner`: a name, say, or a
        function, whose answers are checked whenever it mines.

    Examples
    --------
    >>> from skhnm.miners import HardestMiner
    >>> from skhnm.testing import check_miner
    >>> check_miner(HardestMiner(n_negatives=3))
    """
    for check in miner_checks(miner):
        check()


def miner_checks(miner: Any) -> Iterator[Callable[[], None]]:
    """Yield the checks of a negative miner, one function without arguments each.

    Parameters
    ----------
    miner : negative miner
        An instance; it is cloned for each check.

    Yields
    ------
    check : callable
        Raises an AssertionError if the miner fails. ``check.func.__name__`` says what it
        asks, so that pytest can show it:
        ``@pytest.mark.parametrize("check", miner_checks(Mine()), ids=lambda c:
        c.func.__name__)``.
    """
    if not isinstance(miner, BaseMiner):
        raise TypeError(
            "check_miner takes an instance of a class that inherits from BaseMiner, got "
            f"{miner!r}. A function needs no check: its answers are checked whenever it mines"
        )
    for check in (
        parameters_can_be_cloned_and_are_left_alone,
        tuples_are_well_formed,
        the_same_seed_gives_the_same_tuples,
        threads_change_nothing,
        labels_may_be_of_any_type,
        unlabelled_rows_take_no_part,
        anchors_may_meet_a_separate_pool,
        copies_and_ties_are_no_trouble,
        nothing_to_mine_is_an_empty_result_and_a_warning,
        rows_that_are_not_finite_are_refused,
        a_learner_can_be_fitted_with_it,
    ):
        yield partial(check, clone(miner))


def _rows(seed: int = 0, n: int = 40) -> tuple[FloatArray, LabelArray]:
    """Rows of five classes, one of them with a single row."""
    random = np.random.default_rng(seed)
    y = random.permutation(np.arange(n) % 4)
    y[7] = 4
    return random.normal(size=(n, 3)) + 0.7 * y[:, None], y


def _mine(miner: Any, Z: Any, y: Any, **options: Any) -> Tuples:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MiningWarning)
        tuples = miner.mine(Z, y, random_state=0, **options)
    assert isinstance(tuples, Tuples), f"mine must return Tuples, got {type(tuples).__name__}"
    return tuples


def _same(a: Tuples, b: Tuples) -> bool:
    pairs = ((a.anchors, b.anchors), (a.positives, b.positives), (a.negatives, b.negatives))
    return all(np.array_equal(x, y) for x, y in pairs)


def _assert_valid(
    tuples: Tuples, y: LabelArray, pool_y: LabelArray, is_batch: bool, unlabelled: Any = None
) -> None:
    """Assert that positives share the anchor's class and negatives bear another."""
    for name in ("anchors", "positives", "negatives"):
        assert getattr(tuples, name).dtype == np.intp, f"{name} must be of dtype intp"
    for a, positives, negatives in zip(
        tuples.anchors, tuples.positives, tuples.negatives, strict=True
    ):
        kept_p, kept_n = positives[positives >= 0], negatives[negatives >= 0]
        assert len(kept_p), f"anchor {a} has no positive"
        assert len(kept_n), f"anchor {a} has no negative"
        assert len(set(kept_n)) == len(kept_n), f"anchor {a} has a negative twice"
        assert (pool_y[kept_p] == y[a]).all(), f"a positive of anchor {a} is of another class"
        assert (pool_y[kept_n] != y[a]).all(), f"a negative of anchor {a} is of its own class"
        assert not is_batch or a not in kept_p, f"anchor {a} is its own positive"
        if unlabelled is not None:
            labels = [y[a], *pool_y[kept_p], *pool_y[kept_n]]
            assert unlabelled not in labels, f"anchor {a} has an unlabelled row in its tuple"


def parameters_can_be_cloned_and_are_left_alone(miner: Any) -> None:
    """Give a clone the same parameters, and change none of them by mining."""
    before = deepcopy(miner.get_params())
    _mine(miner, *_rows())
    assert repr(miner.get_params()) == repr(before), "mine changed the constructor's parameters"
    assert repr(clone(miner)) == repr(miner)


def tuples_are_well_formed(miner: Any) -> None:
    """Positives are of the anchor's class, negatives of others, and nobody is his own."""
    Z, y = _rows()
    for dtype in (np.float64, np.float32):
        for positives in ("all", "nearest", "hardest"):
            tuples = _mine(miner, Z.astype(dtype), y, positives=positives)
            _assert_valid(tuples, y, y, is_batch=True)
    far = _mine(miner, Z + 1e4, y)
    _assert_valid(far, y, y, is_batch=True)


def the_same_seed_gives_the_same_tuples(miner: Any) -> None:
    """Depend on the arguments alone, not on earlier calls."""
    first = _mine(miner, *_rows())
    _mine(miner, *_rows(seed=1))
    assert _same(first, _mine(miner, *_rows())), "the same seed gave other tuples"


def threads_change_nothing(miner: Any) -> None:
    """Give the same result for any n_jobs."""
    Z, y = _rows(n=300)
    one = _mine(miner, Z, y, n_jobs=1)
    for n_jobs in (2, None):
        assert _same(one, _mine(miner, Z, y, n_jobs=n_jobs)), f"n_jobs={n_jobs} changed the result"


def labels_may_be_of_any_type(miner: Any) -> None:
    """Only which labels are equal matters: strings, floats, -1 and huge numbers are classes."""
    Z, y = _rows()
    expected = _mine(miner, Z, y)
    for labels in (
        y - 1,
        y.astype(float),
        y + 2**24,
        np.array(list("abcde"))[y],
        np.array(list("abcde"), dtype=object)[y],
    ):
        assert _same(expected, _mine(miner, Z, labels)), f"labels like {labels[:2]} changed it"


def unlabelled_rows_take_no_part(miner: Any) -> None:
    """Rows with the label that means "no class" are never anchor, positive or negative."""
    Z, y = _rows()
    y = np.where(np.arange(len(y)) % 5 == 0, -1, y)
    _assert_valid(_mine(miner, Z, y, unlabelled=-1), y, y, is_batch=True, unlabelled=-1)


def anchors_may_meet_a_separate_pool(miner: Any) -> None:
    """Candidates may be other rows than the anchors, of which some have no class there."""
    Z, y = _rows()
    pool, pool_y = _rows(seed=1, n=25)
    _assert_valid(_mine(miner, Z, y, pool=pool, pool_y=pool_y), y, pool_y, is_batch=False)


def copies_and_ties_are_no_trouble(miner: Any) -> None:
    """Equal rows, in one class or in several, and rows that are all the same."""
    Z, y = _rows()
    copies = np.tile(Z[:10], (4, 1))
    _assert_valid(_mine(miner, copies, y), y, y, is_batch=True)
    _assert_valid(_mine(miner, np.round(Z), y), y, y, is_batch=True)
    _assert_valid(_mine(miner, np.ones_like(Z), y), y, y, is_batch=True)


def nothing_to_mine_is_an_empty_result_and_a_warning(miner: Any) -> None:
    """One class, only single rows, or no rows: no tuples, and no error."""
    Z, _ = _rows()
    for labels in (np.zeros(len(Z)), np.arange(len(Z))):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert len(miner.mine(Z, labels, random_state=0)) == 0
        assert any(w.category is MiningWarning for w in caught), "there must be a MiningWarning"
    assert len(_mine(miner, Z[:0], [])) == 0


def rows_that_are_not_finite_are_refused(miner: Any) -> None:
    """NaN and infinity are a ValueError, not silently mined."""
    Z, y = _rows()
    for bad in (np.nan, np.inf):
        Z[3, 1] = bad
        try:
            miner.mine(Z, y, random_state=0)
        except ValueError:
            continue
        raise AssertionError(f"rows with {bad} were mined without an error")


def a_learner_can_be_fitted_with_it(miner: Any) -> None:
    """Mine inside a fit, over the whole data set and in batches."""
    Z, y = _rows(n=60)
    for pool in ("dataset", "batch"):
        learner = HardNegativeMetricLearner(
            negative_miner=miner, pool=pool, max_iter=3, batch_size=30, random_state=0
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            first, second = (clone(learner).fit(Z, y).components_ for _ in range(2))
        assert np.isfinite(first).all()
        assert np.array_equal(first, second), "two fits with the same seed differ"
