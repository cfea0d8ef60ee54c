"""
A miner of your own
===================

A miner says which rows become an anchor's negatives. Yours is a class of ten lines; the library's
checks test it, and then it goes wherever the library's own miners go: into a learner, a grid
search, a call on embeddings from elsewhere.

In the user guide: :doc:`/write_your_own`.
"""

# %%
# The rule
# --------
# The hardest negatives of an anchor often come all from one class, the one next door. This miner
# gives every other class a say: it looks at the ``n_nearest`` rows of other classes, and takes from
# each class that it meets there the nearest one.
#
# A miner is a child of ``BaseMiner`` and has one method. ``candidates`` answers who is near
# whom, without an n × n matrix; what comes back are row indices, padded with -1.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits, make_blobs
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhnm import HardNegativeMetricLearner
from skhnm.miners import BaseMiner, HardestMiner
from skhnm.testing import check_miner, miner_checks


class OneOfEachMiner(BaseMiner):
    """The nearest row of each other class that is found among the nearest."""

    def __init__(self, n_nearest=20):
        self.n_nearest = n_nearest

    def select(self, candidates):
        negatives, _ = candidates.nearest(self.n_nearest)
        labels = np.where(negatives < 0, -1, candidates.pool_codes[negatives])
        for column in range(1, negatives.shape[1]):
            met = (labels[:, :column] == labels[:, [column]]).any(axis=1)
            negatives[met, column] = -1
        return candidates.by_anchor(negatives)


# %%
# Does it keep the rules?
# -----------------------
# The checks are those that every miner of the library passes: a row is never its own negative,
# nor a negative of its class; the same seed gives the same tuples; unlabelled rows take no part;
# ties, copies and empty classes are no trouble; and so on.

check_miner(OneOfEachMiner())
for check in miner_checks(OneOfEachMiner()):
    print("passed:", check.func.__name__.replace("_", " "))

# %%
# What it selects
# ---------------
# An anchor amid four classes, one of which lies close. The library's hardest miner takes its
# negatives where they are nearest; ours takes the nearest of every class in sight.

Z, y = make_blobs(
    [14, 14, 14, 14], centers=[[0, 0], [2.2, 0.3], [-2.6, 2.3], [-1.8, -3.0]],
    cluster_std=0.75, random_state=4,
)  # fmt: skip
anchor = int(np.linalg.norm(Z - [0.3, 0.0], axis=1).argmin())
markers, colours = "o^sD", ["#1f5f99", "#d9622b", "#5b8f3a", "#8a5fa8"]
fig, axes = plt.subplots(1, 2, figsize=(8, 4), sharey=True, layout="constrained")
for ax, miner in zip(axes, [HardestMiner(3), OneOfEachMiner(40)], strict=True):
    tuples = miner.mine(Z, y, positives="nearest")
    negatives = tuples.negatives[list(tuples.anchors).index(anchor)]
    for code in range(4):
        ax.scatter(
            *Z[y == code].T, marker=markers[code], c=colours[code], s=40, alpha=0.6
        )
    for row in negatives[negatives >= 0]:
        ax.plot(*Z[[anchor, row]].T, "-", color="0.2", linewidth=1.2, zorder=1)
        ax.scatter(
            *Z[row], marker=markers[y[row]], c=colours[y[row]], s=90, edgecolors="0.1"
        )
    ax.scatter(*Z[anchor], marker="*", c="gold", s=280, edgecolors="0.1", zorder=3)
    ax.set(title=str(miner), xticks=[], yticks=[], aspect="equal")
    ax.spines[:].set_visible(False)
axes[0].annotate(
    "anchor", Z[anchor], (8, -18), textcoords="offset points", fontweight="bold"
)
plt.show()

# %%
# In a learner, and in a grid
# ---------------------------
# It stands beside the library's miners in a grid, and its parameter can be searched over like any
# other. On digits the candidates differ by less than their spread over the folds: this rule
# is as good as the usual one there, and no better.

X, y = load_digits(return_X_y=True)
pipe = make_pipeline(
    StandardScaler(), HardNegativeMetricLearner(), KNeighborsClassifier(3)
)
name = "hardnegativemetriclearner__negative_miner"
grid = [
    {name: ["random", "hardest"]},
    {name: [OneOfEachMiner()], f"{name}__n_nearest": [10, 20, 40]},
]
search = GridSearchCV(pipe, grid, cv=4).fit(X, y)
results = search.cv_results_
for i, params in enumerate(results["params"]):
    print(
        f"{results['mean_test_score'][i]:.3f} ± {results['std_test_score'][i]:.3f}  "
        + ", ".join(f"{key.removeprefix(name).lstrip('_') or 'miner'}={value}"
                    for key, value in params.items())
    )  # fmt: skip
