import numpy as np
import pytest
from scipy.stats import chisquare

from skhnm.common import _threads
from skhnm.miners import HardestPositives, NearestPositives, RandomPositives
from skhnm.miners.positives import POSITIVE_MINERS
from skhnm.neighbors import _tiling
from tests import cases, naive

VARIANTS = cases.listed(cases.POSITIVE_MINERS)
every_variant = pytest.mark.parametrize(("name", "miner"), VARIANTS, ids=lambda v: str(v))


def mine(miner, arguments, **options):
    Z, y, pool, pool_y, own = arguments
    separate = {} if (own >= 0).all() and len(pool) == len(Z) else {"pool": pool, "pool_y": pool_y}
    return miner.mine(Z, y, unlabelled=-1, **separate, **options)


def test_every_miner_has_a_naive_twin():
    assert set(POSITIVE_MINERS) == set(naive.POSITIVE_RULES) == set(cases.POSITIVE_MINERS)
    assert all(type(miner) is POSITIVE_MINERS[name] for name, miner in VARIANTS)


@every_variant
@pytest.mark.parametrize("pools", cases.POOLS)
@pytest.mark.parametrize("case", cases.CASES)
def test_miner_equals_naive(name, miner, case, pools):
    arguments = pools(*cases.CASES[case])
    expected = naive.mine_positives(name, miner.get_params(), *arguments)
    found = mine(miner, arguments, random_state=0)
    assert found.dtype == np.intp
    assert len(found) == len(expected)
    for row, twin in zip(found, expected, strict=True):
        positives = cases.without_padding(row)
        if isinstance(miner, RandomPositives):
            assert set(positives) <= set(twin)
            assert len(set(positives)) == len(positives) == min(miner.n_positives, len(twin))
        else:
            assert positives == twin


@every_variant
def test_result_does_not_depend_on_threads_or_tiles(monkeypatch, name, miner):
    arguments = cases.with_batch(*cases.CASES["uneven"])
    expected = mine(miner, arguments, random_state=3, n_jobs=1)
    monkeypatch.setattr(_threads, "_WORTH_A_THREAD", 0.0)
    monkeypatch.setattr(_tiling, "ROW_TILE", 3)
    monkeypatch.setattr(_tiling, "COLUMN_TILE", 5)
    found = mine(miner, arguments, random_state=3, n_jobs=4)
    np.testing.assert_array_equal(found, expected)


def test_random_positives_are_uniform_over_the_rest_of_the_class():
    Z, y = np.zeros((2000, 1)), [0] * 2000
    pool_y = [0, 1, 0, 0, 1, 0]
    drawn = RandomPositives().mine(Z, y, pool=np.zeros((6, 1)), pool_y=pool_y, random_state=0)
    counts = np.bincount(drawn.ravel(), minlength=6)
    assert counts[[1, 4]].tolist() == [0, 0]
    assert chisquare(counts[[0, 2, 3, 5]]).pvalue > 0.01


def test_random_positives_are_reproducible_and_differ_between_seeds():
    Z, y = cases.CASES["uneven"]
    first, again, other = (RandomPositives(2).mine(Z, y, random_state=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("miner", [NearestPositives, HardestPositives, RandomPositives])
@pytest.mark.parametrize(("n", "error"), [(0, ValueError), (1.0, TypeError), (None, TypeError)])
def test_n_positives_is_at_least_one(miner, n, error):
    with pytest.raises(error, match="n_positives must be an integer >= 1"):
        miner(n_positives=n).mine(*cases.CASES["uneven"])
