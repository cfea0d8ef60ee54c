"""Time of a new process that imports skhnm and fits iris, with and without numba's cache.

The kernels are compiled when they are first called, and kept in numba's cache on disk.
"Cold" begins with an empty cache, as after an installation; "warm" finds it filled. Both
stand beside a process that only imports what skhnm is built on.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks._measure import alternate
from benchmarks._table import Table

IMPORTS = "import sklearn.neighbors, numba"
FIT = """
from sklearn.datasets import load_iris
from skhnm import HardNegativeMetricLearner
HardNegativeMetricLearner().fit(*load_iris(return_X_y=True))
"""


def run(*, data: Path | None, quick: bool) -> Iterator[Table]:
    with tempfile.TemporaryDirectory() as cache:
        _process(FIT, cache)
        imports, warm = alternate(
            lambda: _process(IMPORTS, cache),
            lambda: _process(FIT, cache),
            repeats=2 if quick else 7,
        )
    (cold,) = alternate(_cold, repeats=1 if quick else 3)
    table = Table(
        "A new process", {"what it does": "", "seconds": ".2f", "more than the imports": ".2f"}
    )
    table.rows = [
        ("imports sklearn.neighbors and numba", imports, None),
        ("imports skhnm, fits iris; warm", warm, warm - imports),
        ("imports skhnm, fits iris; cold", cold, cold - imports),
    ]
    yield table


def _cold() -> None:
    with tempfile.TemporaryDirectory() as cache:
        _process(FIT, cache)


def _process(code: str, cache: str) -> None:
    """Run code in a new interpreter that keeps numba's cache in that folder."""
    subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "NUMBA_CACHE_DIR": cache}, check=True
    )
