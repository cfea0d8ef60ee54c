import numpy as np

from skhnm.neighbors._padded import (
    compact,
    draw_of_each,
    merge_nearest,
    nearest_first,
    sort_by_index,
    trim,
)

ROWS = np.array([[5, -1, 2], [-1, -1, 7]])


def test_trim_cuts_empty_columns_and_leaves_one():
    assert trim(np.array([[1, -1, -1], [-1, 2, -1]])).shape == (2, 2)
    assert trim(np.array([[-1, -1]])).tolist() == [[-1]]


def test_compact_keeps_the_order_and_sorting_does_not():
    assert compact(ROWS).tolist() == [[5, 2, -1], [7, -1, -1]]
    assert sort_by_index(ROWS).tolist() == [[2, 5, -1], [7, -1, -1]]


def test_nearest_come_first_then_the_lower_index_then_padding():
    rows, distances = np.array([[4, 9, -1, 1]]), np.array([[2.0, 1.0, 0.0, 2.0]])
    found, measured = nearest_first(rows, distances)
    assert found.tolist() == [[9, 1, 4, -1]]
    assert measured[0, :3].tolist() == [1.0, 2.0, 2.0]
    assert nearest_first(rows, distances, 2)[0].tolist() == [[9, 1]]


def test_two_answers_merge_without_taking_a_row_twice():
    one = np.array([[3, 8, -1]]), np.array([[1.0, 4.0, np.nan]])
    other = np.array([[8, 2, 3]]), np.array([[4.0, 2.0, 1.0]])
    rows, distances = merge_nearest(one, other, 3)
    assert rows.tolist() == [[3, 2, 8]]
    assert distances.tolist() == [[1.0, 2.0, 4.0]]
    assert merge_nearest(one, one, 3)[0].tolist() == [[3, 8, -1]]


def test_of_each_class_so_many_rows_are_drawn_or_all_it_has():
    codes = np.array([2, 0, 1, 0, 2, 2])
    drawn = draw_of_each(codes, np.array([1, 5, 2]), np.random.default_rng(0))
    assert codes[drawn].tolist() == [0, 1, 2, 2]
    assert len(set(drawn)) == 4
    assert sorted(draw_of_each(codes, 9, np.random.default_rng(0))) == list(range(6))
