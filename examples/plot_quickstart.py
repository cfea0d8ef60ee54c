"""
Quickstart: a better nearest-neighbour classifier
=================================================

Handwritten digits, 3 nearest neighbours. Euclidean distance treats all pixels alike; a
learned metric does not. We compare Euclidean distance, scikit-learn's neighbourhood
components analysis, and ``HardNegativeMetricLearner`` with four ways to choose the
negatives that it learns from; then we let a grid search choose. At last, a table of one's own:
``HardNegativeClassifier`` does it all, and shows what it goes by.

In the user guide: :doc:`/metric_learning`.
"""

# %%
# Six ways to measure distance
# ----------------------------
# Each stands in the same pipeline; each is judged on three stratified splits. The table
# shows test accuracy, and the mean time of one fit, the pipeline's own included.

import time

from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, StratifiedShuffleSplit, cross_validate
from sklearn.neighbors import KNeighborsClassifier, NeighborhoodComponentsAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skhnm import HardNegativeClassifier, HardNegativeMetricLearner
from skhnm.miners import SemiHardMiner

X, y = load_digits(return_X_y=True)
splits = StratifiedShuffleSplit(n_splits=3, test_size=0.3, random_state=0)

metrics = {
    "Euclidean": FunctionTransformer(),
    "NCA": NeighborhoodComponentsAnalysis(random_state=0),
}
for miner in ("random", "semi_hard", "rank", "hardest"):
    metrics[f"skhnm, {miner}"] = HardNegativeMetricLearner(
        negative_miner=miner, random_state=0
    )

# The first fit compiles the kernels, or loads them.
HardNegativeMetricLearner(max_iter=2).fit(X[:200], y[:200])

accuracy, seconds = {}, {}
print(f"{'metric':<20}{'accuracy':>10}{'fit':>10}")
for name, metric in metrics.items():
    pipe = make_pipeline(StandardScaler(), metric, KNeighborsClassifier(3))
    result = cross_validate(pipe, X, y, cv=splits)
    accuracy[name], seconds[name] = result["test_score"], result["fit_time"].mean()
    print(f"{name:<20}{accuracy[name].mean():>10.4f}{seconds[name]:>8.2f} s")

# %%
# Which miner? Ask the data
# -------------------------
# Miners are parameters like any other: names and instances mix in one grid.

pipe = make_pipeline(
    StandardScaler(), HardNegativeMetricLearner(), KNeighborsClassifier(3)
)
grid = {
    "hardnegativemetriclearner__negative_miner": [
        "hardest",
        "semi_hard",
        SemiHardMiner(margin=0.5),
    ]
}
train, test = next(splits.split(X, y))
began = time.perf_counter()
search = GridSearchCV(pipe, grid, cv=3).fit(X[train], y[train])
print(f"\ngrid search over the miner, {time.perf_counter() - began:.1f} s")
for params, score in zip(
    search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
):
    print(f"  {score:.4f}  {params['hardnegativemetriclearner__negative_miner']}")
print(f"best on held-out rows: {search.score(X[test], y[test]):.4f}")

# %%
# A table of your own
# -------------------
# For a classifier of tables nothing need be chosen: ``HardNegativeClassifier`` learns curves of
# the features, a metric on them, and a vote of the near rows, and says what it goes by.

table, diagnosis = load_breast_cancer(return_X_y=True, as_frame=True)
diagnosis = diagnosis.map({0: "malignant", 1: "benign"})
train, test = next(splits.split(table, diagnosis))
print("\na table of 30 measurements")
for classifier in (
    RandomForestClassifier(random_state=0),
    HardNegativeClassifier(random_state=0),
):
    classifier.fit(table.iloc[train], diagnosis.iloc[train])
    score = classifier.score(table.iloc[test], diagnosis.iloc[test])
    print(f"  {score:.4f}  {type(classifier).__name__}")
print(classifier.evidence(table.iloc[test[:1]]))

# %%
# The distances in a picture
# --------------------------
# A dot is one split, the bar their mean.

try:
    import matplotlib.pyplot as plt
except ImportError:
    print("\nFor the picture, install matplotlib: pip install 'skhnm[plot]'")
else:
    figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
    for row, name in enumerate(reversed(metrics)):
        errors = 100 * (1 - accuracy[name])
        colour = "tab:blue" if name.startswith("skhnm") else "0.6"
        axes.barh(row, errors.mean(), color=colour, alpha=0.5)
        axes.plot(
            errors, [row] * len(errors), "o", color=colour, markeredgecolor="white"
        )
        axes.annotate(f"{seconds[name]:.2f} s", (4.2, row), ha="right", va="center")
    axes.set(
        yticks=range(len(metrics)),
        yticklabels=list(reversed(metrics)),
        xlim=(0, 4.2),
        xlabel="test error of 3 nearest neighbours, %",
        title="Digits: which distance?",
    )
    axes.annotate("one fit", (4.2, len(metrics) - 0.45), ha="right", color="0.4")
    axes.spines[["top", "right"]].set_visible(False)
    if "__file__" in globals():
        figure.savefig("quickstart.png", dpi=120)
        print("\nThe same in a picture: quickstart.png")
    else:  # in a notebook, or in the gallery
        plt.show()
