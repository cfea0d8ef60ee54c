"""
Hard negatives for a model of your own
======================================

Whoever trains a retriever or a re-ranker elsewhere, needs for each question passages that look right
and are wrong. ``mine_hard_negatives`` finds them among embeddings of any model. The catch: some
passages that look right *are* right, and nobody has marked them. Margins leave these out.
"""

# %%
# Questions with one marked answer, and some that nobody marked
# -------------------------------------------------------------
# A made-up corpus: four thousand passages, in subjects of twenty. Each of 500 questions has one marked
# answer; and for every second question, another passage says the same in other words. That one is
# a false negative: it must not be mined. Since the set is made up, we know it.

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

others = np.setdiff1d(np.arange(len(passages)), answers)
rephrased = np.full(n_questions, -1)  # row of the unmarked answer, -1 where there is none
rephrased[::2] = random.choice(others, n_questions // 2, replace=False)
has_one = rephrased >= 0
passages[rephrased[has_one]] = passages[answers[has_one]] + 0.25 * random.normal(
    size=(has_one.sum(), n_features)
)
questions = passages[answers] + 0.45 * random.normal(size=(n_questions, n_features))
passages, questions = normalize(passages), normalize(questions)


def false_negatives(indices):
    """How many of the mined passages are right answers."""
    return int((indices == rephrased[:, None])[has_one].sum())


# %%
# Without a filter
# ----------------
# The nearest passages that are not the marked answer. Nearly every unmarked answer is among them:
# nothing looks more like a hard negative than a right answer.

positives = [[row] for row in answers]
plain = mine_hard_negatives(questions, passages, positives=positives, n_negatives=3)
print(f"{plain.indices.size} negatives, {false_negatives(plain.indices)} of them are right answers")

# %%
# With a margin
# -------------
# ``relative_margin=0.1`` drops what is more similar to the question than nine tenths of its marked
# answer. The report tells what the filter dropped, and how similar the rest is. Look at
# the queries that fall short: a margin too wide leaves them with nothing.

found = mine_hard_negatives(
    questions, passages, positives=positives, n_negatives=3, relative_margin=0.1
)
print(found.report)
print(f"\n{found.indices.size} negatives, {false_negatives(found.indices)} are right answers")

# %%
# How wide?
# ---------
# The wider the margin, the fewer right answers are mined, and the easier the negatives that remain.
# ``min_rank`` protects as well: it skips the first few passages, whatever their similarity. But it
# also skips them for the questions that have no unmarked answer.

margins = [0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3]
ranks = [1, 2, 3, 5, 8, 12]
ways = {
    "relative_margin": [{"relative_margin": margin} for margin in margins],
    "min_rank": [{"min_rank": rank} for rank in ranks],
}
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for (name, settings), style, colour in zip(
    ways.items(), ["o-", "s--"], ["#1f5f99", "#d9622b"], strict=True
):
    runs = [
        mine_hard_negatives(questions, passages, positives=positives, n_negatives=3, **setting)
        for setting in settings
    ]
    right = [100 * false_negatives(run.indices) / has_one.sum() for run in runs]
    hardness = [run.report.negative_similarity for run in runs]
    ax.plot(hardness, right, style, color=colour, label=name)
    for x, y, setting in zip(hardness, right, settings, strict=True):
        ax.annotate(f"{setting[name]:g}", (x, y), (4, 5), textcoords="offset points", color=colour)
ax.set(
    xlabel="mean similarity of the mined negatives (hard to the right)",
    ylabel="unmarked answers that were mined, %", ylim=(-3, 105),
)  # fmt: skip
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, loc="upper left")
plt.show()
