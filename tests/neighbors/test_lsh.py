import numpy as np
import pytest

from skhnm.neighbors import ExactIndex, LSHIndex
from skhnm.testing import index_checks

pytestmark = pytest.mark.jit


@pytest.mark.parametrize(
    "check", index_checks(LSHIndex(), recall=0.95), ids=lambda c: c.func.__name__
)
def test_keeps_the_contract_of_an_index(check):
    check()


def wide():
    random = np.random.default_rng(0)
    codes = np.arange(1500) % 30
    return random.normal(size=(1500, 10)) @ random.normal(size=(10, 200)) + 5.0, codes


def recall(index, side="any"):
    pool, codes = wide()
    asked = {"side": side, "own": np.arange(len(pool))}
    found, _ = index.fit(pool, codes).nearest(pool, codes, 3, **asked)
    exact, _ = ExactIndex().fit(pool, codes).nearest(pool, codes, 3, **asked)
    return np.mean([np.isin(a, b).mean() for a, b in zip(exact, found, strict=True)])


def test_more_bits_and_more_candidates_find_more():
    few = recall(LSHIndex(n_bits=16, n_candidates=30))
    assert few < recall(LSHIndex(n_bits=256, n_candidates=30))
    assert few < recall(LSHIndex(n_bits=16, n_candidates=300))
    assert recall(LSHIndex()) > 0.95
    assert recall(LSHIndex(), "other") > 0.95


def test_the_seed_draws_the_hyperplanes():
    pool, codes = wide()
    one, same, other = (
        LSHIndex(n_bits=16, n_candidates=30, random_state=seed).fit(pool, codes)
        for seed in (1, 1, 2)
    )
    answers = [index.nearest(pool, codes, 3)[0] for index in (one, same, other)]
    np.testing.assert_array_equal(answers[0], answers[1])
    assert (answers[0] != answers[2]).any()


@pytest.mark.parametrize("name", ["n_bits", "n_candidates"])
def test_parameters_are_checked(name):
    with pytest.raises(ValueError, match=f"{name} must be an integer >= 1"):
        LSHIndex(**{name: 0}).fit([[0.0]], [0])
