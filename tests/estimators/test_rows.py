"""Which rows of X a function sees as a miner in a fit, whatever becomes of them before."""

import pickle

import numpy as np
import pytest

from skhnm import HardNegativeMetricLearner, MLPMetricLearner, mine_hard_negatives
from skhnm.miners import AdaptiveMiner, FilteredMiner, OHEMMiner
from skhnm.pools import BatchPool, DatasetPool, MemoryPool, ProxyPool


def mixed(n=72):
    """Rows in no order; some repeated in their class or in another, unlabelled or weightless."""
    random = np.random.default_rng(0)
    X, y = random.normal(size=(n, 3)), random.permutation(np.arange(n) % 3)
    X[50:60], y[50:60] = X[:10], y[:10]
    X[60:65], y[60:65] = X[10:15], (y[10:15] + 1) % 3
    y[[3, 20, 33, 61]] = -1
    weights = np.ones(n)
    weights[[0, 7, 25, 44, 57]] = 0.0
    return X, y, weights


X, Y, WEIGHTS = mixed()
USED = [i for i in range(len(X)) if Y[i] >= 0 and WEIGHTS[i] > 0]
FIRSTS = [
    i for i in USED
    if not any(Y[i] == Y[j] and (X[i] == X[j]).all() for j in USED if j < i)
]  # fmt: skip
"""Of each row that is used, and of its copies, the first."""


class Witness:
    """Functions as miners that compare what they see with the rows that they are told.

    The embedding must stay at a multiple of the identity, as `learner_with` sees to.
    """

    def __init__(self):
        self.anchors, self.pool = [], []

    @property
    def seen(self):
        return {int(row) for rows in self.anchors + self.pool for row in rows} - {-1}

    def look(self, Z, y, pool, pool_y, rows, pool_rows):
        for points, codes, numbers in ((Z, y, rows), (pool, pool_y, pool_rows)):
            assert numbers.shape == codes.shape
            assert numbers.dtype == np.intp
            known = np.flatnonzero(numbers >= 0)
            assert codes[known].tolist() == Y[numbers[known]].tolist()
            assert len(set(numbers[known])) == len(known)
            if len(known):
                found, given = points[known], X[numbers[known]]
                found, given = found - found[0], given - given[0]
                scale = np.linalg.norm(found) / (np.linalg.norm(given) or 1.0)
                np.testing.assert_allclose(found, scale * given, atol=1e-5 * scale)
        self.anchors.append(rows)
        self.pool.append(pool_rows)

    def negatives(self, Z, y, positives, pool, pool_y, random_state, rows, pool_rows):
        self.look(Z, y, pool, pool_y, rows, pool_rows)
        allowed = (y[:, None] != pool_y) & (pool_y >= 0)
        return np.where(allowed.any(axis=1), allowed.argmax(axis=1), -1)[:, None]

    def positives(self, Z, y, pool, pool_y, random_state, *, rows, pool_rows):
        self.look(Z, y, pool, pool_y, rows, pool_rows)
        return np.full((len(Z), 1), -1)


def learner_with(negative_miner, **parameters):
    """A learner whose embedding stays where it starts."""
    parameters = {"positive_miner": "all", "loss": "triplet", **parameters}
    return HardNegativeMetricLearner(
        negative_miner=negative_miner, init="identity", solver="adam", learning_rate=1e-9,
        alpha=0.0, max_iter=4, refresh_every=1, batch_size=24, unlabelled=-1, random_state=0,
        **parameters,
    )  # fmt: skip


def fit(negative_miner, **parameters):
    return learner_with(negative_miner, **parameters).fit(X, Y, sample_weight=WEIGHTS)


# A fit.


def test_every_row_that_is_used_is_seen_and_told_by_its_number_of_repeated_ones_the_first():
    witness = Witness()
    fit(witness.negatives)
    for rows in witness.anchors + witness.pool:
        assert sorted(rows) == FIRSTS


def test_rows_that_early_stopping_holds_out_are_not_seen():
    witness = Witness()
    fit(witness.negatives, early_stopping=True, validation_fraction=0.3)
    assert witness.seen < set(FIRSTS)
    assert len(witness.seen) < 0.8 * len(FIRSTS)


@pytest.mark.parametrize(
    "pool",
    [
        DatasetPool(rows_per_class=5), DatasetPool(index="tree", n_candidates=9), "batch",
        BatchPool(3), MemoryPool(40), MemoryPool(11, warm_up=0), ("batch", "centers"),
        ("dataset", "proxies"), (MemoryPool(40), ProxyPool(2)),
    ],
    ids=str,
)  # fmt: skip
def test_each_pool_tells_the_rows_that_it_hands_out(pool):
    witness = Witness()
    fit(witness.negatives, pool=pool)
    assert len(witness.anchors) >= 4
    assert witness.seen <= set(FIRSTS)


def test_of_rows_that_are_remembered_the_numbers_are_too():
    witness = Witness()
    fit(witness.negatives, pool=MemoryPool(40, warm_up=0))
    for anchors, pool in list(zip(witness.anchors, witness.pool, strict=True))[1:]:
        assert set(anchors) < set(pool) - {-1}


@pytest.mark.parametrize("pool", ["centers", "proxies", ProxyPool(2)], ids=str)
def test_points_that_stand_for_a_class_are_no_rows(pool):
    witness = Witness()
    fit(witness.negatives, pool=pool)
    assert {int(row) for rows in witness.pool for row in rows} == {-1}
    assert {int(row) for rows in witness.anchors for row in rows} == set(FIRSTS)


def test_where_proxies_are_the_anchors_rows_are_the_pool():
    told = []

    def negatives(Z, y, positives, pool, pool_y, random_state, rows, pool_rows):
        told.append((rows, pool_rows))
        known = pool_rows >= 0
        assert pool_y[known].tolist() == Y[pool_rows[known]].tolist()
        return ((y[:, None] != pool_y) & (pool_y >= 0)).argmax(axis=1)[:, None]

    fit(negatives, pool="proxies", loss="proxy_anchor")
    assert {int(row) for rows, _ in told for row in rows} == {-1}
    assert {int(row) for _, rows in told for row in rows} == {-1, *FIRSTS}


def test_a_positive_miner_is_told_when_the_start_is_scaled_and_in_every_round():
    witness = Witness()
    with pytest.warns(UserWarning, match="No tuple was mined"):
        fit("hardest", positive_miner=witness.positives)
    assert len(witness.pool) == 2
    for rows in witness.anchors + witness.pool:
        assert sorted(rows) == FIRSTS


@pytest.mark.parametrize(
    "around",
    [
        lambda f: FilteredMiner(f, min_rank=2),
        lambda f: OHEMMiner(0.5, miner=f),
        lambda f: OHEMMiner(miner=FilteredMiner(f)),
        lambda f: AdaptiveMiner([f, "hardest"]),
    ],
)
@pytest.mark.parametrize("pool", ["dataset", "batch"])
def test_miners_around_a_function_pass_its_rows_on(around, pool):
    told = set()

    def negatives(Z, y, positives, pool, pool_y, random_state, rows, pool_rows):
        assert pool_y.tolist() == Y[pool_rows].tolist()
        told.update(rows.tolist())
        return (y[:, None] != pool_y).argmax(axis=1)[:, None]

    fit(around(negatives), pool=pool)
    assert told <= set(FIRSTS)
    assert len(told) > len(FIRSTS) / 3


# What it is for.


@pytest.mark.parametrize(
    "learner",
    [
        HardNegativeMetricLearner(max_iter=20),
        HardNegativeMetricLearner(pool="batch", batch_size=24, max_iter=5, random_state=0),
        MLPMetricLearner(batch_size=24, max_iter=3, random_state=0),
    ],
    ids=str,
)
def test_negatives_that_were_mined_beforehand_teach_the_same_in_whatever_order_rows_come(learner):
    def fitted(order):
        rows, y = X[order], Y[order]
        mined = mine_hard_negatives(rows, labels=y, n_negatives=4).indices

        def before(Z, y, positives, pool, pool_y, random_state, rows, pool_rows):
            place = np.full(len(mined) + 1, -1)
            place[pool_rows] = np.arange(len(pool_rows))
            place[-1] = -1
            return place[mined[rows]]

        return learner.set_params(negative_miner=before).fit(rows, y)

    one, other = fitted(FIRSTS), fitted(np.random.default_rng(1).permutation(FIRSTS))
    np.testing.assert_allclose(one.transform(X), other.transform(X), rtol=1e-6, atol=1e-9)
    assert one.mining_curve_[0]["n_tuples"] > 10


@pytest.mark.parametrize(
    "rows",
    [
        mine_hard_negatives(X, labels=Y, unlabelled=-1, miner="random", random_state=0).indices,
        mine_hard_negatives(X, labels=Y, unlabelled=-1).indices[FIRSTS],
        np.full((len(FIRSTS), 1), len(X) - 1),
    ],
    ids=["of other anchors", "of another class", "beyond the pool"],
)
def test_rows_of_x_that_cannot_be_right_are_an_error_that_says_why(rows):
    with pytest.raises(ValueError, match=r"sorts them by class, merges .* pool_rows"):
        fit(lambda *arguments: rows)


# A stream.


@pytest.mark.parametrize("pool", ["dataset", "batch", MemoryPool(30, warm_up=0)], ids=str)
def test_rows_of_a_stream_count_on_from_chunk_to_chunk(pool):
    witness = Witness()
    learner = learner_with(witness.negatives, pool=pool)
    for part in (slice(0, 5), slice(5, 30), slice(30, 48), slice(48, 72)):
        learner.partial_fit(X[part], Y[part], sample_weight=WEIGHTS[part])
        assert max(witness.seen, default=0) < part.stop
    assert witness.seen <= set(USED)
    if pool == "dataset":
        assert sorted(witness.pool[-1]) == FIRSTS


def test_a_chunk_that_is_refused_does_not_count():
    witness = Witness()
    learner = learner_with(witness.negatives).partial_fit(X[:40], Y[:40])
    with pytest.raises(ValueError, match="NaN"):
        learner.partial_fit(np.full((3, 3), np.nan), Y[:3])
    learner.partial_fit(X[40:], Y[40:])
    assert max(witness.seen) == len(X) - 1


def test_a_stream_from_before_rows_had_numbers_goes_on_without():
    learner = learner_with("hardest").partial_fit(X[:40], Y[:40])
    for name in ("rows", "n_given"):
        del vars(learner.reservoir_)[name]
    learner = pickle.loads(pickle.dumps(learner))
    witness = Witness()
    learner.set_params(negative_miner=witness.negatives).partial_fit(X[40:], Y[40:])
    assert [set(rows) for rows in witness.anchors + witness.pool] == [{-1}, {-1}]
    assert len(learner.reservoir_.rows) == len(learner.reservoir_.X) > 40
