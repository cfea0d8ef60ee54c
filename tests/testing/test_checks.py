"""Every miner, loss and index of ours passes the public checks, and broken ones do not."""

import numpy as np
import pytest

from skhnm.losses import BaseLoss
from skhnm.miners import BaseMiner
from skhnm.neighbors import ExactIndex
from skhnm.testing import (
    check_index,
    check_loss,
    check_miner,
    index_checks,
    loss_checks,
    miner_checks,
)
from tests import cases

pytestmark = pytest.mark.jit


def listed(checks):
    return [pytest.param(check, id=f"{check.func.__name__}-{check.args[0]}") for check in checks]


MINERS = [
    check for _, miner in cases.listed(cases.NEGATIVE_MINERS) for check in miner_checks(miner)
]
LOSSES = [c for _, loss in cases.listed(cases.LOSSES) for c in loss_checks(loss)]


@pytest.mark.parametrize("check", listed([*MINERS, *LOSSES]))
def test_ours_pass(check):
    check()


@pytest.mark.parametrize("check", list(index_checks(ExactIndex())), ids=lambda c: c.func.__name__)
def test_the_exact_index_passes(check):
    check()


class OwnClass(BaseMiner):
    def select(self, candidates):
        return candidates.by_anchor(candidates.every("own"))


class Forgetful(BaseMiner):
    """Its answers depend on earlier ones."""

    n = 0

    def select(self, candidates):
        self.n += 1
        return candidates.by_anchor(candidates.nearest(self.n)[0])


class Twice(BaseMiner):
    def select(self, candidates):
        nearest = candidates.nearest(1)[0]
        return candidates.by_anchor(np.concatenate([nearest, nearest], axis=1))


@pytest.mark.parametrize(
    ("miner", "message"),
    [
        (OwnClass(), "a negative is a row of another known class"),
        (Forgetful(), "the same seed gave other tuples"),
        (Twice(), "has a negative twice"),
    ],
)
def test_a_broken_miner_is_caught(miner, message):
    with pytest.raises((AssertionError, ValueError), match=message):
        check_miner(miner)


class Gap(BaseLoss):
    """Right for single pairs; each flaw is one that a user might make."""

    def __init__(self, flaw):
        self.flaw = flaw

    def value_and_grad(self, d_pos, d_neg):
        gap = np.maximum(1.0 + d_pos[:, :, None] - d_neg[:, None, :], 0.0)
        values, g_pos, g_neg = gap.sum(axis=(1, 2)), (gap > 0).sum(axis=2), -(gap > 0).sum(axis=1)
        if self.flaw == "slope":
            g_pos = 2 * g_pos
        if self.flaw == "mean":
            values = values - values.mean()
        if self.flaw == "shape":
            values = values[:, None]
        if self.flaw == "padding":
            g_neg = g_neg - 1.0
        if self.flaw == "in place":
            d_pos += 1.0
        return values, g_pos, g_neg


@pytest.mark.parametrize("given", ["hardest", lambda Z, y, positives, pool, pool_y, random: None])
def test_a_name_or_a_function_is_no_miner_to_check(given):
    with pytest.raises(TypeError, match="instance of a class that inherits from BaseMiner"):
        check_miner(given)


@pytest.mark.parametrize("flaw", ["slope", "mean", "shape", "padding", "in place"])
def test_a_broken_loss_is_caught(flaw):
    check_loss(Gap(None))
    with pytest.raises(AssertionError):
        check_loss(Gap(flaw))


class Backwards(ExactIndex):
    """Each of these has a flaw that a check must find."""

    def nearest(self, *args, **kwargs):
        indices, distances = super().nearest(*args, **kwargs)
        return indices[:, ::-1], distances[:, ::-1]


class Starved(ExactIndex):
    def _nearest(self, queries, codes, k, side, own, groups):
        indices, distances = self.search_.nearest(queries, codes, 100, side="any", own=own)
        if side != "any":
            other = self.search_.codes[indices] != codes[:, None]
            indices = np.where(other == (side == "other"), indices, -1)
        return indices[:, :k], distances[:, :k]


class Gregarious(ExactIndex):
    def _nearest(self, queries, codes, k, side, own, groups):
        return super()._nearest(queries, codes, k, side, own, None)


class Uncentred(ExactIndex):
    def fit(self, pool, codes, groups=None):
        return super().fit(np.asarray(pool, dtype=np.float32), codes, groups)


class Coarse(ExactIndex):
    """Sees each column in 256 steps from its least to its largest value."""

    def _coded(self, rows):
        return np.round((rows - self.low_) / self.step_) * self.step_

    def fit(self, pool, codes, groups=None):
        self.low_, high = (f(pool, axis=0) if len(pool) else 0.0 for f in (np.min, np.max))
        self.step_ = np.maximum(high - self.low_, 1e-9) / 255
        self.pool_ = pool
        return super().fit(self._coded(pool), codes, groups)

    def nearest(self, queries, codes, k, **asked):
        indices, distances = super().nearest(self._coded(queries), codes, k, **asked)
        if len(self.pool_):
            distances = ((queries[:, None] - self.pool_[indices]) ** 2).sum(axis=2)
        distances[indices < 0] = np.nan
        order = np.argsort(distances, axis=1)
        return tuple(np.take_along_axis(a, order, axis=1) for a in (indices, distances))


class Distinct(ExactIndex):
    """Prepares each place once, and so finds one of equal rows alone."""

    def fit(self, pool, codes, groups=None):
        once = np.unique(pool, axis=0, return_index=True)[1]
        hidden = np.full(len(codes), -1)
        hidden[once] = codes[once]
        return super().fit(pool, hidden, groups)


class Standardised(ExactIndex):
    """Divides by each column's spread, also where it is next to nothing."""

    def fit(self, pool, codes, groups=None):
        self.spread_ = pool.std(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return super().fit(pool / self.spread_, codes, groups)


class Writing(ExactIndex):
    def fit(self, pool, codes, groups=None):
        pool -= pool.mean(axis=0)
        return super().fit(pool, codes, groups)


class Forgetting(ExactIndex):
    def _nearest(self, queries, codes, k, side, own, groups):
        self.asked_ = getattr(self, "asked_", 0) + 1
        return self.search_.nearest(
            queries, codes, min(k, self.asked_), side=side, own=own, groups=groups
        )


class Unpickled(ExactIndex):
    def __getstate__(self):
        return {"n_jobs": self.n_jobs}

    def nearest(self, *args, **kwargs):
        assert hasattr(self, "search_"), "what was prepared is lost"
        return super().nearest(*args, **kwargs)


@pytest.mark.parametrize(
    ("index", "name"),
    [
        (Backwards(), "the_nearest_of_each_side_are_found"),
        (Starved(), "rows_among_their_own_class_find_others"),
        (Gregarious(), "rows_of_ones_group_are_never_found"),
        (Uncentred(), "rows_far_from_the_origin_are_told_apart"),
        (Standardised(), "constant_columns_change_nothing"),
        (Distinct(), "hundreds_of_equal_rows_hide_no_others"),
        (Writing(), "the_pool_and_the_queries_are_left_alone"),
        (Forgetting(), "the_answer_is_the_same_twice_and_for_any_n_jobs"),
        (Unpickled(), "it_can_be_cloned_and_pickled"),
    ],
)
def test_a_careless_index_is_caught(index, name):
    (check,) = [check for check in index_checks(index) if check.func.__name__ == name]
    with pytest.raises((AssertionError, ValueError)):
        check()


def test_an_index_that_codes_from_the_least_to_the_largest_value_is_caught():
    failed = []
    for check in index_checks(Coarse(), recall=0.95):
        try:
            check()
        except AssertionError:
            failed.append(check.func.__name__)
    assert failed == [
        "rows_among_their_own_class_find_others",
        "a_few_far_rows_hide_no_others",
        "rows_with_heavy_tails_are_told_apart",
    ]


def test_one_failed_check_fails_them_all():
    with pytest.raises(AssertionError):
        check_index(Backwards())
