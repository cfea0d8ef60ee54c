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


def side(code, pool_y, own, which, group=-1, pool_groups=None):
    """Rows of the pool that an anchor of this code may see; `own` is its own row, or -1.

    Rows of its `group` it never sees; -1 is no group.
    """
    rows = []
    for j, other in enumerate(pool_y):
        seen = {"own": other == code, "other": other != code, "any": True}[which]
        mates = group >= 0 and pool_groups[j] == group
        if code >= 0 and other >= 0 and j != own and seen and not mates:
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


def boundary(d, negatives, positive, n_negatives, width):
    here, width = d[positive], math.inf if width is None else width
    close = [j for j in negatives if here - width < d[j] < here + width]
    return [j for _, j in sorted((abs(d[j] - here), j) for j in close)][:n_negatives]


def curriculum(d, negatives, start, end, schedule, n_negatives):
    return nearest(d, negatives, end)


def adaptive(d, negatives, miners, exploration):
    assert miners[0] == "hardest"
    return hardest(d, negatives, 20)


def distance_weighted(d, negatives, n_negatives, cutoff, max_distance):
    return [j for j in negatives if d[j] < max_distance**2]


def diverse(d, negatives, pool, n_negatives, n_candidates, trade_off):
    candidates, taken = nearest(d, negatives, n_candidates), []
    while len(taken) < n_negatives:
        best = None
        for j in candidates:
            apart = min((squared_distance(pool[j], pool[t]) for t in taken), default=math.inf)
            if apart > 0.0:
                worth = -(1.0 - trade_off) * d[j] + (trade_off * apart if taken else 0.0)
                if best is None or worth > best[0]:
                    best = (worth, j)
        if best is None:
            break
        taken.append(best[1])
    return taken


def context(d, negatives, code, pool, pool_y, n_negatives, n_neighbors, n_candidates, max_share):
    border, others = [], []
    for j in nearest(d, negatives, n_candidates or 3 * n_negatives):
        to_all = [squared_distance(pool[j], other) for other in pool]
        around = nearest(to_all, side(pool_y[j], pool_y, j, "any"), n_neighbors)
        share = sum(pool_y[a] == code for a in around) / max(1, len(around))
        if share < max_share:
            (border if share > 0 else others).append(j)
    return (border + others)[:n_negatives]


def is_copy(a, b, eps):
    """Rows that are equal up to eight roundings, relative to the longer one."""
    longer = max(squared_distance(row, [0.0] * len(row)) for row in (a, b))
    return squared_distance(a, b) <= (8.0 * eps) ** 2 * longer


def filtered(
    anchor, d, negatives, positives, pool,
    miner, min_rank, absolute_margin, relative_margin, max_similarity, min_similarity, drop_copies,
):  # fmt: skip
    s = [1.0 - 0.5 * x for x in d]
    kept = list(negatives)
    if positives:
        s_pos = max(s[p] for p in positives)
        if absolute_margin is not None:
            kept = [j for j in kept if s[j] <= s_pos - absolute_margin]
        if relative_margin is not None:
            kept = [j for j in kept if s[j] <= s_pos - abs(s_pos) * relative_margin]
    if max_similarity is not None:
        kept = [j for j in kept if s[j] <= max_similarity]
    if min_similarity is not None:
        kept = [j for j in kept if s[j] >= min_similarity]
    nearest_ones = nearest(d, negatives)[: min_rank - 1]
    kept = [j for j in kept if all(d[j] > d[near] for near in nearest_ones)]
    if drop_copies:
        eps = np.finfo(pool.dtype).eps
        originals = [anchor, *(pool[p] for p in positives)]
        kept = [j for j in kept if not any(is_copy(a, pool[j], eps) for a in originals)]
    assert miner == "hardest"
    return hardest(d, kept, 20)


def multi_similarity(d, negatives, positives, epsilon, n_negatives):
    """Return the positives and the negatives that inform."""
    if not positives or not negatives:
        return [], []
    upper = max(d[p] for p in positives) + 2.0 * epsilon
    lower = min(d[j] for j in negatives) - 2.0 * epsilon
    close = [j for j in negatives if d[j] < upper]
    if n_negatives is not None:
        close = nearest(d, close, n_negatives)
    return [p for p in positives if d[p] > lower], close


def ohem(tuples, d, keep, miner):
    def violation(t):
        i, positives, negatives = tuples[t]
        return max(d[i][p] for p in positives) - min(d[i][j] for j in negatives)

    n_kept = keep if isinstance(keep, int) else math.ceil(keep * len(tuples))
    worst = sorted(range(len(tuples)), key=lambda t: (-violation(t), t))[:n_kept]
    return [tuples[t] for t in sorted(worst)]


ANCHOR_RULES = {
    "hardest": hardest,
    "easy": easy,
    "random": random,
    "all": every,
    "rank": rank,
    "curriculum": curriculum,
    "adaptive": adaptive,
    "distance_weighted": distance_weighted,
}
PAIR_RULES = {"semi_hard": semi_hard, "violating": violating, "boundary": boundary}
OTHER_RULES = {"diverse", "context", "filtered", "multi_similarity", "ohem"}
AT_UNIT_LENGTH = {"distance_weighted", "filtered", "multi_similarity"}


def at_unit_length(rows):
    unit = rows.copy()
    for i, row in enumerate(rows):
        total = 0.0
        for x in row:
            total += float(x) * float(x)
        if total > 0.0:
            unit[i] = [float(x) / math.sqrt(total) for x in row]
    return unit


def mine(name, parameters, Z, y, pool, pool_y, own, positives):
    """Tuples as (anchor, its positives, its negatives), by anchor or by pair."""
    if name == "ohem":
        inner = mine(parameters["miner"], {"n_negatives": 20}, Z, y, pool, pool_y, own, positives)
        return ohem(inner, distances(Z, pool), **parameters)
    if name in AT_UNIT_LENGTH:
        Z, pool = at_unit_length(Z), at_unit_length(pool)
    tuples = []
    for i, d in enumerate(distances(Z, pool)):
        negatives = side(y[i], pool_y, own[i], "other")
        if name in PAIR_RULES:
            rule = PAIR_RULES[name]
            tuples += [(i, [p], rule(d, negatives, p, **parameters)) for p in positives[i]]
        elif name == "multi_similarity":
            tuples.append((i, *multi_similarity(d, negatives, positives[i], **parameters)))
        elif name == "diverse":
            tuples.append((i, positives[i], diverse(d, negatives, pool, **parameters)))
        elif name == "context":
            chosen = context(d, negatives, y[i], pool, pool_y, **parameters)
            tuples.append((i, positives[i], chosen))
        elif name == "filtered":
            chosen = filtered(Z[i], d, negatives, positives[i], pool, **parameters)
            tuples.append((i, positives[i], chosen))
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
