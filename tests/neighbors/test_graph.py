import numpy as np
import pytest

from skhnm.neighbors import ExactIndex, GraphIndex, _backend
from skhnm.testing import index_checks

pytestmark = pytest.mark.jit


@pytest.mark.parametrize(
    "check", index_checks(GraphIndex(), recall=0.95), ids=lambda c: c.func.__name__
)
def test_keeps_the_contract_of_an_index(check):
    check()


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(_backend, "FEWEST_ROWS", 300)
    monkeypatch.setattr(_backend, "ROW_TILE", 64)


@pytest.fixture
def rows():
    random = np.random.default_rng(0)
    codes = random.integers(0, 20, size=1501)
    return random.normal(size=(1501, 6)) + random.normal(size=(20, 6))[codes], codes


def test_several_graphs_find_as_much_as_one(rows, small_parts):
    asked = {"side": "any", "own": np.arange(1501)}
    index = GraphIndex().fit(*rows)
    assert len(index.parts_) == 8
    assert sum(part.structure.ntotal for part in index.parts_) == 1501
    found, _ = index.nearest(*rows, 5, **asked)
    exact, _ = ExactIndex().fit(*rows).nearest(*rows, 5, **asked)
    assert np.mean([np.isin(a, b).mean() for a, b in zip(exact, found, strict=True)]) > 0.98


def test_threads_never_change_the_graphs_nor_what_they_find(rows, small_parts):
    alone = GraphIndex(n_jobs=1).fit(*rows).nearest(*rows, 5)
    for n_jobs in (2, 3):
        found = GraphIndex(n_jobs=n_jobs).fit(*rows).nearest(*rows, 5)
        np.testing.assert_array_equal(found[0], alone[0])
        np.testing.assert_array_equal(found[1], alone[1])


@pytest.mark.parametrize(("name", "low"), [("n_links", 2), ("ef_build", 1), ("ef_search", 1)])
def test_parameters_are_checked(name, low):
    with pytest.raises(ValueError, match=f"{name} must be an integer >= {low}"):
        GraphIndex(**{name: 0}).fit([[0.0]], [0])
