import numpy as np
import pytest

from skhnm import HardNegativeMetricLearner, Tuples
from skhnm.miners import Candidates, HardestMiner
from skhnm.neighbors import GraphIndex
from skhnm.pools import DatasetPool
from tests import cases

ROWS = np.arange(10)


def minings(*parts, keep=True):
    """What a pool makes of one mining after the other, as lists; negatives are sorted."""
    pool = DatasetPool(keep)
    pool.reset()
    return [cases.as_lists(pool.remember(ROWS, Tuples(*part))) for part in parts]


def test_every_row_is_a_candidate_of_every_other():
    (rows,) = DatasetPool().draws(np.array([0, 1, 0]), 2, np.random.default_rng(0))
    assert rows.tolist() == [0, 1, 2]


def test_the_first_mining_stays_as_it_is():
    assert minings(([0, 2], [[1], [3]], [[9, 4], [7, -1]])) == [[(0, [1], [9, 4]), (2, [3], [7])]]


def test_negatives_of_an_anchor_are_kept_without_duplicates():
    found = minings(
        ([0, 2, 5], [[1, 6], [3, -1], [6, 1]], [[9, 4], [7, -1], [8, -1]]),
        ([0, 2], [[6, 1], [3, 8]], [[4, 5], [7, -1]]),
        ([0, 5], [[1, 6], [6, 1]], [[3, -1], [2, 4]]),
    )
    assert found[1] == [(0, [6, 1], [4, 5, 9]), (2, [3, 8], [7]), (5, [6, 1], [8])]
    assert found[2] == [(0, [1, 6], [3, 4, 5, 9]), (5, [6, 1], [2, 4, 8]), (2, [3, 8], [7])]


def test_the_positives_and_weights_are_those_of_the_new_mining():
    pool = DatasetPool()
    pool.reset()
    pool.remember(ROWS, Tuples([0], [[1]], [[5]], [7.0]))
    tuples = pool.remember(ROWS, Tuples([0], [[2]], [[6]], [3.0]))
    assert tuples.positives.tolist() == [[2]]
    assert tuples.weights.tolist() == [3.0]


def test_negatives_of_a_pair_are_kept_with_that_pair():
    found = minings(
        ([0, 0, 2], [[1], [3], [1]], [[9, 4], [7, -1], [8, -1]]),
        ([2, 0, 0], [[3], [3], [1]], [[6], [5], [4]]),
    )
    assert found[1] == [(2, [3], [6]), (0, [3], [5, 7]), (0, [1], [4, 9]), (2, [1], [8])]


def test_pairs_are_known_as_pairs_where_each_anchor_is_left_with_one():
    found = minings(
        ([0, 0, 2], [[1], [3], [1]], [[9], [7], [8]]),
        ([0, 2], [[3], [1]], [[5], [6]]),
    )
    assert found[1] == [(0, [3], [5, 7]), (2, [1], [6, 8]), (0, [1], [9])]


def test_an_anchor_that_is_new_has_only_new_negatives_and_one_not_found_again_stays():
    found = minings(([0], [[1]], [[9]]), ([1], [[0]], [[8]]))
    assert found[1] == [(1, [0], [8]), (0, [1], [9])]


def test_a_mining_of_nothing_forgets_nothing():
    nothing = ([], np.empty((0, 1)), np.empty((0, 1)))
    found = minings(nothing, ([0], [[1]], [[9]]), nothing, ([0], [[1]], [[8]]))
    assert [len(tuples) for tuples in found] == [0, 1, 1, 1]


def test_what_was_mined_is_not_changed():
    first, second = Tuples([0], [[1]], [[9, 4]]), Tuples([0], [[1]], [[5, 4]])
    pool = DatasetPool()
    pool.reset()
    pool.remember(ROWS, first)
    pool.remember(ROWS, second)
    assert first.negatives.tolist() == [[9, 4]]
    assert second.negatives.tolist() == [[5, 4]]


@pytest.mark.parametrize("keep", [False, True])
def test_negatives_are_forgotten_without_keep_and_at_a_reset(keep):
    pool = DatasetPool(keep)
    for _ in range(2):
        pool.reset()
        assert cases.as_lists(pool.remember(ROWS, Tuples([0], [[1]], [[9]]))) == [(0, [1], [9])]
        again = pool.remember(ROWS, Tuples([0], [[1]], [[5]]))
        assert cases.as_lists(again) == [(0, [1], [5, 9] if keep else [5])]


def test_negatives_found_before_are_hints_for_the_next_mining():
    pool = DatasetPool()
    pool.reset()
    assert pool.hints(ROWS) is None
    pool.remember(ROWS, Tuples([0, 2], [[1], [3]], [[9, 4], [7, -1]]))
    hints = pool.hints(np.array([2, 7, 0, 4, 3, 1]))
    assert hints.tolist() == [[1], [-1], [3], [-1], [-1], [-1]]


def candidates():
    Z, y = cases.uneven()
    rows = np.arange(len(Z))
    c = Candidates(Z, y, Z, y, rows, np.random.default_rng(0), needs_positive=False)
    c.positives = c.every("own")
    return c


def test_with_the_exact_index_miners_ask_about_all_candidates():
    c = candidates()
    assert DatasetPool().narrowed(c) is c


def test_another_index_lists_whom_miners_may_choose():
    c = candidates()
    c.hints = c.nearest(2)[0]
    narrowed = DatasetPool(index="tree", n_candidates=4).narrowed(c)
    assert narrowed.listed.shape == (25, 4)
    found = HardestMiner(3).select(narrowed)
    np.testing.assert_array_equal(found.negatives, c.nearest(3)[0])
    assert all(
        set(row) <= set(near) for row, near in zip(narrowed.sample(2), c.nearest(4)[0], strict=True)
    )


@pytest.mark.jit
@pytest.mark.parametrize("index", ["tree", "lsh", "graph", GraphIndex(ef_search=30)], ids=str)
def test_a_learner_mines_with_any_index(index):
    Z, y = cases.uneven(m=4)
    pool = DatasetPool(index=index)
    fitted = HardNegativeMetricLearner(pool=pool).fit(Z, y)
    exact = HardNegativeMetricLearner().fit(Z, y)
    np.testing.assert_allclose(fitted.components_, exact.components_, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [({"index": "trees"}, "Did you mean 'tree'"), ({"n_candidates": 0}, "n_candidates must be")],
)
def test_parameters_of_the_index_are_checked(parameters, message):
    with pytest.raises(ValueError, match=message):
        HardNegativeMetricLearner(pool=DatasetPool(**parameters)).fit(*cases.uneven())
