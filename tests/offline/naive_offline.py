"""Offline mining as plain loops: the specification of `mine_hard_negatives`."""

import math

import numpy as np

from tests import naive

FILTERS = ("copy", "absolute_margin", "relative_margin", "max_similarity", "min_similarity")


def similarities(query, corpus, cosine):
    """Rows are at unit length under the cosine, where a zero row is similar to nobody."""
    found = []
    for row in corpus:
        d = naive.squared_distance(query, row)
        if not cosine:
            found.append(-math.sqrt(d))
        elif query.any() and row.any():
            found.append(1.0 - d / 2.0)
        else:
            found.append(0.0)
    return found


def mine(
    queries, corpus=None, *, positives=None, labels=None, query_labels=None, groups=None,
    ungrouped=-1, n_negatives=3, min_rank=1, max_rank=100, drop_copies=False, metric="cosine",
    unlabelled=None, **limits,
):  # fmt: skip
    """Return each query's negatives, most similar first, their similarities, and counts."""
    itself = corpus is None
    corpus = queries if itself else corpus
    query_labels = labels if itself else query_labels
    eps = max(np.finfo(rows.dtype).eps for rows in (queries, corpus))
    query_groups, corpus_groups = (groups, groups) if itself else (groups or (None, None))
    if metric == "cosine":
        queries, corpus = naive.at_unit_length(queries), naive.at_unit_length(corpus)
    dropped = dict.fromkeys(("positive", "group", "min_rank", *FILTERS), 0)
    rows, found, n_short, n_without, s_positives = [], [], 0, 0, []
    for q, query in enumerate(queries):
        s = similarities(query, corpus, metric == "cosine")
        label = None if labels is None else query_labels[q]
        known = [] if positives is None else [p for p in positives[q] if p >= 0]
        if unlabelled is not None and label == unlabelled:
            rows.append([])
            found.append([])
            continue
        candidates, same = [], []
        for j in range(len(corpus)):
            if itself and j == q:
                continue
            if labels is not None and unlabelled is not None and labels[j] == unlabelled:
                continue
            if labels is not None and labels[j] == label:
                same.append(j)
            elif j in known:
                dropped["positive"] += 1
            elif are_mates(corpus_groups, j, query_groups, q, ungrouped):
                dropped["group"] += 1
            else:
                candidates.append(j)
        if positives is None:
            known = same
        s_pos = max((s[p] for p in known), default=None)
        if s_pos is not None:
            s_positives.append(s_pos)
        ranked = sorted(candidates, key=lambda j: (-s[j], j))[:max_rank]
        dropped["min_rank"] += len(ranked[: min_rank - 1])
        kept = []
        originals = [query, *(corpus[p] for p in known)]
        if positives is None:  # by label, the most similar one
            originals = [query, *(corpus[p] for p in sorted(known, key=lambda p: (-s[p], p))[:1])]
        for j in ranked[min_rank - 1 :]:
            if drop_copies and any(naive.is_copy(a, corpus[j], eps) for a in originals):
                reason = "copy"
            else:
                reason = drops(s[j], s_pos, limits)
            if reason is None:
                kept.append(j)
            else:
                dropped[reason] += 1
        rows.append(kept[:n_negatives])
        found.append([s[j] for j in rows[-1]])
        n_short += len(rows[-1]) < n_negatives
        n_without += not rows[-1]
    return rows, found, dropped, n_short, n_without, s_positives


def are_mates(corpus_groups, j, query_groups, q, ungrouped):
    if corpus_groups is None or corpus_groups[j] in (None, ungrouped):
        return False
    return corpus_groups[j] == query_groups[q]


def drops(s, s_pos, limits):
    """Name the first filter that does not believe a similarity."""
    for name in FILTERS[1:]:
        limit = limits.get(name)
        if limit is None or (s_pos is None and name.endswith("margin")):
            continue
        if {
            "absolute_margin": lambda m: s > s_pos - m,
            "relative_margin": lambda m: s > s_pos - abs(s_pos) * m,
            "max_similarity": lambda most: s > most,
            "min_similarity": lambda least: s < least,
        }[name](limit):
            return name
    return None
