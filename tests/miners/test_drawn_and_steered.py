"""Rules that a naive twin cannot show: frequencies, feedback, progress, planted errors."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chisquare
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

from skhnm import HardNegativeMetricLearner
from skhnm.miners import (
    AdaptiveMiner,
    Candidates,
    ContextMiner,
    CurriculumMiner,
    DistanceWeightedMiner,
    DiverseMiner,
    FilteredMiner,
    HardestMiner,
    NearestPositives,
    OHEMMiner,
    SemiHardMiner,
)
from tests import cases


def candidates(Z, y, seed=0):
    """Each row is a candidate of every other, all others of its class are positives."""
    y, own = np.asarray(y), np.arange(len(Z))
    c = Candidates(
        np.asarray(Z, float), y, np.asarray(Z, float), y, own, np.random.default_rng(seed)
    )
    c.positives = c.every("own")
    return c


# Distance-weighted.


def unit_pool(dimensions):
    """An anchor and twelve unit rows at distances from 0.001 (a near-duplicate) to 1.39."""
    random = np.random.default_rng(dimensions)
    distances = np.concatenate([[0.001, 0.3], np.linspace(0.55, 1.39, 10)])
    anchor, other = np.linalg.qr(random.normal(size=(dimensions, 2)))[0].T
    cosine = 1.0 - distances**2 / 2.0
    return anchor, cosine[:, None] * anchor + np.sqrt(1.0 - cosine**2)[:, None] * other


def probabilities(anchor, pool, cutoff=0.5):
    D = len(anchor)
    d = np.maximum(np.linalg.norm(pool - anchor, axis=1), cutoff)
    log_q = (D - 2) * np.log(d) + (D - 3) / 2 * np.log(1 - d**2 / 4)
    weights = np.exp(-log_q - (-log_q).max())
    return weights / weights.sum()


@pytest.mark.jit
@pytest.mark.parametrize("dimensions", [2, 16, 128, 512])
def test_distances_are_drawn_as_their_density_asks(dimensions):
    anchor, pool = unit_pool(dimensions)
    n = 4000
    tuples = DistanceWeightedMiner(1).mine(
        np.tile(anchor, (n, 1)), np.zeros(n), positives=np.full((n, 1), len(pool)),
        pool=np.vstack([pool, anchor]), pool_y=[1] * len(pool) + [0], random_state=0,
    )  # fmt: skip
    drawn = np.bincount(tuples.negatives[:, 0], minlength=len(pool))[: len(pool)]
    expected = n * probabilities(anchor, pool)
    common = expected >= 5
    observed = np.append(drawn[common], drawn[~common].sum())
    awaited = np.append(expected[common], expected[~common].sum())
    if awaited[-1] < 1e-9:  # nothing is rare
        assert observed[-1] == 0
        observed, awaited = observed[:-1], awaited[:-1]
    if len(observed) > 1:
        assert chisquare(observed, awaited).pvalue > 0.01
    else:
        assert observed[0] == n
    assert len(tuples) == n  # no anchor is left without, in however many dimensions


@pytest.mark.jit
def test_two_are_drawn_one_after_the_other():
    anchor, pool = unit_pool(16)
    p = probabilities(anchor, pool)
    n = 20_000
    tuples = DistanceWeightedMiner(2).mine(
        np.tile(anchor, (n, 1)), np.zeros(n), positives=np.full((n, 1), len(pool)),
        pool=np.vstack([pool, anchor]), pool_y=[1] * len(pool) + [0], random_state=0,
    )  # fmt: skip
    pairs = p[:, None] * p / (1.0 - p[:, None])
    np.fill_diagonal(pairs, 0.0)
    drawn = np.zeros_like(pairs)
    np.add.at(drawn, tuple(tuples.negatives.T), 1)
    common = n * pairs >= 5
    observed = np.append(drawn[common], drawn[~common].sum())
    awaited = np.append(n * pairs[common], n * pairs[~common].sum())
    assert chisquare(observed, awaited).pvalue > 0.01


def test_every_anchor_of_many_dimensions_has_a_negative():
    random = np.random.default_rng(0)
    Z = random.normal(size=(64, 512)) + 0.4 * random.normal(size=512)
    tuples = DistanceWeightedMiner(1).mine(Z, np.arange(64) % 8, random_state=0)
    assert len(tuples) == 64


# Online hard example mining.


def test_exactly_the_highest_losses_are_kept():
    Z, y = cases.CASES["uneven"]
    everything = HardestMiner(2).select(candidates(Z, y))
    costs = np.random.default_rng(0).permutation(len(everything)).astype(float)
    for keep, n_kept in ((0.2, 5), (0.5, 12), (3, 3), (100, 24)):
        c = replace(candidates(Z, y), costs=lambda tuples: costs)
        kept = OHEMMiner(keep, miner=HardestMiner(2)).select(c)
        highest = np.sort(np.argsort(-costs)[:n_kept])
        assert cases.as_lists(kept) == cases.as_lists(everything[highest])


@pytest.mark.jit
def test_in_a_fit_the_learners_own_loss_decides(digits):
    X, y = digits
    learner = HardNegativeMetricLearner(
        negative_miner=OHEMMiner(0.25), pool="batch", max_iter=3, random_state=0
    ).fit(X, y)
    everything = clone(learner).set_params(negative_miner="hardest").fit(X, y)
    kept, full = (m.mining_curve_[0] for m in (learner, everything))
    assert kept["n_tuples"] == pytest.approx(full["n_tuples"] / 4, rel=0.05)
    assert kept["hardness"] > full["hardness"] + 0.02


# Diverse, context, filtered.


def test_diverse_never_takes_a_copy_twice():
    random = np.random.default_rng(0)
    rows = random.normal(size=(12, 3))
    Z, y = np.concatenate([rows[:2], np.repeat(rows[2:], 3, axis=0)]), [0, 0] + [1] * 30
    for trade_off in (0.0, 0.5, 1.0):
        tuples = DiverseMiner(30, trade_off=trade_off, n_candidates=30).mine(Z, y)
        taken = tuples.negatives[0][tuples.negatives[0] >= 0]
        assert len(taken) == 10
        assert len(np.unique(Z[taken], axis=0)) == 10


@pytest.mark.jit
@pytest.mark.parametrize("seed", range(3))
def test_context_drops_planted_label_errors(seed):
    X, y = load_digits(return_X_y=True)
    random = np.random.default_rng(seed)
    flipped = random.choice(len(y), len(y) // 20, replace=False)
    labels = y.copy()
    labels[flipped] = (labels[flipped] + random.integers(1, 10, len(flipped))) % 10
    miner = ContextMiner()
    miner.mine(StandardScaler().fit_transform(X), labels, positives="nearest")
    assert np.isin(miner.dropped_, flipped).mean() > 0.8
    assert np.isin(flipped, miner.dropped_).mean() > 0.5


def angles(*degrees):
    radians = np.deg2rad(degrees)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1)


PLANTED = {
    # what lies at which angle: the anchor, its positives, a false negative, true negatives
    "absolute_margin": (FilteredMiner(absolute_margin=0.05), [0, 30], [10], [45, 90]),
    "relative_margin": (FilteredMiner(relative_margin=0.1), [0, 30], [20, 35], [60, 120]),
    "negative scores": (FilteredMiner(relative_margin=0.1), [0, 120], [110, 121], [140, 180]),
    "max_similarity": (FilteredMiner(max_similarity=0.9), [0, 50], [10, 20], [30, 90]),
    "min_similarity": (FilteredMiner(min_similarity=0.2), [0, 50], [85, 170], [30, 60]),
    "min_rank": (FilteredMiner(min_rank=3), [0, 50], [10, 20], [30, 60]),
    "several positives": (FilteredMiner(absolute_margin=0.0), [0, 40, 70], [10, 30], [50, 60]),
}


@pytest.mark.parametrize("case", PLANTED)
def test_filters_drop_planted_false_negatives_and_keep_true_ones(case):
    miner, own, false, true = PLANTED[case]
    Z = 3.0 * angles(*own, *false, *true)
    y = [0] * len(own) + [1] * (len(false) + len(true))
    positives = [[*range(1, len(own))]] + [[-1] * (len(own) - 1)] * (len(Z) - 1)
    found = miner.mine(Z, y, positives=positives)
    assert found.anchors.tolist() == [0]
    expected = np.arange(len(own) + len(false), len(Z))
    assert sorted(found.negatives[0]) == expected.tolist()


@pytest.mark.parametrize("inner", ["hardest", "random", "all", "distance_weighted", "semi_hard"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_copies_of_the_anchor_and_of_its_positives_are_never_negatives(inner, dtype):
    """Copies up to rounding and length go, a neighbour at 1e-3 stays; zero rows are copies."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(10, 5)) + 3.0
    rows[9] = 0.0
    scaled = rows * random.uniform(0.1, 9.0, (10, 1))
    near = rows[:9] * (1.0 + 1e-3 * random.normal(size=(9, 5)))
    Z = np.concatenate([rows, scaled, near]).astype(dtype)
    y = np.repeat([0, 1, 2], [10, 10, 9])
    miner = FilteredMiner(inner, drop_copies=True)
    tuples = miner.mine(Z, y, positives="all", random_state=0)
    of_first = tuples.negatives[tuples.anchors < 10]
    assert set(of_first[of_first >= 0]) == set(range(20, 29))
    with_copies = FilteredMiner(inner).mine(Z, y, positives="all", random_state=0)
    assert np.isin(with_copies.negatives[with_copies.anchors < 10], np.arange(10, 20)).any()


def test_drop_copies_looks_at_the_positives_that_were_chosen():
    """Row 2 of another class equals row 1, which is a positive of row 0 only if it is chosen."""
    Z, y = angles(0, 30, 30, 90, 5), [0, 0, 1, 1, 0]
    miner = FilteredMiner(drop_copies=True)
    for positives, negatives in (("all", [3]), (NearestPositives(1), [2, 3])):
        tuples = miner.mine(Z, y, positives=positives)
        assert tuples.anchors[0] == 0
        assert cases.without_padding(tuples.negatives[0]) == negatives


def test_drop_copies_is_a_switch():
    with pytest.raises(TypeError, match=r"drop_copies must be True or False, got 0\.99"):
        FilteredMiner(drop_copies=0.99).mine(*cases.CASES["uneven"])


def test_filters_surround_any_miner():
    Z, y = cases.CASES["uneven"]
    nested = OHEMMiner(0.5, miner=FilteredMiner(SemiHardMiner(margin=0.3), absolute_margin=0.02))
    tuples = nested.mine(Z, y)
    assert len(tuples) > 0
    inner = FilteredMiner(SemiHardMiner(margin=0.3), absolute_margin=0.02).mine(Z, y)
    assert len(tuples) == int(np.ceil(len(inner) / 2))
    assert nested.set_params(miner__miner__margin=0.7).miner.miner.margin == 0.7
    assert "margin=0.7" in repr(clone(nested))


# Curriculum and adaptive.


@pytest.mark.parametrize(
    ("schedule", "ranks"),
    [
        ("linear", [11, 9, 7, 5, 3]), ("cosine", [11, 10, 7, 4, 3]), ("step", [11, 8, 6, 3, 3]),
    ],
)  # fmt: skip
def test_the_window_narrows_with_the_progress_of_a_fit(schedule, ranks):
    Z, y = cases.CASES["uneven"]
    miner, found = CurriculumMiner(11, 3, schedule=schedule, n_negatives=2), []
    hardest = HardestMiner(11).select(candidates(Z, y)).negatives
    for progress in (0.0, 0.25, 0.5, 0.75, 1.0):
        tuples = miner.select(replace(candidates(Z, y), progress=progress))
        found.append(miner.max_rank_)
        assert miner.report() == {"max_rank": miner.max_rank_}
        for negatives, window in zip(tuples.negatives, hardest, strict=True):
            assert set(negatives) <= set(window[: miner.max_rank_])
    assert found == ranks


def test_each_arm_is_tried_and_then_the_best_is_asked():
    c = candidates(*cases.CASES["uneven"])
    miner = AdaptiveMiner(["hardest", "easy", "random"], exploration=0.1)
    miner.reset()
    gains = {0: 0.2, 1: 0.0, 2: 1.0}
    for _ in range(30):
        miner.select(c)
        miner.learn(gains[miner.choices_[-1]])
    assert miner.choices_[:3] == [0, 1, 2]
    assert miner.counts_.sum() == 30
    assert miner.counts_.argmax() == 2
    np.testing.assert_allclose(miner.rewards_, [0.2, 0.0, 1.0])
    shares = miner.report()
    assert list(shares) == ["share of hardest", "share of easy", "share of random"]
    assert sum(shares.values()) == pytest.approx(1.0)
    assert set(miner.report().values()) == {0.0}
    miner.reset()
    assert miner.choices_ == []


def test_exploration_asks_all_arms_and_gains_of_one_mining_are_averaged():
    c = candidates(*cases.CASES["uneven"])
    miner = AdaptiveMiner(["hardest", "hardest"], exploration=10.0)
    miner.reset()
    for _ in range(20):
        miner.select(c)
        for gain in (1.0, 3.0, -5.0):
            miner.learn(gain)
    assert miner.counts_.tolist() == [10, 10]
    np.testing.assert_allclose(miner.rewards_, [2 / 3, 2 / 3])  # (1 + 3 + 0) / 3 of at most 2
    assert list(miner.report()) == ["share of hardest 0", "share of hardest 1"]


@pytest.mark.jit
def test_what_they_did_stands_in_the_fitted_learner(digits):
    X, y = digits
    learner = HardNegativeMetricLearner(
        negative_miner=AdaptiveMiner(), pool="batch", max_iter=6, random_state=0
    ).fit(X, y)
    fitted = learner.negative_miner_
    assert fitted.counts_.sum() == len(fitted.choices_)
    assert (fitted.counts_ > 0).all()
    assert fitted.rewards_.max() > 0
    assert {"share of hardest", "share of semi_hard"} <= set(learner.mining_curve_[0])
    learner.set_params(negative_miner=CurriculumMiner(60, 5)).fit(X, y)
    assert [row["max_rank"] for row in learner.mining_curve_] == [60, 49, 38, 27, 16, 5]


BAD_PARAMETERS = [
    (DistanceWeightedMiner(cutoff=1.5), "cutoff must be a number > 0 and < 1.4"),
    (DistanceWeightedMiner(max_distance=2.5), "max_distance must be a number > 0 and <= 2"),
    (DiverseMiner(20, n_candidates=10), "n_candidates must be an integer >= 20"),
    (DiverseMiner(trade_off=1.1), "trade_off must be a number >= 0 and <= 1"),
    (ContextMiner(max_share=0.0), "max_share must be a number > 0 and <= 1"),
    (FilteredMiner(min_rank=0), "min_rank must be an integer >= 1"),
    (FilteredMiner(relative_margin=1.5), "relative_margin must be a number >= 0 and <= 1"),
    (FilteredMiner("nearest"), "Unknown negative_miner 'nearest'"),
    (FilteredMiner(SemiHardMiner(margin=-1)), "SemiHardMiner: margin must be a number > 0"),
    (OHEMMiner(0.0), "keep must be a number > 0 and <= 1"),
    (OHEMMiner(0), "keep must be an integer >= 1"),
    (CurriculumMiner(5, 10), "start must be an integer >= 10"),
    (CurriculumMiner(schedule="slow"), "schedule must be one of"),
    (AdaptiveMiner([]), "miners must be a sequence of at least one miner"),
    (AdaptiveMiner("hardest"), "miners must be a sequence of at least one miner"),
    (AdaptiveMiner(exploration=-1), "exploration must be a number >= 0"),
]


@pytest.mark.parametrize(("miner", "message"), BAD_PARAMETERS, ids=str)
def test_a_parameter_out_of_its_range_raises(miner, message):
    with pytest.raises(ValueError, match=message):
        miner.mine(*cases.CASES["uneven"])
