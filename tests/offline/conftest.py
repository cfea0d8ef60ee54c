import pytest

from skhnm.offline import _run, _sources, _units


@pytest.fixture
def small_parts(monkeypatch):
    """Units of 8 queries and blocks of 13 rows, so that little data has several of both."""
    monkeypatch.setattr(_units, "UNIT", 8)
    monkeypatch.setattr(_run, "UNIT", 8)
    monkeypatch.setattr(_sources, "BLOCK_ROWS", 13)
