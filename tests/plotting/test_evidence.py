"""The picture of evidence: the votes, and the features that tell two classes apart."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhnm import HardNegativeClassifier, HardNegativeMetricLearner
from skhnm.plotting import EvidenceDisplay

pytestmark = pytest.mark.jit


@pytest.fixture
def classifier(iris):
    X, y = iris
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    return HardNegativeClassifier("linear", encoding="plain", n_neighbors=12, scale=0.1).fit(
        X[::2], names[::2]
    )


def test_bars_are_the_votes(classifier, iris):
    X = iris[0][1::2]
    evidence = classifier.evidence(X)
    display = EvidenceDisplay.from_estimator(classifier, X, query=40, n_rows=5)
    widths = [bar.get_width() for bar in display.vote_bars_]
    assert_allclose(widths[:5], evidence.votes[40, :5])
    assert_allclose(widths[5:], [evidence.votes[40, 5:].sum(), evidence.base_votes[40]])
    assert sum(widths) == pytest.approx(1.0)
    labels = [label.get_text() for label in display.axes_["votes"].get_yticklabels()]
    assert labels[0] == f"{evidence.labels[40, 0]} (row {evidence.rows[40, 0]})"
    assert labels[-2:] == ["7 more rows", "base rates"]


def test_features_are_the_mean_parts_of_the_two_likeliest_classes(classifier, iris):
    X = iris[0][1::2]
    evidence = classifier.evidence(X)
    query = int(evidence.probabilities.max(axis=1).argmin())
    display = EvidenceDisplay.from_evidence(evidence, query=query, n_features=2)
    best, second = evidence.classes[np.argsort(-evidence.probabilities[query])[:2]]
    assert list(display.feature_bars_) == [best, second]
    for label, bars in display.feature_bars_.items():
        votes = np.where(evidence.labels[query] == label, evidence.votes[query], 0.0)
        means = votes @ evidence.features[query] / votes.sum()
        assert {round(bar.get_width(), 9) for bar in bars} <= {round(m, 9) for m in means}
        assert len(bars) == 2


def test_where_all_votes_are_for_one_class_one_is_drawn(classifier, iris):
    display = EvidenceDisplay.from_estimator(classifier, iris[0][:1])
    assert list(display.feature_bars_) == ["setosa"]


def test_a_pipeline_and_a_search_are_taken_apart(iris):
    X, y = iris
    classifier = HardNegativeClassifier("linear", encoding="plain", n_neighbors=5)
    pipe = make_pipeline(StandardScaler(), classifier)
    search = GridSearchCV(pipe, {"hardnegativeclassifier__scale": [0.1, 1.0]}, cv=2).fit(X, y)
    display = EvidenceDisplay.from_estimator(search, X[:1])
    assert len(display.vote_bars_) == 5 + 1  # and the base rates: nobody else votes


def test_what_is_no_classifier_is_refused(classifier, iris):
    X, y = iris
    with pytest.raises(TypeError, match="must be a fitted HardNegativeClassifier"):
        EvidenceDisplay.from_estimator(HardNegativeMetricLearner().fit(X, y), X)
    with pytest.raises(TypeError, match=r"EvidenceDisplay\.from_estimator"):
        EvidenceDisplay.from_evidence(classifier)
    with pytest.raises(ValueError, match="query must be an integer >= 0 and <= 1"):
        EvidenceDisplay.from_estimator(classifier, X[:2], query=2)
