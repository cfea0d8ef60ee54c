import numpy as np
import pytest

from skhnm.kernels._copies import mark_copies, within_limit
from tests import naive

EPS = 2.0**-10  # as if rows had been rounded coarsely, so that both ends of the limit are met


def rows(n, seed):
    """Rows of three sizes, many of them copies or nearly copies of each other."""
    random = np.random.default_rng(seed)
    few = np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0], [1e3, 1e3, 0.0], [0.0, 0.0, 0.0]])
    chosen = few[random.integers(0, 4, n)]
    return chosen * (1.0 + random.choice([0.0, 1.0, 3.0, 5.0], (n, 3)) * EPS)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("width", [3, 2])
def test_copies_of_the_query_and_of_its_positives_are_marked_as_naive_does(dtype, width):
    random = np.random.default_rng(0)
    Z, pool = rows(40, 1).astype(dtype), rows(60, 2).astype(dtype)
    listed = random.integers(-1, 60, (40, 7))
    counts = random.integers(0, 4, 40)
    first = np.append(0, np.cumsum(counts))
    positives = random.integers(0, 60, first[-1])
    squares = [(a[:, :width].astype(float) ** 2).sum(axis=1) for a in (Z, pool)]
    marks = np.empty(listed.shape, dtype=bool)
    for begin, end in ((0, 11), (11, 40)):
        mark_copies(
            Z, squares[0], pool, squares[1], width, listed, first, positives, 8.0 * EPS,
            begin, end, marks,
        )  # fmt: skip
    for q in range(40):
        originals = [Z[q], *pool[positives[first[q] : first[q + 1]]]]
        expected = [
            j >= 0 and any(naive.is_copy(a[:width], pool[j, :width], EPS) for a in originals)
            for j in listed[q]
        ]
        assert marks[q].tolist() == expected
    assert 0 < marks.sum() < (listed >= 0).sum()


@pytest.mark.parametrize(("limit", "expected"), [(25.0, True), (24.9, False), (9.0, False)])
def test_the_limit_belongs_to_the_copies(limit, expected):
    U, V = np.array([[0.0, 0.0, 7.0]]), np.array([[3.0, 4.0, 0.0]])
    assert within_limit(U, 0, V, 0, 2, limit) == expected
