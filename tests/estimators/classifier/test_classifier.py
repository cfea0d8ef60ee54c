"""The classifier of tables: what it learns, what it chooses, and what it can be asked."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhnm import HardNegativeClassifier, HardNegativeMetricLearner, MLPMetricLearner
from skhnm.estimators.classifier import _choice
from skhnm.miners import HardestMiner
from skhnm.neighbors import SoftVote

pytestmark = pytest.mark.jit

QUICK = {"encoding": "plain", "strength": 1.0}


def bumps(n=300, seed=0):
    """The class depends on each feature by a curve, in places up and in places down."""
    random = np.random.default_rng(seed)
    X = random.uniform(-3, 3, size=(n, 6))
    return X, np.where(np.sin(2 * X[:, 0]) + np.cos(2 * X[:, 1]) > 0, "in", "out")


def parity(n=300, seed=0):
    """Three of six bits in odd number."""
    X = np.random.default_rng(seed).integers(2, size=(n, 6)).astype(float)
    return X, X[:, :3].sum(axis=1) % 2


def test_curves_of_features_are_learned_where_no_linear_map_helps():
    (X, y), (X_test, y_test) = bumps(600), bumps(seed=1)
    curved = HardNegativeClassifier("linear").fit(X, y)
    plain = HardNegativeClassifier("linear", encoding="plain").fit(X, y)
    assert curved.encoding_ != "plain"
    assert curved.score(X_test, y_test) > plain.score(X_test, y_test)
    assert curved.score(X_test, y_test) > 0.87


def test_features_that_act_together_are_learned():
    (X, y), (X_test, y_test) = parity(), parity(seed=1)
    assert HardNegativeClassifier(random_state=0).fit(X, y).score(X_test, y_test) == 1.0


def test_the_best_of_what_was_tried_is_taken():
    X, y = bumps(150)
    classifier = HardNegativeClassifier(random_state=0).fit(X, y)
    results = classifier.cv_results_
    tried = [(p["learner"], p["encoding"], p["strength"]) for p in results["params"]]
    assert [t[:2] for t in tried[:4]] == [("linear", k) for k in ("plain", 4, 7, 12)]
    assert tried[4][2] == 10.0
    assert tried[5][0] == "mlp"
    best = results["params"][int(np.argmin(results["rank_test_score"]))]
    assert best["encoding"] == classifier.encoding_
    for name in ("strength", "n_neighbors", "scale", "smoothing"):
        assert best[name] == getattr(classifier, f"{name}_")
    splits = np.stack([results[f"split{i}_test_score"] for i in range(3)])
    assert_allclose(results["mean_test_score"], splits.mean(axis=0))  # 50 rows each


def test_what_the_user_fixes_is_not_chosen(iris):
    given = {"strength": 3.0, "n_neighbors": 9, "scale": 0.7, "smoothing": 0.2}
    classifier = HardNegativeClassifier("linear", encoding=5, **given).fit(*iris)
    assert {name: getattr(classifier, f"{name}_") for name in given} == given
    assert classifier.encoding_ == 5
    assert classifier.cv_results_ == {}  # nothing was left to be chosen


def test_the_vote_is_that_of_scikit_learns_neighbours(digits):
    X, y = digits
    classifier = HardNegativeClassifier(
        HardNegativeMetricLearner(), **QUICK, n_neighbors=20, scale=0.5, smoothing=0.0
    ).fit(X, y)
    Z = classifier.transform(X)
    vote = KNeighborsClassifier(20, weights=SoftVote(0.5), algorithm="brute").fit(Z, y)
    assert_allclose(classifier.predict_proba(X), vote.predict_proba(Z), atol=1e-9)
    assert_array_equal(classifier.predict(X), vote.predict(Z))


def test_the_metric_is_that_of_the_learner_on_standardised_features(digits):
    X, y = digits
    learner = HardNegativeMetricLearner(n_components=8)
    classifier = HardNegativeClassifier(learner, **QUICK).fit(X, y)
    varies = np.ptp(X, axis=0) > 0
    alone = clone(learner).fit(StandardScaler().fit_transform(X[:, varies]), y)
    assert_allclose(classifier.learner_.components_, alone.components_, atol=1e-6)


def test_strength_multiplies_the_shrinkage(digits):
    X, y = digits
    weak, strong = (
        HardNegativeClassifier("linear", encoding="plain", strength=s).fit(X, y)
        for s in (1.0, 100.0)
    )
    assert weak.learner_.alpha == "auto"
    assert strong.learner_.alpha == pytest.approx(100 * 2 / len(X))


@pytest.mark.parametrize("options", [{"normalize": True}, {"loss": "npair"}], ids=str)
def test_strength_multiplies_what_auto_stands_for(options, iris):
    learner = HardNegativeMetricLearner(**options)
    classifier = HardNegativeClassifier(learner, encoding="plain", strength=10.0).fit(*iris)
    assert classifier.learner_.alpha == pytest.approx(1e-2)


def test_the_learner_knows_the_classes_by_their_labels(iris):
    X, y = iris
    names = np.array(["a", "b", "c"])[y]
    weight = {"c": 0.0}
    alike = HardNegativeClassifier(HardNegativeMetricLearner(class_weight=weight), **QUICK)
    assert_array_equal(alike.fit(X, names).learner_.classes_, ["a", "b", "c"])
    one = HardNegativeClassifier(HardNegativeMetricLearner(), **QUICK).fit(X, names)
    assert not np.allclose(alike.learner_.components_, one.learner_.components_)


def test_rows_that_are_unlabelled_to_the_learner_are_left_out(iris):
    X, y = iris
    y = np.where(np.arange(len(y)) % 3, y, -1)
    classifier = HardNegativeClassifier(HardNegativeMetricLearner(unlabelled=-1), **QUICK)
    classifier.fit(X, y)
    labelled = HardNegativeClassifier("linear", **QUICK).fit(X[y >= 0], y[y >= 0])
    assert_array_equal(classifier.classes_, [0, 1, 2])
    assert_allclose(classifier.predict_proba(X), labelled.predict_proba(X))


def test_weights_that_differ_much_do_not_let_rows_judge_themselves():
    """Of noise nothing can be learned, and the held-out rows must say so."""
    random = np.random.default_rng(0)
    X, y = random.standard_normal((300, 4)), random.integers(2, size=300)
    weights = np.exp(random.standard_normal(300))
    results = HardNegativeClassifier("linear").fit(X, y, sample_weight=weights).cv_results_
    assert np.max(results["mean_test_accuracy"]) < 0.62


def test_a_grid_searches_over_the_miner_of_its_learner(digits):
    pipe = make_pipeline(HardNegativeClassifier("linear", **QUICK))
    grid = {
        "hardnegativeclassifier__learner__negative_miner": ["random", HardestMiner(5)],
        "hardnegativeclassifier__learner__max_iter": [5],
    }
    search = GridSearchCV(pipe, grid, cv=2).fit(*digits)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_[-1].learner_.max_iter == 5


@pytest.mark.parametrize("learner", ["linear", "mlp", MLPMetricLearner((8,), 2, max_iter=2)])
def test_either_learner_can_be_taken(learner, iris):
    classifier = HardNegativeClassifier(learner, encoding="plain", random_state=0).fit(*iris)
    assert classifier.score(*iris) > 0.8


def test_neighbours_are_rows_of_the_training_set(iris):
    X, y = iris
    classifier = HardNegativeClassifier("linear", **QUICK).fit(X, y)
    distances, rows = classifier.kneighbors(X[:5], 3)
    assert distances.shape == rows.shape == (5, 3)
    Z = classifier.transform(X)
    expected = np.linalg.norm(Z[:5, None] - Z[rows], axis=2)
    assert_allclose(distances, expected, atol=1e-9)
    assert_allclose(distances[:, 0], 0.0, atol=1e-12)
    assert_array_equal(classifier.kneighbors(X[:5], 3, return_distance=False), rows)
    assert classifier.kneighbors(X[:5])[1].shape == (5, classifier.n_neighbors_)


def test_log_chances_are_logarithms(iris):
    X, y = iris
    classifier = HardNegativeClassifier("linear", **QUICK, smoothing=0.0).fit(X, y)
    with np.errstate(divide="ignore"):
        expected = np.log(classifier.predict_proba(X))
    assert_array_equal(classifier.predict_log_proba(X), expected)


def test_a_row_of_weight_two_is_the_row_twice(digits):
    X, y = digits
    weights = 1.0 + np.arange(len(y)) % 2
    weights[5] = 0.0
    many = np.repeat(np.arange(len(y)), weights.astype(int))
    options = {"learner": "linear", "encoding": "auto"}
    weighted = HardNegativeClassifier(**options).fit(X, y, sample_weight=weights)
    repeated = HardNegativeClassifier(**options).fit(X[many], y[many])
    assert weighted.encoding_ == repeated.encoding_
    assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-6)


def test_class_weight_moves_the_vote():
    X, y = make_classification(300, 5, class_sep=0.3, weights=[0.9], random_state=0)
    counts = {
        weight: HardNegativeClassifier("linear", **QUICK, class_weight=weight).fit(X, y).predict(X)
        for weight in (None, "balanced")
    }
    assert (counts["balanced"] == 1).sum() > (counts[None] == 1).sum()


@pytest.mark.parametrize("change", ["order", "n_jobs"])
def test_nothing_but_the_rows_decides(change):
    X, y = bumps(200)
    first = HardNegativeClassifier(random_state=0, n_jobs=1).fit(X, y)
    if change == "order":
        order = np.random.default_rng(0).permutation(len(X))
        second = HardNegativeClassifier(random_state=0, n_jobs=1).fit(X[order], y[order])
    else:
        second = HardNegativeClassifier(random_state=0, n_jobs=2).fit(X, y)
    assert_array_equal(first.predict_proba(X), second.predict_proba(X))


def test_large_tables_are_judged_on_one_split_and_learned_without_the_judges(monkeypatch):
    monkeypatch.setattr(_choice, "MOST_FOR_FOLDS", 200)
    monkeypatch.setattr(_choice, "MOST_TO_CHOOSE", 300)
    monkeypatch.setattr(_choice, "MOST_TO_LEARN", 400)
    judged_by = []

    def spy(metric, split, *args):
        judged_by.append((split[0].rows, split[1].rows))
        return judge(metric, split, *args)

    judge = _choice.judge
    monkeypatch.setattr(_choice, "judge", spy)
    X, y = bumps(1000)
    classifier = HardNegativeClassifier("linear").fit(X, y)
    learned, held_out = judged_by[-1]
    assert not set(learned) & set(held_out)
    assert len(learned) + len(held_out) == 400
    assert len(held_out) == pytest.approx(400 // 20, abs=2)
    assert "split0_test_score" in classifier.cv_results_
    assert "split1_test_score" not in classifier.cv_results_
    assert classifier.score(*bumps(seed=1)) > 0.84
    assert classifier.kneighbors(X[:1], 1000)[1].shape == (1, 1000)  # everybody votes


def test_wide_tables_are_not_bent_into_too_many_columns():
    X, y = make_classification(80, 300, n_informative=10, random_state=0)
    classifier = HardNegativeClassifier("linear").fit(X, y)
    assert set(classifier.cv_results_["param_encoding"]) == {"plain"}


@pytest.mark.parametrize("index", ["tree", "graph"])
def test_another_index_finds_the_same_neighbours_of_few_rows(index, iris):
    X, y = iris
    exact, other = (
        HardNegativeClassifier("linear", **QUICK, index=i).fit(X, y) for i in ("exact", index)
    )
    assert_allclose(exact.predict_proba(X), other.predict_proba(X), atol=1e-9)


def test_it_is_no_worse_than_a_forest_on_real_data():
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)
    ours = cross_val_score(HardNegativeClassifier("linear"), X, y, cv=3).mean()
    assert ours > cross_val_score(RandomForestClassifier(random_state=0), X, y, cv=3).mean()
