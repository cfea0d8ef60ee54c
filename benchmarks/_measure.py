"""Time and peak memory of a call in a process of its own, and what machine that was."""

from __future__ import annotations

import contextlib
import gc
import importlib.metadata
import os
import platform
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any


class MissingPeer(ImportError):
    """A library to compare with is not installed; the message says how to get it."""


@dataclass(frozen=True)
class Work:
    """What a child process is to measure.

    Parameters
    ----------
    warm_up : callable
        Called first, on little data: imports, caches and compilation happen here.
    call : callable
        What is measured.
    judge : callable
        Takes what `call` returned, and gives something small to send back.
    """

    warm_up: Callable[[], Any]
    call: Callable[[], Any]
    judge: Callable[[Any], Any] = lambda result: None


@dataclass(frozen=True)
class Measured:
    """The judge's answer, the least time of all calls, and the first call's own memory."""

    answer: Any
    seconds: float
    megabytes: float


def measure(prepare: Callable[..., Work], *arguments: Any, repeats: int = 3) -> Measured:
    """Measure ``prepare(*arguments).call`` in a new process.

    Memory is the process's peak during the first call, less what it held before: the
    call's own, result included.
    """
    return in_child(_measure, prepare, arguments, repeats)


def in_child(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a module's function in a new process, and return its result."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        return executor.submit(function, *arguments).result()


def alternate(
    *calls: Callable[[], Any], repeats: int, most_seconds: float = float("inf")
) -> list[float]:
    """Call each in turn, and return the least seconds of each.

    That is done `repeats` times over, or fewer once so many seconds have passed.
    """
    least = [float("inf")] * len(calls)
    start = time.perf_counter()
    for done in range(repeats):
        if done and time.perf_counter() - start > most_seconds:
            break
        for i, call in enumerate(calls):
            least[i] = min(least[i], _timed(call)[1])
    return least


def _measure(prepare: Callable[..., Work], arguments: tuple[Any, ...], repeats: int) -> Measured:
    work = prepare(*arguments)
    work.warm_up()
    gc.collect()
    before = reset_peak()
    result, seconds = _timed(work.call)
    megabytes = max(0.0, peak() - before)
    answer = work.judge(result)
    del result
    for _ in range(repeats - 1):
        seconds = min(seconds, _timed(work.call)[1])
    return Measured(answer, seconds, megabytes)


def _timed(call: Callable[[], Any]) -> tuple[Any, float]:
    gc.collect()
    start = time.perf_counter()
    result = call()
    return result, time.perf_counter() - start


def peak() -> float:
    """Peak resident memory of this process in megabytes (NaN where it is not known).

    Linux's own figure, where there is one, is better than ru_maxrss: it can be reset, and
    is not inherited from the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def reset_peak() -> float:
    """Set the peak to what is held now, where the system can, and return it."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return peak()


def machine() -> dict[str, Any]:
    """Describe the processor, the system, and the versions of what is compared."""
    found: dict[str, Any] = {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
    }
    if hasattr(os, "getloadavg"):
        found["load at the start"] = round(os.getloadavg()[0], 2)
    peers = ("torch", "pytorch-metric-learning", "faiss-cpu", "lightgbm", "xgboost", "catboost")
    for name in ("skhnm", "scikit-learn", "numpy", "scipy", "numba", *peers):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def check_torch() -> None:
    """Raise MissingPeer unless PyTorch and pytorch-metric-learning are there."""
    require(
        "pytorch_metric_learning", "torch",
        hint=" PyTorch (torch) comes apart: the extra leaves it out, because its default build is "
        "several gigabytes.",
    )  # fmt: skip


def check_faiss() -> None:
    """Raise MissingPeer unless faiss is there."""
    require("faiss")


def require(*modules: str, hint: str = "") -> None:
    """Raise MissingPeer unless all of these can be imported."""
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise MissingPeer(
            f"this benchmark compares with {modules[0]}; {' and '.join(missing)} cannot be "
            f"imported. Install the extra skhnm[bench] (pip install 'skhnm[bench]').{hint}"
        )
