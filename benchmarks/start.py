"""Time of a new process that imports skhnm and fits or mines, with and without numba's cache.

The kernels are compiled when they are first called, and kept in numba's cache on disk.
"Cold" begins with an empty cache, as after an installation; "warm" finds it filled. All
stand beside a process that only imports what skhnm is built on.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks._measure import alternate
from benchmarks._plot import INK, LOOKS, save
from benchmarks._table import Table

IMPORTS = "import numpy, numba, sklearn.neighbors"
FIT = """
from sklearn.datasets import load_iris
from skhnm import HardNegativeMetricLearner
HardNegativeMetricLearner().fit(*load_iris(return_X_y=True))
"""
ROWS = """
import numpy as np
Z = np.random.default_rng(0).standard_normal((1000, 64), dtype=np.float32)
y = np.arange(1000) % 50
"""
MINE = f"""{ROWS}
from skhnm.miners import HardestMiner
HardestMiner().mine(Z, y)
"""
MINE_OFFLINE = f"""{ROWS}
from skhnm import mine_hard_negatives
mine_hard_negatives(Z, labels=y)
"""
CODES = {
    "fits iris": FIT,
    "mines 1,000 rows (HardestMiner)": MINE,
    "mines 1,000 rows (mine_hard_negatives)": MINE_OFFLINE,
}
COLD = list(CODES)[:2]


def run(*, data: Path | None, quick: bool) -> Iterator[Table]:
    with tempfile.TemporaryDirectory() as cache:
        for code in CODES.values():
            _process(code, cache)
        processes = [partial(_process, code, cache) for code in (IMPORTS, *CODES.values())]
        imports, *seconds = alternate(*processes, repeats=2 if quick else 7)
    warm = dict(zip(CODES, seconds, strict=True))
    cold_processes = [partial(_cold, CODES[name]) for name in COLD]
    seconds = alternate(*cold_processes, repeats=1 if quick else 3)
    cold = dict(zip(COLD, seconds, strict=True))
    table = Table(
        "A new process",
        {
            "what it does": "", "seconds": ".2f", "more than the imports": ".2f",
            "times the imports": ".2f",
        },
        name="start",
    )  # fmt: skip
    table.rows.append(("imports numpy, numba and sklearn.neighbors", imports, None, 1.0))
    for name in CODES:
        for found, state in ((warm, "warm"), (cold, "cold")):
            if name in found:
                more = (found[name] - imports, found[name] / imports)
                table.rows.append((f"imports skhnm, {name}; {state}", found[name], *more))
    yield table
    save("start", lambda figure: draw(imports, warm, cold, figure), (7.5, 2.4))


def draw(imports: float, warm: dict[str, float], cold: dict[str, float], figure: Any) -> None:
    """Draw a bar for each process, and the imports as a line across them."""
    axes = figure.add_subplot()
    looks = {"warm": LOOKS[0], "cold": LOOKS[1]}
    bars = [
        (f"{name}, {state}", found[name], looks[state])
        for name in warm
        for state, found in (("warm", warm), ("cold", cold))
        if name in found
    ]
    for i, (_, seconds, look) in enumerate(bars):
        axes.barh(i, seconds, 0.75, **look.bar)
        axes.annotate(
            f"{seconds:.1f}", (seconds, i), xytext=(4, 0), va="center", textcoords="offset points"
        )
    axes.axvline(imports, color=INK, linewidth=1.5, linestyle="--")
    axes.annotate(
        f"imports numpy, numba, scikit-learn: {imports:.1f}", (imports, 1.0), xytext=(4, 2),
        xycoords=("data", "axes fraction"), textcoords="offset points",
    )  # fmt: skip
    axes.set_yticks(range(len(bars)), [name for name, _, _ in bars])
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("seconds of a new process, imports included")


def _cold(code: str) -> None:
    with tempfile.TemporaryDirectory() as cache:
        _process(code, cache)


def _process(code: str, cache: str) -> None:
    """Run code in a new interpreter that keeps numba's cache in that folder."""
    subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "NUMBA_CACHE_DIR": cache}, check=True
    )
