"""Embeddings may come from memory, from disk, or in chunks: the result is the same."""

import numpy as np
import pytest

from skhnm import mine_hard_negatives
from skhnm.offline import _sources

pytestmark = pytest.mark.usefixtures("small_parts")

RANDOM = np.random.default_rng(0)
QUERIES, CORPUS = (RANDOM.normal(size=(n, 3)).astype(np.float32) for n in (20, 41))


def saved(array, folder, name):
    np.save(folder / f"{name}.npy", array)
    return folder / f"{name}.npy"


def in_chunks(array, folder, name):
    return (array[start : start + 7] for start in range(0, len(array), 7))


SOURCES = {
    "list": lambda array, folder, name: array.tolist(),
    "not contiguous": lambda array, folder, name: np.asfortranarray(array),
    "path": saved,
    "text of a path": lambda *given: str(saved(*given)),
    "mapped": lambda *given: np.load(saved(*given), mmap_mode="r"),
    "chunks": in_chunks,
    "lists in chunks": lambda array, folder, name: iter([array[:9].tolist(), array[9:].tolist()]),
    "float64": lambda array, folder, name: array.astype(np.float64),
}


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("source", SOURCES)
def test_every_source_gives_the_same(source, metric, tmp_path):
    dtype = np.float64 if source in ("list", "lists in chunks", "float64") else np.float32
    given = [
        SOURCES[source](array.astype(dtype), tmp_path, name)
        for array, name in ((QUERIES, "a"), (CORPUS, "b"))
    ]
    expected = mine_hard_negatives(QUERIES.astype(dtype), CORPUS.astype(dtype), metric=metric)
    found = mine_hard_negatives(*given, metric=metric)
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.similarities, expected.similarities)


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.float16, np.bool_])
def test_numbers_of_other_types_count_as_float64(dtype):
    Z = (CORPUS * 5 > 2).astype(dtype) + np.eye(41, 3, dtype=dtype)
    expected = mine_hard_negatives(Z.astype(np.float64), metric="euclidean")
    found = mine_hard_negatives(Z, metric="euclidean")
    np.testing.assert_array_equal(found.similarities, expected.similarities)


def test_inputs_are_left_alone():
    queries, corpus = QUERIES.copy(), CORPUS.copy()
    queries[3] = corpus[4] = 0.0
    before = queries.copy(), corpus.copy()
    mine_hard_negatives(queries, corpus)
    np.testing.assert_array_equal(queries, before[0])
    np.testing.assert_array_equal(corpus, before[1])


def test_of_a_mapped_corpus_only_blocks_are_read_at_a_time(tmp_path, monkeypatch):
    mapped, sizes = np.load(saved(CORPUS, tmp_path, "corpus"), mmap_mode="r"), []
    read = _sources.Rows.read

    def watch(self, rows):
        found = read(self, rows)
        sizes.append(len(found))
        return found

    monkeypatch.setattr(_sources.Rows, "read", watch)
    mine_hard_negatives(QUERIES[:4], mapped, max_rank=3)
    assert max(sizes) <= _sources.BLOCK_ROWS


@pytest.mark.parametrize("kind", ["array", "path", "chunks"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_not_finite_is_refused_with_its_row(kind, value, tmp_path):
    broken = CORPUS.copy()
    broken[17, 2] = value
    make = {"array": lambda array, *_: array, "path": saved, "chunks": in_chunks}[kind]
    for arguments, name in (
        ((make(broken, tmp_path, "q"),), "queries"),
        ((QUERIES, make(broken, tmp_path, "c")), "corpus"),
    ):
        with pytest.raises(ValueError, match=f"{name} contains NaN or infinity, first in row 17"):
            mine_hard_negatives(*arguments)


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        (np.ones(3), r"queries must have shape \(n, m\).* got \(3,\)"),
        (np.ones((3, 0)), r"queries must have shape \(n, m\)"),
        (np.array([["a"]]), "queries must hold real numbers, got dtype <U1"),
        (np.array([[1j]]), "queries must hold real numbers"),
        ("queries.txt", "must be an array or the path of a .npy file, got 'queries.txt'"),
        (iter([]), "queries is an iterator that gave no chunk"),
        (iter([np.ones(3)]), r"Chunk 0 of queries must be .* shape \(r, m\).*\(3,\)"),
        (iter([np.ones((2, 3)), np.ones((2, 4))]), "Chunk 1 of queries has 4 columns"),
        (
            iter([np.ones((2, 3)), np.ones((2, 3), dtype=np.float32)]),
            "Chunk 1 of queries has 3 columns of float32, but the first has 3 of float64",
        ),
    ],
)
def test_other_sources_are_refused_with_what_was_expected(queries, message):
    with pytest.raises(ValueError, match=message):
        mine_hard_negatives(queries)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        mine_hard_negatives(tmp_path / "nowhere.npy")


def test_corpus_and_queries_must_have_the_same_columns():
    with pytest.raises(ValueError, match="corpus has 2 columns, but queries have 3"):
        mine_hard_negatives(QUERIES, CORPUS[:, :2])


def test_bad_chunks_are_refused_before_they_are_written_down(tmp_path):
    def chunks(bad):
        for number in range(3):
            rows = np.random.default_rng(number).normal(size=(10, 2))
            rows[4, 1] = np.nan if bad and number == 2 else 0.5
            yield rows

    with pytest.raises(ValueError, match="queries contains NaN or infinity, first in row 24"):
        mine_hard_negatives(chunks(bad=True), output=tmp_path / "run")
    assert len(mine_hard_negatives(chunks(bad=False), output=tmp_path / "run").indices) == 30
