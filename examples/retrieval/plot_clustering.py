"""
Clustering with a few labels
============================

A clustering finds the groups that the distance shows. Which differences between rows matter, it
cannot know; a few labelled rows can tell. We learn a metric from some digits with labels, and
cluster the others, without any.

In the user guide: :doc:`/judging`.
"""

# %%
# More labels, better clusters
# ----------------------------
# From each class 5 to 40 digits have a label. The other rows, a thousand, are always the same and
# keep theirs to themselves; only the adjusted Rand index at the end looks at them: 1 if the
# clusters are the classes, 0 if they are drawn by chance. All pixels have the same scale, so the
# features stay as they are.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.datasets import load_digits
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import StratifiedShuffleSplit, train_test_split

from skhnm import HardNegativeMetricLearner

X, y = load_digits(return_X_y=True)
X /= 16
X_some, X_others, y_some, y_others = train_test_split(
    X, y, test_size=1000, stratify=y, random_state=0
)


def clusterings(n_clusters):
    return {
        "k-means": KMeans(n_clusters, n_init=3, random_state=0),
        "Ward": AgglomerativeClustering(n_clusters),
    }


before = {
    name: adjusted_rand_score(y_others, clustering.fit_predict(X_others))
    for name, clustering in clusterings(10).items()
}

n_draws, labelled = 4, np.array([50, 100, 200, 400])
after = {name: np.zeros((len(labelled), n_draws)) for name in before}
for i, n in enumerate(labelled):
    draws = StratifiedShuffleSplit(n_draws, train_size=int(n), random_state=0)
    for j, (rows, _) in enumerate(draws.split(X_some, y_some)):
        learner = HardNegativeMetricLearner().fit(X_some[rows], y_some[rows])
        Z = learner.transform(X_others)
        for name, clustering in clusterings(10).items():
            after[name][i, j] = adjusted_rand_score(y_others, clustering.fit_predict(Z))

print("adjusted Rand index    " + "".join(f"{n:>5} labels" for n in labelled))
for name in before:
    print(
        f"{name:<10} before {before[name]:.2f}   after"
        + "".join(f"{score:>7.2f}    " for score in after[name].mean(axis=1))
    )

# %%
# The picture shows each draw of labelled rows as a dot, and their means as a line. With few labels
# it depends on which rows have one. Ward's method finds more in the pixels than k-means does, and
# gains less.

fig, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True, layout="constrained")
for ax, name in zip(axes, before, strict=True):
    ax.axhline(before[name], color="0.4", linestyle="--", label="pixels, no labels")
    ax.plot(
        labelled, after[name].mean(axis=1), "-", color="#1f5f99", label="learned metric"
    )
    ax.plot(labelled, after[name], "o", color="#1f5f99", alpha=0.5, markeredgewidth=0)
    ax.set(title=name, xscale="log", xlabel="labelled rows", ylim=(0.5, 1.0))
    ax.set_xticks(labelled, labelled)
    ax.minorticks_off()
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("adjusted Rand index\nof 1,000 other rows")
axes[0].legend(frameon=False, loc="upper left")
plt.show()

# %%
# Where it does not help
# ----------------------
# All of this holds for classes that had labels. Ask the metric of five digits to cluster the
# *other* five, and it does worse than the pixels: it has learned to ignore what does not tell the
# first five apart. It takes many classes to learn what holds for all, as in
# :ref:`sphx_glr_auto_examples_retrieval_plot_unseen_classes.py`.

seen = np.isin(y, np.random.default_rng(0).permutation(10)[:5])
learner = HardNegativeMetricLearner().fit(X[seen], y[seen])
print("clusters of five digits, learned from the five others")
for name, clustering in clusterings(5).items():
    pixels = adjusted_rand_score(y[~seen], clustering.fit_predict(X[~seen]))
    learned = adjusted_rand_score(
        y[~seen], clustering.fit_predict(learner.transform(X[~seen]))
    )
    print(f"{name:<10} before {pixels:.2f}   after {learned:.2f}")
