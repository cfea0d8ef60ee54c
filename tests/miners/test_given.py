"""Negatives and positives chosen beforehand, in the row numbers of the user's X."""

import numpy as np
import pytest

from skhnm import HardNegativeMetricLearner, mine_hard_negatives
from skhnm.miners import GivenMiner, GivenPositives, HardestMiner
from tests import cases

X, y = cases.uneven(m=4)


def chosen(k=3):
    return mine_hard_negatives(X, labels=y, n_negatives=k, metric="euclidean").indices


class Spy(GivenMiner):
    """Notes down, in the user's rows, what it gave."""

    def select(self, candidates):
        tuples = super().select(candidates)
        rows = np.append(candidates.pool_rows, -1)
        found = zip(candidates.rows[tuples.anchors], rows[tuples.negatives], strict=True)
        SEEN.update({int(a): set(n.tolist()) - {-1} for a, n in found})
        return tuples


SEEN: dict[int, set[int]] = {}


@pytest.fixture(autouse=True)
def _forget():
    SEEN.clear()


def test_a_fit_learns_from_the_rows_of_x_that_were_given():
    given = chosen()
    HardNegativeMetricLearner(negative_miner=Spy(given), max_iter=2).fit(X, y)
    with_mate = [i for i in range(len(y)) if (y == y[i]).sum() > 1]
    assert sorted(SEEN) == with_mate
    assert {i: set(given[i].tolist()) for i in with_mate} == SEEN


def test_repeated_rows_join_their_lists():
    doubled, labels = np.concatenate([X, X]), np.concatenate([y, y])
    given = np.full((50, 1), -1)
    others = [int(np.flatnonzero(y != y[i])[0]) for i in range(25)]
    more = [int(np.flatnonzero(y != y[i])[-1]) for i in range(25)]
    given[:25, 0], given[25:, 0] = others, np.array(more) + 25
    HardNegativeMetricLearner(negative_miner=Spy(given), max_iter=2).fit(doubled, labels)
    assert all(seen == {others[i % 25], more[i % 25]} for i, seen in SEEN.items())


def test_rows_without_weight_or_label_are_left_out():
    labels = y.copy()
    labels[3] = -1
    weights = (np.arange(25) != 4).astype(float)
    given = np.where(np.isin(chosen(), [3, 4]), -1, chosen())
    given[:, 0] = np.where(given[:, 0] < 0, 3, given[:, 0])
    learner = HardNegativeMetricLearner(negative_miner=Spy(given), unlabelled=-1, max_iter=2)
    learner.fit(X, labels, sample_weight=weights)
    assert not {3, 4} & set(SEEN)
    assert not {3, 4} & set().union(*SEEN.values())


def test_batches_give_what_is_in_them():
    given = chosen()
    learner = HardNegativeMetricLearner(
        negative_miner=Spy(given), pool="batch", batch_size=12, max_iter=3, random_state=0
    )
    learner.fit(X, y)
    assert all(seen <= set(given[i].tolist()) for i, seen in SEEN.items())


def test_given_as_mined_is_mined():
    given = HardestMiner(2).mine(X, y, positives="nearest")
    negatives = np.full((25, 2), -1)
    negatives[given.anchors] = given.negatives
    again = GivenMiner(negatives).mine(X, y, positives="nearest")
    assert cases.as_lists(again) == [(a, p, sorted(n)) for a, p, n in cases.as_lists(given)]


def test_positives_are_drawn_near():
    positives = np.array([[int(np.flatnonzero((y == y[i]) & (np.arange(25) != i))[0])]
                          if (y == y[i]).sum() > 1 else [-1] for i in range(25)])  # fmt: skip
    learner = HardNegativeMetricLearner(positive_miner=GivenPositives(positives))
    assert np.isfinite(learner.fit(X, y).components_).all()
    assert np.array_equal(GivenPositives(positives).mine(X, y), positives)


@pytest.mark.parametrize(
    ("negatives", "message"),
    [
        (np.zeros((24, 1), int), "negatives has 24 rows, but X has 25: one for each"),
        (np.full((25, 1), 25), "negatives of row 0 hold 25, but X has the rows 0 to 24"),
        (np.full((25, 1), -2), "negatives of row 0 hold -2"),
        (np.arange(25)[:, None], "hold row .* must be rows of another class, by the labels"),
        (np.zeros((25, 1)), "integer row indices"),
        (np.zeros(25, int), r"shape \(25, k\)"),
    ],
)
def test_what_cannot_be_negatives(negatives, message):
    with pytest.raises(ValueError, match=message):
        HardNegativeMetricLearner(negative_miner=GivenMiner(negatives)).fit(X, y)


def test_what_cannot_be_positives():
    itself = np.arange(25)[:, None]
    with pytest.raises(ValueError, match="must be other rows of its class"):
        HardNegativeMetricLearner(positive_miner=GivenPositives(itself)).fit(X, y)
