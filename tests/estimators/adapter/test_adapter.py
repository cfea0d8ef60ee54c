"""The adapter: what it learns, what it leaves as it is, and what it never does."""

import pickle
import warnings

import numpy as np
import pytest
from scipy.sparse import coo_array, csr_array
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skhnm import EmbeddingAdapter
from skhnm.estimators.adapter._folds import splits_of
from skhnm.estimators.adapter._maps import Mover, starting_maps
from skhnm.estimators.adapter._searches import read_searches
from skhnm.kernels._rows import unit_rows
from skhnm.miners import FilteredMiner
from skhnm.neighbors import LSHIndex

pytestmark = pytest.mark.jit  # its kernels are tried without it elsewhere

SIDES = ("query", "both", "each")


def searches(n=200, n_corpus=400, seed=0, d=8, dtype=np.float64):
    """Queries that are their answers, turned and disturbed; half of the features are noise."""
    random = np.random.default_rng(seed)
    turn = np.linalg.qr(np.eye(d) + 0.5 * np.random.default_rng(5).normal(size=(d, d)))[0]
    corpus = random.normal(size=(n_corpus, d))
    answers = random.integers(n_corpus, size=n)
    queries = corpus[answers] @ turn + 0.3 * random.normal(size=(n, d))
    return queries.astype(dtype), corpus.astype(dtype), answers


Q, D, ANSWERS = searches()


def mean_reciprocal_rank(Zq, Zd, answers):
    """One query after the other."""
    found = []
    for z, answer in zip(Zq, answers, strict=True):
        s = Zd @ z
        found.append(1.0 / (1.0 + (s > s[answer]).sum()))
    return np.mean(found)


def after(adapter, Q, D, answers):
    Zq, Zd = adapter.transform_queries(Q), unit_rows(adapter.transform_corpus(D))[0]
    return mean_reciprocal_rank(Zq, Zd, answers)


# What it learns.


@pytest.mark.parametrize("side", SIDES)
def test_new_queries_in_a_new_corpus_are_answered_better(side):
    adapter = EmbeddingAdapter(side, random_state=0).fit(Q, D, ANSWERS)
    Q_new, D_new, answers = searches(seed=1)
    raw = mean_reciprocal_rank(unit_rows(Q_new)[0], unit_rows(D_new)[0], answers)
    better = after(adapter, Q_new, D_new, answers)
    assert better > raw + (0.02 if side == "both" else 0.2)
    assert adapter.improvement_ > 0
    scores = adapter.validation_scores_
    assert adapter.improvement_ == scores[adapter.alpha_] - scores[np.inf]


def test_side_query_leaves_the_corpus_as_it_is():
    adapter = EmbeddingAdapter().fit(Q, D, ANSWERS)
    assert np.array_equal(adapter.transform_corpus(D), D)
    assert adapter.corpus_components_ is None
    assert adapter.query_components_.shape == (8, 8)


def test_side_both_is_one_map_and_each_two():
    both = EmbeddingAdapter("both").fit(Q, D, ANSWERS)
    assert np.array_equal(both.query_components_, both.corpus_components_)
    assert np.array_equal(both.transform_queries(D), both.transform_corpus(D))
    each = EmbeddingAdapter("each").fit(Q, D, ANSWERS)
    assert not np.array_equal(each.query_components_, each.corpus_components_)


@pytest.mark.parametrize("side", ["both", "each"])
def test_to_fewer_dimensions(side):
    adapter = EmbeddingAdapter(side, n_components=5).fit(Q, D, ANSWERS)
    assert adapter.transform_queries(Q).shape == (200, 5)
    assert adapter.transform_corpus(D).shape == (400, 5)
    assert np.allclose(np.linalg.norm(adapter.transform_corpus(D), axis=1), 1)


def test_fewer_dimensions_are_compared_with_the_plain_search():
    clean = D[ANSWERS] + 0.1 * Q
    with pytest.warns(UserWarning, match="In 2 dimensions held-out queries find .* less well"):
        adapter = EmbeddingAdapter("both", n_components=2).fit(clean, D, ANSWERS)
    assert adapter.improvement_ < 0
    plain = mean_reciprocal_rank(unit_rows(clean)[0], unit_rows(D)[0], ANSWERS)
    assert adapter.validation_scores_[np.inf] == pytest.approx(plain)


def test_spaces_without_relation_are_not_said_to_have_one():
    """The start is learned too, so held-out queries have no part in it."""
    random = np.random.default_rng(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        adapter = EmbeddingAdapter("each", random_state=0).fit(
            random.normal(size=(150, 30)), random.normal(size=(500, 24)), np.arange(150)
        )
    assert max(adapter.validation_scores_.values()) < 0.05


def test_each_joins_spaces_of_different_dimensions():
    wide = np.concatenate([D, D[:, :3] ** 2], axis=1)
    adapter = EmbeddingAdapter("each").fit(Q, wide, ANSWERS)
    assert adapter.query_components_.shape == (8, 8)
    assert adapter.corpus_components_.shape == (8, 11)
    assert after(adapter, Q, wide, ANSWERS) > 0.3


def test_several_positives_and_judgements():
    twins = np.concatenate([D, D + 0.01])
    lists = [[a, a + 400] if i % 2 else [a] for i, a in enumerate(ANSWERS)]
    by_list = EmbeddingAdapter(random_state=0).fit(Q, twins, lists)
    padded = np.array([[*row, -1][:2] for row in lists])
    by_array = EmbeddingAdapter(random_state=0).fit(Q, twins, padded)
    rows = np.repeat(np.arange(200), [len(row) for row in lists])
    judged = coo_array((np.ones(len(rows)), (rows, np.concatenate(lists))), shape=(200, 800))
    by_judgement = EmbeddingAdapter(random_state=0).fit(Q, twins, judged)
    for other in (by_array, by_judgement):
        assert np.array_equal(by_list.query_components_, other.query_components_)


def test_rows_judged_wrong_are_pushed_away():
    far = (ANSWERS + 7) % 400
    places = (np.tile(np.arange(200), 2), np.concatenate([ANSWERS, far]))
    judged = csr_array((np.repeat([1, -1], 200), places), shape=(200, 400))
    searched = read_searches(Q, D, judged, np.ones(200), one_space=True)
    assert searched.negatives.rows.tolist() == far.tolist()
    start = starting_maps("query", searched, None)
    mover = Mover("query", searched, start, 0.05, mining(2))
    members, tuples = mover._mine()
    P = members.extras.embed(Q, Q)
    pushed = [P[row[row >= 0] - 200] for row in tuples.negatives]
    wanted = unit_rows(D)[0][far]
    assert all(
        np.isclose(z, rows).all(axis=1).any() for z, rows in zip(wanted, pushed, strict=True)
    )


def test_judgements_are_left_as_they_are_and_may_come_twice():
    places = (np.tile(np.arange(200), 2), np.tile(ANSWERS, 2))
    twice = csr_array((np.ones(400), places), shape=(200, 400))
    twice.indices.setflags(write=False)
    before = twice.data.copy()
    fitted = EmbeddingAdapter(random_state=0).fit(Q, D, twice)
    assert np.array_equal(twice.data, before)
    once = EmbeddingAdapter(random_state=0).fit(Q, D, ANSWERS)
    assert np.array_equal(fitted.query_components_, once.query_components_)


def test_weights_count_queries_and_zero_leaves_out():
    weights = (np.arange(200) % 2).astype(float)
    with pytest.warns(UserWarning, match="100 of 200 queries are left out: 100 have the weight 0"):
        some = EmbeddingAdapter(random_state=0).fit(Q, D, ANSWERS, sample_weight=weights)
    half = EmbeddingAdapter(random_state=0).fit(Q[1::2], D, ANSWERS[1::2])
    assert np.allclose(some.query_components_, half.query_components_)


# Never worse than none.


@pytest.mark.parametrize("side", SIDES)
def test_is_the_identity_where_held_out_queries_say_so(side):
    random = np.random.default_rng(0)
    corpus = random.normal(size=(300, 8))
    queries = corpus[:60] + 0.01 * random.normal(size=(60, 8))  # nothing is left to learn
    with pytest.warns(UserWarning, match="No map was better than none for held-out queries"):
        adapter = EmbeddingAdapter(side).fit(queries, corpus, np.arange(60))
    assert adapter.improvement_ == 0
    assert adapter.alpha_ == np.inf
    assert np.array_equal(adapter.transform_queries(queries), unit_rows(queries)[0])
    assert adapter.query_components_ is None


@pytest.mark.parametrize("side", SIDES)
def test_wrong_answers_teach_nothing_that_is_kept_if_it_harms(side):
    wrong = np.random.default_rng(1).integers(400, size=200)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        adapter = EmbeddingAdapter(side, random_state=0).fit(Q, D, wrong)
    assert adapter.improvement_ >= 0
    assert adapter.improvement_ < 0.02


def test_the_score_is_that_of_held_out_queries():
    """A query is never judged by a map that it, or one with the same answer, was learned from."""
    searched = read_searches(Q, D, ANSWERS, np.ones(200), one_space=True)
    splits = splits_of(searched, np.random.default_rng(0))
    assert sum(len(held_out) for _, held_out in splits) == 200
    for learned, held_out in splits:
        assert not set(learned.positives.rows) & set(held_out.positives.rows)


# Kernels and their naive twins.


def mining(k):
    return {"miner": "hardest", "n_negatives": k, "index": "exact", "n_jobs": 1, "random_state": 0}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_negatives_are_those_of_a_loop(dtype):
    queries, corpus, answers = searches(60, 150, dtype=dtype)
    searched = read_searches(queries, corpus, answers, np.ones(60), one_space=True)
    mover = Mover("query", searched, starting_maps("query", searched, None), 0.05, mining(7))
    *_, maps = mover.walk([0.1, 0.03])
    members, tuples = mover._mine()
    Zq, Zd = maps.of_queries(queries), maps.of_corpus(corpus)
    P = np.concatenate([Zq, members.extras.embed(Zq, np.empty((0, 8)))])
    for i in range(60):
        s = np.array([float(Zd[j].astype(float) @ Zq[i].astype(float)) for j in range(150)])
        s[answers[i]] = -np.inf
        expected = np.sort(s)[::-1][:7]
        found = P[tuples.negatives[i]].astype(float) @ P[i].astype(float)
        assert np.allclose(np.sort(found)[::-1], expected, atol=1e-5)
        assert np.allclose(P[tuples.positives[i]], Zd[answers[i]][None])


def test_held_out_queries_are_judged_as_by_a_loop():
    searched = read_searches(Q, D, ANSWERS, np.ones(200), one_space=True)
    Zq, Zd = unit_rows(Q)[0], unit_rows(D)[0]
    ranks, losses = searched.judge(Zq, Zd, 0.05)
    for z, answer, rank, loss in zip(Zq, ANSWERS, ranks, losses, strict=True):
        s = Zd @ z
        assert rank == pytest.approx(1.0 / (1 + (s > s[answer]).sum()))
        shares = np.exp(s / 0.05)
        assert loss == pytest.approx(-np.log(shares[answer] / shares.sum()))
    alike = np.ones((400, 8)) / np.sqrt(8)
    assert np.allclose(searched.judge(Zq, alike, 0.05)[0], 1 / (1 + 399 / 2))


def test_several_positives_are_judged_each_for_itself():
    searched = read_searches(Q[:1], D, [[3, 5]], np.ones(1), one_space=True)
    Zq, Zd = unit_rows(Q[:1])[0], unit_rows(D)[0]
    s = Zd @ Zq[0] / 0.05
    others = np.exp(np.delete(s, [3, 5])).sum()
    expected = np.mean([-np.log(np.exp(s[p]) / (np.exp(s[p]) + others)) for p in (3, 5)])
    assert searched.judge(Zq, Zd, 0.05)[1][0] == pytest.approx(expected)


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("side", SIDES)
def test_same_seed_same_result(side, n_jobs):
    once, again = (
        EmbeddingAdapter(side, negative_miner="random", random_state=4, n_jobs=jobs).fit(
            Q, D, ANSWERS
        )
        for jobs in (1, n_jobs)
    )
    assert np.array_equal(once.query_components_, again.query_components_)


@pytest.mark.parametrize("side", SIDES)
def test_many_queries_go_on_from_where_some_have_come(side, monkeypatch):
    walked = EmbeddingAdapter(side, random_state=0).fit(Q, D, ANSWERS)
    monkeypatch.setattr("skhnm.estimators.adapter._adapter._MANY", 100)
    went_on = EmbeddingAdapter(side, random_state=0).fit(Q, D, ANSWERS)
    assert went_on.improvement_ == walked.improvement_
    Q_new, D_new, answers = searches(seed=1)
    found = [after(adapter, Q_new, D_new, answers) for adapter in (walked, went_on)]
    assert found[1] == pytest.approx(found[0], abs=0.05)


def test_any_miner_and_index():
    for options in (
        {"negative_miner": FilteredMiner("hardest", relative_margin=0.05)},
        {"negative_miner": "semi_hard"},
        {"index": LSHIndex(random_state=0)},
        {"alpha": 0.1},
        {"n_negatives": 3},
    ):
        assert EmbeddingAdapter(random_state=0, **options).fit(Q, D, ANSWERS).improvement_ > 0


@pytest.mark.parametrize("side", SIDES)
def test_keeps_float32(side):
    given = searches(dtype=np.float32)
    adapter = EmbeddingAdapter(side, random_state=0).fit(*given)
    assert adapter.transform_queries(given[0]).dtype == np.float32
    assert adapter.query_components_.dtype == np.float32


# An estimator like others.


def test_is_cloned_and_pickled():
    adapter = EmbeddingAdapter("both", alpha=0.1, random_state=0).fit(Q, D, ANSWERS)
    assert clone(adapter).get_params() == adapter.get_params()
    copy = pickle.loads(pickle.dumps(adapter))
    assert np.array_equal(copy.transform_queries(Q), adapter.transform_queries(Q))
    assert "EmbeddingAdapter" in adapter._repr_html_()
    assert adapter.set_params(negative_miner__n_negatives=3).negative_miner.n_negatives == 3


def test_asks_to_be_fitted():
    for ask in (EmbeddingAdapter().transform_queries, EmbeddingAdapter().transform_corpus):
        with pytest.raises(NotFittedError):
            ask(Q)


def test_a_failed_fit_loses_nothing():
    adapter = EmbeddingAdapter(random_state=0).fit(Q, D, ANSWERS)
    before = adapter.transform_queries(Q)
    with pytest.raises(ValueError, match="NaN"):
        adapter.fit(np.where(Q[0, 0] == Q, np.nan, Q), D, ANSWERS)
    assert np.array_equal(adapter.transform_queries(Q), before)


def test_says_what_it_tries(capsys):
    EmbeddingAdapter(verbose=1, random_state=0).fit(Q, D, ANSWERS)
    assert "[EmbeddingAdapter] alpha inf  held-out MRR" in capsys.readouterr().out


# What cannot be used.


def refuse(message, queries=Q, corpus=D, positives=ANSWERS, error=ValueError, **options):
    with pytest.raises(error, match=message):
        EmbeddingAdapter(**options).fit(queries, corpus, positives)


@pytest.mark.parametrize("side", ["query", "both"])
def test_one_space_has_one_number_of_dimensions(side):
    refuse("queries have 8 columns and the corpus 7: .* side='each'", corpus=D[:, :7], side=side)


def test_positives():
    refuse("positives says which rows", positives=None)
    refuse("400", positives=np.full(200, 400))
    refuse("199", positives=ANSWERS[:-1])
    refuse("no query can be learned from: of 200, 200 have no positive", positives=[[]] * 200)
    refuse("contains NaN", positives=csr_array(([np.nan], ([0], [0])), shape=(200, 400)))
    both = coo_array(([1, -1], ([3, 3], [7, 7])), shape=(200, 400))
    refuse("both .1 and -1 for query 3 and row 7", positives=both)
    refuse(r"shape \(200, 400\)", positives=csr_array((200, 399)))
    refuse("all have the same first positive", positives=np.zeros(200, dtype=int))


def test_queries_that_teach_nothing_are_counted():
    positives = [[a] for a in ANSWERS]
    positives[3], positives[5] = [], list(range(400))
    queries = Q.copy()
    queries[7] = 0
    message = (
        "3 of 200 queries are left out: 1 have no positive; 1 have all of the corpus as positives; "
        "1 are zero"
    )
    with pytest.warns(UserWarning, match=message):
        adapter = EmbeddingAdapter(random_state=0).fit(queries, D, positives)
    assert adapter.n_queries_ == 197


def test_zero_rows_are_similar_to_nobody():
    corpus = D.copy()
    corpus[np.setdiff1d(np.arange(400), ANSWERS)[:5]] = 0
    adapter = EmbeddingAdapter("both", random_state=0).fit(Q, corpus, ANSWERS)
    assert not adapter.transform_corpus(np.zeros((1, 8))).any()
    assert not adapter.transform_queries(np.zeros((1, 8))).any()


def test_sizes():
    refuse("corpus has 1 row", corpus=D[:1], positives=np.zeros(200, dtype=int))
    refuse("9 queries are too few", queries=Q[:9], positives=ANSWERS[:9])
    refuse("NaN", corpus=np.full_like(D, np.nan))
    refuse("n_components must be at most 8", side="both", n_components=9)
    refuse("has the dimensions that it has", n_components=4)


@pytest.mark.parametrize(
    ("options", "message", "error"),
    [
        ({"side": "corpus"}, "side must be one of", ValueError),
        ({"alpha": -1}, "alpha must be", ValueError),
        ({"temperature": 0}, "temperature must be", ValueError),
        ({"n_negatives": 0}, "n_negatives must be", ValueError),
        ({"n_negatives": 2.5}, "n_negatives must be", TypeError),
        ({"negative_miner": "best"}, "Unknown negative_miner 'best'", ValueError),
        ({"index": "best"}, "Unknown index 'best'", ValueError),
    ],
)
def test_parameters(options, message, error):
    refuse(message, error=error, **options)


def test_transform_takes_what_fit_took():
    adapter = EmbeddingAdapter(random_state=0).fit(Q, D, ANSWERS)
    with pytest.raises(ValueError, match="queries has 7 columns, but fit saw 8"):
        adapter.transform_queries(Q[:, :7])
