"""What `mine_hard_negatives` returns, by what it is told."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skhnm import mine_hard_negatives
from skhnm.exceptions import MiningWarning
from skhnm.kernels._rows import unit_rows
from skhnm.miners import AllMiner, EasyMiner, HardestMiner, RandomMiner
from skhnm.miners._base import NEGATIVE_MINERS
from skhnm.offline import _run, _search, _sources, _units
from tests.offline import naive_offline

pytestmark = [
    pytest.mark.filterwarnings("ignore::skhnm.exceptions.MiningWarning"),
    pytest.mark.usefixtures("small_parts"),
]


def rows(n, seed, m=3, dtype=np.float64):
    random = np.random.default_rng(seed)
    Z = random.normal(size=(n, m))
    Z[n // 2] = Z[n // 3]  # one row twice
    return Z.astype(dtype)


def integers(n, high, seed):
    return np.random.default_rng(seed).integers(0, high, n)


QUERIES, CORPUS = rows(30, 0), rows(45, 1)
POSITIVES = [list(np.unique(integers(i % 4, 45, i))) for i in range(30)]
Y, CORPUS_Y = integers(30, 4, 2), integers(45, 4, 3)
GROUPS, CORPUS_GROUPS = integers(30, 9, 4), integers(45, 9, 5)
SOME_GROUPS = (integers(30, 5, 8) - 1, integers(45, 5, 9) - 1)
LARGE_GROUPS = (integers(30, 2, 6), integers(45, 2, 7))

WHO = {
    "corpus": {"corpus": CORPUS},
    "positives": {"corpus": CORPUS, "positives": POSITIVES},
    "labels": {"corpus": CORPUS, "labels": CORPUS_Y, "query_labels": Y},
    "groups": {"corpus": CORPUS, "groups": (GROUPS, CORPUS_GROUPS)},
    "labels and groups": {
        "corpus": CORPUS, "labels": CORPUS_Y, "query_labels": Y,
        "groups": (GROUPS, CORPUS_GROUPS),
    },
    "labels and large groups": {
        "corpus": CORPUS, "labels": CORPUS_Y, "query_labels": Y, "groups": LARGE_GROUPS,
    },
    "positives and large groups": {
        "corpus": CORPUS, "positives": POSITIVES, "groups": LARGE_GROUPS,
    },
    "everything": {
        "corpus": CORPUS, "labels": CORPUS_Y, "query_labels": Y, "positives": POSITIVES,
        "groups": LARGE_GROUPS, "unlabelled": 3,
    },
    "groups, and rows in none": {"corpus": CORPUS, "groups": SOME_GROUPS},
    "groups, and rows in none, and positives": {
        "corpus": CORPUS, "groups": SOME_GROUPS, "positives": POSITIVES,
    },
    "everything, and rows in no group": {
        "corpus": CORPUS, "labels": CORPUS_Y, "query_labels": Y, "positives": POSITIVES,
        "groups": SOME_GROUPS, "unlabelled": 3,
    },
    "everything, and a group of -1": {
        "corpus": CORPUS, "labels": CORPUS_Y, "query_labels": Y, "positives": POSITIVES,
        "groups": SOME_GROUPS, "unlabelled": 3, "ungrouped": None,
    },
    "itself": {},
    "itself, groups, and rows in none": {"groups": SOME_GROUPS[0]},
    "itself, labels, groups, and rows in none": {
        "labels": Y, "groups": SOME_GROUPS[0], "unlabelled": 1,
    },
    "itself, labels": {"labels": Y},
    "itself, unlabelled": {"labels": Y, "unlabelled": 0},
    "itself, labels and groups": {"labels": Y, "groups": GROUPS},
    "itself, large groups, unlabelled": {
        "labels": Y, "groups": LARGE_GROUPS[0], "unlabelled": 1,
    },
}  # fmt: skip

# Copies of queries and of positives in the corpus, some of another length, and zero rows.
COPIED = np.concatenate([
    CORPUS, QUERIES[:20], 4.0 * QUERIES[10:], CORPUS[:10] / 8.0, np.zeros((2, 3)),
])  # fmt: skip
COPIED_QUERIES = np.concatenate([QUERIES[:-2], np.zeros((2, 3))])
COPIED_Y = integers(len(COPIED), 4, 8)

COSINE_LIMITS = {
    "none": {},
    "ranks": {"min_rank": 3, "max_rank": 6},
    "absolute": {"absolute_margin": 0.1},
    "relative": {"relative_margin": 0.3},
    "all": {
        "min_rank": 2, "max_rank": 30, "absolute_margin": 0.0, "relative_margin": 0.05,
        "max_similarity": 0.8, "min_similarity": -0.5,
    },
}  # fmt: skip
EUCLIDEAN_LIMITS = {
    **COSINE_LIMITS, "all": {**COSINE_LIMITS["all"], "max_similarity": -0.9, "min_similarity": -3.0}
}  # fmt: skip


def without_padding(indices):
    return [[int(j) for j in row if j >= 0] for row in indices]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("limits", COSINE_LIMITS)
@pytest.mark.parametrize("who", WHO)
def test_equals_naive(who, limits, metric):
    limits = (COSINE_LIMITS if metric == "cosine" else EUCLIDEAN_LIMITS)[limits]
    who = WHO[who]
    if not {"labels", "positives"} & set(who):
        limits = {k: v for k, v in limits.items() if not k.endswith("margin")}
    expected = naive_offline.mine(QUERIES, metric=metric, **who, **limits)
    indices, similarities, report = mine_hard_negatives(
        QUERIES, metric=metric, chunk_size=16, **who, **limits
    )
    assert without_padding(indices) == expected[0]
    assert indices.shape == similarities.shape == (30, 3)
    np.testing.assert_array_equal(np.isnan(similarities), indices < 0)
    for row, twin in zip(similarities, expected[1], strict=True):
        np.testing.assert_allclose(row[: len(twin)], twin, atol=1e-12)
    assert report.dropped == expected[2]
    assert (report.n_queries, report.n_short, report.n_without) == (30, *expected[3:5])
    np.testing.assert_allclose(report.negative_similarity, np.concatenate(expected[1]).mean())
    if "positives" in who or any(name.endswith("margin") for name in limits):
        np.testing.assert_allclose(report.positive_similarity, np.mean(expected[5]))


@pytest.mark.parametrize("chunk_size", [8, 1000])
@pytest.mark.parametrize("index", ["exact", "tree", "lsh", "graph"])
@pytest.mark.parametrize("who", [who for who in WHO if "group" in who or "everything" in who])
def test_every_index_leaves_out_the_same(who, index, chunk_size):
    """All rows twice, so that distances tie and copies bear other labels and groups."""
    queries, corpus = np.tile(QUERIES[:15], (2, 1)), np.tile(CORPUS[:23], (2, 1))[:45]
    who = {**WHO[who], "corpus": corpus} if "corpus" in WHO[who] else WHO[who]
    expected = naive_offline.mine(queries, metric="euclidean", **who)
    indices, _, report = mine_hard_negatives(
        queries, metric="euclidean", index=index, chunk_size=chunk_size, **who
    )
    assert without_padding(indices) == expected[0]
    assert report.dropped == expected[2]


WITH_COPIES = {
    "corpus": {},
    "positives": {"positives": POSITIVES},
    "labels": {"labels": COPIED_Y, "query_labels": Y},
    "everything": {
        "positives": POSITIVES, "labels": COPIED_Y, "query_labels": Y, "unlabelled": 3,
        "relative_margin": 0.0, "max_rank": 60,
    },
}  # fmt: skip


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("who", WITH_COPIES)
def test_dropping_copies_equals_naive(who, metric, dtype):
    who = WITH_COPIES[who]
    Z, corpus = COPIED_QUERIES.astype(dtype), COPIED.astype(dtype)
    expected = naive_offline.mine(Z, corpus, metric=metric, drop_copies=True, **who)
    found = mine_hard_negatives(Z, corpus, metric=metric, drop_copies=True, chunk_size=16, **who)
    assert without_padding(found.indices) == expected[0]
    assert found.report.dropped == expected[2]
    assert found.report.dropped["copy"] > 0
    assert naive_offline.mine(Z, corpus, metric=metric, **who)[0] != expected[0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("far", [0.0, 1e4])
def test_a_copy_is_equal_up_to_rounding_and_a_near_neighbour_stays(dtype, far):
    """Both ends of the tolerance: a rounding of each number, and a thousandth of the length."""
    random = np.random.default_rng(0)
    query = (far + random.normal(size=(1, 16))).astype(dtype)
    rounded = np.nextafter(query, random.choice([-np.inf, np.inf], (1, 16)).astype(dtype))
    near = query + 1e-3 * np.linalg.norm(query) * random.normal(size=(1, 16)) / 4.0
    corpus = np.concatenate([rounded, near, query, 2.0 * query]).astype(dtype)
    options = {"drop_copies": True, "n_negatives": 3}
    euclidean = mine_hard_negatives(query, corpus, metric="euclidean", **options)
    assert euclidean.indices.tolist() == [[1, 3, -1]]
    cosine = mine_hard_negatives(query, corpus, **options)
    assert cosine.indices.tolist() == [[1, -1, -1]]
    assert (euclidean.report.dropped["copy"], cosine.report.dropped["copy"]) == (2, 3)


def test_of_rows_of_two_types_the_coarser_says_what_rounding_is():
    query = np.random.default_rng(0).normal(size=(1, 16))
    corpus = query.astype(np.float32)
    found = mine_hard_negatives(query, corpus, drop_copies=True, n_negatives=1)
    assert found.indices.tolist() == [[-1]]


def test_by_label_copies_of_the_most_similar_positive_are_dropped():
    Z, y = [[1.0, 0.1], [1.0, 0.0], [1.0, 0.0], [1.0, 1.0]], ["a", "a", "b", "b"]
    kept = mine_hard_negatives(Z, labels=y, n_negatives=1)
    dropped = mine_hard_negatives(Z, labels=y, n_negatives=1, drop_copies=True)
    assert kept.indices[0] == 2
    assert dropped.indices[0] == 3
    assert dropped.report.n_with_positive == 4


@pytest.mark.parametrize("index", ["exact", "tree", "lsh", "graph"])
@pytest.mark.parametrize("chunk_size", [8, 1000])
@pytest.mark.parametrize("labels", [{}, {"labels": CORPUS_Y, "query_labels": Y}])
def test_lists_of_positives_may_be_of_very_unequal_length(monkeypatch, labels, chunk_size, index):
    """Whoever has many is searched deeper, apart from the others and few at a time."""
    monkeypatch.setattr(_run, "FEW_POSITIVES", 3)
    monkeypatch.setattr(_run, "_DEEP_ENTRIES", 60)
    asked = watch_questions(monkeypatch)
    random = np.random.default_rng(0)
    lengths = random.permutation([0, 1, 2, 3] * 6 + [4, 9, 30, 40, 44, 45])
    positives = [sorted(random.choice(45, n, replace=False).tolist()) for n in lengths]
    who = {"corpus": CORPUS, "positives": positives, **labels}
    limits = {"max_rank": 6, "absolute_margin": 0.05}
    expected = naive_offline.mine(QUERIES, **who, **limits)
    found = mine_hard_negatives(QUERIES, chunk_size=chunk_size, index=index, **who, **limits)
    assert without_padding(found.indices) == expected[0]
    assert found.report.dropped == expected[2]
    deep = [q for q in asked if q.k > 6 + 3]
    assert sum(len(q.codes) for q in deep) <= (lengths > 3).sum()
    assert all(len(q.codes) * q.k <= 60 for q in deep)


@pytest.mark.jit
def test_one_query_with_most_of_the_corpus_as_positives_costs_the_others_nothing(monkeypatch):
    asked = watch_questions(monkeypatch)
    monkeypatch.setattr(_units, "UNIT", 1024)
    monkeypatch.setattr(_run, "UNIT", 1024)
    monkeypatch.setattr(_sources, "BLOCK_ROWS", 2**17)
    random = np.random.default_rng(0)
    queries, corpus = random.normal(size=(2000, 4)), random.normal(size=(60_000, 4))
    positives = [[q] for q in range(2000)]
    positives[7] = random.permutation(60_000)[:50_000].tolist()
    found = mine_hard_negatives(queries, corpus, positives=positives)
    d = ((queries[7] / np.linalg.norm(queries[7]) - unit_rows(corpus)[0]) ** 2).sum(axis=1)
    d[positives[7]] = np.inf
    assert found.indices[7].tolist() == np.argsort(d)[:3].tolist()
    assert [(len(q.codes), q.k) for q in asked] == [(1999, 4), (1, 60_000)]


def watch_questions(monkeypatch):
    """Return a list that fills with what the index is asked."""
    asked, answer = [], _search.Searcher.answer

    def watch(self, questions):
        asked.extend(questions)
        return answer(self, questions)

    monkeypatch.setattr(_search.Searcher, "answer", watch)
    return asked


# One planted case for each rule.


@pytest.mark.parametrize("mark", [-1, None, np.nan, "none"])
def test_rows_in_no_group_are_anybodys_candidates(mark):
    groups = np.full(1000, mark, dtype=object)
    groups[:20] = [f"{i}" if mark == "none" else i for i in np.repeat(np.arange(10), 2)]
    Z, y = np.random.default_rng(0).normal(size=(1000, 2)), np.arange(1000) % 2
    ungrouped = {"ungrouped": "none"} if mark == "none" else {}
    found = mine_hard_negatives(Z, labels=y, groups=groups.tolist(), **ungrouped)
    assert (found.indices >= 0).all()
    assert found.report.dropped["group"] == 20
    free = mine_hard_negatives(Z, labels=y)
    np.testing.assert_array_equal(found.indices[20:], free.indices[20:])
    for i in range(20):
        assert i ^ 1 not in found.indices[i]


def test_minus_one_is_a_group_where_no_group_means_none():
    Z, groups = [[0.0], [1.0], [2.0], [3.0]], [-1, -1, 5, 5]

    def found(**options):
        return mine_hard_negatives(
            Z, groups=groups, metric="euclidean", n_negatives=1, **options
        ).indices.ravel().tolist()  # fmt: skip

    assert found() == [1, 0, 1, 1]
    assert found(ungrouped=None) == [2, 2, 1, 1]
    assert found(ungrouped=5) == [2, 2, 1, 2]


@pytest.mark.parametrize("with_corpus", [False, True])
def test_minus_one_among_other_negative_groups_warns_once_how_to_say_what_it_means(with_corpus):
    Z, groups = np.eye(4), [-2, -1, 0, 1]
    given = {"corpus": Z, "groups": (groups, groups)} if with_corpus else {"groups": groups}
    with pytest.warns(UserWarning, match=r"-1 is taken .* but -2 is a group too.*ungrouped=None"):
        mine_hard_negatives(Z, n_negatives=1, **given)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        mine_hard_negatives(Z, n_negatives=1, ungrouped=None, **given)
        mine_hard_negatives(Z, groups=[-2, -3, 0, 1], n_negatives=1)
        mine_hard_negatives(Z, groups=list("ab") * 2, n_negatives=1)


def test_a_relative_margin_narrows_the_window_where_similarities_are_negative():
    """The positive is at -0.5: a margin of 0.2 asks for -0.6 or less, not for -0.4."""
    angles = np.deg2rad([120, 110, 125, 130])
    corpus = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    found = mine_hard_negatives(
        [[1.0, 0.0]], corpus, positives=[0], relative_margin=0.2, n_negatives=3
    )
    assert found.indices.tolist() == [[3, -1, -1]]
    assert found.report.dropped["relative_margin"] == 2


def test_the_most_similar_of_several_positives_counts():
    found = mine_hard_negatives(
        [[0.0]], [[1.0], [3.0], [2.0], [0.5]], positives=[[1, 0]], absolute_margin=0.0,
        metric="euclidean", n_negatives=2,
    )  # fmt: skip
    assert found.indices.tolist() == [[2, -1]]
    assert found.similarities[0, 0] == -2.0
    assert found.report.positive_similarity == -1.0


def test_a_query_without_a_positive_is_not_filtered_by_margins():
    found = mine_hard_negatives(
        [[0.0], [0.0]], [[1.0], [0.5]], positives=[[0], []], absolute_margin=0.0,
        metric="euclidean", n_negatives=1,
    )  # fmt: skip
    assert found.indices.tolist() == [[-1], [1]]


def test_a_copy_of_the_positive_is_as_similar_and_stays_at_a_margin_of_zero():
    found = mine_hard_negatives(
        [[1.0, 0.2]], [[1.0, 0.0], [1.0, 0.0]], positives=[0], absolute_margin=0.0, n_negatives=1
    )
    assert found.indices.tolist() == [[1]]


def test_the_query_itself_is_excluded_by_position_and_its_copies_are_not():
    found = mine_hard_negatives([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], n_negatives=2)
    assert found.indices.tolist() == [[1, 2], [0, 2], [0, 1]]


def test_zero_rows_equal_naive_too():
    queries, corpus = QUERIES.copy(), CORPUS.copy()
    queries[[3, 20]] = corpus[[0, 5, 44]] = 0.0
    for dtype in (np.float64, np.float32):
        Z, C = queries.astype(dtype), corpus.astype(dtype)
        expected = naive_offline.mine(Z, C, n_negatives=45)
        found = mine_hard_negatives(Z, C, n_negatives=45)
        np.testing.assert_allclose(found.similarities, expected[1], atol=1e-6)
        assert found.indices.tolist() == expected[0]


def test_under_the_cosine_a_zero_row_is_similar_to_nobody():
    Z = [[0.0, 0.0], [1.0, 0.0], [-1.0, 0.1], [0.0, 0.0], [1.0, 1.0]]
    found = mine_hard_negatives(Z, n_negatives=4)
    assert found.indices[0].tolist() == [1, 2, 3, 4]
    assert found.similarities[0].tolist() == [0.0] * 4
    assert found.indices[1].tolist() == [4, 0, 3, 2]


def test_fewer_than_asked_are_padded_and_one_warning_says_what_helps():
    arguments = {"positives": [0], "metric": "euclidean"}
    with pytest.warns(
        MiningWarning, match=r"1 of 1 queries have fewer than 3.*too few rows"
    ) as seen:
        found = mine_hard_negatives([[0.0]], [[1.0], [2.0]], **arguments)
    assert found.indices.tolist() == [[1, -1, -1]]
    assert len(seen) == 1
    with pytest.warns(MiningWarning, match=r"1 of them none.*loosen max_similarity"):
        mine_hard_negatives([[0.0]], [[1.0], [2.0]], max_similarity=-5.0, **arguments)


@pytest.mark.filterwarnings("error")
def test_no_warning_where_nobody_falls_short():
    mine_hard_negatives([[0.0]], [[1.0], [2.0]], metric="euclidean", n_negatives=2)


@pytest.mark.parametrize(
    "labels", [list("aab"), [-1, -1, 1], [0.0, 0.0, 2.0], [False, False, True]]
)
def test_labels_may_be_of_any_type(labels):
    found = mine_hard_negatives(
        [[0.0], [1.0], [2.0]], labels=labels, n_negatives=1, metric="euclidean"
    )
    assert found.indices.tolist() == [[2], [2], [1]]


def test_a_query_may_bear_a_label_that_no_row_of_the_corpus_bears():
    found = mine_hard_negatives(
        [[0.0]], [[1.0], [2.0]], labels=["a", "b"], query_labels=["c"], metric="euclidean",
        n_negatives=2,
    )  # fmt: skip
    assert found.indices.tolist() == [[0, 1]]


@pytest.mark.parametrize(
    "given",
    [
        [1, -1, 0], np.array([1, -1, 0]), [[1], [], [0]], [[1], [-1], [0]],
        np.array([[1, -1], [-1, -1], [0, 0]]), [[1, 1], [], [0]],
        # Padded with what is missing.
        [1, None, 0], np.array([1.0, np.nan, 0.0]), pd.Series([1, None, 0], dtype="Int64"),
        pd.Series([1, pd.NA, 0]), pl.Series([1, None, 0]), [[1, None], [None], [0]], [[1], None, 0],
        pd.DataFrame({"a": [1, None, 0], "b": [None, None, 0]}, dtype="Int64"),
        pd.DataFrame({"a": [1, None, 0], "b": [None, None, 0]}), pl.Series([[1], [], [None, 0]]),
        np.ma.array([[1, 0], [1, 0], [0, 1]], mask=[[0, 1], [1, 1], [0, 1]]),
        [[1.0, float("nan")], [], [0, np.nan]],
    ],
)  # fmt: skip
def test_positives_may_come_in_several_forms(given):
    found = mine_hard_negatives(
        [[0.0]] * 3, [[1.0], [2.0]], positives=given, metric="euclidean", n_negatives=1
    )
    assert found.indices.tolist() == [[0], [0], [1]]
    assert found.report.dropped["positive"] == 2


@pytest.mark.parametrize("corpus", [None, np.empty((0, 2)), np.ones((4, 2))])
def test_no_queries_find_nothing(corpus):
    indices, similarities, report = mine_hard_negatives(np.empty((0, 2)), corpus)
    assert indices.shape == similarities.shape == (0, 3)
    assert report.negative_similarity is None


@pytest.mark.parametrize(
    ("queries", "corpus"), [(np.ones((1, 2)), None), (np.ones((1, 2)), np.empty((0, 2)))]
)
def test_nobody_to_find_is_padding(queries, corpus):
    found = mine_hard_negatives(queries, corpus)
    assert found.indices.tolist() == [[-1, -1, -1]]
    assert found.report.n_without == 1


def test_a_corpus_of_one_row():
    assert mine_hard_negatives(np.ones((2, 2)), [[1.0, 0.0]], n_negatives=1).indices.tolist() == [
        [0],
        [0],
    ]


# Miners.


@pytest.mark.parametrize("name", NEGATIVE_MINERS)
def test_every_miner_chooses_among_the_candidates_and_most_similar_comes_first(name):
    who = {"labels": Y, "groups": GROUPS}
    limits = {"max_rank": 12, "min_rank": 2, "min_similarity": -0.6}
    allowed = naive_offline.mine(QUERIES, n_negatives=100, **who, **limits)[0]
    found = mine_hard_negatives(QUERIES, miner=name, n_negatives=4, random_state=0, **who, **limits)
    assert (found.indices >= 0).any()
    for row, s, choices in zip(found.indices, found.similarities, allowed, strict=True):
        kept = [j for j in row if j >= 0]
        assert set(kept) <= set(choices)
        assert len(set(kept)) == len(kept)
        assert kept == [j for j in choices if j in kept]
        assert (np.diff(s[: len(kept)]) <= 0).all()
    if name not in ("semi_hard", "multi_similarity", "violating", "ohem", "distance_weighted"):
        assert [sum(row >= 0) for row in found.indices] == [min(4, len(c)) for c in allowed]


def test_semi_hard_looks_beyond_the_positive():
    found = mine_hard_negatives(
        [[0.0]], [[2.0], [1.0], [4.0], [3.0]], positives=[0], miner="semi_hard",
        metric="euclidean", n_negatives=1,
    )  # fmt: skip
    assert found.indices.tolist() == [[3]]


def test_a_name_gives_as_many_as_asked_and_an_instance_keeps_its_own():
    corpus = np.arange(1.0, 31.0)[:, None]

    def count(miner):
        found = mine_hard_negatives(
            [[0.0]], corpus, positives=[29], miner=miner, n_negatives=25, metric="euclidean"
        )
        return int((found.indices >= 0).sum())

    assert [count(m) for m in ("hardest", "filtered", "adaptive")] == [25, 25, 25]
    assert [count(m) for m in (HardestMiner(7), AllMiner())] == [7, 25]


def test_what_an_instance_gives_too_many_is_cut_in_its_own_order():
    corpus = np.arange(1.0, 31.0)[:, None]
    found = mine_hard_negatives(
        [[0.0]], corpus, miner=EasyMiner(9), n_negatives=2, metric="euclidean"
    )
    assert found.indices.tolist() == [[28, 29]]


def test_a_function_is_a_miner_and_sees_positives():
    seen = []

    def farthest(Z, y, positives, pool, pool_y, random_state):
        seen.append(pool[positives[:, 0]].tolist())
        return np.argsort(pool[:, 0])[::-1][None]

    found = mine_hard_negatives(
        [[0.0]], [[1.0], [2.0], [3.0]], positives=[2], miner=farthest, metric="euclidean",
        n_negatives=1,
    )  # fmt: skip
    assert seen == [[[3.0]]]
    assert found.indices.tolist() == [[1]]


def test_a_function_may_ask_which_rows_of_queries_and_corpus_it_sees():
    told = []

    def last(Z, y, positives, pool, pool_y, random_state, rows, pool_rows):
        np.testing.assert_array_equal(Z, QUERIES[rows])
        np.testing.assert_array_equal(pool, CORPUS[pool_rows])
        told.extend(rows.tolist())
        return np.where(pool_rows == 40, np.arange(len(pool)), -1)[None].repeat(len(Z), axis=0)

    found = mine_hard_negatives(
        QUERIES, CORPUS, miner=last, metric="euclidean", n_negatives=1, max_rank=45, chunk_size=8
    )
    assert told == list(range(30))
    assert set(found.indices[:, 0]) == {40}


def test_rows_of_the_corpus_where_rows_of_the_pool_are_wanted_are_an_error_that_says_so():
    with pytest.raises(ValueError, match=r"mine_hard_negatives shows .* pool_rows"):
        mine_hard_negatives(
            QUERIES, CORPUS, n_negatives=1, max_rank=1, miner=lambda Z, *_: [[44]] * len(Z)
        )


def test_a_miner_of_ones_own_that_breaks_the_rules_is_named():
    class Careless(HardestMiner):
        def select(self, candidates):
            return candidates.nearest(1)[0]

    with pytest.raises(TypeError, match=r"select of Careless.* must return Tuples"):
        mine_hard_negatives([[0.0]], [[1.0]], miner=Careless())


# What never changes the result.


@pytest.mark.parametrize("name", NEGATIVE_MINERS)
def test_neither_chunks_nor_threads_change_anything(name):
    def mined(**options):
        return mine_hard_negatives(
            QUERIES, CORPUS, positives=POSITIVES, miner=name, n_negatives=4, random_state=3,
            max_rank=12, **options,
        )  # fmt: skip

    expected = mined(chunk_size=1000, n_jobs=1)
    for options in ({"chunk_size": 8, "n_jobs": 1}, {"chunk_size": 17, "n_jobs": 2}):
        found = mined(**options)
        np.testing.assert_array_equal(found.indices, expected.indices)
        np.testing.assert_array_equal(found.similarities, expected.similarities)
        assert found.report == expected.report


def test_random_miners_draw_anew_for_each_seed_and_differently_for_each_unit():
    def drawn(seed):
        return mine_hard_negatives(
            np.zeros((16, 1)), np.arange(1.0, 60.0)[:, None], miner=RandomMiner(5),
            n_negatives=5, metric="euclidean", random_state=seed,
        ).indices.tolist()  # fmt: skip

    assert drawn(0) == drawn(0) != drawn(1)
    assert drawn(0)[:8] != drawn(0)[8:]


def test_float32_and_float64_agree_and_float32_is_searched_as_it_is():
    exact = mine_hard_negatives(QUERIES, CORPUS, labels=CORPUS_Y, query_labels=Y)
    for pair in [(np.float32, np.float32), (np.float32, np.float64)]:
        Z, C = QUERIES.astype(pair[0]), CORPUS.astype(pair[1])
        found = mine_hard_negatives(Z, C, labels=CORPUS_Y, query_labels=Y)
        np.testing.assert_allclose(found.similarities, exact.similarities, atol=1e-6)


def test_the_report_prints_as_a_table():
    report = mine_hard_negatives(QUERIES, CORPUS, positives=POSITIVES, max_similarity=0.5).report
    lines = str(report).splitlines()
    assert lines[0].split() == ["queries", "30"]
    assert len({len(line) for line in lines[:-1]}) == 1
    assert any(line.startswith("dropped by max_similarity") for line in lines)
    assert lines[-1].startswith("index: ExactIndex, since")


def test_progress_is_printed_after_each_chunk(capsys):
    mine_hard_negatives(QUERIES, CORPUS, chunk_size=16, verbose=1)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        "[mine_hard_negatives] 16 of 30 queries",
        "[mine_hard_negatives] 30 of 30 queries",
    ]
