"""What is refused, before any work; and which index is taken, and why."""

import numpy as np
import pytest

from skhnm import mine_hard_negatives
from skhnm.common._registry import Registry
from skhnm.miners import DiverseMiner, FilteredMiner, HardestMiner
from skhnm.neighbors import BaseIndex, ExactIndex, _known
from skhnm.offline import _run, _search
from tests.offline import naive_offline

Z, CORPUS = np.eye(4), np.ones((5, 4))
CORPUS_LABELS = {"corpus": CORPUS, "labels": [0, 1, 2, 3, 4], "query_labels": [0, 1, 2, 3]}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"metric": "dot"}, ValueError, "metric must be one of 'cosine', 'euclidean'; got 'dot'"),
        ({"n_negatives": 0}, ValueError, "n_negatives must be an integer >= 1"),
        ({"n_negatives": 2.0}, TypeError, "n_negatives must be an integer"),
        ({"min_rank": 0}, ValueError, "min_rank must be an integer >= 1"),
        ({"min_rank": 9, "max_rank": 8}, ValueError, "max_rank must be an integer >= 9"),
        ({"min_rank": 9, "max_rank": 10}, ValueError, "there are only 2 candidates: raise max_r"),
        ({"absolute_margin": -0.1}, ValueError, "absolute_margin must be a number >= 0"),
        ({"relative_margin": "5%"}, TypeError, "relative_margin must be a number >= 0"),
        ({"max_similarity": 1.1}, ValueError, "max_similarity must be a number >= -1 and <= 1"),
        ({"min_similarity": np.nan}, ValueError, "min_similarity must be a number"),
        (
            {"metric": "euclidean", "max_similarity": 0.5}, ValueError,
            "max_similarity must be a number <= 0, or None, got 0.5",
        ),
        ({"chunk_size": 0}, ValueError, "chunk_size must be an integer >= 1"),
        ({"verbose": None}, TypeError, "verbose must be an integer"),
        ({"n_jobs": 0}, ValueError, "n_jobs == 0 has no meaning"),
        ({"random_state": "seed"}, ValueError, "random_state must be"),
        ({"miner": "hardst"}, ValueError, "Unknown negative_miner 'hardst'. Did you mean 'hardes"),
        ({"miner": HardestMiner(0)}, ValueError, "HardestMiner: n_negatives must be"),
        ({"miner": "diverse", "n_negatives": 101, "max_rank": 200}, ValueError, "n_candidates"),
        ({"index": "exat"}, ValueError, "Unknown index 'exat'. Did you mean 'exact'"),
        ({"index": 3}, TypeError, "index must be a name"),
        # Who belongs to whom.
        ({"query_labels": [0, 1, 2, 3]}, ValueError, "query_labels are given without a corpus"),
        (
            {"corpus": CORPUS, "query_labels": [0, 1, 2, 3]}, ValueError,
            "query_labels are given without labels of the corpus",
        ),
        ({"corpus": CORPUS, "labels": [0] * 5}, ValueError, "query_labels are missing"),
        ({"labels": [0, 1]}, ValueError, "labels has 2 entries, but there are 4 queries"),
        (
            {**CORPUS_LABELS, "labels": [0, 1]}, ValueError,
            "labels has 2 entries, but there are 5 rows of the corpus",
        ),
        (
            {**CORPUS_LABELS, "query_labels": [0]}, ValueError,
            "query_labels has 1 entries, but there are 4 queries",
        ),
        (
            {**CORPUS_LABELS, "query_labels": list("abcd")}, ValueError,
            "query_labels holds strings and labels holds numbers",
        ),
        ({"labels": [0.5, 1, 2, 3]}, ValueError, "labels holds continuous values"),
        ({"labels": "y.npy"}, ValueError, "labels should be a 1d array, .*; got 'y.npy'"),
        ({"labels": [None, 1, 2, 3]}, ValueError, "labels contains missing labels"),
        ({"unlabelled": -1}, ValueError, "unlabelled names a label, but no labels are given"),
        ({"groups": [0, 1]}, ValueError, "groups has 2 entries, but there are 4 queries"),
        ({"corpus": CORPUS, "groups": [0, 1, 2, 3]}, ValueError, "groups must be a pair"),
        (
            {"corpus": CORPUS, "groups": ([0, 1, 2, 3], [0])}, ValueError,
            r"groups\[1\] has 1 entries, but there are 5 rows of the corpus",
        ),
        ({"groups": [0.5, 1, 2, 3]}, ValueError, "groups holds continuous values"),
        ({"groups": [0, 1, 2, 3], "ungrouped": "no"}, ValueError, "ungrouped is 'no', but groups"),
        ({"groups": list("abcd"), "ungrouped": 0}, ValueError, "ungrouped is 0, but groups are"),
        ({"groups": [0, 1, 2, 3], "ungrouped": [0]}, TypeError, "ungrouped must be one group"),
        ({"positives": [[0]]}, ValueError, r"for each of the 4 queries.*got shape \(1, 1\)"),
        ({"positives": 3}, ValueError, r"positives must name rows.*got shape \(\)"),
        ({"positives": np.zeros((4, 1, 1), int)}, ValueError, "positives must name rows"),
        ({"positives": [[1], [2], [4], [0]]}, ValueError, "positives of query 2 name row 4, but"),
        ({"positives": [[1], [2, -2], [], []]}, ValueError, "query 1 name row -2"),
        ({"positives": [1, 2, 2, 0]}, ValueError, "positives of query 2 name the query itself"),
        ({"positives": [0.5, 1, 2, 0]}, ValueError, "whole numbers; got dtype float64"),
        ({"positives": [["a"], [], [], []]}, ValueError, "whole numbers; got dtype <U1"),
        ({"positives": [["a", None], [], [], []]}, ValueError, "whole numbers; got dtype <U1"),
        ({"positives": [[1, None], [0.5], [], []]}, ValueError, r"whole numbers; .*as .*0\.5"),
        ({"positives": [np.inf, 1, 2, 0]}, ValueError, "whole numbers; got dtype float64"),
        ({"positives": [1e30, 0, 1, 2]}, ValueError, "positives of query 0 name row 1000"),
        ({"positives": [None, 0, 1, 7]}, ValueError, "positives of query 3 name row 7, but"),
        ({"positives": ~np.eye(4, dtype=bool)}, ValueError, "whole numbers; got dtype bool"),
        # Nothing says which rows are positives.
        ({"absolute_margin": 0.1}, ValueError, r"A margin refers .* pass positives= .* or labels="),
        ({"relative_margin": 0.0}, ValueError, "A margin refers"),
        ({"miner": "semi_hard"}, ValueError, "SemiHardMiner refers to each query's most similar"),
        ({"miner": FilteredMiner(absolute_margin=0)}, ValueError, "FilteredMiner refers to"),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused_before_any_work(monkeypatch, arguments, error, message):
    monkeypatch.setattr(_search.Searcher, "answer", None)
    with pytest.raises(error, match=message):
        mine_hard_negatives(Z, **arguments)


@pytest.mark.filterwarnings("ignore::skhnm.exceptions.MiningWarning")
@pytest.mark.parametrize("miner", ["hardest", "filtered", DiverseMiner(), lambda *a: [[1], [0]]])
def test_what_looks_at_no_positive_needs_none(miner):
    found = mine_hard_negatives([[1.0, 0.0], [1.0, 0.2]], miner=miner, n_negatives=1)
    assert found.indices.tolist() == [[1], [0]]
    assert found.report.positive_similarity is None


def test_too_many_candidates_at_a_time_are_refused_with_what_to_do(monkeypatch):
    monkeypatch.setattr(_run, "MAX_ENTRIES", 100)
    Z = np.random.default_rng(0).normal(size=(60, 2))
    with pytest.raises(ValueError, match=r"60 queries would take 3\.6e\+03 .* Lower max_rank or"):
        mine_hard_negatives(
            Z, positives=[[j for j in range(60) if j != i] for i in range(60)], max_similarity=0.9
        )


@pytest.mark.filterwarnings("ignore::skhnm.exceptions.MiningWarning")
@pytest.mark.parametrize("groups", [np.arange(60) // 2, np.arange(60) % 2, np.full(60, 1)])
def test_neither_classes_nor_groups_make_the_search_deeper(monkeypatch, groups):
    asked = []
    answer = _search.Searcher.answer

    def watch(self, questions):
        asked.extend(q.k for q in questions)
        return answer(self, questions)

    monkeypatch.setattr(_search.Searcher, "answer", watch)
    Z = np.random.default_rng(0).normal(size=(60, 2))
    mine_hard_negatives(Z, labels=np.arange(60) % 3, groups=groups)
    mine_hard_negatives(Z, groups=groups)
    assert asked == [3, 3]


def test_an_index_that_knows_of_no_groups_is_refused_where_it_has_to_know_them():
    class Groupless(ExactIndex):
        def fit(self, pool, codes):
            return super().fit(pool, codes)

    groups = {"groups": [0, 0, 1, 1], "n_negatives": 1}
    with pytest.raises(TypeError, match="Groupless knows of no groups: its fit"):
        mine_hard_negatives(Z, labels=[0, 1, 0, 1], index=Groupless(), **groups)
    assert (mine_hard_negatives(Z, index=Groupless(), **groups).indices >= 0).all()


# The index.


class GraphIndex(BaseIndex):
    """Stands for an index that needs an optional package."""

    def __init__(self, n_jobs=None):
        self.n_jobs = n_jobs

    def _nearest(self, queries, codes, k, side, own, groups):
        return self.search_.nearest(queries, codes, k, side=side, own=own, groups=groups)


@pytest.mark.parametrize(
    ("seconds", "with_faiss", "sentence"),
    [
        (1e9, True, "ExactIndex, since it takes no more than a few minutes here."),
        (0.0, True, "GraphIndex, since the exact search would take about 0 minutes; index='exact'"),
        (0.0, False, "ExactIndex, although .* needs faiss (pip install 'skhnm[ann]')."),
    ],
)
def test_auto_says_what_it_takes_and_why(monkeypatch, seconds, with_faiss, sentence):
    monkeypatch.setattr(_search, "_PATIENCE", seconds)
    monkeypatch.setattr(_search, "find_spec", lambda name: object() if with_faiss else None)
    known = Registry("index", "Index", [ExactIndex, GraphIndex], methods=["fit", "nearest"])
    monkeypatch.setattr(_known, "INDEXES", known)
    Z = np.random.default_rng(0).normal(size=(30, 3))
    found = mine_hard_negatives(Z)
    begin, _, end = sentence.partition(" .* ")
    assert found.report.index.startswith(begin)
    assert found.report.index.endswith(end)
    assert found.indices.tolist() == naive_offline.mine(Z)[0]


@pytest.mark.parametrize("index", ["exact", ExactIndex(), ExactIndex(n_jobs=1), GraphIndex()])
def test_an_index_may_be_named_or_given_and_is_left_alone(index):
    Z = np.random.default_rng(0).normal(size=(30, 3))
    found = mine_hard_negatives(Z, index=index, n_jobs=2)
    assert found.report.index.endswith("Index, as asked for.")
    assert found.indices.tolist() == naive_offline.mine(Z)[0]
    assert isinstance(index, str) or (not hasattr(index, "search_") and index.n_jobs != 2)


def test_limits_that_leave_nothing_are_refused():
    Z = np.random.default_rng(0).normal(size=(10, 2))
    with pytest.raises(ValueError, match=r"min_similarity=0\.9 is above max_similarity=0\.1"):
        mine_hard_negatives(Z, min_similarity=0.9, max_similarity=0.1)
