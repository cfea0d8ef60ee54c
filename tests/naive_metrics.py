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


def cross_pairs_of(y, reference_y):
    """Every pair of a labelled row and one of the reference."""
    return [(i, j) for i, c in enumerate(y) for j, e in enumerate(reference_y) if c >= 0 and e >= 0]


def verification_of_rows(Z, y, pairs, far):
    """The report on pairs of rows of Z."""
    d = [math.sqrt(squared_distance(Z[i], Z[j])) for i, j in pairs]
    return verification(d, [bool(y[i] == y[j]) for i, j in pairs], far)


def decide(d, are_same, threshold):
    """True and false accepts, and false and true rejects, of pairs at some distances."""
    counts = [0, 0, 0, 0]
    for x, is_same in zip(d, are_same, strict=True):
        counts[2 * (x > threshold) + (not is_same)] += 1
    return counts


def figures_at(d, are_same, threshold):
    """What a report has of one threshold."""
    tp, fp, fn, tn = decide(d, are_same, threshold)
    return {
        "tar": tp / (tp + fn),
        "far": fp / (fp + tn),
        "f1": 2 * tp / (2 * tp + fp + fn),
        "accuracy": (tp + tn) / len(d),
        "balanced_accuracy": (tp / (tp + fn) + 1.0 - fp / (fp + tn)) / 2.0,
    }


def verification(d, are_same, far):
    """The same numbers as the report, from every threshold in turn."""
    same = [x for x, is_same in zip(d, are_same, strict=True) if is_same]
    different = [x for x, is_same in zip(d, are_same, strict=True) if not is_same]
    wins = sum((s < x) + 0.5 * (s == x) for s in same for x in different)
    seen = sorted(set(d))
    below = seen[0] / 2 if seen[0] > 0 else -1.0
    thresholds = [below, *map(mean, itertools.pairwise(seen)), seen[-1] * (1 + 1e-6)]
    every = [figures_at(d, are_same, threshold) for threshold in thresholds]

    def best(value, choices):
        """The first of the choices with the highest value."""
        return max(choices, key=lambda at: (value(every[at]), -at))

    everywhere = range(len(thresholds))
    report = {"roc_auc": wins / (len(same) * len(different))}
    for p, q in itertools.pairwise(every):
        (a, b), (c, e) = (p["far"], p["tar"]), (q["far"], q["tar"])
        if 1.0 - e - c <= 0.0:
            share = (1.0 - b - a) / ((1.0 - b - a) - (1.0 - e - c))
            report["eer"] = a + share * (c - a)
            break
    report["eer_threshold"] = thresholds[
        best(lambda f: -abs(1.0 - f["tar"] - f["far"]), everywhere)
    ]
    for rate in far:
        at = best(lambda f: f["tar"], [at for at in everywhere if every[at]["far"] <= rate])
        report[f"tar_at_far_{rate:g}"] = every[at]["tar"]
        report[f"threshold_at_far_{rate:g}"] = thresholds[at]
    for name in ("f1", "accuracy"):
        at = best(lambda f, name=name: f[name], everywhere)
        report[f"best_{name}"] = every[at][name]
        report[f"best_{name}_threshold"] = thresholds[at]
    at = best(lambda f: f["balanced_accuracy"], everywhere[1:])
    report["best_threshold"] = thresholds[at]
    report["best_balanced_accuracy"] = every[at]["balanced_accuracy"]
    return report | {"n_same": len(same), "n_different": len(different)}
