"""
Looking inside a fit
====================

What did the learner learn from, and when did it stop learning? Three displays answer:
``TrainingDisplay`` shows the course of a fit, ``MiningDisplay`` how hard the mined tuples are,
``EmbeddingDisplay`` where the rows lie and which of them are still confused.

In the user guide: :doc:`/three_axes`.
"""

# %%
# Three fits, alike but for their negatives
# -----------------------------------------
# Digits, in batches, with the triplet loss: a negative that is farther than the positive by the
# margin has nothing more to teach. One learner draws its negatives at random, one takes semi-hard
# ones, one the hardest of each batch. A part of the training rows is held out, to watch the
# precision there. All begin at one random projection, a poor start, so that there is something to
# watch.

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skhnm import HardNegativeMetricLearner
from skhnm.miners import HardestMiner, NearestPositives, RandomMiner
from skhnm.plotting import EmbeddingDisplay, MiningDisplay, TrainingDisplay

X_train, X_test, y_train, y_test = train_test_split(
    *load_digits(return_X_y=True),
    test_size=0.5,
    stratify=load_digits().target,
    random_state=0,
)

learners = {
    miner: HardNegativeMetricLearner(
        8, negative_miner=miner, pool="batch", loss="triplet", init="random",
        max_iter=30, learning_rate=0.03, early_stopping=True, n_iter_no_change=30,
        validation_fraction=0.3, random_state=0,
    ).fit(X_train, y_train)
    for miner in ("random", "semi_hard", "hardest")
}  # fmt: skip

# %%
# The course of the fits
# ----------------------
# An active tuple is one that still teaches. Of the random and the semi-hard negatives, few are
# active after some epochs; of the hardest, several times as many. Their loss is higher all
# along, which is no fault: they are harder tuples. What can be compared is the precision on the
# held-out rows, in the lowest panel. In the end the three lie near each other.

TrainingDisplay.from_estimators(learners)
plt.show()

for name, learner in learners.items():
    first, *_, last = learner.mining_curve_
    print(
        f"{name:<10} active tuples: {first['active']:.0%}, at last {last['active']:.0%};"
        f"  test precision at 1: {learner.score(X_test, y_test):.3f}"
    )

# %%
# How hard are the tuples?
# ------------------------
# Each point is an anchor with its nearest positive and a negative, here of the test rows under the
# metric of the last fit. With negatives drawn at random, nearly all tuples are easy.

learner = learners["hardest"]
Z = learner.transform(X_test)
look = {"positives": NearestPositives(1), "margin": 1.0, "random_state": 0}
display = MiningDisplay.from_miner(RandomMiner(1), Z, y_test, **look)
display.figure_.set_size_inches(7, 4.6)
plt.show()

# %%
# The nearest rows of other classes are another matter. Under the solid line the negative is nearer
# than the positive: an error of the nearest neighbour.

display = MiningDisplay.from_miner(HardestMiner(1), Z, y_test, **look)
display.figure_.set_size_inches(7, 4.6)
plt.show()

# %%
# Where they lie, and who is confused
# -----------------------------------
# The test rows, drawn by the two principal components of their embeddings. Lines join the rows that
# ``mine`` calls the most confused with the row of another class that is nearest to them.

display = EmbeddingDisplay.from_estimator(learner, X_test, y_test, n_tuples=12)
display.figure_.set_size_inches(7.5, 5.5)
plt.show()

# %%
# The same rows as images: many of them would make a human reader hesitate, too.

tuples = learner.mine(X_test, y_test)[:8]
fig, axes = plt.subplots(2, 8, figsize=(9, 3), layout="constrained")
for column, anchor, negative in zip(
    axes.T, tuples.anchors, tuples.negatives[:, 0], strict=True
):
    for ax, row in zip(column, (anchor, negative), strict=True):
        ax.imshow(X_test[row].reshape(8, 8), cmap="gray_r")
        ax.set(xticks=[], yticks=[])
        ax.set_title(f"“{y_test[row]}”", fontsize=11)
axes[0, 0].set_ylabel("anchor")
axes[1, 0].set_ylabel("negative")
plt.show()

# sphinx_gallery_thumbnail_number = 1
