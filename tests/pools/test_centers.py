import numpy as np
import pytest

from skhnm import HardNegativeMetricLearner
from skhnm.pools import BatchPool, CenterPool, DatasetPool, ProxyPool
from skhnm.pools._combined import CombinedPool
from skhnm.pools._members import ClassMeans, Constants

CODES = np.array([0, 0, 1, 1, 1, 2])
Z = np.random.default_rng(0).normal(size=(6, 2))
MEANS = [Z[c == CODES].mean(axis=0) for c in range(3)]


def begun(pool):
    pool.reset()
    pool.begin_round(lambda: Z)
    return pool


def test_centers_of_all_rows_move_with_them_and_those_of_a_batch_stay():
    pool = begun(CenterPool())
    (rows,) = pool.draws(CODES, 2, np.random.default_rng(0))
    assert rows.tolist() == list(range(6))
    assert isinstance(pool.extras(rows, CODES), ClassMeans)
    some = pool.extras(np.array([0, 5]), CODES)
    assert isinstance(some, Constants)
    np.testing.assert_allclose(some.embed(Z[:2] + 1.0, Z[:0]), MEANS)


def test_one_proxy_begins_at_the_mean_of_its_class():
    start = ProxyPool().start(lambda: Z, CODES, np.random.default_rng(0))
    np.testing.assert_allclose(start, MEANS)


def test_several_proxies_begin_at_rows_of_their_class():
    pool = ProxyPool(3)
    start = pool.start(lambda: Z, CODES, np.random.default_rng(0))
    codes = pool.extras(np.arange(6), CODES).codes
    assert codes.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    for proxy, code in zip(start, codes, strict=True):
        assert any((proxy == row).all() for row in Z[code == CODES])
    assert len(np.unique(start[3:6], axis=0)) == 3


def test_set_pools_hide_the_rows_and_several_pools_are_mined_one_by_one():
    pools = begun(CombinedPool([BatchPool(), CenterPool(), ProxyPool(2)]))
    extras = pools.extras(np.array([1, 4]), CODES)
    views = pools.views(2, extras)
    assert [seen.tolist() for _, seen in views] == [[0, 1], [2, 3, 4], [5, 6, 7, 8, 9, 10]]
    assert [pool for pool, _ in views] == pools.pools
    alone = begun(CenterPool())
    ((_, seen),) = alone.views(6, alone.extras(np.arange(6), CODES))
    assert seen.tolist() == [6, 7, 8]


def test_the_pool_of_rows_says_who_is_mined_together():
    assert CombinedPool([CenterPool(), BatchPool()]).mined_each_step
    assert not CombinedPool([ProxyPool(), DatasetPool()]).mined_each_step


@pytest.mark.parametrize(
    ("pools", "message"),
    [
        ([BatchPool(), DatasetPool()], "take one: got BatchPool"),
        ([ProxyPool(), ProxyPool(2)], "of pools with proxies, take one"),
        ([], "must not be empty"),
    ],
)
def test_pools_that_do_not_go_together(pools, message):
    with pytest.raises(ValueError, match=message):
        CombinedPool(pools).check_parameters()


@pytest.mark.jit
def test_every_anchor_has_its_own_center_as_positive_and_others_as_negatives(digits):
    X, y = digits
    seen = []

    def all_centers(Z, y, positives, pool, pool_y, random_state):
        offered = np.flatnonzero(pool_y >= 0)
        seen.append((len(offered), positives, pool_y[positives[:, 0]], y))
        return np.array([offered[pool_y[offered] != label] for label in y])

    HardNegativeMetricLearner(pool="centers", negative_miner=all_centers).fit(X, y)
    n_offered, positives, classes, own = seen[0]
    assert n_offered == len(np.unique(y))
    assert positives.shape == (len(X), 1)
    np.testing.assert_array_equal(classes, own)


@pytest.mark.jit
def test_proxies_have_a_learning_rate_of_their_own(digits):
    slow, fast = (
        HardNegativeMetricLearner(
            pool=ProxyPool(learning_rate=rate), negative_miner="all", max_iter=5, random_state=0
        ).fit(*digits)
        for rate in (1e-6, 0.3)
    )
    assert fast.loss_curve_[-1] < 0.5 * slow.loss_curve_[-1]
