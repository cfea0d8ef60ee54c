"""The same result whatever the threads, the tiles, the order of the rows or the origin."""

import numpy as np
import pytest

from skhnm import HardNegativeMetricLearner
from skhnm.common import _threads
from skhnm.embeddings import _linear
from skhnm.miners import SemiHardMiner
from skhnm.neighbors import _tiling
from skhnm.training import _objective

pytestmark = pytest.mark.jit

CHOICES = [
    {},
    {"negative_miner": SemiHardMiner(0.5), "loss": "triplet", "positive_miner": "nearest"},
    {"negative_miner": "random", "positive_miner": "random", "loss": "npair"},
    {"pool": "batch", "max_iter": 5},
    {"solver": "adam", "max_iter": 5},
    {"pool": "batch", "solver": "lbfgs", "loss": "large_margin"},
]


def cut_small(monkeypatch):
    """Cut the work into many tiles, each worth a thread."""
    monkeypatch.setattr(_threads, "_WORTH_A_THREAD", 0.0)
    monkeypatch.setattr(_tiling, "ROW_TILE", 16)
    monkeypatch.setattr(_linear, "_LEAST_ROWS", 16)
    monkeypatch.setattr(_objective, "_ENTRIES_A_TILE", 64)


def fit(X, y, **parameters):
    return HardNegativeMetricLearner(random_state=0, **parameters).fit(X, y).components_


@pytest.mark.parametrize("choices", CHOICES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_bits_for_any_number_of_jobs(digits, choices, dtype, monkeypatch):
    cut_small(monkeypatch)
    X, y = digits
    one, two, four = (fit(X.astype(dtype), y, n_jobs=n, **choices) for n in (1, 2, 4))
    assert np.array_equal(one, two)
    assert np.array_equal(one, four)


@pytest.mark.parametrize("choices", CHOICES)
def test_the_same_selection_for_any_tile(digits, choices, monkeypatch):
    expected = fit(*digits, **choices)
    monkeypatch.setattr(_tiling, "ROW_TILE", 7)
    monkeypatch.setattr(_tiling, "COLUMN_TILE", 13)
    monkeypatch.setattr(_objective, "_ENTRIES_A_TILE", 1)
    assert np.array_equal(fit(*digits, **choices), expected)


ON_DISTANCES = [choices for choices in CHOICES if choices.get("loss") != "npair"]


@pytest.mark.parametrize("choices", ON_DISTANCES)  # cosine similarity has an origin
def test_the_same_to_rounding_for_data_far_from_the_origin(digits, choices):
    X, y = digits
    X = np.round(X * 2**20) / 2**20  # so that the shift itself loses nothing
    near, far = fit(X, y, **choices), fit(X + 1e4, y, **choices)
    assert far == pytest.approx(near, rel=1e-5, abs=1e-5 * abs(near).max())


@pytest.mark.parametrize("choices", CHOICES)
def test_the_same_whatever_the_order_of_the_rows(digits, choices):
    X, y = digits
    order = np.random.default_rng(0).permutation(len(y))
    assert np.array_equal(fit(X, y, **choices), fit(X[order], y[order], **choices))


@pytest.mark.parametrize("choices", CHOICES)
def test_a_repeated_row_is_a_row_of_twice_the_weight(digits, choices):
    X, y = digits
    times = 1 + np.arange(len(y)) % 3
    repeated = fit(X.repeat(times, axis=0), y.repeat(times), **choices)
    learner = HardNegativeMetricLearner(random_state=0, **choices)
    weighted = learner.fit(X, y, sample_weight=times).components_
    assert repeated == pytest.approx(weighted, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("choices", CHOICES[2:])
def test_a_seed_decides_and_a_generator_moves_on(digits, choices):
    assert np.array_equal(fit(*digits, **choices), fit(*digits, **choices))
    source = np.random.RandomState(0)
    learner = HardNegativeMetricLearner(random_state=source, **choices)
    first = learner.fit(*digits).components_
    assert not np.array_equal(learner.fit(*digits).components_, first)


def test_the_defaults_use_no_randomness(digits):
    fits = [HardNegativeMetricLearner().fit(*digits).components_ for _ in range(2)]
    assert np.array_equal(*fits)
