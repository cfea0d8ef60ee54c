import numpy as np
import pytest

from skhnm.neighbors import ExactIndex, TreeIndex
from skhnm.testing import index_checks
from tests import cases

pytestmark = pytest.mark.jit


@pytest.mark.parametrize("check", index_checks(TreeIndex()), ids=lambda c: c.func.__name__)
def test_keeps_the_contract_of_an_exact_index(check):
    check()


@pytest.mark.parametrize("case", cases.CASES)
@pytest.mark.parametrize("k", [1, 4, 100])
@pytest.mark.parametrize("side", ["own", "other", "any"])
def test_finds_what_the_exact_index_finds(case, k, side):
    pool, codes = cases.CASES[case]
    asked = {"side": side, "own": np.arange(len(pool))}
    found = TreeIndex(leaf_size=2).fit(pool, codes).nearest(pool, codes, k, **asked)
    exact = ExactIndex().fit(pool, codes).nearest(pool, codes, k, **asked)
    np.testing.assert_array_equal(found[0], exact[0])
    np.testing.assert_array_equal(found[1], exact[1])


def test_a_leaf_holds_at_least_one_row():
    with pytest.raises(ValueError, match="leaf_size must be an integer >= 1"):
        TreeIndex(leaf_size=0).fit([[0.0]], [0])
