import numpy as np
import pytest

from skhnm.pools import BatchPool

SIZES = [13, 40, 9, 3, 1, 22]
CODES = np.random.default_rng(0).permutation(np.repeat(np.arange(6), SIZES))


def batches(codes=CODES, batch_size=16, rows_per_class=4, seed=0, epochs=1):
    pool, random = BatchPool(rows_per_class), np.random.default_rng(seed)
    pool.reset()
    return [b for _ in range(epochs) for b in pool.draws(codes, batch_size, random)]


def test_an_epoch_has_as_many_batches_as_the_rows_fill():
    assert len(batches()) == 6  # 88 rows
    assert len(batches(batch_size=1000)) == 1


@pytest.mark.parametrize(("batch_size", "rows_per_class"), [(16, 4), (12, 3), (8, 2), (20, 9)])
def test_a_batch_is_filled_by_classes_of_k_different_rows_and_small_classes_give_all(
    batch_size, rows_per_class
):
    for rows in batches(batch_size=batch_size, rows_per_class=rows_per_class):
        assert len(set(rows)) == len(rows)
        assert batch_size - rows_per_class < len(rows) <= batch_size
        classes, counts = np.unique(CODES[rows], return_counts=True)
        for c, count in zip(classes, counts, strict=True):
            assert count == min(rows_per_class, SIZES[c])


def test_many_small_classes_fill_a_batch_as_well():
    codes = np.repeat(np.arange(500), 2)
    assert [len(rows) for rows in batches(codes, batch_size=64, rows_per_class=8)] == [64] * 16


def test_there_are_at_least_two_classes_in_a_batch():
    for rows in batches(batch_size=8, rows_per_class=8):
        assert len(np.unique(CODES[rows])) >= 2


def test_where_classes_are_few_each_gives_more_rows():
    codes = np.repeat([0, 1, 2], 20)
    for rows in batches(codes, batch_size=30, rows_per_class=2):
        assert np.bincount(codes[rows]).tolist() == [10, 10, 10]


def test_a_batch_as_large_as_the_data_holds_every_row_once():
    for rows in batches(batch_size=1000, epochs=3):
        assert sorted(rows) == list(range(len(CODES)))


def epoch(seed=0):
    """Enough batches in one epoch that every class comes round several times."""
    codes = np.repeat(np.arange(5), [40, 41, 13, 7, 4])
    return codes, batches(codes, batch_size=6, rows_per_class=3, seed=seed)


@pytest.mark.parametrize("seed", range(5))
def test_all_rows_of_a_class_come_once_before_one_comes_again(seed):
    codes, drawn = epoch(seed)
    for c, size in enumerate(np.bincount(codes)):
        dealt = [row for rows in drawn for row in rows if codes[row] == c]
        for start in range(0, len(dealt), size):
            hand = dealt[start : start + size]
            assert len(set(hand)) == len(hand)


@pytest.mark.parametrize("seed", range(5))
def test_all_classes_come_once_before_one_comes_again(seed):
    codes, drawn = epoch(seed)
    dealt = [c for rows in drawn for c in dict.fromkeys(codes[rows].tolist())]
    for start in range(0, len(dealt), 5):
        hand = dealt[start : start + 5]
        assert len(set(hand)) == len(hand)


def test_rows_are_reproducible_for_a_seed_and_shuffled_anew_in_each_epoch():
    first, again, other = (np.concatenate(batches(seed=s)) for s in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert len(first) != len(other) or (first != other).any()
    two = batches(epochs=2)
    assert any(
        (a.shape != b.shape) or (a != b).any() for a, b in zip(two[:6], two[6:], strict=True)
    )


@pytest.mark.parametrize(("k", "error"), [(1, ValueError), (2.0, TypeError), (None, TypeError)])
def test_a_class_gives_at_least_two_rows(k, error):
    BatchPool(2).check_parameters()
    with pytest.raises(error, match="rows_per_class must be an integer >= 2"):
        BatchPool(k).check_parameters()


def test_an_epoch_goes_on_through_a_class_where_the_last_one_stopped():
    codes = np.repeat(np.arange(101), [1000, *[20] * 100])
    large = np.concatenate(batches(codes, 64, 8, epochs=60))
    large = large[codes[large] == 0]
    assert len(large) > 1000
    assert len(set(large[:1000])) == 1000  # every row's turn comes before any comes again


def test_a_fit_begins_anew_and_so_do_other_rows():
    pool = BatchPool(4)

    def epoch(codes):
        return np.concatenate(list(pool.draws(codes, 16, np.random.default_rng(0))))

    first, second = epoch(CODES), epoch(CODES)
    assert not np.array_equal(first, second)
    pool.reset()
    np.testing.assert_array_equal(first, epoch(CODES))
    assert sorted(epoch(CODES[:30])) != sorted(first)
