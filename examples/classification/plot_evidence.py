"""
A prediction, and the rows it rests on
======================================

A forest says "malignant". ``HardNegativeClassifier`` says so too, and shows the cases that it judged
by, how much each of them counted, and which measurements made them alike.

In the user guide: :doc:`/tables`.
"""

# %%
# Fit it on the table as it is
# ----------------------------
# Thirty measurements of cell nuclei, in units of their own; the label is what the biopsy said.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from skhnm import HardNegativeClassifier
from skhnm.plotting import EvidenceDisplay

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
y = y.map({0: "malignant", 1: "benign"})
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.3, stratify=y, random_state=0
)

for classifier in (
    RandomForestClassifier(300, random_state=0),
    HardNegativeClassifier(random_state=0),
):
    classifier.fit(X_train, y_train)
    chances = classifier.predict_proba(X_test)
    print(
        f"{type(classifier).__name__:24}accuracy {classifier.score(X_test, y_test):.3f}  "
        f"log loss {log_loss(y_test, chances):.3f}"
    )

# %%
# What was tried in ``fit``, and how good it was on rows that were held out:

results = classifier.cv_results_
for params, score, accuracy in zip(
    results["params"],
    results["mean_test_score"],
    results["mean_test_accuracy"],
    strict=True,
):
    print(
        f"{params['learner']:8}{params['encoding']!s:7}strength {params['strength']:4.0f}   "
        f"Brier {-score:.4f}  accuracy {accuracy:.3f}"
    )

# %%
# A clear case
# ------------
# Left, the votes: a bar for each of the nearest training rows. Right, why these are near: the mean
# part of each feature in the squared distance. Bars are short where the row and its voters agree.

certain = int(chances.max(axis=1).argmax())
EvidenceDisplay.from_estimator(classifier, X_test, query=certain)
plt.show()

# %%
# A hard case
# -----------
# The test row that it is least sure of. Rows of both classes vote, and the features speak for
# one and the other: what is far from the benign rows, and near to the malignant, is what a second
# look should be given to.

hard = int(chances.max(axis=1).argmin())
EvidenceDisplay.from_estimator(classifier, X_test, query=hard)
plt.show()

# %%
# The same as text. Row numbers are those of the training set, so every case can be looked up.

evidence = classifier.evidence(X_test[hard : hard + 1])
print(evidence)

# %%
# It all adds up: the votes to the chance, and the features to the squared distance.

np.testing.assert_allclose(evidence.probabilities, chances[hard : hard + 1])
np.testing.assert_allclose(evidence.features.sum(axis=2), evidence.distances**2)

# %%
# The most similar case of the other class
# ----------------------------------------
# Often what one wants to see beside it: the nearest row that would have been an argument against
# the prediction, and the measurements in which they differ.

label = classifier.predict(X_test[hard : hard + 1])[0]
other = int(np.flatnonzero(evidence.labels[0] != label)[0])
row = evidence.rows[0, other]
parts = evidence.features[0, other]
print(
    f"training row {row}, {evidence.labels[0, other]}, distance {evidence.distances[0, other]:.2f}"
)
for f in np.argsort(-parts)[:5]:
    name = X.columns[f]
    print(
        f"  {name:24}{X_test.iloc[hard][name]:9.3f} here, {X_train.iloc[row][name]:9.3f} there: "
        f"{parts[f] / parts.sum():.0%} of the squared distance"
    )
