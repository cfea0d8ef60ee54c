import numpy as np
import pytest

from skhnm import Tuples
from skhnm.pools._members import ClassMeans, Constants, Members, Proxies, Stack, renumber


def test_renumbered_tuples_have_new_rows_and_their_padding_and_weights():
    tuples = Tuples([0, 2], [[1, -1], [0, 1]], [[2], [-1]], [0.5, 2.0])
    found = renumber(tuples, np.array([30, 10, 20]))
    assert found.anchors.tolist() == [30, 20]
    assert found.positives.tolist() == [[10, -1], [30, 10]]
    assert found.negatives.tolist() == [[20], [-1]]
    assert found.weights.tolist() == [0.5, 2.0]


@pytest.mark.parametrize("codes", [[0, 0, 1, 1, 1, 3], [3, 1, 0, 1, 0, 1]])
def test_class_means_lie_at_the_mean_of_their_rows(codes):
    codes, Z = np.array(codes), np.random.default_rng(0).normal(size=(6, 2))
    means = ClassMeans(codes)
    assert means.codes.tolist() == [0, 1, 3]
    expected = [Z[codes == c].mean(axis=0) for c in means.codes]
    np.testing.assert_allclose(means.embed(Z, Z[:0]), expected, rtol=1e-12)
    assert means.embed(Z.astype(np.float32), Z[:0]).dtype == np.float32


def test_a_stack_is_its_parts_one_after_the_other_and_frozen_it_does_not_move():
    random = np.random.default_rng(0)
    Z, proxies, fixed = (random.normal(size=(n, 2)) for n in (4, 3, 2))
    stack = Stack(
        [
            Stack([]),
            ClassMeans(np.array([0, 1, 0, 1])),
            Proxies(np.array([0, 1, 2])),
            Constants(fixed, np.array([5, -1]), np.array([8, 3])),
        ]
    )
    assert stack.codes.tolist() == [0, 1, 0, 1, 2, 5, -1]
    assert stack.rows.tolist() == [-1] * 5 + [8, 3]
    E = stack.embed(Z, proxies)
    means = [(Z[0] + Z[2]) / 2, (Z[1] + Z[3]) / 2]
    np.testing.assert_allclose(E, np.concatenate([means, proxies, fixed]))
    frozen = stack.frozen(E)
    assert frozen.codes.tolist() == stack.codes.tolist()
    moved = frozen.embed(Z[:1] + 9.0, proxies + 1.0)
    np.testing.assert_allclose(moved, np.concatenate([means, proxies + 1.0, fixed]))


def members(rows, n_extras=2):
    random = np.random.default_rng(0)
    codes = np.array([r % 3 for r in rows])
    extras = Constants(random.normal(size=(n_extras, 2)), np.arange(n_extras) + 7)
    X = np.array([[10.0 * r, r] for r in rows])
    return Members(np.array(rows), X, np.concatenate([codes, extras.codes]), extras, extras.E)


def named(members, tuples):
    """Tuples with names of members in place of indices: rows by number, extras by class."""
    names = [*members.rows.tolist(), *(f"extra {c}" for c in members.codes[len(members.rows) :])]
    names.append(None)
    return [
        (names[a], [names[i] for i in p], [names[i] for i in n])
        for a, p, n in zip(tuples.anchors, tuples.positives, tuples.negatives, strict=True)
    ]


def test_restricted_members_are_the_rows_that_are_used_and_all_extras():
    everybody = members([3, 8, 11, 20])
    tuples = Tuples([3, 1], [[1, -1], [3, 3]], [[4, 5], [-1, 1]])
    fewer, local = everybody.restricted(tuples)
    assert fewer.rows.tolist() == [8, 20]
    assert fewer.X.tolist() == [[80.0, 8.0], [200.0, 20.0]]
    assert fewer.codes.tolist() == [2, 2, 7, 8]
    assert named(fewer, local) == named(everybody, tuples)


def test_joined_members_share_rows_and_extras():
    a, b = members([40, 7, 15]), members([7, 99, 40, 3])
    first, second = Tuples([0, 2], [[1], [0]], [[2], [3]]), Tuples([3], [[2, 0]], [[4, -1]])
    joined, tuples = Members.join([(a, first), (b, second)])
    assert joined.rows.tolist() == [3, 7, 15, 40, 99]
    assert joined.X[:, 1].tolist() == [3, 7, 15, 40, 99]
    assert joined.codes.tolist() == [0, 1, 0, 1, 0, 7, 8]
    expected = [(row, [*p, None][:2], [*n, None][:2]) for row, p, n in named(a, first)]
    assert named(joined, tuples) == expected + named(b, second)
