"""What is counted where rows are equally far: means over every order of them."""

import itertools

import numpy as np
import pytest
from scipy.stats import hypergeom

from skhnm.kernels._ties import count_places, is_match, mark_tied, mean_reciprocal
from tests import naive_metrics as truth

FAR = np.iinfo(np.intp).max


def counted(runs, n_places, n_r_places, ks, last_first=FAR):
    """What the kernel says: hits and found at each k, then R-hits, precision and reciprocal."""
    entries = [mark_tied(np.uint64(m), at > 0) for run in runs for at, m in enumerate(run)]
    hits, found = np.zeros((2, len(ks)))
    entries, ks = np.array(entries, dtype=np.uint64), np.array(ks, dtype=np.intp)
    three = count_places(entries, n_places, n_r_places, ks, last_first, hits, found)
    return [*hits, *found, *three]


def every_ranking(n):
    """Every way in which n rows match or not, and tie in runs."""
    for n_cuts in range(n):
        for cuts in itertools.combinations(range(1, n), n_cuts):
            for match in itertools.product([False, True], repeat=n):
                yield [list(match[a:b]) for a, b in itertools.pairwise([0, *cuts, n])]


def closed_forms(runs, places, ks, last):
    return [
        *(truth.mean_number_in(runs, k) for k in ks),
        *(truth.mean_any_in(runs, k) for k in ks),
        truth.mean_number_in(runs, places),
        truth.mean_precisions_in(runs, places) / places,
        truth.mean_reciprocal_in(runs, last),
    ]


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_equals_the_mean_over_all_orders(n):
    ks = range(1, n + 1)
    seen = 0
    for runs in every_ranking(n):
        seen += 1
        orders = truth.orders(runs)
        for places in ks:
            expected = [
                *(truth.mean([truth.number_in(match, k) for match in orders]) for k in ks),
                *(truth.mean([truth.any_in(match, k) for match in orders]) for k in ks),
                truth.mean([truth.number_in(match, places) for match in orders]),
                truth.mean([truth.precisions_in(match, places) for match in orders]) / places,
                truth.mean([truth.reciprocal_in(match, places) for match in orders]),
            ]
            found = counted(runs, n, places, ks, places)
            np.testing.assert_allclose(found, expected, atol=1e-14)
            np.testing.assert_allclose(closed_forms(runs, places, ks, places), expected, atol=1e-14)
    assert seen == 2 ** (n - 1) * 2**n


def test_equals_the_closed_forms_on_longer_rankings():
    random = np.random.default_rng(0)
    for _ in range(50):
        runs = [list(random.random(n) < random.random()) for n in random.integers(1, 40, 6)]
        n, ks = truth.n_rows(runs), sorted(random.integers(1, 60, 3))
        places, last = random.integers(1, n + 1), random.integers(1, n + 1)
        found = counted(runs, min(n, max(*ks, places)), places, ks, last)
        np.testing.assert_allclose(found, closed_forms(runs, places, ks, last), atol=1e-12)


@pytest.mark.parametrize(("n", "h"), [(20_000, 1), (20_000, 137), (20_000, 19_999), (10**6, 3)])
def test_many_tied_rows_overflow_nothing(n, h):
    m = min(n, 5_000)
    run = [True] * h + [False] * (n - h) if n < 10**5 else None
    if run:
        hits, found, r_hits, precision, _ = counted([run], m, m, [m])
        assert hits == r_hits == pytest.approx(m * h / n)
        assert found == pytest.approx(1.0 - hypergeom.pmf(0, n, h, m))
        others = (h - 1) / (n - 1)
        places = np.arange(1, m + 1)
        assert precision == pytest.approx(
            np.mean(h / n * (1 + (places - 1) * others) / places), rel=1e-12
        )
    later = np.arange(n - h + 1)
    log_none = np.concatenate([[0.0], np.cumsum(np.log1p(-h / (n - later[:-1])))])
    expected = np.sum(np.exp(log_none) * h / (n - later) / (7 + later + 1))
    assert mean_reciprocal(n, h, 7, FAR) == pytest.approx(expected, rel=1e-9)


def test_entries_hold_a_column_beside_what_they_say():
    entry = np.uint64(5 << 32 | 3 << 1 | 1)
    assert is_match(entry) == is_match(mark_tied(entry, True)) == 1
    assert mark_tied(entry, False) == entry != mark_tied(entry, True)
