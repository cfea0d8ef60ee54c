"""What a comparison says of itself: its table, its verdict, its columns."""

from textwrap import fill

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhnm import HardNegativeMetricLearner, MinerComparison, compare_miners
from skhnm.miners import RandomMiner


def pipe():
    return make_pipeline(StandardScaler(), HardNegativeMetricLearner(max_iter=3))


def made_up(gains, n_train=400, n_test=100):
    """Return a comparison of "random" with miners that are better by these gains."""
    random = np.linspace(0.8, 0.84, len(next(iter(gains.values()))))
    rows = [random - 0.1, random, *(random + np.array(gain) for gain in gains.values())]
    n_splits = len(random)
    return MinerComparison(
        labels=("none", "random", *gains),
        scores={"accuracy": np.array(rows)},
        seconds=np.full((len(rows), n_splits), 0.25),
        n_tuples=np.full((len(rows), n_splits), 1200),
        n_train=np.full(n_splits, n_train),
        n_test=np.full(n_splits, n_test),
        reference="random",
    )


def test_a_row_for_each_miner():
    found = made_up({"semi_hard": [0.01, 0.03], "all": [0.0, 0.0]})
    assert str(found).splitlines()[:6] == [
        "                accuracy",
        "                          seconds  tuples",
        "none       0.720 ± 0.028     0.25   1,200",
        "random     0.820 ± 0.028     0.25   1,200",
        "semi_hard  0.840 ± 0.042     0.25   1,200",
        "all        0.820 ± 0.028     0.25   1,200",
    ]
    assert repr(found) == str(found)


def test_a_steady_gain_is_told_in_figures():
    found = made_up({"hardest": [0.02, 0.021, 0.019, 0.02, 0.02], "all": [-0.01] * 5})
    assert found.verdict() == (
        "By accuracy, better than random negatives beyond the spread over splits: "
        "hardest (+0.0200, better in 5 of 5)."
    )
    assert str(found).endswith(fill(found.verdict(), 80))


def test_a_gain_within_the_spread_is_none():
    found = made_up({"hardest": [0.02, -0.01, 0.03, 0.0, 0.0], "all": [-0.01] * 5})
    assert found.verdict() == (
        "By accuracy, no miner is better than random negatives beyond the spread over splits; "
        "the best of the others: hardest (+0.0080, better in 2 of 5)."
    )


def test_overlap_of_training_rows_widens_the_spread():
    gains = {"hardest": [0.01, 0.02, 0.03, 0.02, 0.02]}
    assert "beyond the spread over splits: hardest" in made_up(gains, 900, 10).verdict()
    assert "no miner is better" in made_up(gains, 500, 1500).verdict()


def test_the_more_miners_the_more_it_takes():
    gains = {"hardest": [0.01, 0.02, 0.03, 0.02, 0.02]}
    others = {f"other {i}": [0.0] * 5 for i in range(20)}
    assert "over splits: hardest" in made_up(gains).verdict()
    assert "no miner is better" in made_up(gains | others).verdict()


def test_one_split_has_no_spread():
    found = made_up({"hardest": [0.02]})
    assert "one split says nothing about chance" in str(found)
    assert "±" not in str(found)


def test_without_random_negatives_the_features_are_what_to_beat(iris):
    found = compare_miners(pipe(), *iris, miners=["hardest"], cv=2)
    assert found.reference == "none"
    assert "the features as they are" in found.verdict()


def test_random_negatives_alone_have_no_rival(iris):
    found = compare_miners(pipe(), *iris, miners=[RandomMiner()], cv=2, random_state=0)
    assert found.reference == "RandomMiner()"
    assert "no other miner" in found.verdict()


def test_any_score_can_be_asked_for(digits):
    found = compare_miners(
        pipe(), *digits, miners=["random", "hardest"], cv=ShuffleSplit(3, random_state=0)
    )
    assert found.verdict("map_at_r").startswith("By map_at_r")
    means = found.of("map_at_r").mean(axis=1)
    assert found.best("map_at_r") == found.labels[means.argmax()]
    with pytest.raises(ValueError, match="metric must be one of 'accuracy'"):
        found.best("roc_auc")


def test_columns_make_a_data_frame():
    frame = pd.DataFrame(made_up({"hardest": [0.01, 0.03]}).as_dict()).set_index("miner")
    assert list(frame.columns) == ["mean_accuracy", "std_accuracy", "seconds", "n_tuples"]
    assert frame.loc["hardest", "mean_accuracy"] == pytest.approx(0.84)
    assert frame.loc["hardest", "seconds"] == 0.25
