"""Learning from a stream: chunks, whatever their order; new classes; a sample of the past."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

from skhnm import HardNegativeMetricLearner, MLPMetricLearner
from skhnm.estimators import _base
from skhnm.estimators._stream import Reservoir, _fair_shares
from skhnm.pools import MemoryPool

pytestmark = pytest.mark.jit
LEARNERS = [
    HardNegativeMetricLearner(random_state=0),
    HardNegativeMetricLearner(pool=MemoryPool(400), random_state=0, learning_rate=0.003),
    MLPMetricLearner(n_components=None, random_state=0),
]
every_learner = pytest.mark.parametrize("learner", LEARNERS, ids=str)


@pytest.fixture(scope="module")
def stream():
    X, y = load_digits(return_X_y=True)
    return StandardScaler().fit_transform(X)[:1200], y[:1200]


def streamed(learner, X, y, order, chunk=150):
    learner = clone(learner)
    for start in range(0, len(order), chunk):
        rows = order[start : start + chunk]
        learner.partial_fit(X[rows], y[rows])
    return learner


@every_learner
def test_chunks_class_by_class_teach_what_shuffled_chunks_teach(stream, learner):
    X, y = stream
    by_class = streamed(learner, X, y, np.argsort(y, kind="stable"))
    shuffled = streamed(learner, X, y, np.random.default_rng(0).permutation(len(X)))
    assert by_class.score(X, y) > shuffled.score(X, y) - 0.01
    assert by_class.score(X, y) > clone(learner).fit(X, y).score(X, y) - 0.02
    assert by_class.classes_.tolist() == list(range(10))


@every_learner
def test_the_first_chunk_may_be_of_one_class_and_others_come_later(stream, learner):
    X, y = stream
    learner = clone(learner).partial_fit(X[y == 3], y[y == 3])
    assert learner.classes_.tolist() == [3]
    assert learner.transform(X).shape[0] == len(X)
    assert learner.loss_curve_ == []
    learner.partial_fit(X[y == 7], y[y == 7])
    assert learner.classes_.tolist() == [3, 7]
    assert len(learner.loss_curve_) > 0


def test_announced_classes_are_known_from_the_start(stream):
    X, y = stream
    learner = HardNegativeMetricLearner().partial_fit(X[y < 2], y[y < 2], classes=range(10))
    assert learner.classes_.tolist() == list(range(10))
    assert learner.partial_fit(X[:50], y[:50] + 5).classes_.tolist() == list(range(15))


def test_strings_are_labels_too(stream):
    X, y = stream
    names = np.array(["zero", "one", "two"])
    learner = HardNegativeMetricLearner()
    learner.partial_fit(X[y < 2], names[y[y < 2]])
    learner.partial_fit(X[y == 2], names[y[y == 2]])
    assert learner.classes_.tolist() == ["one", "two", "zero"]


def test_memory_does_not_grow_with_the_number_of_chunks(stream):
    X, y = stream
    learner = HardNegativeMetricLearner(pool=MemoryPool(100), random_state=0)
    sizes = []
    for _ in range(3):
        for start in range(0, 1200, 300):
            learner.partial_fit(X[start : start + 300], y[start : start + 300])
        del learner.loss_curve_[:], learner.mining_curve_[:]
        sizes.append(len(pickle.dumps(learner)))
    assert len(learner.reservoir_.X) == 100
    assert sizes[2] < 1.02 * sizes[0]


@every_learner
def test_a_seed_decides(stream, learner):
    X, y = stream
    first, second = (streamed(learner, X, y, np.arange(450)) for _ in range(2))
    np.testing.assert_array_equal(first.transform(X), second.transform(X))


def test_a_fit_begins_anew_and_forgets_the_stream(stream):
    X, y = stream
    learner = HardNegativeMetricLearner().partial_fit(X[:300], y[:300]).fit(X, y)
    assert not hasattr(learner, "reservoir_")
    expected = HardNegativeMetricLearner().fit(X, y)
    np.testing.assert_array_equal(learner.components_, expected.components_)


def test_after_a_fit_it_goes_on_from_there(stream):
    X, y = stream
    learner = HardNegativeMetricLearner(alpha=1e9).fit(X[y < 5], y[y < 5])
    components = learner.components_
    learner.partial_fit(X[y > 7], y[y > 7])  # so much shrinkage leaves the metric in place
    np.testing.assert_allclose(learner.components_, components, atol=1e-4)
    assert learner.classes_.tolist() == [0, 1, 2, 3, 4, 8, 9]


def test_a_stream_goes_on_from_a_fit_that_had_nothing_to_improve(stream):
    X, y = stream
    far = X + 1000.0 * y[:, None]  # a margin is met from the start
    learner = HardNegativeMetricLearner(loss="triplet", init="identity").fit(far, y)
    assert learner.loss_curve_ == []
    before = learner.components_
    learner.set_params(init="rca").partial_fit(far, y)
    assert np.allclose(learner.components_, before)


def test_copies_of_one_row_are_no_positive_pair(stream):
    X, y = stream
    learner = HardNegativeMetricLearner().partial_fit(X[[0, 0, 1]], [0, 0, 1])
    assert learner.loss_curve_ == []
    assert len(learner.partial_fit(X[:300], y[:300]).loss_curve_) > 0


def without_effect(y):
    """Labels and weights of a chunk from which nothing can be learned, in three ways."""
    half = np.arange(len(y)) % 2 == 0
    return {
        "unlabelled": (np.full(len(y), -1), None),
        "of weight zero": (y, np.zeros(len(y))),
        "some of each": (np.where(half, -1, y), np.where(half, 1.0, 0.0)),
    }


@pytest.mark.parametrize("kind", without_effect(np.zeros(2)))
def test_a_chunk_without_effect_changes_nothing(stream, kind):
    X, y = stream
    labels, weights = without_effect(y[:50])[kind]
    learner = HardNegativeMetricLearner(unlabelled=-1)
    assert learner.partial_fit(X[:50, :3], labels, sample_weight=weights) is learner
    assert not [name for name in vars(learner) if name.endswith("_")]
    learner.partial_fit(X[:300], y[:300])
    before = pickle.dumps(learner)
    learner.partial_fit(X[300:350], labels, sample_weight=weights)
    assert pickle.dumps(learner) == before


def test_weights_of_classes_wait_for_their_rows(stream):
    X, y = stream
    weights = {int(c): 1.0 + c for c in np.unique(y)}
    learner = HardNegativeMetricLearner(class_weight=weights)
    for c in weights:
        learner.partial_fit(X[y == c], y[y == c])
    assert learner.classes_.tolist() == list(weights)
    first_two = np.isin(y, list(weights)[:2])
    HardNegativeMetricLearner(class_weight=weights).fit(X[first_two], y[first_two])
    HardNegativeMetricLearner(class_weight={99: 2.0}).partial_fit(X[:200], y[:200])
    with pytest.raises(ValueError, match="names the class 'a'"):
        HardNegativeMetricLearner(class_weight={"a": 2.0}).partial_fit(X[:200], y[:200])


def test_a_stream_waits_for_a_class_that_counts(stream):
    X, y = stream
    learner = HardNegativeMetricLearner(class_weight={2: 0, 3: 0})
    for digit, n_rounds in ((2, 0), (3, 0), (0, 1)):
        learner.partial_fit(X[y == digit], y[y == digit])
        assert len(learner.mining_curve_) == n_rounds


def test_curves_of_a_stream_without_end_are_bounded(stream, monkeypatch):
    X, y = stream
    monkeypatch.setattr(_base, "_MOST_OF_A_CURVE", 7)
    learner = HardNegativeMetricLearner(pool="batch", refresh_every=3, random_state=0)
    n_iter = 0
    for row in range(0, 60, 4):
        learner.partial_fit(X[row : row + 4], y[row : row + 4])
        if hasattr(learner, "loss_curve_") and learner.mining_curve_:
            n_iter += 1
    assert learner.n_iter_ == n_iter > 7
    assert len(learner.loss_curve_) == len(learner.mining_curve_) == 7


def test_rows_without_label_or_weight_are_left_out(stream):
    X, y = stream
    weights = np.where(np.arange(300) % 7 == 0, 0.0, 1.0)
    labels = np.where(np.arange(300) % 5 == 0, -1, y[:300])
    learner = HardNegativeMetricLearner(unlabelled=-1)
    learner.partial_fit(X[:300], labels, sample_weight=weights)
    assert len(learner.reservoir_.X) == ((weights > 0) & (labels >= 0)).sum()


def test_bad_chunks_leave_everything_as_it_was(stream):
    X, y = stream
    learner = HardNegativeMetricLearner().partial_fit(X[:300], y[:300])
    before, components = learner.reservoir_, learner.components_.copy()
    with pytest.raises(ValueError, match="64 features"):
        learner.partial_fit(X[:, :5], y)
    with pytest.raises(ValueError, match="numbers here and strings there"):
        learner.partial_fit(X[:9], list("abcdefghi"))
    with pytest.raises(ValueError, match="set early_stopping=False"):
        clone(learner).set_params(early_stopping=True).partial_fit(X, y)
    assert learner.reservoir_ is before
    np.testing.assert_array_equal(learner.components_, components)


# The sample.


def sample(chunks, size):
    """Feed (labels) chunks of rows that are numbered."""
    random = np.random.default_rng(0)
    reservoir = Reservoir.empty(size, np.empty((0, 1)), np.empty(0, dtype=int))
    n = 0
    for labels in chunks:
        X = np.arange(n, n + len(labels), dtype=float)[:, None]
        reservoir = reservoir.updated(X, np.array(labels), np.ones(len(labels)), random)
        n += len(labels)
    return reservoir


def test_classes_share_the_room_and_small_ones_are_kept_whole():
    kept = sample([[0] * 500, [1] * 30 + [2] * 4, [1] * 300], 100)
    assert np.bincount(kept.y).tolist() == [48, 48, 4]
    assert kept.counts.tolist() == [500, 330, 4]
    assert kept.anchor_weights()[kept.y == 0].sum() == pytest.approx(500)
    assert kept.anchor_weights()[kept.y == 2].tolist() == [1.0] * 4


def test_every_row_of_a_class_is_equally_likely_to_stay():
    kept = np.zeros(60)
    random = np.random.default_rng(0)
    for _ in range(600):
        reservoir = Reservoir.empty(20, np.empty((0, 1)), np.empty(0, dtype=int))
        for start, labels in ((0, [0] * 30), (30, [0] * 15 + [1] * 15)):
            X = np.arange(start, start + 30.0)[:, None]
            reservoir = reservoir.updated(X, np.array(labels), np.ones(30), random)
        kept[reservoir.X[:, 0].astype(int)] += 1
    assert abs(kept[:45] / 600 - 10 / 45).max() < 0.07
    assert abs(kept[45:] / 600 - 10 / 15).max() < 0.09


def test_fair_shares_use_the_whole_room():
    assert _fair_shares(np.array([1000, 5, 1000, 30]), 100).tolist() == [32, 5, 33, 30]
    assert _fair_shares(np.array([9, 9, 9]), 2).tolist() == [2, 2, 2]
