"""
Pairs: the same, or not?
========================

Nobody says what an image shows. Somebody says of some pairs whether both show the same digit. From
these, a metric is learned, and a threshold chosen, by which pairs of new images are told apart.

In the user guide: :doc:`/weak_supervision`.
"""

# %%
# Pairs, and no labels
# --------------------
# The digits are used to draw the pairs, and never shown to the learner. Three parts of the images:
# pairs of the first teach the metric, those of the second choose the threshold, those of the third
# judge both. Nine pairs in ten are of two different digits.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import roc_curve

from skhnm import MLPMetricLearner, PairMetricLearner
from skhnm.metrics import verification_report

images, digit = load_digits(return_X_y=True)
X = images / 16
random = np.random.default_rng(0)
rows = random.permutation(len(X))


def draw(rows, n):
    """Pairs of different rows, and whether each is of one digit (+1) or of two (-1)."""
    pairs = random.choice(rows, (n, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    return pairs, np.where(digit[pairs[:, 0]] == digit[pairs[:, 1]], 1, -1)


pairs, alike = draw(rows[:900], 4_000)
validation, validation_alike = draw(rows[900:1350], 50_000)
test, test_alike = draw(rows[1350:], 50_000)

fig, axes = plt.subplots(
    2, 17, figsize=(9, 1.7), width_ratios=([1, 1, 0.4] * 6)[:-1], layout="constrained"
)
for line, kind, name in zip(axes, (1, -1), ("+1", "−1"), strict=True):
    line[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=14)
    for ax in line:
        ax.set(xticks=[], yticks=[])
    for gap in line[2::3]:
        gap.set_axis_off()
    for i, pair in enumerate(pairs[alike == kind][:6]):
        for ax, row in zip(line[3 * i :], pair, strict=False):
            ax.imshow(images[row].reshape(8, 8), cmap="gray_r")
plt.show()

# %%
# Before and after
# ----------------
# A linear metric, and a small network. The pairs are row numbers, so the learner is told of what.

learners = {
    "linear": PairMetricLearner(preprocessor=X),
    "network": PairMetricLearner("mlp", preprocessor=X, random_state=0),
}
spaces = {"plain distance": X}
for name, learner in learners.items():
    spaces[f"learned, {name}"] = learner.fit(pairs, alike).transform(X)

reports = {
    name: verification_report(Z, pairs=validation, pair_y=validation_alike, far=[0.01])
    for name, Z in spaces.items()
}
distances = {
    name: np.linalg.norm(Z[test[:, 0]] - Z[test[:, 1]], axis=1)
    for name, Z in spaces.items()
}

# %%
# Each threshold is chosen on the validation pairs, to accept one in a hundred of those that differ;
# ``learner.set_threshold`` would take it. On the test pairs it does so, nearly. What the metric
# gains is on the other side: how many of the pairs of one digit are accepted, the blue to the left
# of the line.

same = test_alike > 0
ORANGE, BLUE, GREEN = "#d9622b", "#1f5f99", "#2b8a5f"
fig, axes = plt.subplots(3, 1, figsize=(7.5, 6.6), layout="constrained")
for ax, (name, d) in zip(axes, distances.items(), strict=True):
    threshold = reports[name]["threshold_at_far_0.01"]
    bins = np.linspace(0, np.quantile(d, 0.998), 80)
    ax.hist(d[~same], bins, density=True, color=ORANGE, alpha=0.4, label="two digits")
    ax.hist(d[same], bins, density=True, color=BLUE, alpha=0.5, label="one digit")
    ax.axvline(threshold, color="0.2", linestyle="--", linewidth=1.5)
    accepted = d <= threshold
    ax.set_title(name, loc="left", fontweight="bold")
    ax.annotate(
        f"accepted: {accepted[same].mean():.0%} of one digit, "
        f"{accepted[~same].mean():.1%} of two",
        (1, 1), xycoords="axes fraction", xytext=(0, 6), textcoords="offset points",
        ha="right",
    )  # fmt: skip
    ax.set(yticks=[], xlim=(0, bins[-1]))
    ax.spines[["top", "right", "left"]].set_visible(False)
axes[0].legend(frameon=False, loc="upper right")
axes[0].annotate(
    "threshold ", (reports["plain distance"]["threshold_at_far_0.01"], 0.9),
    xycoords=("data", "axes fraction"), ha="right", color="0.2",
)  # fmt: skip
axes[-1].set_xlabel("distance of a pair")
plt.show()

# %%
# Every threshold at once
# -----------------------
# The ROC curve has all rates of false accepts, the rare ones too, which a logarithmic axis shows.

fig, ax = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
styles = [(":", "0.35"), ("--", BLUE), ("-", GREEN)]
for (name, d), (style, colour) in zip(distances.items(), styles, strict=True):
    false_accepts, true_accepts, _ = roc_curve(same, -d)
    ax.plot(false_accepts, true_accepts, style, color=colour, linewidth=2.2, label=name)
ax.axvline(0.01, color="0.6", linestyle="--", linewidth=1, zorder=0)
ax.annotate("1 in 100 ", (0.01, 0.97), ha="right", color="0.4")
ax.set(
    xscale="log", xlim=(1e-3, 1), ylim=(0, 1.02),
    xlabel="false accepts, of pairs of two digits",
    ylabel="true accepts, of pairs of one digit",
)  # fmt: skip
ax.grid(color="0.92")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, loc="lower right")
plt.show()

# %%
# And with labels?
# ----------------
# A learner from labels has far more to learn from. But by default it draws each row to the nearest
# of its class alone, which is what a nearest-neighbour classifier needs. Here every pair of one
# digit counts, also those that are written differently, so draw it to all of them.

for name, learner in {
    "labels, nearest positives": MLPMetricLearner(random_state=0),
    "labels, all positives": MLPMetricLearner(positive_miner="all", random_state=0),
}.items():
    Z = learner.fit(X[rows[:900]], digit[rows[:900]]).transform(X)
    report = verification_report(Z, pairs=test, pair_y=test_alike, far=[0.01])
    print(f"{name:<27}{report['tar_at_far_0.01']:.0%} at one false accept in 100")

# %%
# With labels there is also :ref:`sphx_glr_auto_examples_retrieval_plot_verification.py`. Where only
# pairs that are alike are known, give these alone, all +1: :doc:`/weak_supervision` says what is
# mined against them.

# sphinx_gallery_thumbnail_number = 2
