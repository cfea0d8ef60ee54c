"""Results in a folder: whatever interrupts a run, the same call goes on and agrees to the bit."""

import json
import subprocess
import sys
import textwrap
from functools import partial

import numpy as np
import pytest

from skhnm import mine_hard_negatives
from skhnm.miners import DiverseMiner, HardestMiner
from skhnm.neighbors import BaseIndex
from skhnm.offline import _search, _store
from skhnm.offline._store import describe

pytestmark = [
    pytest.mark.filterwarnings("ignore::skhnm.exceptions.MiningWarning"),
    pytest.mark.usefixtures("small_parts"),
]

RANDOM = np.random.default_rng(0)
QUERIES, CORPUS = (RANDOM.normal(size=(n, 3)) for n in (50, 41))
POSITIVES = RANDOM.integers(0, 41, 50)
DATA = {
    "queries": QUERIES,
    "corpus": CORPUS,
    "positives": POSITIVES,
    "groups": (np.arange(50) // 3, np.arange(41) // 3),
    "labels": np.arange(41) % 3,
    "query_labels": np.arange(50) % 3,
}
OPTIONS = {
    "miner": "random",
    "random_state": 0,
    "chunk_size": 16,
    "relative_margin": 0.05,
    "min_rank": 2,
}


class Interrupted(Exception):
    pass


class Inexact(BaseIndex):
    """Finds all, but the function does not know: it is fitted once, to the whole corpus."""

    fits = 0

    def __init__(self, n_jobs=None):
        self.n_jobs = n_jobs

    def fit(self, pool, codes, groups=None):
        Inexact.fits += 1
        return super().fit(pool, codes, groups)

    def _nearest(self, queries, codes, k, side, own, groups):
        return self.search_.nearest(queries, codes, k, side=side, own=own, groups=groups)


def assert_same(found, expected):
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.similarities, expected.similarities)
    assert found.report == expected.report


def interrupt_after(monkeypatch, n_chunks):
    """Let the search fail after so many chunks; return how often it was asked."""
    asked = []
    answer = _search.Searcher.answer

    def failing(self, questions):
        asked.append(len(questions))
        if len(asked) > n_chunks:
            raise Interrupted
        return answer(self, questions)

    monkeypatch.setattr(_search.Searcher, "answer", failing)
    return asked


def mine_until(n_chunks, monkeypatch, *arguments, **options):
    """Mine, and be interrupted after so many chunks."""
    with monkeypatch.context() as patch:
        interrupt_after(patch, n_chunks)
        with pytest.raises(Interrupted):
            mine_hard_negatives(*arguments, **options)


def test_a_folder_holds_the_same_as_memory_mapped_to_read_only(tmp_path):
    expected = mine_hard_negatives(**DATA, **OPTIONS)
    found = mine_hard_negatives(**DATA, **OPTIONS, output=tmp_path / "made" / "anew")
    assert_same(found, expected)
    assert isinstance(found.indices, np.memmap)
    assert not found.indices.flags.writeable
    on_disk = np.load(tmp_path / "made" / "anew" / "indices.npy")
    np.testing.assert_array_equal(on_disk, expected.indices)


@pytest.mark.parametrize("n_chunks", [0, 1, 2, 3])
@pytest.mark.parametrize("miner", ["random", "adaptive", "distance_weighted"])
def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, monkeypatch, n_chunks, miner):
    options = {**OPTIONS, "miner": miner}
    expected = mine_hard_negatives(**DATA, **options)
    mine_until(n_chunks, monkeypatch, **DATA, **options, output=tmp_path)
    asked = interrupt_after(monkeypatch, 100)
    assert_same(mine_hard_negatives(**DATA, **options, output=tmp_path), expected)
    assert len(asked) == 4 - n_chunks


def test_it_may_go_on_with_other_chunks_and_threads(tmp_path, monkeypatch):
    expected = mine_hard_negatives(**DATA, **OPTIONS)
    mine_until(1, monkeypatch, **DATA, **OPTIONS, output=tmp_path)
    options = {**OPTIONS, "chunk_size": 24, "n_jobs": 2}
    assert_same(mine_hard_negatives(**DATA, **options, output=tmp_path), expected)


def test_a_run_without_a_seed_goes_on_with_the_seed_it_drew(tmp_path, monkeypatch):
    options = {**OPTIONS, "random_state": None}
    mine_until(2, monkeypatch, **DATA, **options, output=tmp_path)
    first = np.load(tmp_path / "indices.npy")[:32]
    found = mine_hard_negatives(**DATA, **options, output=tmp_path)
    np.testing.assert_array_equal(found.indices[:32], first)
    assert_same(mine_hard_negatives(**DATA, **options, output=tmp_path), found)


def test_a_finished_run_is_not_computed_again(tmp_path, monkeypatch):
    expected = mine_hard_negatives(**DATA, **OPTIONS, output=tmp_path)
    interrupt_after(monkeypatch, 0)
    assert_same(mine_hard_negatives(**DATA, **OPTIONS, output=tmp_path), expected)


@pytest.mark.parametrize("step", ["flush", "replace", "fsync"])
def test_a_run_that_dies_while_it_notes_its_progress_goes_on(tmp_path, monkeypatch, step):
    """After results are written and before the progress says so, they are computed again."""
    expected, calls = mine_hard_negatives(**DATA, **OPTIONS), []

    def die(*_):
        calls.append(step)
        if len(calls) > 3:
            raise Interrupted
        return original(*_)

    target, name = (np.memmap, "flush") if step == "flush" else (_store.os, step)
    original = getattr(target, name)
    with monkeypatch.context() as patch:
        patch.setattr(target, name, die)
        with pytest.raises(Interrupted):
            mine_hard_negatives(**DATA, **OPTIONS, output=tmp_path)
    assert_same(mine_hard_negatives(**DATA, **OPTIONS, output=tmp_path), expected)


SCRIPT = """
    import os, signal
    import numpy as np
    from skhnm import mine_hard_negatives
    from skhnm.offline import _search

    answer, asked = _search.Searcher.answer, []

    def killed(self, questions):
        asked.append(1)
        if len(asked) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer(self, questions)

    _search.Searcher.answer = killed
    queries = (np.arange(4000.0)[:, None] * [1.0, 7.0, 13.0]) % 11
    mine_hard_negatives(
        queries, queries[:50] + 0.5, miner="random", random_state=0, chunk_size=1024, output={!r}
    )
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_process_leaves_a_folder_from_which_the_run_goes_on(tmp_path, monkeypatch):
    monkeypatch.undo()  # units of their real size, as in the other process
    script = textwrap.dedent(SCRIPT).format(str(tmp_path))
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    assert json.loads((tmp_path / "progress.json").read_text())["n_done"] == 2048
    queries = (np.arange(4000.0)[:, None] * [1.0, 7.0, 13.0]) % 11
    arguments = {"miner": "random", "random_state": 0}
    expected = mine_hard_negatives(queries, queries[:50] + 0.5, **arguments)
    found = mine_hard_negatives(queries, queries[:50] + 0.5, **arguments, output=tmp_path)
    assert_same(found, expected)


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({"queries": QUERIES + 1e-9}, "queries"),
        ({"queries": QUERIES[:49], "query_labels": DATA["query_labels"][:49],
          "positives": POSITIVES[:49], "groups": (np.arange(49) // 3, np.arange(41) // 3)},
         "queries, positives, labels, groups"),
        ({"corpus": CORPUS.astype(np.float32)}, "corpus"),
        ({"positives": np.roll(POSITIVES, 1)}, "positives"),
        ({"labels": np.arange(41) % 2}, "labels"),
        ({"groups": None}, "groups"),
        ({"miner": "hardest"}, "miner"),
        ({"n_negatives": 2}, "n_negatives"),
        ({"max_rank": 50, "relative_margin": 0.06}, "max_rank, relative_margin"),
        ({"metric": "euclidean"}, "metric"),
        ({"random_state": 1}, "random_state"),
        ({"index": Inexact()}, "index"),
    ],
)  # fmt: skip
def test_a_run_with_other_arguments_or_data_is_refused_by_name(tmp_path, changed, names):
    mine_hard_negatives(**DATA, **OPTIONS, output=tmp_path)
    with pytest.raises(ValueError, match=f"differs in: {names}. Choose another folder"):
        mine_hard_negatives(**{**DATA, **OPTIONS, "output": tmp_path, **changed})


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (DiverseMiner(3), DiverseMiner(3), True),
        (DiverseMiner(3), DiverseMiner(3, trade_off=0.4), False),
        (lambda *a: a[3].shape[0] - 1 + 0 * a[2][:, :1], lambda *a: 0 * a[2][:, :1], False),
    ],
)
def test_miners_are_the_same_if_their_parameters_or_their_code_are(tmp_path, first, second, same):
    data = {"queries": [[0.0], [0.0]], "corpus": np.arange(5.0)[:, None], "positives": [1, 1]}
    arguments = {**data, "metric": "euclidean", "n_negatives": 1, "output": tmp_path}
    mine_hard_negatives(**arguments, miner=first)
    if same:
        mine_hard_negatives(**arguments, miner=second)
    else:
        with pytest.raises(ValueError, match="differs in: miner"):
            mine_hard_negatives(**arguments, miner=second)


def test_a_fitted_index_is_kept_for_the_run_that_goes_on(tmp_path, monkeypatch):
    options = {**OPTIONS, "index": Inexact()}
    expected = mine_hard_negatives(**DATA, **OPTIONS)
    mine_until(1, monkeypatch, **DATA, **options, output=tmp_path)
    mine_until(1, monkeypatch, **DATA, **options, output=tmp_path)
    Inexact.fits = 0
    found = mine_hard_negatives(**DATA, **options, output=tmp_path)
    np.testing.assert_array_equal(found.indices, expected.indices)
    assert Inexact.fits == 0


def test_an_iterator_that_was_written_down_is_only_begun_again(tmp_path, monkeypatch):
    def chunks(array, taken):
        for start in range(0, len(array), 10):
            taken.append(start)
            yield array[start : start + 10]

    expected = mine_hard_negatives(QUERIES, CORPUS, n_negatives=2)
    mine_until(
        0, monkeypatch, chunks(QUERIES, []), chunks(CORPUS, []), n_negatives=2, output=tmp_path
    )
    taken = []
    found = mine_hard_negatives(
        chunks(QUERIES, taken), chunks(CORPUS, taken), n_negatives=2, output=tmp_path
    )
    assert_same(found, expected)
    assert taken == [0, 0]
    with pytest.raises(ValueError, match="queries begins otherwise than what an earlier run left"):
        mine_hard_negatives(
            chunks(QUERIES + 1, []), chunks(CORPUS, []), n_negatives=2, output=tmp_path
        )


def test_an_iterator_that_breaks_leaves_a_folder_that_can_be_used(tmp_path):
    def breaking():
        yield QUERIES[:5]
        raise Interrupted

    with pytest.raises(Interrupted):
        mine_hard_negatives(breaking(), output=tmp_path)
    expected = mine_hard_negatives(QUERIES)
    assert_same(mine_hard_negatives(iter([QUERIES]), output=tmp_path), expected)


def test_no_queries_make_a_folder_too(tmp_path):
    found = mine_hard_negatives(QUERIES[:0], CORPUS, output=tmp_path)
    assert found.indices.shape == (0, 3)
    mine_hard_negatives(QUERIES[:0], CORPUS, output=tmp_path)


def test_a_folder_with_files_of_others_is_refused(tmp_path):
    (tmp_path / "indices.npy").write_text("precious")
    with pytest.raises(ValueError, match=r"holds files, such as 'indices.npy', but no earlier run"):
        mine_hard_negatives(QUERIES, output=tmp_path)
    assert (tmp_path / "indices.npy").read_text() == "precious"
    with pytest.raises(ValueError, match="output must be a folder"):
        mine_hard_negatives(QUERIES, output=tmp_path / "indices.npy")


def test_a_folder_of_another_version_is_refused(tmp_path):
    mine_hard_negatives(QUERIES, output=tmp_path, miner=HardestMiner(3))
    path = tmp_path / "progress.json"
    path.write_text(path.read_text().replace('"version": 1', '"version": 0'))
    with pytest.raises(ValueError, match="version of the folder"):
        mine_hard_negatives(QUERIES, output=tmp_path, miner=HardestMiner(3))


def test_any_number_that_changed_makes_it_another_run(tmp_path):
    """Also a single one, far from any sample."""
    Z = np.random.default_rng(0).normal(size=(5000, 3)).astype(np.float32)
    mine_hard_negatives(Z, output=tmp_path / "run")
    Z[3217, 1] += 1.0
    with pytest.raises(ValueError, match="differs in: queries"):
        mine_hard_negatives(Z, output=tmp_path / "run")


def test_bad_data_leave_no_run_behind(tmp_path):
    Z = np.random.default_rng(0).normal(size=(50, 3))
    Z[7, 0] = np.nan
    with pytest.raises(ValueError, match="first in row 7"):
        mine_hard_negatives(Z, output=tmp_path / "run")
    Z[7, 0] = 0.0
    assert mine_hard_negatives(Z, output=tmp_path / "run").indices.shape == (50, 3)


@pytest.mark.parametrize("change", ["name", "default", "closure", "inner", "partial", "generator"])
def test_a_function_is_known_by_all_that_it_holds(change):
    def make(number, pick=np.argmin):
        def inner(x, by=number):
            return [pick(x) + number, (lambda: 1.5 if change == "inner" and number > 1 else 2.5)]

        return inner

    one, same, other = make(1), make(1), make(2)
    if change == "name":
        one, same, other = (
            (lambda x: np.argmin(x)),
            (lambda x: np.argmin(x)),
            lambda x: np.argmax(x),
        )
    elif change == "partial":
        one, same, other = partial(max, 1), partial(max, 1), partial(max, 2)
    elif change == "generator":
        one, same, other = (np.random.default_rng(seed) for seed in (1, 1, 2))
    assert describe(one) == describe(same)
    assert describe(one) != describe(other)


def test_the_index_of_a_finished_run_is_not_kept(tmp_path):
    Z, y = np.random.default_rng(0).normal(size=(300, 3)), np.arange(300) % 3
    run = mine_hard_negatives(Z, labels=y, index="tree", output=tmp_path / "run")
    assert not list((tmp_path / "run").glob("index*"))
    again = mine_hard_negatives(Z, labels=y, index="tree", output=tmp_path / "run")
    np.testing.assert_array_equal(again.indices, run.indices)
