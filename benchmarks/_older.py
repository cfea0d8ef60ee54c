"""metric-learn's learners, in an older environment of their own.

They do not run on scikit-learn 1.8 or later. This file is both sides: imported, it makes the
environment and calls it; run there as a script, it fits.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

ENVIRONMENT = Path(__file__).parent / "results" / "older-environment"
PACKAGES = ("metric-learn==0.7.0", "scikit-learn==1.5.2", "numpy<2.1")


class FailedFit(RuntimeError):
    """A learner raised in its fit; the message is its own."""


class Fitted(NamedTuple):
    """The learned components (m, d), and what the fit cost."""

    components: np.ndarray
    seconds: float
    megabytes: float


def install() -> Path:
    """Make the environment unless it is there, and return its interpreter.

    Raises
    ------
    MissingPeer
        If that fails, for want of a network, say.
    """
    from benchmarks._measure import MissingPeer  # not there where this file is a script

    python = ENVIRONMENT / "bin" / "python"
    is_complete = ENVIRONMENT / "complete"
    if not is_complete.exists():
        print(f"Installing {', '.join(PACKAGES)} into {ENVIRONMENT}", file=sys.stderr)
        try:
            venv.create(ENVIRONMENT, with_pip=True)
            subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=True)
        except subprocess.CalledProcessError as error:
            raise MissingPeer(
                f"metric-learn needs an environment of its own, with {', '.join(PACKAGES)}, which "
                f"could not be made in {ENVIRONMENT}"
            ) from error
        is_complete.touch()
    return python


def fit(learner: str, *given: np.ndarray, **parameters: Any) -> Fitted:
    """Fit a learner with its defaults, or with other parameters.

    Parameters
    ----------
    learner : str
        A class of metric-learn: "LMNN", say.
    *given : arrays
        What its fit takes: rows and their labels, pairs of points and their kinds, triplets or
        quadruplets of points.
    **parameters
        Its parameters.

    Raises
    ------
    FailedFit
        If the fit raises.
    MissingPeer
        If there is no environment, and none can be made.
    """
    python = install()
    with tempfile.TemporaryDirectory() as folder:
        inputs, learned = Path(folder) / "inputs.npz", Path(folder) / "learned.npz"
        np.savez(inputs, *given)
        text = json.dumps(parameters)
        command = [python, "-W", "ignore::UserWarning", __file__]
        subprocess.run([*command, learner, text, inputs, learned], check=True)
        with np.load(learned) as arrays:
            if "failure" in arrays:
                raise FailedFit(f"{learner}: {arrays['failure']}")
            costs = (float(arrays[name]) for name in ("seconds", "megabytes"))
            return Fitted(arrays["components"], *costs)


def _fit_here(name: str, parameters: str, inputs: str, learned: str) -> None:
    import metric_learn
    from _measure import peak, reset_peak  # a script finds its own folder, not the package

    with np.load(inputs) as arrays:
        given = [arrays[f"arr_{i}"] for i in range(len(arrays.files))]
    learner = getattr(metric_learn, name)(random_state=0, **json.loads(parameters))
    before = reset_peak()
    start = time.perf_counter()
    try:
        learner.fit(*given)
    except (ArithmeticError, RuntimeError, ValueError) as error:
        np.savez(learned, failure=str(error))
        return
    seconds = time.perf_counter() - start
    np.savez(learned, components=learner.components_, seconds=seconds, megabytes=peak() - before)


if __name__ == "__main__":
    _fit_here(*sys.argv[1:])
