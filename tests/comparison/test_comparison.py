"""Miners are compared on equal terms, and the numbers are scikit-learn's."""

import functools

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import DBSCAN
from sklearn.datasets import load_iris
from sklearn.model_selection import (
    GroupKFold,
    LeaveOneGroupOut,
    LeaveOneOut,
    StratifiedKFold,
    cross_val_score,
    cross_validate,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhnm import (
    HardNegativeMetricLearner,
    MLPMetricLearner,
    compare_miners,
)
from skhnm.metrics import retrieval_scorer
from skhnm.miners import HardestMiner, SemiHardMiner


def learner(**parameters):
    return HardNegativeMetricLearner(max_iter=3, **parameters)


def pipe(**parameters):
    return make_pipeline(StandardScaler(), learner(**parameters))


def next_but_one(Z, y, positives, pool, pool_y, random_state):
    """Choose one row of another class for each anchor."""
    return np.array([[np.flatnonzero(pool_y != label)[1]] for label in y])


class RecordingSplitter(StratifiedKFold):
    """Notes how often it is asked to split."""

    asked = 0

    def split(self, *arguments):
        RecordingSplitter.asked += 1
        return super().split(*arguments)


class TestNumbers:
    def test_a_miner_scores_what_cross_validate_gives_its_pipeline(self, digits):
        full = make_pipeline(StandardScaler(), learner(random_state=0), KNeighborsClassifier(5))
        found = compare_miners(full, *digits, miners=["random", "hardest"], cv=3)
        for row, miner in enumerate(["random", "hardest"], start=1):
            alone = clone(full).set_params(hardnegativemetriclearner__negative_miner=miner)
            expected = cross_validate(
                alone, *digits, cv=3, scoring=["accuracy", "recall_macro", "f1_macro"]
            )
            for name in ("accuracy", "recall_macro", "f1_macro"):
                assert np.array_equal(found.scores[name][row], expected[f"test_{name}"])

    def test_the_baseline_is_the_pipeline_without_the_learner(self, digits):
        full = make_pipeline(StandardScaler(), learner(), KNeighborsClassifier(5))
        without = make_pipeline(StandardScaler(), KNeighborsClassifier(5))
        found = compare_miners(full, *digits, miners=["hardest"], cv=3)
        assert found.labels[0] == "none"
        expected = cross_val_score(without, *digits, cv=3)
        assert np.array_equal(found.scores["accuracy"][0], expected)

    @pytest.mark.parametrize("make", [pipe, learner])
    def test_without_a_classifier_three_neighbours_judge(self, digits, make):
        found = compare_miners(make(), *digits, miners=["hardest"], cv=3)
        expected = cross_val_score(make_pipeline(make(), KNeighborsClassifier(3)), *digits, cv=3)
        assert np.array_equal(found.scores["accuracy"][1], expected)

    def test_retrieval_is_judged_on_the_test_rows_among_themselves(self, digits):
        found = compare_miners(pipe(), *digits, miners=["hardest"], cv=3)
        for name, scorer in [
            ("map_at_r", retrieval_scorer("map_at_r")),
            ("precision_at_1", retrieval_scorer("precision_at_k", k=1)),
        ]:
            expected = cross_val_score(pipe(), *digits, cv=StratifiedKFold(3), scoring=scorer)
            assert np.array_equal(found.scores[name][1], expected)

    def test_a_network_is_compared_too(self, digits):
        network = MLPMetricLearner((8,), max_iter=1, random_state=0)
        found = compare_miners(network, *digits, miners=["random", "hardest"], cv=2)
        assert found.scores["accuracy"].shape == (3, 2)

    def test_tuples_are_those_of_all_rounds(self, digits):
        X, y = digits
        train, test = np.arange(150), np.arange(150, 200)
        found = compare_miners(
            learner(refresh_every=1), X, y, miners=["hardest"], cv=[(train, test)]
        )
        fitted = learner(refresh_every=1).fit(X[train], y[train])
        assert len(fitted.mining_curve_) > 1
        assert found.n_tuples.tolist() == [
            [0],
            [sum(mined["n_tuples"] for mined in fitted.mining_curve_)],
        ]
        assert (found.seconds > 0).all()
        assert (found.n_train.tolist(), found.n_test.tolist()) == ([150], [50])


class TestEqualTerms:
    def test_all_miners_get_the_same_splits(self, digits):
        splitter = RecordingSplitter(3, shuffle=True)  # other splits whenever it is asked
        RecordingSplitter.asked = 0
        found = compare_miners(
            pipe(), *digits, miners={"one": "hardest", "other": HardestMiner()}, cv=splitter
        )
        assert RecordingSplitter.asked == 1
        for scores in found.scores.values():
            assert np.array_equal(scores[1], scores[2])

    @pytest.mark.parametrize("seed", [3, None, np.random.RandomState(3)])
    def test_all_fits_get_the_same_seed(self, digits, seed):
        found = compare_miners(
            pipe(), *digits, miners=["random", "random"], cv=2, random_state=seed
        )
        assert np.array_equal(found.scores["map_at_r"][1], found.scores["map_at_r"][2])

    def test_the_seed_goes_where_the_learner_has_none(self, digits):
        own = compare_miners(pipe(random_state=5), *digits, miners=["random"], cv=2)
        given = compare_miners(pipe(), *digits, miners=["random"], cv=2, random_state=5)
        kept = compare_miners(
            pipe(random_state=5), *digits, miners=["random"], cv=2, random_state=6
        )
        other = compare_miners(pipe(), *digits, miners=["random"], cv=2, random_state=6)
        assert np.array_equal(own.scores["map_at_r"], given.scores["map_at_r"])
        assert np.array_equal(own.scores["map_at_r"], kept.scores["map_at_r"])
        assert not np.array_equal(own.scores["map_at_r"], other.scores["map_at_r"])

    def test_the_same_scores_whatever_the_jobs(self, digits):
        one, two = (
            compare_miners(
                pipe(), *digits, miners=["random", next_but_one], cv=2, random_state=0, n_jobs=n
            )
            for n in (1, 2)
        )
        assert one.labels == two.labels
        for name in one.metrics:
            assert np.array_equal(one.scores[name], two.scores[name])

    def test_what_is_given_is_never_changed(self, digits):
        estimator, miner = pipe(), SemiHardMiner(margin=0.5)
        before = repr(estimator), repr(miner)
        compare_miners(estimator, *digits, miners=[miner], cv=2, random_state=0)
        assert (repr(estimator), repr(miner)) == before
        assert not hasattr(estimator[-1], "components_")


class TestMiners:
    def test_names_instances_and_functions_are_labelled_as_written(self, digits):
        miners = [
            "semi_hard",
            SemiHardMiner(margin=0.5),
            SemiHardMiner(margin=2.0),
            next_but_one,
            functools.partial(next_but_one),
            next_but_one,
        ]
        found = compare_miners(pipe(), *digits, miners=miners, cv=2, scoring="accuracy")
        assert found.labels[:5] == (
            "none",
            "semi_hard",
            "SemiHardMiner(margin=0.5)",
            "SemiHardMiner(margin=2.0)",
            "next_but_one",
        )
        assert found.labels[5].startswith("functools.partial")
        assert found.labels[6] == "next_but_one (2)"

    def test_a_dict_brings_its_own_labels(self, digits):
        found = compare_miners(
            pipe(), *digits, miners={"close": SemiHardMiner(5.0), "any": "random"}, cv=2
        )
        assert found.labels == ("none", "close", "any")
        assert found.reference == "any"

    @pytest.mark.parametrize(
        ("miners", "error", "message"),
        [
            ("hardest", TypeError, "list of names"),
            (HardestMiner(), TypeError, "list of names"),
            ([], ValueError, "empty"),
            ({}, ValueError, "empty"),
            (["hardst"], ValueError, "Did you mean 'hardest'"),
            ([3], TypeError, "negative_miner must be a name"),
            ({"none": "hardest"}, ValueError, "other than 'none'"),
            ({1: "hardest"}, ValueError, "labels of miners"),
            ([SemiHardMiner(margin=-1.0)], ValueError, "margin"),
        ],
    )
    def test_what_is_no_miner_is_refused_before_any_fit(self, iris, miners, error, message):
        with pytest.raises(error, match=message):
            compare_miners(pipe(), *iris, miners=miners)

    def test_an_error_within_a_fit_names_the_miner(self, iris):
        def broken(Z, y, positives, pool, pool_y, random_state):
            raise RuntimeError("out of ideas")

        with pytest.raises(RuntimeError, match="out of ideas") as caught:
            compare_miners(pipe(), *iris, miners=["hardest", broken], cv=2)
        assert "the miner 'broken'" in caught.value.__notes__[0]


class TestEstimators:
    def test_there_must_be_a_learner(self, iris):
        with pytest.raises(ValueError, match="got none"):
            compare_miners(make_pipeline(StandardScaler(), KNeighborsClassifier()), *iris)

    def test_there_must_be_only_one(self, iris):
        with pytest.raises(ValueError, match="got 2: hardnegativemetriclearner-1"):
            compare_miners(make_pipeline(learner(), learner()), *iris)

    def test_the_end_must_classify_or_transform(self, iris):
        with pytest.raises(ValueError, match="neither classifies nor transforms"):
            compare_miners(make_pipeline(learner(), DBSCAN()), *iris)

    def test_a_transformer_may_follow_the_learner(self, iris):
        after = make_pipeline(learner(), StandardScaler())
        found = compare_miners(after, *iris, miners=["hardest"], cv=2)
        expected = cross_val_score(make_pipeline(after, KNeighborsClassifier(3)), *iris, cv=2)
        assert np.array_equal(found.scores["accuracy"][1], expected)


class TestScoring:
    DEFAULT = (
        "accuracy", "precision_macro", "recall_macro", "f1_macro", "map_at_r", "precision_at_1",
    )  # fmt: skip

    def test_by_default_classification_and_retrieval(self, iris):
        assert compare_miners(pipe(), *iris, miners=["hardest"], cv=2).metrics == self.DEFAULT

    @pytest.mark.parametrize(
        ("scoring", "names"),
        [
            ("balanced_accuracy", ("balanced_accuracy",)),
            (["f1_macro", "recall_at_5"], ("f1_macro", "recall_at_5")),
            (["r_precision", "mean_reciprocal_rank"], ("r_precision", "mean_reciprocal_rank")),
            ({"mine": "accuracy", "own": lambda e, X, y: 0.5}, ("mine", "own")),
            (retrieval_scorer("map_at_r"), ("score",)),
        ],
    )
    def test_scores_can_be_named_as_in_scikit_learn(self, iris, scoring, names):
        found = compare_miners(pipe(), *iris, miners=["hardest"], cv=2, scoring=scoring)
        assert found.metrics == names
        assert all(scores.shape == (2, 2) for scores in found.scores.values())

    def test_an_unknown_score_is_refused_before_any_fit(self, iris):
        with pytest.raises(ValueError, match="Unknown score 'recall_at_0'"):
            compare_miners(pipe(), *iris, scoring=["recall_at_0"])
        with pytest.raises(ValueError, match="scoring is empty"):
            compare_miners(pipe(), *iris, scoring=[])
        for scoring in (3, [retrieval_scorer("map_at_r")]):
            with pytest.raises(TypeError, match="scoring must be a name, a callable"):
                compare_miners(pipe(), *iris, scoring=scoring)

    def test_classes_that_training_lacks_are_judged_by_retrieval(self, digits):
        X, y = digits
        found = compare_miners(pipe(), X, y, miners=["hardest"], groups=y, cv=GroupKFold(2))
        assert found.metrics == ("map_at_r", "precision_at_1")
        assert "No classification: the classes of the test rows are not in training." in str(found)
        expected = cross_val_score(
            pipe(), X, y, groups=y, cv=GroupKFold(2), scoring=retrieval_scorer("map_at_r")
        )
        assert np.array_equal(found.scores["map_at_r"][1], expected)

    def test_classification_of_such_classes_is_refused(self, digits):
        X, y = digits
        with pytest.raises(ValueError, match=r"judged by 'accuracy'.*not in training"):
            compare_miners(pipe(), X, y, groups=y, cv=GroupKFold(2), scoring="accuracy")

    def test_single_test_rows_are_judged_by_classification(self, iris):
        X, y = iris
        few = np.r_[0:5, 50:55, 100:105]
        found = compare_miners(learner(), X[few], y[few], miners=["random"], cv=LeaveOneOut())
        assert found.metrics == self.DEFAULT[:4]
        assert "No retrieval: a split has not two classes" in str(found)

    def test_no_splits_are_refused(self, iris):
        with pytest.raises(ValueError, match="cv gave no splits"):
            compare_miners(pipe(), *iris, cv=[])

    def test_splits_that_nothing_can_judge_are_refused(self, iris):
        X, y = iris
        with pytest.raises(ValueError, match=r"cannot be judged.*pass another cv"):
            compare_miners(pipe(), X, y, groups=y, cv=LeaveOneGroupOut())


class TestData:
    def test_labels_may_be_strings_and_features_a_data_frame(self):
        X, y = load_iris(return_X_y=True, as_frame=True)
        names = y.map({0: "setosa", 1: "versicolor", 2: "virginica"})
        found = compare_miners(pipe(), X, names, miners=["hardest"], cv=2)
        plain = compare_miners(pipe(), X.to_numpy(), y.to_numpy(), miners=["hardest"], cv=2)
        for name in found.metrics:
            assert np.array_equal(found.scores[name], plain.scores[name])

    def test_unlabelled_rows_are_left_out(self, iris):
        X, y = iris
        y = y.copy()
        y[::7] = -1
        found = compare_miners(
            learner(unlabelled=-1), X, y, miners=["hardest"], cv=2, scoring="accuracy"
        )
        assert found.n_train.sum() == (y != -1).sum()
        without = compare_miners(
            learner(), X[y != -1], y[y != -1], miners=["hardest"], cv=2, scoring="accuracy"
        )
        assert abs(found.scores["accuracy"] - without.scores["accuracy"]).max() < 0.1

    def test_splits_may_be_a_generator_of_masks(self, iris):
        X, y = iris
        even = np.arange(len(y)) % 2 == 0
        masks = compare_miners(pipe(), X, y, miners=["hardest"], cv=iter([(even, ~even)]))
        rows = np.flatnonzero(even), np.flatnonzero(~even)
        indices = compare_miners(pipe(), X, y, miners=["hardest"], cv=[rows])
        assert np.array_equal(masks.scores["accuracy"], indices.scores["accuracy"])

    def test_a_continuous_target_is_refused(self, iris):
        X, _ = iris
        with pytest.raises(ValueError, match="continuous values"):
            compare_miners(pipe(), X, np.linspace(0, 1, len(X)))
