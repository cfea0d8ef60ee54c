"""Workers for tiles, and the one guard around BLAS's own threads.

Tiles run in a few short-lived Python threads (the kernels and BLAS release the GIL). No
thread outlives a call, or a fit that keeps a crew. While tiles run, BLAS is kept to
one thread; that setting belongs to the whole process, so overlapping callers share one
count: the first to come limits it, the last to leave restores it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, pairwise
from queue import SimpleQueue
from typing import Any, Self

import joblib
from threadpoolctl import ThreadpoolController

_WORTH_A_THREAD = 5e6  # nanoseconds of work
_NUMBERS_A_PART = 2**17
_WORTH_A_CALL = 3e5


def effective_n_jobs(n_jobs: int | None) -> int:
    """Return the number of threads to use.

    None means every core that this process may use, or fewer where a parent (joblib's
    workers, say) has set ``OMP_NUM_THREADS``, as in scikit-learn's native code; -1 means
    every core, -2 all but one.

    Raises
    ------
    ValueError
        If `n_jobs` is 0.
    """
    if n_jobs == 0:
        raise ValueError("n_jobs == 0 has no meaning; pass 1, -1 for every core, or None")
    if n_jobs is not None and n_jobs > 0:
        return n_jobs
    cores = int(joblib.cpu_count())
    if n_jobs is not None:
        return max(1, cores + 1 + n_jobs)
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return min(cores, int(limit)) if limit.isdigit() and int(limit) > 0 else cores


def run_tiles(
    work: Callable[[int], None], n_tiles: int, n_jobs: int | None, nanoseconds: float
) -> None:
    """Call ``work(0) … work(n_tiles - 1)``, each once, on up to `n_jobs` threads.

    Tiles must write to different places. The caller's thread works too; the first
    exception is raised after all threads have stopped. `nanoseconds` is a rough estimate
    of all the work: where it is little, one thread is faster.
    """
    crew = getattr(_here, "crew", None)
    workers = 1
    if nanoseconds >= (_WORTH_A_THREAD if crew is None else _WORTH_A_CALL):
        workers = min(n_tiles, effective_n_jobs(n_jobs) if crew is None else crew.size(n_jobs))
    with single_threaded_blas():
        if workers <= 1:
            for tile in range(n_tiles):
                work(tile)
            return

        tickets = count()
        stop = threading.Event()
        errors: list[BaseException] = []

        def take_tiles() -> None:
            try:
                while not stop.is_set() and (tile := next(tickets)) < n_tiles:
                    work(tile)
            except BaseException as error:
                errors.append(error)
                stop.set()

        if crew is not None:
            crew.work(take_tiles, workers - 1)
        else:
            with _Crew() as crew:
                crew.work(take_tiles, workers - 1)
        if errors:
            raise errors[0]


def cut(whole: slice, width: int = 1) -> list[slice]:
    """Cut a long run of rows, so many numbers wide, into parts for `run_tiles`."""
    n = whole.stop - whole.start
    n_parts = max(1, min(n * width // _NUMBERS_A_PART, n, 8))
    ends = [whole.start + n * i // n_parts for i in range(n_parts + 1)]
    return [slice(a, b) for a, b in pairwise(ends)]


class _Crew:
    """Threads that help the one that made them, until it dismisses them."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._done: SimpleQueue[None] = SimpleQueue()
        self._sizes: dict[int | None, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for _thread in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()

    def size(self, n_jobs: int | None) -> int:
        """Return `effective_n_jobs`, asked once: to count the cores takes a while."""
        if n_jobs not in self._sizes:
            self._sizes[n_jobs] = effective_n_jobs(n_jobs)
        return self._sizes[n_jobs]

    def work(self, task: Callable[[], None], n_helpers: int) -> None:
        """Run the task in the caller's thread and in so many others, and wait for all."""
        while len(self._threads) < n_helpers:
            thread = threading.Thread(
                target=self._help, name=f"skhnm_{len(self._threads)}", daemon=True
            )
            thread.start()
            self._threads.append(thread)
        for _helper in range(n_helpers):
            self._tasks.put(task)
        task()
        for _helper in range(n_helpers):
            self._done.get()

    def _help(self) -> None:
        _guard.limit_this_thread()
        while (task := self._tasks.get()) is not None:
            task()
            self._done.put(None)


_here = threading.local()


@contextmanager
def standing_crew() -> Iterator[None]:
    """Keep helpers ready between calls of `run_tiles` in this thread: for many small calls."""
    if getattr(_here, "crew", None) is not None:
        yield
        return
    with _Crew() as _here.crew:
        try:
            yield
        finally:
            _here.crew = None


class _BlasGuard:
    """Keeps BLAS to one thread for as long as anybody is inside.

    A BLAS on OpenMP counts for each thread apart, or for the process and each thread: so
    whoever enters limits and restores it in the thread of its own. All others have one
    count for the process.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._shared: list[Any] | None = None
        self._apart: list[Any] = []
        self._before: list[int] = []
        self._apart_before: list[int] = []

    def enter(self) -> None:
        with self._lock:
            if self._shared is None:
                libraries = ThreadpoolController().select(user_api="blas").lib_controllers
                self._apart = [each for each in libraries if _counts_apart(each)]
                self._shared = [each for each in libraries if not _counts_apart(each)]
            if self._inside == 0:
                self._apart_before = [library.num_threads for library in self._apart]
            self._inside += (
                1  # first, so that an interrupt leaves too much restored, not too little
            )
            if not self._before:
                self._before = [library.num_threads for library in self._shared]
                _set_all(self._shared, [1] * len(self._shared))
        depth = getattr(_here, "depth", 0)
        if depth == 0:
            # One thread may be what somebody else who is inside has set for the process.
            found = [library.num_threads for library in self._apart]
            first = zip(found, self._apart_before, strict=True)
            _here.before = [n if n > 1 else before for n, before in first]
            self.limit_this_thread()
        _here.depth = depth + 1

    def leave(self) -> None:
        self._leave_thread()
        with self._lock:
            if self._inside == 0:  # a fork inside the guard has forgotten this caller
                return
            self._inside -= 1
            if self._inside == 0:
                self._restore()

    def limit_this_thread(self) -> None:
        """Keep a BLAS that counts for each thread apart to one in this thread."""
        _set_all(self._apart, [1] * len(self._apart))

    def after_fork(self) -> None:
        """Forget threads that live in the parent only, and undo their limit here."""
        _here.crew = None
        if self._inside:
            self._restore()
        _here.depth = min(getattr(_here, "depth", 0), 1)
        self._leave_thread()
        self.reset()

    def _leave_thread(self) -> None:
        depth = getattr(_here, "depth", 0)
        _here.depth = max(0, depth - 1)
        if depth == 1:
            _set_all(self._apart, _here.before)

    def _restore(self) -> None:
        _set_all(self._shared or [], self._before)
        self._before = []


def _counts_apart(library: Any) -> bool:
    return getattr(library, "threading_layer", None) == "openmp"


def _set_all(libraries: list[Any], counts: list[int]) -> None:
    for library, n_threads in zip(libraries, counts, strict=False):
        _set_num_threads(library, n_threads)


def _set_num_threads(library: Any, n_threads: int) -> None:
    """Set a BLAS library's threads, from whichever thread.

    Newer threadpoolctl has the public method do nothing in a thread that did not set the
    limit first; but here the last to leave restores, whoever that is.
    """
    getattr(library, "_real_set_num_threads", library.set_num_threads)(n_threads)


_guard = _BlasGuard()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_guard.after_fork)


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Keep BLAS to one thread inside; safe to nest and to overlap between threads."""
    _guard.enter()
    try:
        yield
    finally:
        _guard.leave()
