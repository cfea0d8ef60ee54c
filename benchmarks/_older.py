"""metric-learn's learners, in an older environment of their own.

Its supervised learners do not run on scikit-learn 1.8 or later. This file is both sides:
imported, it makes the environment and calls it; run there as a script, it fits.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import numpy as np

ENVIRONMENT = Path(__file__).parent / "results" / "older-environment"
PACKAGES = ("metric-learn==0.7.0", "scikit-learn==1.5.2", "numpy<2.1")


def fit(learner: str, X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """Fit "LMNN" or "NCA" with its defaults; return its components and the seconds."""
    python = ENVIRONMENT / "bin" / "python"
    is_complete = ENVIRONMENT / "complete"
    if not is_complete.exists():
        print(f"Installing {', '.join(PACKAGES)} into {ENVIRONMENT}", file=sys.stderr)
        venv.create(ENVIRONMENT, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=True)
        is_complete.touch()
    with tempfile.TemporaryDirectory() as folder:
        given, learned = Path(folder) / "given.npz", Path(folder) / "learned.npz"
        np.savez(given, X=X, y=np.unique(y, return_inverse=True)[1])
        subprocess.run([python, __file__, learner, given, learned], check=True)
        with np.load(learned) as arrays:
            return arrays["components"], float(arrays["seconds"])


def _fit_here(name: str, given: str, learned: str) -> None:
    import metric_learn

    with np.load(given) as arrays:
        X, y = arrays["X"], arrays["y"]
    learner = getattr(metric_learn, name)(random_state=0)
    start = time.perf_counter()
    learner.fit(X, y)
    seconds = time.perf_counter() - start
    np.savez(learned, components=learner.components_, seconds=seconds)


if __name__ == "__main__":
    _fit_here(*sys.argv[1:])
