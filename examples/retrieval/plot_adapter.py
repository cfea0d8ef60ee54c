"""
==================================
A better search, in the same index
==================================

An index of documents stands, and their vectors are not to change. A hundred queries have been judged,
then five hundred, then all: what does a map of the queries alone make of them?

The documents are docstrings of NumPy and scikit-learn, as installed; the query is the first line of
each, which is not in the document. Queries of the test are of modules of which none was learned from.
"""

# %%
# Texts, and an index
# -------------------
# Sources are read, nothing is imported.

import ast
import re
from importlib.util import find_spec
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

from skhnm import EmbeddingAdapter
from skhnm.metrics import retrieval_report

titles, texts, modules = [], [], []
for package in ("numpy", "sklearn"):
    root = Path(find_spec(package).submodule_search_locations[0])
    for path in sorted(root.rglob("*.py")):
        if "test" in str(path.relative_to(root)):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                title, _, text = (ast.get_docstring(node) or "").partition("\n")
                text = re.sub(rf"\b{node.name}\b", " ", text)
                if (
                    len(title.split()) > 3
                    and len(text.split()) > 15
                    and title not in titles
                ):
                    titles.append(title)
                    texts.append(text)
                    modules.append(str(path.relative_to(root.parent)))

random = np.random.default_rng(0)
names = np.unique(modules)
is_test = np.isin(modules, random.choice(names, len(names) // 3, replace=False))
embed = make_pipeline(
    TfidfVectorizer(sublinear_tf=True, min_df=2, stop_words="english"),
    TruncatedSVD(128, random_state=0),
    Normalizer(),
).fit([text for text, out in zip(texts, is_test, strict=True) if not out])
queries, corpus = embed.transform(titles), embed.transform(texts)
index = NearestNeighbors(n_neighbors=3, metric="cosine").fit(corpus)
print(f"{len(texts)} documents, of which {is_test.sum()} are for the test")

# %%
# Learn from more and more judged queries
# ---------------------------------------
# The corpus is the same each time, and so is the index. Without an adapter, the answer comes first
# for one query in twelve.

rows = np.arange(len(corpus))
asked = is_test & queries.any(axis=1)


def judge(vectors):
    return retrieval_report(
        vectors[asked], rows[asked], ks=(1, 3, 10), metric="cosine",
        reference=corpus, reference_y=rows, own=np.full(asked.sum(), -1),
    )  # fmt: skip


order = random.permutation(np.flatnonzero(~is_test & queries.any(axis=1)))
reports = {"none": judge(queries)}
for n in (100, 500, len(order)):
    judged = order[:n]
    adapter = EmbeddingAdapter(random_state=0).fit(
        queries[judged], corpus, positives=judged
    )
    reports[str(n)] = judge(adapter.transform_queries(queries))

# %%
fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
for k, shade in ((10, "#c6dbef"), (3, "#6baed6"), (1, "#08519c")):
    heights = [report[f"recall_at_{k}"] for report in reports.values()]
    bars = ax.bar(
        list(reports), heights, color=shade, width=0.6, label=f"among the first {k}"
    )
    ax.bar_label(bars, fmt="{:.0%}", padding=2, fontsize=9)
ax.set(xlabel="judged queries", ylabel="queries that find their answer")
ax.yaxis.set_major_formatter("{x:.0%}")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
ax.set_ylim(0, 1.1 * max(report["recall_at_10"] for report in reports.values()))
plt.show()

# %%
# What a query finds
# ------------------
# The first of the test queries whose answer has come to the top. The index was never touched.

mapped = adapter.transform_queries(queries)
before, after = index.kneighbors(queries)[1], index.kneighbors(mapped)[1]
gained = np.flatnonzero(asked & (after[:, 0] == rows) & (before[:, 0] != rows))
for query in gained[:3]:
    print(f"{titles[query]!r}")
    print("   before:", titles[before[query, 0]])
    print("   after: ", titles[after[query, 0]])
