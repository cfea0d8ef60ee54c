"""The measures of retrieval and verification in plain loops, slow and obvious."""

import itertools
import math

from tests.naive import distances, nearest, side, squared_distance


def every_ranking(Z, y, reference, reference_y, own, groups=None, reference_groups=None):
    """Of each query, runs of equally far rows, each a match or not; None if none is a match.

    Rows of its group are not in its ranking; -1 is no group.
    """
    found = []
    for i, d in enumerate(distances(Z, reference)):
        group = -1 if groups is None else groups[i]
        order = nearest(d, side(y[i], reference_y, own[i], "any", group, reference_groups))
        runs = [
            [bool(reference_y[j] == y[i]) for j in run]
            for _, run in itertools.groupby(order, d.__getitem__)
        ]
        found.append(runs if any(map(any, runs)) else None)
    return found


def rankings(*data):
    """The rankings of the queries that have a match."""
    return [runs for runs in every_ranking(*data) if runs is not None]


def mean(values):
    return sum(values) / len(values)


def averaged(measure, ranked, y, average):
    """A measure of each ranking, NaN where there is none, and the mean over queries or classes."""
    values = [math.nan if runs is None else measure([runs]) for runs in ranked]
    if average is None:
        return values
    judged = [(x, c) for x, c, runs in zip(values, y, ranked, strict=True) if runs is not None]
    if average == "query":
        return mean([x for x, _ in judged])
    classes = {c for _, c in judged}
    return mean([mean([x for x, c in judged if c == of]) for of in classes])


def orders(runs):
    """Every order of a ranking that keeps its runs in place; each is as likely."""
    every = [itertools.permutations(run) for run in runs]
    return [list(itertools.chain(*parts)) for parts in itertools.product(*every)]


# Of one order: the measures as they are defined.


def any_in(match, k):
    return float(any(match[:k]))


def number_in(match, k):
    return sum(match[:k])


def precisions_in(match, k):
    return sum(sum(match[: i + 1]) / (i + 1) for i in range(min(k, len(match))) if match[i])


def reciprocal_in(match, k):
    return 1.0 / (match.index(True) + 1) if any(match[:k]) else 0.0


# Of runs: their means over all orders, by McSherry and Najork (2008).


def stretches(runs, k):
    """Of each run that begins in the first k places: places and matches before it, n, h."""
    start = before = 0
    for run in runs:
        if start < k:
            yield start, before, len(run), sum(run)
        start, before = start + len(run), before + sum(run)


def mean_any_in(runs, k):
    none = 1.0
    for start, _, n, h in stretches(runs, k):
        m = min(n, k - start)
        none *= math.comb(n - h, m) / math.comb(n, m)
    return 1.0 - none


def mean_number_in(runs, k):
    return sum(min(n, k - start) * h / n for start, _, n, h in stretches(runs, k))


def mean_precisions_in(runs, k):
    total = 0.0
    for start, before, n, h in stretches(runs, k):
        for j in range(1, min(n, k - start) + 1):
            earlier = before + (j - 1) * (h - 1) / max(1, n - 1)
            total += h / n * (earlier + 1) / (start + j)
    return total


def mean_reciprocal_in(runs, k):
    for start, _, n, h in stretches(runs, k):
        if h > 0:
            chances = [math.comb(n - j, h - 1) / math.comb(n, h) for j in range(1, n - h + 2)]
            return sum(p / (start + j) for j, p in enumerate(chances, 1) if start + j <= k)
    return 0.0


def n_rows(runs):
    return sum(map(len, runs))


def n_matches(runs):
    return sum(map(sum, runs))


def recall_at_k(ranked, k=1):
    return mean([mean_any_in(runs, k) for runs in ranked])


def relevant_recall_at_k(ranked, k=1):
    return mean([mean_number_in(runs, k) / n_matches(runs) for runs in ranked])


def precision_at_k(ranked, k=1):
    return mean([mean_number_in(runs, k) / min(k, n_rows(runs)) for runs in ranked])


def r_precision(ranked):
    return mean([mean_number_in(runs, n_matches(runs)) / n_matches(runs) for runs in ranked])


def map_at_r(ranked, k=math.inf):
    places = [min(n_matches(runs), k) for runs in ranked]
    return mean([mean_precisions_in(runs, R) / R for runs, R in zip(ranked, places, strict=True)])


def mean_reciprocal_rank(ranked, k=math.inf):
    return mean([mean_reciprocal_in(runs, k) for runs in ranked])


def pairs_of(y):
    """Every pair of labelled rows."""
    n = len(y)
    return [(i, j) for i in range(n) for j in range(i + 1, n) if y[i] >= 0 and y[j] >= 0]


def verification(Z, y, pairs, far):
    """The same numbers as the report, from every threshold in turn."""
    d = [math.sqrt(squared_distance(Z[i], Z[j])) for i, j in pairs]
    same = [x for x, (i, j) in zip(d, pairs, strict=True) if y[i] == y[j]]
    different = [x for x, (i, j) in zip(d, pairs, strict=True) if y[i] != y[j]]
    wins = sum((s < x) + 0.5 * (s == x) for s in same for x in different)
    seen = sorted(set(d))
    curve = [(0.0, 0.0)]
    for threshold in seen:
        accepted = [mean([float(x <= threshold) for x in kind]) for kind in (different, same)]
        curve.append(tuple(accepted))
    report = {"roc_auc": wins / (len(same) * len(different))}
    for (a, b), (c, e) in itertools.pairwise(curve):
        if 1.0 - e - c <= 0.0:
            share = (1.0 - b - a) / ((1.0 - b - a) - (1.0 - e - c))
            report["eer"] = a + share * (c - a)
            break
    for rate in far:
        report[f"tar_at_far_{rate:g}"] = max(t for f, t in curve if f <= rate)
    balanced = [(t + 1.0 - f) / 2.0 for f, t in curve[1:]]
    best = max(range(len(seen)), key=lambda at: (balanced[at], -at))
    report["best_threshold"] = mean(seen[best : best + 2])
    report["best_balanced_accuracy"] = balanced[best]
    return report | {"n_same": len(same), "n_different": len(different)}
