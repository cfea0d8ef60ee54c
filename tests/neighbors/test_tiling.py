from itertools import combinations_with_replacement

import numpy as np
import pytest

from skhnm.neighbors._tiling import (
    ROW_TILE,
    column_tiles,
    column_width,
    may_select,
    meeting,
    n_meetings,
    row_tiles,
)


def meetings(n):
    """All meetings but those of whoever rests."""
    pairs = [meeting(number, n) for number in range(n_meetings(n))]
    return [(i, j) for i, j in pairs if j < n]


@pytest.mark.parametrize("n", [0, 1, 2, 5, 8])
def test_everybody_meets_everybody_once(n):
    assert sorted(meetings(n)) == list(combinations_with_replacement(range(n), 2))


@pytest.mark.parametrize("n", [6, 7])
def test_nobody_meets_two_at_a_time(n):
    pairs = meetings(n)[n:]
    tables = n // 2
    for day in range(0, len(pairs), tables):
        players = [player for pair in pairs[day : day + tables] for player in pair]
        assert len(set(players)) == len(players)


@pytest.mark.parametrize("n", [0, 1, 63, 1000, 4096, 100_000])
def test_row_tiles_cover_all_rows_and_are_not_too_high(n):
    tiles = row_tiles(n)
    assert [i for tile in tiles for i in range(tile.start, tile.stop)] == list(range(n))
    assert all(tile.stop - tile.start <= ROW_TILE for tile in tiles)


def test_column_tiles_cover_what_any_row_may_select():
    allowed = np.array([[0, 3, 0, 0], [2, 5, 2000, 2001], [0, 0, 0, 0]])
    columns = [i for tile in column_tiles(allowed, 2) for i in range(tile.start, tile.stop)]
    assert columns == [0, 1, 2, 3, 4, 2000]


@pytest.mark.parametrize(("columns", "expected"), [((0, 2), True), ((2, 4), False), ((3, 5), True)])
def test_a_tile_matters_if_one_of_its_rows_may_select(columns, expected):
    allowed = np.array([[0, 2, 4, 9], [1, 1, 3, 3]])
    assert may_select(allowed, slice(*columns)) == expected


def test_tiles_are_narrower_where_there_are_few_columns():
    assert [column_width(n) for n in (1, 4096, 10**6)] == [256, 341, 768]
