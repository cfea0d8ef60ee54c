"""
Hard negatives for a model of your own
======================================

To train a retriever or a re-ranker, you need for each question passages that look right and are
wrong. ``mine_hard_negatives`` finds them among the embeddings of any model. The catch: some
passages that look right *are* right, and nobody has marked them. Margins leave these out.

In the user guide: :doc:`/offline`.
"""

# %%
# Questions with one marked answer, and others that nobody marked
# ---------------------------------------------------------------
# A made-up corpus: four thousand passages, twenty on each subject. Each of 500 questions has one
# marked answer. Up to three other passages say the same in other words, now more alike, now less.
# These are false negatives: they must not be mined. Since the set is made up, we know them.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.preprocessing import normalize

from skhnm import mine_hard_negatives

random = np.random.default_rng(0)
n_subjects, n_per_subject, n_questions, n_features = 200, 20, 500, 48
subjects = random.normal(size=(n_subjects, n_features))
passages = np.repeat(subjects, n_per_subject, axis=0)
passages += 0.7 * random.normal(size=passages.shape)
answers = random.choice(len(passages), n_questions, replace=False)

# Rows of each question's unmarked answers; -1 is padding.
others = np.setdiff1d(np.arange(len(passages)), answers)
unmarked = random.choice(others, (n_questions, 3), replace=False)
unmarked[np.arange(3) >= random.integers(0, 4, size=(n_questions, 1))] = -1
which, _ = np.nonzero(unmarked >= 0)
other_words = random.uniform(0.2, 0.8, size=(len(which), 1))
other_words = other_words * random.normal(size=(len(which), n_features))
passages[unmarked[unmarked >= 0]] = passages[answers[which]] + other_words
questions = passages[answers] + 0.5 * random.normal(size=(n_questions, n_features))
passages, questions = normalize(passages), normalize(questions)


def are_right(indices):
    """Which of the mined passages (n, k) are right answers after all."""
    found = indices[:, :, None] == unmarked[:, None, :]
    return (found & (indices[:, :, None] >= 0)).any(axis=2)


# %%
# Without a filter
# ----------------
# The nearest passages that are not the marked answer. Nearly every unmarked answer is among them:
# nothing looks more like a hard negative than a right answer.

positives = [[row] for row in answers]
plain = mine_hard_negatives(questions, passages, positives=positives, n_negatives=3)
n_right = are_right(plain.indices).sum()
print(f"{plain.indices.size} negatives; {n_right} of them are right answers")
print(f"unmarked answers in all: {len(which)}")

# %%
# With a margin
# -------------
# ``relative_margin=0.2`` drops what has more than four fifths of the marked answer's similarity to
# the question. The report tells what the filter dropped, and how similar the rest is. Look at the
# queries that fall short, too: a margin too wide leaves them with nothing.

found = mine_hard_negatives(
    questions, passages, positives=positives, n_negatives=3, relative_margin=0.2
)
print(found.report)
n_right = are_right(found.indices).sum()
print(f"\n{found.indices.size} negatives; {n_right} of them are right answers")

# %%
# How wide?
# ---------
# The wider the margin, the fewer right answers are mined, and the easier the negatives that remain.
# ``min_rank`` protects as well: it skips the first few passages, whatever their similarity. But it
# skips as many for a question that has no unmarked answer; so most of the way, at the same share of
# right answers, its true negatives are easier.

margins = [0.0, 0.05, 0.1, 0.15, 0.2, 0.3]
ranks = [1, 2, 3, 4, 6, 9]
ways = {
    "relative_margin": [{"relative_margin": margin} for margin in margins],
    "min_rank": [{"min_rank": rank} for rank in ranks],
}
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for (name, settings), style, colour in zip(
    ways.items(), ["o-", "s--"], ["#1f5f99", "#d9622b"], strict=True
):
    runs = [
        mine_hard_negatives(
            questions, passages, positives=positives, n_negatives=3, **setting
        )
        for setting in settings
    ]
    right = [are_right(run.indices) for run in runs]
    hardness = [
        run.similarities[~wrong].mean() for run, wrong in zip(runs, right, strict=True)
    ]
    share = [100 * wrong.sum() / len(which) for wrong in right]
    ax.plot(hardness, share, style, color=colour, label=name)
    for x, y, setting in zip(hardness, share, settings, strict=True):
        place = (5, 5) if name == "relative_margin" else (-5, 5)
        ax.annotate(
            f"{setting[name]:g}", (x, y), place, textcoords="offset points",
            color=colour, ha="left" if name == "relative_margin" else "right",
        )  # fmt: skip
ax.set(
    xlabel="mean similarity of the true negatives (harder to the right)",
    ylabel="unmarked answers that were mined, %", ylim=(-3, 105),
)  # fmt: skip
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, loc="upper left")
plt.show()
