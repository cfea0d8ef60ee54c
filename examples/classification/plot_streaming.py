"""
Learning from a stream, class by class
======================================

Rows arrive in chunks, and in the worst order there is: first all zeros, then all ones, and so on
up to the nines. A learner that fits each chunk by itself sees one or two classes at a time.
``partial_fit`` keeps a sample of every class that it has met, and learns from that.

In the user guide: :doc:`/streaming`.
"""

# %%
# Two orders of the same rows
# ---------------------------
# Half of the digits are the stream, the other half is held out. The embedding has ten dimensions,
# so a metric that forgets a class has no room for it. The stream gives the metric alone: the
# neighbours of a held-out row are sought among all training rows.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from skhnm import HardNegativeMetricLearner

X_train, X_test, y_train, y_test = train_test_split(
    *load_digits(return_X_y=True),
    test_size=0.5,
    stratify=load_digits().target,
    random_state=0,
)
scaler = StandardScaler().fit(X_train)
X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)

n_components, chunk = 10, 60
starts = range(0, len(X_train), chunk)
orders = {
    "shuffled": np.random.default_rng(0).permutation(len(X_train)),
    "class by class": np.argsort(y_train, kind="stable"),
}


def accuracy(learner):
    """Of three neighbours among all training rows, by this metric."""
    classifier = KNeighborsClassifier(3).fit(learner.transform(X_train), y_train)
    return classifier.score(learner.transform(X_test), y_test)


# %%
# ``partial_fit``, in both orders
# -------------------------------
# A call per chunk, and the held-out accuracy after each. Until all classes have come, the metric
# cannot know what sets the missing ones apart; in the end the order has made no difference to
# speak of.

curves = {}
for name, order in orders.items():
    learner = HardNegativeMetricLearner(n_components, random_state=0)
    curves[name] = []
    for start in starts:
        rows = order[start : start + chunk]
        learner.partial_fit(X_train[rows], y_train[rows])
        curves[name].append(accuracy(learner))
    print(f"partial_fit, {name:<16} {curves[name][-1]:.3f}")

whole = accuracy(HardNegativeMetricLearner(n_components).fit(X_train, y_train))
print(f"{'fit of all rows':<29} {whole:.3f}")

# %%
# What happens without a memory
# -----------------------------
# ``warm_start=True`` also goes on from the last metric, but each ``fit`` sees its own chunk alone.
# A chunk of one class has no negatives, so it has to be left out; one of two classes teaches how to
# tell these two apart, and nothing else.

forgetful = HardNegativeMetricLearner(n_components, warm_start=True)
order = orders["class by class"]
curves["forgetful"] = []
for start in starts:
    rows = order[start : start + chunk]
    if len(np.unique(y_train[rows])) > 1:
        forgetful.fit(X_train[rows], y_train[rows])
    fitted = hasattr(forgetful, "classes_")
    curves["forgetful"].append(accuracy(forgetful) if fitted else np.nan)
print(f"fit of each chunk by itself   {curves['forgetful'][-1]:.3f}")

# %%
# The same in a picture
# ---------------------

labels = {
    "shuffled": "partial_fit, shuffled",
    "class by class": "partial_fit, class by class",
    "forgetful": "fit of each chunk, class by class",
}
looks = {"shuffled": ("o-", "#5aa0d6"), "class by class": ("s-", "#1f5f99"),
         "forgetful": ("^--", "#d9622b")}  # fmt: skip
seen = np.minimum(np.arange(1, len(starts) + 1) * chunk, len(X_train))
fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
for name, (style, colour) in looks.items():
    ax.plot(seen, curves[name], style, color=colour, label=labels[name])
ax.axhline(whole, color="0.4", linestyle=":", label="fit of all rows at once")
ax.set(
    xlabel="rows seen", ylabel="held-out accuracy", xlim=(0, None), ylim=(0.78, 0.99)
)
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, loc="lower right")

# Above, which digits have come so far in the order by class.
counts = np.cumsum(np.bincount(y_train))
for digit, (begin, end) in enumerate(zip([0, *counts[:-1]], counts, strict=True)):
    ax.annotate(
        str(digit), ((begin + end) / 2, 1.0), xycoords=("data", "axes fraction"),
        ha="center", color="#1f5f99",
    )  # fmt: skip
    ax.axvline(end, ymin=0.97, color="0.6", linewidth=1)
plt.show()
