"""
Verification: are these two of one class?
=========================================

A pair of signatures, of faces, of handwritten digits: accept it as one class if the two are nearer
than a threshold. With a learned metric there are fewer errors of both kinds. The threshold is
chosen on rows of its own, and judged on others.

In the user guide: :doc:`/judging`.
"""

# %%
# Three parts of the data
# -----------------------
# One to learn the metric, one to choose the threshold, one to judge both.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import roc_curve
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler, normalize

from skhnm import HardNegativeMetricLearner
from skhnm.metrics import verification_report

images, y = load_digits(return_X_y=True)
rows = np.arange(len(y))
train, rest = train_test_split(rows, test_size=1000, stratify=y, random_state=0)
validation, test = train_test_split(
    rest, test_size=500, stratify=y[rest], random_state=0
)

X = StandardScaler().fit(images[train]).transform(images)
learner = HardNegativeMetricLearner(normalize=True).fit(X[train], y[train])
spaces = {"features": normalize(X), "learned metric": learner.transform(X)}

# %%
# Before and after
# ----------------
# The report takes every pair of rows: nine in ten are of two different digits. A system that may be
# fooled by one such pair in a hundred accepts the share ``tar_at_far_0.01`` of the pairs of one
# digit. For a fair comparison, the features are brought to unit length, which helps them.

for name, Z in spaces.items():
    print(f"{name}\n{verification_report(Z[test], y[test])}\n")

# %%
# The ROC curve is scikit-learn's. The score of a pair is its distance, with a minus sign;
# ``learner.pair_score`` gives the same for pairs of feature rows.

first, second = np.triu_indices(len(test), 1)
same = y[test][first] == y[test][second]
distances = {
    name: np.linalg.norm(Z[test][first] - Z[test][second], axis=1)
    for name, Z in spaces.items()
}

fig, ax = plt.subplots(figsize=(6, 4.2), layout="constrained")
for name, style, colour in [
    ("features", "--", "#d9622b"),
    ("learned metric", "-", "#1f5f99"),
]:
    false_accepts, true_accepts, _ = roc_curve(same, -distances[name])
    ax.plot(false_accepts, true_accepts, style, color=colour, linewidth=2, label=name)
ax.set(
    xscale="log", xlim=(1e-3, 1), ylim=(0, 1.02),
    xlabel="false accept rate", ylabel="true accept rate",
)  # fmt: skip
ax.grid(color="0.9")
ax.legend(loc="lower right")
plt.show()

# %%
# A threshold, and what it costs
# ------------------------------
# ``best_threshold`` balances both kinds of error, on the validation rows. On the test rows it does
# about as well as there.

chosen = verification_report(spaces["learned metric"][validation], y[validation])
threshold = chosen["best_threshold"]
accepted = distances["learned metric"] <= threshold
balanced = (accepted[same].mean() + (~accepted[~same]).mean()) / 2
print(f"threshold {threshold:.2f}")
print(f"balanced accuracy, validation  {chosen['best_balanced_accuracy']:.3f}")
print(f"balanced accuracy, test        {balanced:.3f}")
print(f"accepted of pairs of one digit {accepted[same].mean():.3f}")
print(f"accepted of pairs of two       {accepted[~same].mean():.3f}")

# %%
# The histograms show what the threshold cuts apart. With the learned metric, the two kinds of pairs
# overlap far less.

fig, axes = plt.subplots(1, 2, figsize=(8, 3.2), sharey=True, layout="constrained")
bins = np.linspace(0, 2, 61)
for ax, (name, d) in zip(axes, distances.items(), strict=True):
    ax.hist(
        d[~same], bins, density=True, color="#d9622b", alpha=0.45, label="two digits"
    )
    ax.hist(
        d[same], bins, density=True, histtype="step", color="#1f5f99", linewidth=2,
        label="one digit",
    )  # fmt: skip
    ax.set(title=name, xlabel="distance of a pair")
    ax.spines[["top", "right", "left"]].set_visible(False)
axes[1].axvline(threshold, color="0.2", linestyle=":", linewidth=2, label="threshold")
axes[1].legend(frameon=False, loc="upper left")
axes[0].set(ylabel="share of pairs", yticks=[])
plt.show()

# %%
# The errors that are left
# ------------------------
# Above, pairs of two digits that are nearest of all; below, pairs of one digit that are farthest
# apart: other ways to write the same number. No threshold will get these right.

order = np.argsort(distances["learned metric"])
wrongly_accepted = order[~same[order]]
wrongly_rejected = order[::-1][same[order[::-1]]]


def without_repeats(pairs, n):
    """The first n pairs in which no row comes again."""
    seen, kept = set(), []
    for pair in pairs:
        if not {first[pair], second[pair]} & seen:
            seen |= {first[pair], second[pair]}
            kept.append(pair)
        if len(kept) == n:
            return kept
    return kept


fig, axes = plt.subplots(
    2, 17, figsize=(9, 2.8), width_ratios=([1, 1, 0.4] * 6)[:-1], layout="constrained"
)
kinds = {
    "two digits,\nbut near": wrongly_accepted,
    "one digit,\nbut far": wrongly_rejected,
}
for line, (title, pairs) in zip(axes, kinds.items(), strict=True):
    line[0].set_ylabel(title, rotation=0, ha="right", va="center")
    for gap in line[2::3]:
        gap.set_axis_off()
    for i, pair in enumerate(without_repeats(pairs, 6)):
        for ax, row in zip(line[3 * i :], (first[pair], second[pair]), strict=False):
            ax.imshow(images[test[row]].reshape(8, 8), cmap="gray_r")
            ax.set(xticks=[], yticks=[])
            ax.set_title(f"“{y[test[row]]}”", fontsize=11)
plt.show()

# %%
# These are digits that the metric has seen. For classes that are new, hold out classes instead of
# rows: :ref:`sphx_glr_auto_examples_retrieval_plot_unseen_classes.py` shows how.

# sphinx_gallery_thumbnail_number = 2
