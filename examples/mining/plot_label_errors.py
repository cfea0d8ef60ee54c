"""
Finding label errors
====================

A row with a wrong label lies among the rows of its true class. So it is far nearer to "another"
class than to "its own", and ``mine`` lists such rows first. We spoil some labels of the digits
on purpose, and see how many of them the list finds.

In the user guide: :doc:`/false_negatives`.
"""

# %%
# Three labels in a hundred are wrong
# -----------------------------------
# Each of them becomes another digit, drawn at random. From here on only the spoilt labels are
# used; the true ones serve as judge.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

from skhnm import HardNegativeMetricLearner
from skhnm.miners import HardestMiner

images, true = load_digits(return_X_y=True)
X = StandardScaler().fit_transform(images)

random = np.random.default_rng(0)
spoilt = random.choice(len(true), round(0.03 * len(true)), replace=False)
given = true.copy()
given[spoilt] = (true[spoilt] + random.integers(1, 10, len(spoilt))) % 10
is_wrong = given != true
print(f"{is_wrong.sum()} of {len(true)} labels are wrong")

# %%
# Learn from all labels, and mine with the same
# ---------------------------------------------
# The wrong labels are in the training as well. They do little harm: the default loss gives up
# on rows that are lost anyway. ``mine`` gives a tuple for each row, the most suspect first: the
# nearer the other class is compared with its own, the more.
#
# For comparison the same rule under Euclidean distance, without any learning.


def most_suspect_first(Z, tuples):
    """Sort tuples by how much nearer the negative is than the positive."""
    to_positive = np.linalg.norm(Z[tuples.anchors] - Z[tuples.positives[:, 0]], axis=1)
    to_negative = np.linalg.norm(Z[tuples.anchors] - Z[tuples.negatives[:, 0]], axis=1)
    return tuples[np.argsort(to_negative - to_positive, kind="stable")]


learner = HardNegativeMetricLearner().fit(X, given)
suspects = learner.mine(X, given)
plain = HardestMiner().mine(X, given, positives="nearest")
order = {
    "learned metric": suspects.anchors,
    "Euclidean distance": most_suspect_first(X, plain).anchors,
}

# %%
# How good are the first suspects?
# --------------------------------
# We look at as many suspects as there are wrong labels. Under the learned metric about nine in
# ten of them are wrong, and all of the very first. Under Euclidean distance it is about eight in
# ten, and of the very first little more than half: rows in a sparse corner come up there, far from
# all others. Whoever checks labels at random finds three in a hundred.

n_wrong = is_wrong.sum()
print(f"{'precision among the first':<28}{10:>7}{n_wrong:>7}{2 * n_wrong:>7}")
for name, rows in order.items():
    precisions = [is_wrong[rows[:k]].mean() for k in (10, n_wrong, 2 * n_wrong)]
    print(f"{name:<28}" + "".join(f"{p:>7.2f}" for p in precisions))
print(f"{'any row':<28}" + f"{is_wrong.mean():>7.2f}" * 3)

fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
checked = np.arange(1, 151)
for name, style in [("learned metric", "-"), ("Euclidean distance", "--")]:
    found = np.cumsum(is_wrong[order[name][: len(checked)]])
    colour = "#1f5f99" if name == "learned metric" else "#d9622b"
    ax.plot(checked, found, style, color=colour, linewidth=2, label=name)
ax.plot(
    checked, checked * is_wrong.mean(), ":", color="0.4", linewidth=2, label="at random"
)
ax.axhline(n_wrong, color="0.7", linewidth=1)
ax.annotate(
    "all wrong labels", (150, n_wrong), (0, 4), textcoords="offset points", ha="right"
)
ax.set(
    xlabel="labels checked, the most suspect first", ylabel="wrong labels found",
    xlim=(0, 150), ylim=(0, 1.15 * n_wrong),
)  # fmt: skip
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, loc="center right")
plt.show()

# %%
# Look at them
# ------------
# The first suspects, and below each the row of another class that gave it away. Where a suspect's
# label is right after all, its writing is odd, which is worth knowing as well.

first = suspects[:60]
correct = np.flatnonzero(~is_wrong[first.anchors])[:2]
shown = first[np.r_[: 9 - len(correct), correct]]
fig, axes = plt.subplots(2, len(shown), figsize=(9, 3.1), layout="constrained")
for (above, below), row, impostor in zip(
    axes.T, shown.anchors, shown.negatives[:, 0], strict=True
):
    for ax, i in [(above, row), (below, impostor)]:
        ax.imshow(images[i].reshape(8, 8), cmap="gray_r", interpolation="nearest")
        ax.set(xticks=[], yticks=[])
    verdict = f"is {true[row]}" if is_wrong[row] else "correct"
    above.set_title(f"“{given[row]}”\n{verdict}", fontsize=11)
    below.set_xlabel(f"“{given[impostor]}”", fontsize=11)
axes[0, 0].set_ylabel("suspect")
axes[1, 0].set_ylabel("nearest other")
plt.show()

# sphinx_gallery_thumbnail_number = 2
