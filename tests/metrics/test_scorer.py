"""Measures of retrieval inside scikit-learn's cross-validation and searches."""

import pickle

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import NotFittedError, UnsetMetadataPassedError
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    cross_val_score,
    cross_validate,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skhnm import HardNegativeMetricLearner, metrics
from skhnm.metrics import (
    map_at_r,
    precision_at_k,
    recall_at_k,
    relevant_recall_at_k,
    retrieval_scorer,
)

pytestmark = pytest.mark.jit

NAMES = [
    "recall_at_k", "relevant_recall_at_k", "precision_at_k", "r_precision", "map_at_r",
    "mean_reciprocal_rank",
]  # fmt: skip


def learner(**parameters):
    return HardNegativeMetricLearner(max_iter=3, **parameters)


@pytest.mark.parametrize("name", NAMES)
def test_it_judges_the_embeddings_of_the_rows_among_themselves(digits, name):
    X, y = digits
    fitted = learner().fit(X[:100], y[:100])
    expected = getattr(metrics, name)(fitted.transform(X[100:]), y[100:])
    assert retrieval_scorer(name)(fitted, X[100:], y[100:]) == expected


def test_it_takes_places_and_the_cosine(digits):
    X, y = digits
    fitted = PCA(3).fit(X)
    Z = fitted.transform(X)
    assert retrieval_scorer("recall_at_k", k=5)(fitted, X, y) == recall_at_k(Z, y, k=5)
    assert vars(retrieval_scorer("recall_at_5")) == vars(retrieval_scorer("recall_at_k", k=5))
    scorer = retrieval_scorer("map_at_r", k=4, metric="cosine", n_jobs=1)
    assert scorer(fitted, X, y) == map_at_r(Z, y, k=4, metric="cosine")
    found = retrieval_scorer("relevant_recall_at_5")(fitted, X, y)
    assert found == relevant_recall_at_k(Z, y, k=5) < recall_at_k(Z, y, k=5)


def test_it_takes_the_mean_over_classes(digits):
    X, y = digits[0][:150], np.sort(digits[1])[:150]
    fitted = PCA(3).fit(X)
    expected = map_at_r(fitted.transform(X), y, average="class")
    assert retrieval_scorer("map_at_r", average="class")(fitted, X, y) == expected


# Which estimators.


def test_of_a_pipeline_that_ends_in_a_classifier_the_steps_before_it_are_taken(digits):
    X, y = digits
    scorer = retrieval_scorer("map_at_r")
    whole = make_pipeline(StandardScaler(), PCA(4), KNeighborsClassifier()).fit(X, y)
    expected = map_at_r(whole[:-1].transform(X), y)
    assert scorer(whole, X, y) == expected
    assert scorer(whole[:-1], X, y) == expected
    inside = make_pipeline(StandardScaler(), make_pipeline(PCA(4), KNeighborsClassifier()))
    assert scorer(inside.fit(X, y), X, y) == expected
    skipped = Pipeline([("pca", PCA(4)), ("none", "passthrough"), ("knn", KNeighborsClassifier())])
    assert scorer(skipped.fit(X, y), X, y) == map_at_r(PCA(4).fit(X).transform(X), y)


def test_a_classifier_that_transforms_is_judged_by_its_own_embedding(digits):
    X, y = digits
    lda = LinearDiscriminantAnalysis().fit(X, y)
    assert retrieval_scorer("map_at_r")(lda, X, y) == map_at_r(lda.transform(X), y)


def test_a_fitted_search_is_judged_by_its_best_estimator(digits):
    X, y = digits
    pipe = make_pipeline(PCA(), KNeighborsClassifier())
    search = GridSearchCV(pipe, {"pca__n_components": [2, 5]}, cv=2).fit(X, y)
    expected = map_at_r(search.best_estimator_[:-1].transform(X), y)
    assert retrieval_scorer("map_at_r")(search, X, y) == expected
    inside = make_pipeline(StandardScaler(), search).fit(X, y)
    Z = inside[-1].best_estimator_[:-1].transform(inside[0].transform(X))
    assert retrieval_scorer("map_at_r")(inside, X, y) == map_at_r(Z, y)


def test_rows_that_the_learner_calls_unlabelled_are_not_judged(digits):
    X, y = digits
    y = np.where(np.arange(len(y)) % 4 == 0, -1, y)
    scorer = retrieval_scorer("precision_at_k")
    pipe = make_pipeline(StandardScaler(), learner(unlabelled=-1)).fit(X, y)
    expected = precision_at_k(pipe.transform(X), y, unlabelled=-1)
    assert scorer(pipe, X, y) == expected
    assert scorer(pipe[-1], pipe[0].transform(X), y) == expected
    assert expected != precision_at_k(pipe.transform(X), y)


@pytest.mark.parametrize(
    ("estimator", "name"),
    [
        (KNeighborsClassifier(), "KNeighborsClassifier"),
        (make_pipeline(KNeighborsClassifier()), "Pipeline"),
    ],
)
def test_an_estimator_without_a_transform_is_refused(digits, estimator, name):
    X, y = digits
    with pytest.raises(TypeError, match=f"'map_at_r'. judges embeddings, but {name} has no trans"):
        retrieval_scorer("map_at_r")(estimator.fit(X, y), X, y)


def test_an_estimator_that_is_not_fitted_says_so(digits):
    with pytest.raises(NotFittedError):
        retrieval_scorer("map_at_r")(learner(), *digits)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames_are_embeddings_too(digits, library):
    X, y = digits
    pipe = make_pipeline(StandardScaler(), learner())
    scorer = retrieval_scorer("map_at_r")
    expected = scorer(pipe.fit(X, y), X, y)
    framed = clone(pipe).set_output(transform=library).fit(X, y)
    assert scorer(framed, X, y) == pytest.approx(expected)


# Cross-validation and searches.


def test_classes_of_a_fold_are_not_seen_in_training(digits):
    X, y = digits
    seen = []

    def remember(estimator, X, y):
        seen.append((set(estimator.classes_.tolist()), set(y.tolist())))
        return retrieval_scorer("map_at_r")(estimator, X, y)

    splits = GroupKFold(2)
    scores = cross_val_score(learner(), X, y, groups=y, cv=splits, scoring=remember)
    assert all(not trained & judged for trained, judged in seen)
    by_name = cross_val_score(
        learner(), X, y, groups=y, cv=splits, scoring=retrieval_scorer("map_at_r")
    )
    assert by_name.tolist() == scores.tolist()


def test_cross_validation_takes_several(digits):
    scoring = {name: retrieval_scorer(name) for name in NAMES} | {"accuracy": "accuracy"}
    pipe = make_pipeline(learner(), KNeighborsClassifier())
    scores = cross_validate(pipe, *digits, cv=3, scoring=scoring, error_score="raise")
    for name in scoring:
        assert scores[f"test_{name}"].shape == (3,)
        # Of a fold's many matches of a query, one is found at k = 1.
        assert (scores[f"test_{name}"] > (0.0 if name == "relevant_recall_at_k" else 0.3)).all()


def test_a_grid_search_chooses_by_it_and_fits_again(digits):
    X, y = digits
    search = GridSearchCV(
        make_pipeline(StandardScaler(), learner(), KNeighborsClassifier()),
        {"hardnegativemetriclearner__n_components": [1, 8]},
        scoring={"map": retrieval_scorer("map_at_r"), "accuracy": "accuracy"},
        refit="map", cv=GroupKFold(2), error_score="raise",
    )  # fmt: skip
    search.fit(X, y, groups=y)
    best = search.cv_results_["mean_test_map"].argmax()
    assert search.best_index_ == best
    assert search.score(X, y) == retrieval_scorer("map_at_r")(search, X, y)
    assert "retrieval_scorer('map_at_r')" in repr(search)
    clone(search)


def test_it_travels_to_worker_processes(digits):
    X, y = digits
    scorer = retrieval_scorer("map_at_r")
    arguments = {"groups": y, "cv": GroupKFold(2), "scoring": scorer}
    alone = cross_val_score(learner(), X, y, **arguments)
    assert cross_val_score(learner(), X, y, n_jobs=2, **arguments).tolist() == alone.tolist()
    again = pickle.loads(pickle.dumps(scorer))
    assert vars(again) == vars(scorer)
    assert repr(again) == repr(scorer)


def test_a_fold_that_cannot_be_judged_says_why():
    X, y = np.arange(12.0)[:, None], np.repeat([0, 1, 2, 3, 4, 5], 2)
    scale, scorer = FunctionTransformer(), retrieval_scorer("r_precision")
    with pytest.raises(ValueError, match="cannot judge these rows: no row of Z has a match"):
        cross_val_score(
            scale, X[::-1], y, cv=KFold(6, shuffle=True, random_state=0), scoring=scorer,
            error_score="raise",
        )  # fmt: skip
    with pytest.raises(ValueError, match="cannot judge these rows: y holds one class only"):
        cross_val_score(
            scale, X, y, groups=y, cv=LeaveOneGroupOut(), scoring=scorer, error_score="raise"
        )


# Groups.


def test_rows_of_one_group_are_taken_out_of_each_others_rankings(digits):
    X, y = digits
    fitted, groups = PCA(3).fit(X), np.arange(len(y)) // 3
    Z = fitted.transform(X)
    expected = map_at_r(Z, y, groups=groups)
    assert retrieval_scorer("map_at_r")(fitted, X, y, groups=groups) == expected != map_at_r(Z, y)
    some = np.where(groups < 20, groups, -1)
    scorer = retrieval_scorer("map_at_r", ungrouped=None)
    assert scorer(fitted, X, y, groups=some) == map_at_r(Z, y, groups=some, ungrouped=None)


def by_fold(X, y, groups, splits):
    """What the scorer should say of each fold, with and without groups."""
    embeddings = [(PCA(3).fit(X[train]).transform(X[test]), test) for train, test in splits]
    return [
        [map_at_r(Z, y[test], groups=given[test]) for Z, test in embeddings]
        for given in (groups, np.arange(len(y)))
    ]


@pytest.mark.parametrize("request_as", [True, "frames"])
def test_cross_validation_passes_groups_on_to_a_scorer_that_asks_for_them(digits, request_as):
    X, y = digits
    groups, cv = np.arange(len(y)) // 4, KFold(3)
    name = "groups" if request_as is True else request_as
    expected, without = by_fold(X, y, groups, cv.split(X))
    with config_context(enable_metadata_routing=True):
        scorer = retrieval_scorer("map_at_r").set_score_request(groups=request_as)
        asked = {"cv": cv, "params": {name: groups}, "error_score": "raise"}
        assert cross_val_score(PCA(3), X, y, scoring=scorer, **asked).tolist() == expected
        again = pickle.loads(pickle.dumps(scorer))
        assert cross_val_score(PCA(3), X, y, scoring=again, **asked).tolist() == expected
        silent = retrieval_scorer("map_at_r").set_score_request(groups=False)
        scores = cross_validate(PCA(3), X, y, scoring={"with": scorer, "without": silent}, **asked)
        assert scores["test_with"].tolist() == expected
        assert scores["test_without"].tolist() == without != expected


def test_groups_may_be_for_the_splits_as_well_and_in_a_search(digits):
    X, y = digits
    groups, cv = np.arange(len(y)) // 4, GroupKFold(3)
    expected, _ = by_fold(X, y, groups, cv.split(X, y, groups))
    with config_context(enable_metadata_routing=True):
        scorer = retrieval_scorer("map_at_r").set_score_request(groups=True)
        search = GridSearchCV(PCA(), {"n_components": [3]}, scoring=scorer, cv=cv)
        search.fit(X, y, groups=groups)
        assert search.best_score_ == pytest.approx(np.mean(expected))
        found = search.score(X, y, groups=groups)
    assert found == map_at_r(search.transform(X), y, groups=groups)


def test_groups_that_nobody_asked_for_are_an_error(digits):
    X, y = digits
    with (
        config_context(enable_metadata_routing=True),
        pytest.raises(UnsetMetadataPassedError, match="groups"),
    ):
        cross_val_score(
            PCA(3), X, y, scoring=retrieval_scorer("map_at_r"), params={"groups": y}, cv=KFold(3)
        )


def test_nothing_is_asked_for_where_metadata_routing_is_off():
    with pytest.raises(RuntimeError, match="set_score_request needs metadata routing, which is"):
        retrieval_scorer("map_at_r").set_score_request(groups=True)


# Itself.


def test_it_shows_how_it_was_made():
    assert repr(retrieval_scorer("map_at_r")) == "retrieval_scorer('map_at_r')"
    assert (
        repr(retrieval_scorer("recall_at_k", k=5, metric="cosine", n_jobs=2))
        == "retrieval_scorer('recall_at_k', k=5, metric='cosine', n_jobs=2)"
    )
    shown = "retrieval_scorer('map_at_r', ungrouped=None, average='class')"
    assert repr(retrieval_scorer("map_at_r", average="class", ungrouped=None)) == shown


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"name": "map"}, ValueError, "name must be one of 'recall_at_k', .*; got 'map'"),
        ({"name": map_at_r}, ValueError, "name must be one of"),
        ({"k": 0}, ValueError, "k must be an integer >= 1, or None"),
        ({"name": "r_precision", "k": 3}, ValueError, "so it has no k: leave it out"),
        ({"metric": "manhattan"}, ValueError, "metric must be one of"),
        ({"average": None}, ValueError, "average must be one of 'query', 'class'; got None"),
        ({"n_jobs": 0}, ValueError, "n_jobs == 0"),
    ],
)
def test_what_it_cannot_be_made_of_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        retrieval_scorer(**{"name": "map_at_r", **arguments})
