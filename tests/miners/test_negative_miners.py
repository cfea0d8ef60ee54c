import numpy as np
import pytest

from skhnm.common import _threads
from skhnm.miners import (
    CurriculumMiner,
    DistanceWeightedMiner,
    NearestPositives,
    RandomMiner,
    RankMiner,
    SemiHardMiner,
    ViolatingMiner,
)
from skhnm.miners._base import NEGATIVE_MINERS
from skhnm.neighbors import _tiling
from tests import cases, naive

pytestmark = pytest.mark.filterwarnings("ignore::skhnm.exceptions.MiningWarning")

VARIANTS = cases.listed(cases.NEGATIVE_MINERS)
every_variant = pytest.mark.parametrize(("name", "miner"), VARIANTS, ids=lambda v: str(v))


def mine(miner, arguments, **options):
    Z, y, pool, pool_y, own = arguments
    separate = {} if (own >= 0).all() and len(pool) == len(Z) else {"pool": pool, "pool_y": pool_y}
    return miner.mine(Z, y, unlabelled=-1, **separate, **options)


def is_random(miner):
    drawing = (RandomMiner, DistanceWeightedMiner, CurriculumMiner)
    draws = isinstance(miner, drawing) or getattr(miner, "order", None) == "random"
    return draws and miner.n_negatives is not None


def test_every_miner_has_a_naive_twin():
    rules = {*naive.ANCHOR_RULES, *naive.PAIR_RULES, *naive.OTHER_RULES}
    assert set(NEGATIVE_MINERS) == rules == set(cases.NEGATIVE_MINERS)
    assert all(type(miner) is NEGATIVE_MINERS[name] for name, miner in VARIANTS)


@every_variant
@pytest.mark.parametrize("pools", cases.POOLS)
@pytest.mark.parametrize("case", cases.CASES)
def test_miner_equals_naive(name, miner, case, pools):
    arguments = pools(*cases.CASES[case])
    positives = naive.mine_positives("nearest", {"n_positives": 3}, *arguments)
    expected = naive.mine(name, miner.get_params(), *arguments, positives)
    found = cases.as_lists(mine(miner, arguments, positives=NearestPositives(3), random_state=0))
    assert [(a, p) for a, p, _ in found] == [(a, p) for a, p, _ in expected]
    for (_, _, negatives), (_, _, twin) in zip(found, expected, strict=True):
        if is_random(miner):
            assert set(negatives) <= set(twin)
            assert len(set(negatives)) == len(negatives) == min(miner.n_negatives, len(twin))
        else:
            assert negatives == twin


@every_variant
def test_result_does_not_depend_on_threads_or_tiles(monkeypatch, name, miner):
    arguments = cases.with_batch(*cases.CASES["uneven"])
    expected = mine(miner, arguments, random_state=3, n_jobs=1)
    monkeypatch.setattr(_threads, "_WORTH_A_THREAD", 0.0)
    monkeypatch.setattr(_tiling, "ROW_TILE", 3)
    monkeypatch.setattr(_tiling, "COLUMN_TILE", 5)
    found = mine(miner, arguments, random_state=3, n_jobs=4)
    assert cases.as_lists(found) == cases.as_lists(expected)


@every_variant
def test_the_same_seed_gives_the_same_tuples_and_the_miner_is_not_changed(name, miner):
    arguments, before = cases.with_batch(*cases.CASES["uneven"]), miner.get_params()
    first, second = (mine(miner, arguments, random_state=7) for _ in range(2))
    assert cases.as_lists(first) == cases.as_lists(second)
    assert miner.get_params() == before


@every_variant
def test_result_is_of_intp_and_has_no_column_of_padding_alone(name, miner):
    tuples = mine(miner, cases.with_batch(*cases.CASES["uneven"]), random_state=0)
    for rows in (tuples.anchors, tuples.positives, tuples.negatives):
        assert rows.dtype == np.intp
    assert (tuples.negatives >= 0).any(axis=0).all()


@pytest.mark.parametrize(
    "miner",
    [
        RandomMiner(2),
        RankMiner(1, 9, n_negatives=2),
        ViolatingMiner(margin=3.0, n_negatives=2, order="random"),
    ],
    ids=str,
)
def test_random_miners_draw_anew_for_each_seed(miner):
    arguments = cases.with_batch(*cases.CASES["uneven"])
    drawn = [cases.as_lists(mine(miner, arguments, random_state=seed)) for seed in range(2)]
    assert drawn[0] != drawn[1]


@pytest.mark.parametrize("margin", [None, 1.0])
def test_semi_hard_excludes_both_ends_of_its_window(margin):
    Z = np.array([[0.0], [1.0], [1.0], [np.sqrt(2.0)], [np.sqrt(1.5)]])
    y = [0, 0, 1, 1, 1]
    tuples = SemiHardMiner(margin, n_negatives=5).mine(Z, y, positives=[[1], *[[-1]] * 4])
    assert cases.as_lists(tuples) == [(0, [1], [4, 3] if margin is None else [4])]


def test_violating_excludes_the_margin_itself():
    Z, y = np.array([[0.0], [1.0], [2.0], [1.9]]), [0, 0, 1, 1]
    tuples = ViolatingMiner(margin=3.0).mine(Z, y, positives=[[1], *[[-1]] * 3])
    assert cases.as_lists(tuples) == [(0, [1], [3])]


def test_padded_positives_cost_no_room(monkeypatch):
    """Only real pairs may widen the result, or a large class would burden all others."""
    Z, y = np.zeros((12, 1)), [0] * 9 + [1, 2, 2]
    Z[9:] = 100.0
    found = ViolatingMiner(margin=1.0, n_negatives=None).mine(Z, y)
    assert cases.as_lists(found) == [(10, [11], [9]), (11, [10], [9])]
    monkeypatch.setattr("skhnm.neighbors._sides.MAX_ENTRIES", 12 * 8)
    again = ViolatingMiner(margin=1.0, n_negatives=None).mine(Z, y)
    assert cases.as_lists(again) == cases.as_lists(found)


BAD_PARAMETERS = [
    ("hardest", {"n_negatives": 0}, ValueError, "n_negatives must be an integer >= 1"),
    ("easy", {"n_negatives": 1.5}, TypeError, "n_negatives must be an integer"),
    ("random", {"n_negatives": True}, TypeError, "n_negatives must be an integer"),
    ("random", {"n_negatives": None}, TypeError, "n_negatives must be an integer"),
    ("all", {"margin": 0.0}, ValueError, "margin must be a number > 0, or None"),
    ("rank", {"min_rank": 0}, ValueError, "min_rank must be an integer >= 1"),
    ("rank", {"min_rank": 5, "max_rank": 4}, ValueError, "max_rank must be an integer >= 5"),
    ("rank", {"order": "best"}, ValueError, "order must be one of 'nearest', 'random'"),
    ("semi_hard", {"margin": 0}, ValueError, "margin must be a number > 0, or None"),
    ("semi_hard", {"margin": np.nan}, ValueError, "margin must be a number > 0"),
    ("semi_hard", {"fallback": "skip"}, ValueError, "'drop', 'hardest', 'easy'"),
    ("violating", {"margin": -1.0}, ValueError, "margin must be a number > 0"),
    ("violating", {"margin": "wide"}, TypeError, "margin must be a number > 0"),
    ("violating", {"n_negatives": 0}, ValueError, "n_negatives must be an integer >= 1"),
    ("violating", {"order": None}, ValueError, "order must be one of"),
]


@pytest.mark.parametrize(("name", "parameters", "error", "message"), BAD_PARAMETERS)
def test_a_parameter_out_of_its_range_raises(name, parameters, error, message):
    Z, y = cases.CASES["uneven"]
    with pytest.raises(error, match=message):
        NEGATIVE_MINERS[name](**parameters).mine(Z, y)
