"""In company: threads, processes, forks; and nothing of the process is left changed."""

import multiprocessing
import os
import threading

import joblib
import numpy as np
import pytest
from threadpoolctl import threadpool_info

from skhnm import HardNegativeMetricLearner
from skhnm.common import _threads
from skhnm.neighbors import _tiling

pytestmark = pytest.mark.jit


@pytest.fixture(autouse=True)
def threads_for_any_work(monkeypatch):
    monkeypatch.setattr(_threads, "_WORTH_A_THREAD", 0.0)
    monkeypatch.setattr(_tiling, "ROW_TILE", 16)


def fit(X, y, n_jobs=2):
    return HardNegativeMetricLearner(3, n_jobs=n_jobs).fit(X, y).components_


def blas_threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_fits_in_two_threads_at_once_give_the_result_of_a_lone_fit(digits):
    alone, before = fit(*digits), blas_threads()
    results = []
    threads = [
        threading.Thread(target=lambda: results.extend(fit(*digits) for _ in range(3)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 6
    assert all(np.array_equal(result, alone) for result in results)
    assert blas_threads() == before


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_fits_under_joblib_give_the_result_of_a_lone_fit(digits, backend):
    alone, before = fit(*digits), blas_threads()
    results = joblib.Parallel(2, backend=backend)(joblib.delayed(fit)(*digits) for _ in range(3))
    assert all(np.array_equal(result, alone) for result in results)
    assert blas_threads() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_child_that_was_forked_after_a_fit_can_fit(digits):
    alone = fit(*digits)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        result = pool.apply_async(fit, digits).get(timeout=60)
    assert np.array_equal(result, alone)


def test_a_failed_fit_leaves_blas_as_it_was(digits):
    before = blas_threads()

    def fails(Z, y, positives, pool, pool_y, random_state):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        HardNegativeMetricLearner(negative_miner=fails).fit(*digits)
    assert blas_threads() == before
