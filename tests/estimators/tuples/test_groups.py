"""Groups as pairs, and pairs as groups where somebody asks for the closure."""

import numpy as np
import pytest

from skhnm.estimators import groups_of_pairs, pairs_of_groups


def test_every_pair_of_a_group_once():
    random = np.random.default_rng(0)
    groups = random.integers(-1, 6, 40)
    pairs = pairs_of_groups(groups)
    expected = {(a, b) for a in range(40) for b in range(a + 1, 40) if groups[a] == groups[b] != -1}
    assert len(pairs) == len(expected)
    assert {tuple(sorted(pair)) for pair in pairs.tolist()} == expected


def test_of_many_a_sample():
    groups = np.repeat([0, 1], 200)
    pairs = pairs_of_groups(groups, max_pairs=500, random_state=0)
    assert len(pairs) == len(np.unique(np.sort(pairs, axis=1), axis=0)) == 500
    assert (groups[pairs[:, 0]] == groups[pairs[:, 1]]).all()
    assert np.array_equal(pairs, pairs_of_groups(groups, max_pairs=500, random_state=0))


def test_no_groups_have_no_pairs():
    assert pairs_of_groups([-1, -1, 3]).shape == (0, 2)
    assert pairs_of_groups(["x", None, "x"], ungrouped="x").shape == (0, 2)


def test_the_closure_joins_whoever_is_connected():
    groups = groups_of_pairs([[0, 1], [1, 2], [5, 4], [2, 6]], 8)
    assert groups.tolist() == [0, 0, 0, -1, 1, 1, 0, -1]
    assert groups_of_pairs(np.empty((0, 2), int), 3).tolist() == [-1, -1, -1]


def test_closure_of_a_groups_pairs_is_the_groups():
    groups = np.array([0, 1, 0, -1, 2, 2, 1, 0])
    assert np.array_equal(groups_of_pairs(pairs_of_groups(groups), 8), groups)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([[0, 3]], "must hold rows 0 to 2"),
        ([[0, -1]], "must hold rows 0 to 2"),
        ([0, 1], r"shape \(t, 2\)"),
        ([[0.5, 1]], "whole numbers"),
    ],
)
def test_what_is_no_pair_of_rows(pairs, message):
    with pytest.raises(ValueError, match=message):
        groups_of_pairs(pairs, 3)
