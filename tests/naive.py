"""The slow, obvious oracle: every rule of the package as plain loops.

Labels are codes, -1 is "no class". A rule for negatives gets the distances `d` from one
anchor to every row of the pool, and the rows that may be chosen; lists come out.
"""

import math

import numpy as np

# Who is near whom.


def squared_distance(a, b):
    total = 0.0
    for x, z in zip(a, b, strict=True):
        total += (float(x) - float(z)) ** 2
    return total


def distances(Z, pool):
    return [[squared_distance(a, b) for b in pool] for a in Z]


def side(code, pool_y, own, which):
    """Rows of the pool that an anchor of this code may see; `own` is its own row, or -1."""
    rows = []
    for j, other in enumerate(pool_y):
        seen = {"own": other == code, "other": other != code, "any": True}[which]
        if code >= 0 and other >= 0 and j != own and seen:
            rows.append(j)
    return rows


def nearest(d, rows, k=None, lower=-math.inf, upper=math.inf):
    return [j for _, j in sorted((d[j], j) for j in rows if lower < d[j] < upper)][:k]


def farthest(d, rows, k=None, lower=-math.inf, upper=math.inf):
    return [j for _, j in sorted((-d[j], j) for j in rows if lower < d[j] < upper)][:k]


# Negative miners. Where the rule is to draw, the twin gives everything to draw from.


def hardest(d, negatives, n_negatives):
    return nearest(d, negatives, n_negatives)


def easy(d, negatives, n_negatives):
    return farthest(d, negatives, n_negatives)


def random(d, negatives, n_negatives):
    return negatives


def every(d, negatives, margin):
    return [j for j in negatives if margin is None or d[j] < margin]


def rank(d, negatives, min_rank, max_rank, n_negatives, order):
    window = nearest(d, negatives)[min_rank - 1 : max_rank]
    return window if order == "random" else window[:n_negatives]


def semi_hard(d, negatives, positive, margin, n_negatives, fallback):
    upper = math.inf if margin is None else d[positive] + margin
    found = nearest(d, negatives, n_negatives, d[positive], upper)
    if found or fallback == "drop":
        return found
    return {"hardest": nearest, "easy": farthest}[fallback](d, negatives, n_negatives)


def violating(d, negatives, positive, margin, n_negatives, order):
    upper = d[positive] + margin
    if n_negatives is None or order == "random":
        return [j for j in negatives if d[j] < upper]
    return nearest(d, negatives, n_negatives, upper=upper)


ANCHOR_RULES = {"hardest": hardest, "easy": easy, "random": random, "all": every, "rank": rank}
PAIR_RULES = {"semi_hard": semi_hard, "violating": violating}


def mine(name, parameters, Z, y, pool, pool_y, own, positives):
    """Tuples as (anchor, its positives, its negatives), by anchor or by pair."""
    tuples = []
    for i, d in enumerate(distances(Z, pool)):
        negatives = side(y[i], pool_y, own[i], "other")
        if name in PAIR_RULES:
            rule = PAIR_RULES[name]
            tuples += [(i, [p], rule(d, negatives, p, **parameters)) for p in positives[i]]
        else:
            tuples.append((i, positives[i], ANCHOR_RULES[name](d, negatives, **parameters)))
    return [(i, ps, ns) for i, ps, ns in tuples if ps and ns]


# Positive miners.


POSITIVE_RULES = {
    "nearest": lambda d, rows, n_positives: nearest(d, rows, n_positives),
    "hardest": lambda d, rows, n_positives: farthest(d, rows, n_positives),
    "all": lambda d, rows: rows,
    "random": lambda d, rows, n_positives: rows,
}


def mine_positives(name, parameters, Z, y, pool, pool_y, own):
    return [
        POSITIVE_RULES[name](d, side(y[i], pool_y, own[i], "own"), **parameters)
        for i, d in enumerate(distances(Z, pool))
    ]


# Tuples and gradients.


def triplets(tuples):
    found = []
    for a, positives, negatives in zip(
        tuples.anchors, tuples.positives, tuples.negatives, strict=True
    ):
        for p in positives:
            found += [[a, p, n] for n in negatives if p >= 0 and n >= 0]
    return found


def pair_gradient(Z, pool, anchors, others, G):
    """Gradients of Σ G |Z[anchor] - pool[other]|² by Z and by the pool."""
    by_anchor, by_pool = np.zeros(Z.shape), np.zeros(pool.shape)
    for t, a in enumerate(anchors):
        for s, j in enumerate(others[t]):
            if j >= 0:
                slope = 2.0 * G[t, s] * (Z[a].astype(np.float64) - pool[j])
                by_anchor[a] += slope
                by_pool[j] -= slope
    return by_anchor, by_pool
