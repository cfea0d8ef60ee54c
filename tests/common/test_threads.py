import os
import threading
import time
from contextlib import contextmanager
from itertools import pairwise

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from skhnm.common import _threads
from skhnm.common._threads import (
    cut,
    effective_n_jobs,
    run_tiles,
    single_threaded_blas,
    standing_crew,
)

MUCH = 1e12  # nanoseconds


@pytest.mark.parametrize("n_jobs", [1, 2, 4, None])
@pytest.mark.parametrize("n_tiles", [0, 1, 3, 50])
@pytest.mark.parametrize("nanoseconds", [0.0, MUCH])
def test_each_tile_runs_once(n_jobs, n_tiles, nanoseconds):
    done = []
    run_tiles(done.append, n_tiles, n_jobs, nanoseconds)
    assert sorted(done) == list(range(n_tiles))


def test_little_work_stays_on_the_thread_of_the_caller():
    seen = set()
    run_tiles(lambda tile: seen.add(threading.get_ident()), 20, 4, nanoseconds=1.0)
    assert seen == {threading.get_ident()}


def test_much_work_runs_on_several_threads_the_caller_among_them():
    meeting = threading.Barrier(3, timeout=30)
    seen = set()

    def work(tile):
        meeting.wait()
        seen.add(threading.get_ident())

    run_tiles(work, 3, 3, MUCH)
    assert len(seen) == 3
    assert threading.get_ident() in seen


def workers():
    return [t for t in threading.enumerate() if t.name.startswith("skhnm")]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("n_jobs", [1, 2, 4])
def test_an_exception_is_raised_and_no_thread_or_tile_goes_on(error, n_jobs):
    started = []

    def work(tile):
        started.append(tile)
        raise error("tile broke")

    with pytest.raises(error, match="tile broke"):
        run_tiles(work, 1000, n_jobs, MUCH)
    assert len(started) <= n_jobs
    assert not workers()


def test_an_exception_of_another_thread_stops_the_caller_and_reaches_it():
    meeting = threading.Barrier(2, timeout=30)
    started = []

    def work(tile):
        started.append(tile)
        if len(started) <= 2:
            meeting.wait()
        if threading.current_thread() is not threading.main_thread():
            raise ValueError("elsewhere")
        time.sleep(0.01)

    with pytest.raises(ValueError, match="elsewhere"):
        run_tiles(work, 500, 2, MUCH)
    assert len(started) < 250
    assert not workers()


def test_no_thread_outlives_a_call():
    run_tiles(lambda tile: None, 20, 4, MUCH)
    assert not workers()


# The number of threads.


@pytest.mark.parametrize(
    ("limit", "expected"), [("1", 1), ("100000", None), ("", None), ("0", None), ("two", None)]
)
def test_without_n_jobs_the_cores_are_used_up_to_omp_num_threads(monkeypatch, limit, expected):
    monkeypatch.setenv("OMP_NUM_THREADS", limit)
    assert effective_n_jobs(None) == (expected or effective_n_jobs(-1))


def test_n_jobs_is_taken_at_its_word_and_negative_counts_from_all_cores(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr("joblib.cpu_count", lambda: 6)
    assert [effective_n_jobs(n) for n in (1, 3, 99, -1, -2, -100)] == [1, 3, 99, 6, 5, 1]
    with pytest.raises(ValueError, match="n_jobs == 0 has no meaning"):
        effective_n_jobs(0)


# BLAS.


def blas_threads(*, apart=False):
    """Threads of those BLAS that count for the process, or for each thread apart."""
    return {
        lib["num_threads"]
        for lib in threadpool_info()
        if lib["user_api"] == "blas" and (lib.get("threading_layer") == "openmp") == apart
    }


@pytest.fixture
def before():
    """BLAS on three threads, if it can be set at all."""
    with threadpool_limits(3, user_api="blas"):
        yield blas_threads()


@pytest.fixture
def limited(before):
    return {1} if before else before


@contextmanager
def elsewhere():
    """Keep another thread inside the guard."""
    inside, leave = threading.Event(), threading.Event()

    def stay():
        with single_threaded_blas():
            inside.set()
            leave.wait(30)

    thread = threading.Thread(target=stay)
    thread.start()
    assert inside.wait(30)
    try:
        yield
    finally:
        leave.set()
        thread.join()


def test_tiles_run_with_one_blas_thread_which_is_then_undone(before, limited):
    seen = []
    for n_jobs in (1, 2):
        run_tiles(lambda tile: seen.append(blas_threads()), 4, n_jobs, MUCH)
        assert blas_threads() == before
    assert all(threads == limited for threads in seen)


def test_the_limit_is_undone_after_an_exception(before):
    with pytest.raises(ZeroDivisionError):
        run_tiles(lambda tile: 1 // 0, 4, 2, MUCH)
    assert blas_threads() == before


def test_nested_limits_end_with_the_outermost(before, limited):
    with single_threaded_blas():
        with single_threaded_blas():
            assert blas_threads() == limited
        assert blas_threads() == limited
    assert blas_threads() == before


def test_overlapping_limits_end_with_the_last_to_leave(before, limited):
    with elsewhere():
        with single_threaded_blas():
            assert blas_threads() == limited
        assert blas_threads() == limited
    assert blas_threads() == before


def test_the_first_to_come_may_be_the_first_to_leave(before, limited):
    first, second = elsewhere(), elsewhere()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert blas_threads() == limited
    second.__exit__(None, None, None)
    assert blas_threads() == before


def test_a_blas_on_openmp_is_limited_and_restored_in_each_thread_apart():
    """Such as that of faiss: overlapping callers, of whom the first leaves first."""
    faiss = pytest.importorskip("faiss")
    assert faiss.omp_get_max_threads() > 0
    _threads._guard.reset()  # it may not have known this BLAS
    before, seen = blas_threads(apart=True), []

    def work(inside, go_on):
        with single_threaded_blas():
            seen.append(blas_threads(apart=True))
            inside.set()
            go_on.wait(10)

    events = [(threading.Event(), threading.Event()) for _ in range(2)]
    threads = [threading.Thread(target=work, args=pair) for pair in events]
    for thread, (inside, _go_on) in zip(threads, events, strict=True):
        thread.start()
        inside.wait(10)
    for thread, (_inside, go_on) in zip(threads, events, strict=True):
        go_on.set()
        thread.join(10)
    assert len(seen) == 2
    assert all(within <= {1} for within in seen)
    assert blas_threads(apart=True) == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.parametrize("locked", [False, True])
def test_a_forked_child_forgets_who_is_inside_in_its_parent(before, limited, locked):
    with elsewhere():
        if locked:
            _threads._guard._lock.acquire()
        child = os.fork()
        if child == 0:
            restored = blas_threads() == before
            with single_threaded_blas():
                works = blas_threads() == limited
            os._exit(0 if restored and works and blas_threads() == before else 1)
        if locked:
            _threads._guard._lock.release()
        _, status = os.waitpid(child, 0)
        assert blas_threads() == limited
    assert os.waitstatus_to_exitcode(status) == 0
    assert blas_threads() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_fork_inside_the_guard_leaves_a_working_guard_in_the_child(before, limited):
    with single_threaded_blas():
        child = os.fork()
    if child == 0:
        with single_threaded_blas():
            works = blas_threads() == limited
        os._exit(0 if works and blas_threads() == before else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


# Threads that stand ready during a fit.


def helpers():
    return [t for t in threading.enumerate() if t.name.startswith("skhnm")]


def test_a_standing_crew_stays_for_many_calls_and_leaves_at_the_end():
    before, seen = len(helpers()), []
    with standing_crew():
        for _ in range(3):
            run_tiles(lambda i: seen.append(i), 5, 3, 1e9)
            assert len(helpers()) == before + 2
        with standing_crew():  # an inner one is the same
            run_tiles(lambda i: seen.append(i), 5, 3, 1e9)
        assert len(helpers()) == before + 2
    assert len(helpers()) == before
    assert sorted(seen) == sorted(list(range(5)) * 4)


def test_an_error_in_a_tile_comes_through_and_the_crew_works_on():
    def fail(i):
        if i == 3:
            raise ValueError("tile 3")

    done = []
    with standing_crew():
        with pytest.raises(ValueError, match="tile 3"):
            run_tiles(fail, 8, 2, 1e9)
        run_tiles(done.append, 8, 2, 1e9)
    assert sorted(done) == list(range(8))
    assert not helpers()


def test_each_thread_has_a_crew_of_its_own():
    found = []

    def fit():
        with standing_crew():
            tiles = []
            run_tiles(tiles.append, 20, 2, 1e9)
            found.append(sorted(tiles))

    threads = [threading.Thread(target=fit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [list(range(20))] * 4


def test_a_run_is_cut_into_parts_that_cover_it():
    for whole, width in ((slice(0, 10), 1), (slice(7, 3_000_000), 1), (slice(0, 3), 2**20)):
        parts = cut(whole, width)
        assert parts[0].start == whole.start
        assert parts[-1].stop == whole.stop
        assert all(a.stop == b.start and a.start < a.stop for a, b in pairwise(parts))
