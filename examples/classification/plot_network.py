"""
Where a linear map is not enough
================================

``HardNegativeMetricLearner`` stretches and shrinks directions. Where one class lies around
another, no direction tells them apart, and ``MLPMetricLearner``, a small network, can.
But it has more to choose, and on good features a linear map is hard to beat.

In the user guide: :doc:`/mlp`.
"""

# %%
# One class around another
# ------------------------
# Two shells in ten dimensions: a row's class is how far it is from the centre. Every
# direction looks like every other, so a linear map has nothing to choose. Nearest
# neighbours are little help either, since in ten dimensions hardly any row is near.

import time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

from skhnm import HardNegativeMetricLearner, MLPMetricLearner

random = np.random.default_rng(0)
y = random.integers(0, 2, 4000)
directions = random.normal(size=(4000, 10))
directions /= np.linalg.norm(directions, axis=1, keepdims=True)
radii = np.where(y == 0, 1.0, 1.6) + 0.1 * random.normal(size=4000)
shells = train_test_split(radii[:, None] * directions, y, test_size=0.5, random_state=0)

# %%
# The network learns by the linear learner's loss, from the same start and from mined neighbours
# too. At unit length (``normalize=True``) it compares by angle: made for embeddings of many
# dimensions, and for classes that are not seen in training. Both are shown.

learners = {
    "features": None,
    "linear": HardNegativeMetricLearner(),
    "network": MLPMetricLearner((64,), random_state=0),
    "network, unit length": MLPMetricLearner((64,), normalize=True, random_state=0),
}


def embed_and_judge(X_train, X_test, y_train, y_test):
    """Print the accuracy of three neighbours under each learner; return the embeddings."""
    spaces = {}
    for name, learner in learners.items():
        began = time.perf_counter()
        Z_train, Z_test = X_train, X_test
        if learner is not None:
            Z_train = learner.fit_transform(X_train, y_train)
            Z_test = learner.transform(X_test)
        seconds = time.perf_counter() - began
        classifier = KNeighborsClassifier(3).fit(Z_train, y_train)
        print(f"{name:<24}{classifier.score(Z_test, y_test):.3f}{seconds:6.1f} s")
        spaces[name] = Z_test
    return spaces


spaces = embed_and_judge(*shells)

# %%
# The test rows, by two principal components of each embedding. A linear map of the shells
# is the shells again; the network lays one beside the other.

fig, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
shown = ("features", "linear", "network")
for ax, name in zip(axes, shown, strict=True):
    Z = PCA(2).fit_transform(spaces[name])
    for label, (marker, colour) in enumerate([("o", "#1f5f99"), ("^", "#d9622b")]):
        rows = shells[3] == label
        ax.plot(*Z[rows].T, marker, color=colour, markersize=2.5, alpha=0.5,
                label=("inner", "outer")[label])  # fmt: skip
    ax.set(title=name, xticks=[], yticks=[])
    ax.axis("equal")
axes[0].legend(frameon=True, loc="lower left", markerscale=2.5)
plt.show()

# %%
# Where a linear map is enough
# ----------------------------
# Digits of 64 pixels, which neighbours tell apart as they are. Neither network comes up to
# the linear learner. So begin with that, and see whether a network is better on held-out
# rows.

X, y = load_digits(return_X_y=True)
digits = train_test_split(X / 16, y, test_size=0.5, stratify=y, random_state=0)
spaces = embed_and_judge(*digits)
