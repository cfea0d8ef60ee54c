"""The slow, obvious oracle of the losses: each formula as plain loops over one tuple.

Padding is -inf among the positives, +inf among the negatives.
"""

import math

from tests.naive import squared_distance


def real(d):
    return [x for x in d if math.isfinite(x)]


def softplus(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def triplet(d_pos, d_neg, margin, soft):
    total = 0.0
    for p in real(d_pos):
        for n in real(d_neg):
            total += softplus(p - n) if soft else max(margin + p - n, 0.0)
    return total


def large_margin(d_pos, d_neg, push_weight, squared_hinge):
    pull = push = 0.0
    for p in real(d_pos):
        pull += p
        for n in real(d_neg):
            push += max(1.0 + p - n, 0.0) ** (2 if squared_hinge else 1)
    return (1.0 - push_weight) * pull + push_weight * push


def contrastive(d_pos, d_neg, margin):
    total = 0.0
    for p in real(d_pos):
        total += p**2
    for n in real(d_neg):
        total += max(margin - n, 0.0) ** 2
    return total


def npair(d_pos, d_neg, temperature):
    total = 0.0
    for p in real(d_pos):
        hit = math.exp((1.0 - p) / temperature)
        miss = sum(math.exp((1.0 - n) / temperature) for n in real(d_neg))
        total -= math.log(hit / (hit + miss))
    return total


def nca(d_pos, d_neg, scale):
    hit = sum(math.exp(-scale * p) for p in real(d_pos))
    miss = sum(math.exp(-scale * n) for n in real(d_neg))
    return -math.log(hit / (hit + miss))


def robust_nca(d_pos, d_neg, scale, q):
    miss = sum(math.exp(-scale * n) for n in real(d_neg))
    chances = [math.exp(-scale * p) / (math.exp(-scale * p) + miss) for p in real(d_pos)]
    mean = sum(chances) / len(chances)
    return (1.0 - mean**q) / q if q > 0 else -math.log(mean)


def sup_con(d_pos, d_neg, temperature):
    positives = real(d_pos)
    everybody = sum(math.exp((1.0 - d) / temperature) for d in positives + real(d_neg))
    total = 0.0
    for p in positives:
        total -= math.log(math.exp((1.0 - p) / temperature) / everybody)
    return total / len(positives)


def margin(d_pos, d_neg, margin, beta, learn_beta):
    total = 0.0
    for p in real(d_pos):
        total += max(p - beta + margin, 0.0)
    for n in real(d_neg):
        total += max(beta - n + margin, 0.0)
    return total


def logistic(d_pos, d_neg, scale, beta):
    cost = sum(math.log1p(math.exp(scale * (p - beta))) for p in real(d_pos))
    return cost + sum(math.log1p(math.exp(scale * (beta - n))) for n in real(d_neg))


def lifted(d_pos, d_neg, margin):
    if not real(d_pos) or not real(d_neg):
        return 0.0
    push = math.log(sum(math.exp(margin - n) for n in real(d_neg)))
    pull = math.log(sum(math.exp(p) for p in real(d_pos)))
    return 0.5 * max(push + pull, 0.0) ** 2


def multi_similarity(d_pos, d_neg, alpha, beta, base):
    pull = sum(math.exp(-alpha * (1.0 - p - base)) for p in real(d_pos))
    push = sum(math.exp(beta * (1.0 - n - base)) for n in real(d_neg))
    return math.log1p(pull) / alpha + math.log1p(push) / beta


def circle(d_pos, d_neg, margin, gamma):
    pull = push = 0.0
    for p in real(d_pos):
        s = 1.0 - p
        pull += math.exp(-gamma * max(1.0 + margin - s, 0.0) * (s - (1.0 - margin)))
    for n in real(d_neg):
        s = 1.0 - n
        push += math.exp(gamma * max(s + margin, 0.0) * (s - margin))
    return math.log1p(pull * push)


def proxy_anchor(d_pos, d_neg, alpha, margin):
    pull = sum(math.exp(-alpha * (1.0 - p - margin)) for p in real(d_pos))
    push = sum(math.exp(alpha * (1.0 - n + margin)) for n in real(d_neg))
    return math.log1p(pull) + math.log1p(push)


def soft_triple(d_pos, d_neg, n_proxies, scale, gamma, margin):
    def similarity(distances):
        s = [1.0 - d for d in real(distances)]
        weights = [math.exp(x / gamma) for x in s]
        return sum(w * x for w, x in zip(weights, s, strict=True)) / sum(weights)

    hit = math.exp(scale * (similarity(d_pos) - margin))
    groups = [d_neg[i : i + n_proxies] for i in range(0, len(d_neg), n_proxies)]
    miss = sum(math.exp(scale * similarity(group)) for group in groups if real(group))
    return -math.log(hit / (hit + miss))


LOSSES = {
    "triplet": triplet,
    "large_margin": large_margin,
    "contrastive": contrastive,
    "margin": margin,
    "logistic": logistic,
    "lifted": lifted,
    "npair": npair,
    "sup_con": sup_con,
    "nca": nca,
    "robust_nca": robust_nca,
    "multi_similarity": multi_similarity,
    "circle": circle,
    "proxy_anchor": proxy_anchor,
    "soft_triple": soft_triple,
}

METRICS = {
    "sqeuclidean": squared_distance,
    "euclidean": lambda a, b: math.sqrt(squared_distance(a, b)),
    "cosine": lambda a, b: 1.0 - float(a @ b) / math.sqrt(float(a @ a) * float(b @ b)),
}


def mean_loss(name, parameters, metric, Z, tuples):
    """Weighted mean over the tuples, from the distances between rows of Z."""
    weights = [1.0] * len(tuples) if tuples.weights is None else tuples.weights
    total = 0.0
    for a, positives, negatives, weight in zip(
        tuples.anchors, tuples.positives, tuples.negatives, weights, strict=True
    ):
        d_pos = [METRICS[metric](Z[a], Z[p]) if p >= 0 else -math.inf for p in positives]
        d_neg = [METRICS[metric](Z[a], Z[n]) if n >= 0 else math.inf for n in negatives]
        total += weight * LOSSES[name](d_pos, d_neg, **parameters)
    return total / sum(weights)
