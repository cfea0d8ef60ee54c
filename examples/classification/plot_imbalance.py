"""
Rare classes
============

Six classes of 1,500 rows down to 20. Without weights the large classes decide what the
metric looks like; with ``class_weight="balanced"`` every class counts alike.

In the user guide: :doc:`/imbalance`.
"""

# %%
# Each class stands out in a feature of its own. The embedding has five dimensions only, so
# the metric has to choose what to show.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import recall_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

from skhnm import HardNegativeMetricLearner

random = np.random.default_rng(0)
sizes = [1500, 600, 250, 100, 40, 20]
X, y = [], []
for label, size in enumerate(3 * s for s in sizes):
    noise = random.normal(size=(size, 12))
    X.append(noise + 4.0 * np.eye(12)[label])
    y.append(np.full(size, label))
X, y = np.concatenate(X), np.concatenate(y)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=2 / 3, stratify=y, random_state=0
)

# %%
# Recall of each class, by three nearest neighbours.

learners = {
    "Euclidean": None,
    "no weights": HardNegativeMetricLearner(5, init="pca"),
    'class_weight="balanced"': HardNegativeMetricLearner(
        5, init="pca", class_weight="balanced"
    ),
}
recalls = {}
for name, learner in learners.items():
    Z_train, Z_test = X_train, X_test
    if learner is not None:
        Z_train = learner.fit_transform(X_train, y_train)
        Z_test = learner.transform(X_test)
    predicted = KNeighborsClassifier(3).fit(Z_train, y_train).predict(Z_test)
    recalls[name] = recall_score(y_test, predicted, average=None)
    print(f"{name:25} mean recall {recalls[name].mean():.3f}")

# %%

fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
for i, ((name, recall), (color, hatch)) in enumerate(
    zip(
        recalls.items(), [("0.75", ""), ("#7fb2d9", "//"), ("#1f5f99", "")], strict=True
    )
):
    ax.bar(
        np.arange(6) + 0.27 * (i - 1), recall, 0.25, label=name, color=color,
        hatch=hatch, edgecolor="white",
    )  # fmt: skip
ax.set_xticks(range(6), [f"{size:,} rows" for size in sizes])
ax.set(xlabel="class, by its number of training rows", ylabel="recall", ylim=(0, 1))
ax.spines[["top", "right"]].set_visible(False)
ax.legend(loc="upper right", ncols=3, frameon=False, bbox_to_anchor=(1.0, 1.15))
plt.show()
