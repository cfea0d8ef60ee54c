import numpy as np
import pytest

from skhnm import HardNegativeMetricLearner
from skhnm.pools import MemoryPool

CODES = np.array([0, 0, 0, 1, 1, 1, 2, 2])
Z = np.arange(16.0).reshape(8, 2)


def after(*batches, size=8, warm_up=0):
    """A pool that has seen some batches."""
    pool = MemoryPool(size, warm_up=warm_up)
    pool.reset()
    pool.begin_round(lambda: Z)
    for rows in batches:
        pool.saw(np.array(rows), CODES, Z[rows])
    return pool


def remembered(pool, batch=()):
    """Rows that the pool offers to a batch, by where they lie."""
    extras = pool.extras(np.array(batch, dtype=int), CODES)
    offered = extras.codes >= 0
    if not offered.any():
        return []
    rows = (extras.embed(Z[:0], Z[:0])[offered, 0] / 2).astype(int)
    assert extras.codes[offered].tolist() == CODES[rows].tolist()
    return sorted(rows.tolist())


def test_what_earlier_batches_held_is_offered_once_each():
    assert remembered(after([0, 3], [6, 4], [3, 1])) == [0, 1, 3, 4, 6]


def test_a_row_in_the_batch_never_meets_its_own_earlier_copy():
    assert remembered(after([0, 3, 6], [4, 7]), batch=[3, 4, 5]) == [0, 6, 7]


def test_a_row_is_remembered_where_it_was_last():
    pool = after([0, 3])
    pool.saw(np.array([3]), CODES, np.array([[10.0, 0.0]]))  # now it lies where row 5 did
    extras = pool.extras(np.array([], dtype=int), CODES)
    assert extras.embed(Z[:0], Z[:0])[extras.codes == 1].tolist() == [[10.0, 0.0]]


def test_the_oldest_make_room():
    assert remembered(after([0, 1], [2, 3], [4], size=4)) == [1, 2, 3, 4]
    assert remembered(after([0, 1], [2, 3], [1, 5], size=4)) == [1, 2, 3, 5]
    assert remembered(after([0, 1, 2, 3, 4, 5], size=4)) == [2, 3, 4, 5]


def test_nothing_is_offered_before_the_warm_up_is_over():
    pool = MemoryPool(warm_up=2)
    pool.reset()
    offered = []
    for _ in range(3):
        pool.begin_round(lambda: Z)
        offered.append(remembered(pool))
        pool.saw(np.arange(8), CODES, Z)
    assert offered == [[], [], list(range(8))]


def test_a_reset_forgets():
    pool = after([0, 1])
    pool.reset()
    pool.begin_round(lambda: Z)
    assert remembered(pool) == []


@pytest.mark.jit
@pytest.mark.parametrize("normalize", [False, True])
def test_more_candidates_are_mined_than_a_batch_holds(digits, normalize):
    X, y = digits
    seen = []

    def nearest(Z, y, positives, pool, pool_y, random_state):
        seen.append((len(Z), int((pool_y >= 0).sum())))
        return np.array([[np.flatnonzero((pool_y >= 0) & (pool_y != label))[0]] for label in y])

    HardNegativeMetricLearner(
        pool="memory", negative_miner=nearest, batch_size=64, max_iter=3,
        normalize=normalize, random_state=0,
    ).fit(X, y)  # fmt: skip
    assert all(pool == batch for batch, pool in seen[:3])
    assert seen[-1][1] > 3 * seen[-1][0]


@pytest.mark.parametrize("parameters", [{"size": 0}, {"warm_up": -1}, {"rows_per_class": 1}])
def test_a_parameter_out_of_its_range_raises(parameters):
    with pytest.raises(ValueError, match="must be an integer >="):
        MemoryPool(**parameters).check_parameters()
