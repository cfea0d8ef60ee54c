"""
Does hard mining help on my data?
=================================

Sometimes a lot, sometimes not at all: it depends on the data. So ask them. ``compare_miners``
exchanges the miner and leaves all else as it is; then a grid search picks one, as it would any
other parameter.

In the user guide: :doc:`/comparing`.
"""

# %%
# Two data sets
# -------------
# Handwritten digits, on which three nearest neighbours are nearly perfect as it is. And a made-up
# set of ten classes in twenty features, of which eight tell the classes apart and twelve are noise.
# The classes touch each other along many borders.

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits, make_classification
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhnm import HardNegativeMetricLearner, compare_miners
from skhnm.miners import HardestMiner, RankMiner
from skhnm.plotting import MinerComparisonDisplay

sets = {
    "digits": load_digits(return_X_y=True),
    "many borders": make_classification(
        1500, n_features=20, n_informative=8, n_redundant=0, n_classes=10,
        n_clusters_per_class=1, flip_y=0, random_state=0,
    ),
}  # fmt: skip
pipe = make_pipeline(
    StandardScaler(), HardNegativeMetricLearner(random_state=0), KNeighborsClassifier(3)
)

# %%
# One question, two answers
# -------------------------
# Every miner is judged on the same folds. The line "none" is the pipeline without the learner, and
# "random" is the learner with negatives drawn by chance: what exceeds it is owed to hardness.

folds = StratifiedKFold(4, shuffle=True, random_state=0)
comparisons = {
    name: compare_miners(
        pipe,
        X,
        y,
        miners=("random", "semi_hard", "hardest"),
        cv=folds,
        scoring="accuracy",
    )
    for name, (X, y) in sets.items()
}
for name, comparison in comparisons.items():
    print(f"{name}\n{comparison}\n")

# %%
# A dot is a fold, a diamond the mean, the dashed line the pipeline without a learner. On digits the
# learner helps, and which negatives it sees makes no difference beyond the spread. On the other set
# hard negatives add half as much again to what random ones gain: the nearest rows of the other
# classes say where a border runs, and rows drawn by chance mostly lie somewhere else.

fig, axes = plt.subplots(2, 1, figsize=(7, 5), layout="constrained")
for ax, (name, comparison) in zip(axes, comparisons.items(), strict=True):
    MinerComparisonDisplay.from_comparison(comparison, ax=ax)
    ax.set_title(name, pad=24)
plt.show()

# %%
# A grid search picks the miner
# -----------------------------
# Names and instances mix in one grid, with their own parameters: how many negatives an anchor has,
# or how many of the nearest a ``RankMiner`` skips (which may be wise where labels are wrong). A
# third of the rows is set aside for the last line.

X_train, X_test, y_train, y_test = train_test_split(
    *sets["many borders"],
    test_size=1 / 3,
    stratify=sets["many borders"][1],
    random_state=0,
)
candidates = {
    "random": "random",
    "semi-hard": "semi_hard",
    "ranks 6 to 25": RankMiner(min_rank=6, max_rank=25, n_negatives=20),
    "hardest 3": HardestMiner(3),
    "hardest 20": HardestMiner(20),
}
search = GridSearchCV(
    pipe,
    {"hardnegativemetriclearner__negative_miner": list(candidates.values())},
    cv=StratifiedKFold(5, shuffle=True, random_state=0),
)
search.fit(X_train, y_train)
results = search.cv_results_
for i, name in enumerate(candidates):
    print(
        f"{name:<15}{results['mean_test_score'][i]:.3f}"
        f" ± {results['std_test_score'][i]:.3f}"
    )
print(f"the best, {list(candidates)[search.best_index_]}, on rows set aside: "
      f"{search.score(X_test, y_test):.3f}")  # fmt: skip

# %%
# All candidates with their folds. A single fold would not do: the spread between folds is as large
# as the steps between neighbouring candidates.

fig, ax = plt.subplots(figsize=(7, 2.9), layout="constrained")
for i in range(len(candidates)):
    scores = [results[f"split{fold}_test_score"][i] for fold in range(5)]
    ax.plot(scores, [i] * 5, "o", color="0.6", label="a fold" if i == 0 else None)
    best = i == search.best_index_
    ax.plot(
        results["mean_test_score"][i], i, "D", color="#1f5f99", markersize=9,
        fillstyle="full" if best else "none",
        label="mean; filled: the best" if best else None,
    )  # fmt: skip
ax.set_yticks(range(len(candidates)), list(candidates))
ax.set(xlabel="accuracy", ylim=(len(candidates) - 0.5, -0.5))
ax.grid(axis="y", color="0.9")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, loc="upper right")
plt.show()

# sphinx_gallery_thumbnail_number = 1
