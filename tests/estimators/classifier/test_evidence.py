"""The parts of evidence add up: votes to the chances, features to the distances."""

from itertools import permutations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skhnm import HardNegativeClassifier, HardNegativeMetricLearner, MLPMetricLearner
from skhnm.estimators.classifier import _classifier, _metric

pytestmark = pytest.mark.jit

LEARNERS = {
    "linear": "linear",
    "fewer components": HardNegativeMetricLearner(2),
    "unit length": HardNegativeMetricLearner(normalize=True),
    "network": MLPMetricLearner((8, 6), max_iter=3),
    "tanh, without a linear path": MLPMetricLearner(
        (8,), activation="tanh", skip=False, max_iter=3
    ),
    "network, unit length": MLPMetricLearner((8,), normalize=True, max_iter=3),
}


@pytest.fixture(params=["plain", 4])
def encoding(request):
    return request.param


@pytest.fixture(params=LEARNERS)
def classifier(request, encoding, iris):
    X, y = iris
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    return HardNegativeClassifier(
        LEARNERS[request.param], encoding=encoding, n_neighbors=20, scale=0.2, random_state=0
    ).fit(X[::2], names[::2])


def test_votes_add_up_to_the_chances(classifier, iris):
    X = iris[0][1::2]
    evidence = classifier.evidence(X)
    assert_allclose(evidence.votes.sum(axis=1) + evidence.base_votes, 1.0)
    assert_allclose(evidence.probabilities, classifier.predict_proba(X), atol=1e-12)


def test_features_add_up_to_the_squared_distances(classifier, iris):
    X = iris[0][1::2]
    evidence = classifier.evidence(X)
    squared = evidence.distances**2
    assert evidence.features.shape == (*evidence.rows.shape, 4)
    assert_allclose(evidence.features.sum(axis=2), squared, rtol=1e-9, atol=1e-12)


def test_features_add_up_before_anything_is_rounded_off(classifier, iris):
    """The parts are scaled to sum exactly; what this mends is small."""
    X = iris[0]
    ends, starts = X[:40], X[60:100]
    difference, slopes = classifier.metric_.slopes_between(ends, starts)
    Z = classifier.metric_.embed(X)
    squared = np.square(Z[:40] - Z[60:100]).sum(axis=1)
    is_linear = isinstance(classifier.learner_, HardNegativeMetricLearner)
    exact = is_linear and not classifier.learner_.normalize
    assert_allclose((difference * slopes).sum(axis=1), squared, rtol=1e-9 if exact else 0.03)


def test_the_gradient_is_that_of_the_embedding(classifier, iris):
    """The oracle: central differences, a feature at a time."""
    rows = classifier.metric_.encoding.transform(iris[0][1:60:7])
    learner = classifier.learner_
    m = learner._embed_as_trained(rows).shape[1]
    along = np.random.default_rng(0).standard_normal((len(rows), m))
    found, step = learner._vjp(rows, along), 1e-6
    for f in range(rows.shape[1]):
        shift = step * (np.arange(rows.shape[1]) == f)
        ends = [learner._embed_as_trained(rows + sign * shift) for sign in (1, -1)]
        expected = ((ends[0] - ends[1]) * along).sum(axis=1) / (2 * step)
        assert_allclose(found[:, f], expected, rtol=1e-5, atol=1e-6)


def test_features_add_up_in_float32(iris):
    X = iris[0].astype(np.float32)
    classifier = HardNegativeClassifier("linear", encoding=4, n_neighbors=20).fit(X, iris[1])
    evidence = classifier.evidence(X)
    squared = np.square(evidence.distances, dtype=np.float64)
    near = squared > 1e-6  # of the row itself there is nothing to share out
    assert_allclose(evidence.features.sum(axis=2)[near], squared[near], rtol=1e-5)


def test_many_rows_are_answered_in_blocks(classifier, iris, monkeypatch):
    X = iris[0][1::2]
    whole = classifier.evidence(X), classifier.predict_proba(X)
    for module in (_metric, _classifier):
        monkeypatch.setattr(module, "_BLOCK", 300)
    blocks = classifier.evidence(X), classifier.predict_proba(X)
    assert_allclose(blocks[0].features, whole[0].features, rtol=1e-7, atol=1e-10)
    assert_allclose(blocks[1], whole[1], rtol=1e-9)


def test_the_rows_are_those_of_fit(classifier, iris):
    X, y = iris
    evidence = classifier.evidence(X[1::2])
    distances, rows = classifier.kneighbors(X[1::2])
    assert_array_equal(evidence.rows, rows)
    assert_array_equal(evidence.distances, distances)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    assert_array_equal(evidence.labels, names[::2][rows])


def test_a_feature_s_part_is_its_shapley_value_under_a_linear_map(encoding, iris):
    """The oracle: its mean contribution when features change one by one, in any order."""
    X, y = iris
    classifier = HardNegativeClassifier("linear", encoding=encoding, n_neighbors=150).fit(X, y)
    a, b = X[3], X[100]
    orders = list(permutations(range(4)))
    expected = np.zeros(4)
    for order in orders:
        row, before = b.copy(), 0.0
        for f in order:
            row[f] = a[f]
            after = np.square(np.subtract(*classifier.transform([row, b]))).sum()
            expected[f] += (after - before) / len(orders)
            before = after
    evidence = classifier.evidence([a])
    place = int(np.flatnonzero(evidence.rows[0] == 100)[0])
    assert_allclose(evidence.features[0, place], expected, rtol=1e-8, atol=1e-10)


def test_a_feature_that_does_not_differ_has_no_part(classifier, iris):
    X = iris[0][::2]
    evidence = classifier.evidence(X[:10])
    same = X[:10, None, :] == X[evidence.rows]
    assert_array_equal(evidence.features[same], 0.0)


def test_it_prints_as_a_table(iris):
    X, y = iris
    evidence = (
        HardNegativeClassifier("linear", encoding="plain", n_neighbors=7).fit(X, y).evidence(X)
    )
    text = str(evidence)
    assert repr(evidence) == text
    assert text.startswith("query 0: 0, chance 0.9")
    assert "the same under the metric" in text
    assert "2 more rows" in text
    assert text.endswith("… and 145 more queries")


def test_it_becomes_a_frame(iris):
    pd = pytest.importorskip("pandas")
    X, y = iris
    frame = pd.DataFrame(X, columns=list("abcd"))
    classifier = HardNegativeClassifier("linear", encoding="plain", n_neighbors=7).fit(frame, y)
    table = pd.DataFrame(classifier.evidence(frame[:3]).as_dict())
    assert len(table) == 21
    parts = table[[f"part of {name}" for name in "abcd"]].sum(axis=1)
    assert_allclose(parts, table["distance"] ** 2, atol=1e-12)
    assert table.groupby("query")["vote"].sum().lt(1).all()


def test_fewer_rows_than_neighbours_leave_nothing_open():
    X = np.arange(6.0)[:, None]
    classifier = HardNegativeClassifier("linear", n_neighbors=50).fit(X, [0, 0, 0, 1, 1, 1])
    evidence = classifier.evidence(X)
    assert evidence.rows.shape == (6, 6)
    assert_allclose(evidence.probabilities, classifier.predict_proba(X))
