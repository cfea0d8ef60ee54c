"""Saved and loaded, here and in another process."""

import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest

from skhnm import (
    EmbeddingAdapter,
    HardNegativeMetricLearner,
    MLPMetricLearner,
    PairMetricLearner,
)
from skhnm.losses import MarginLoss
from skhnm.miners import OHEMMiner, SemiHardMiner

sio = pytest.importorskip("skops.io")
pytestmark = pytest.mark.jit

LEARNERS = {
    "default": HardNegativeMetricLearner(),
    "parts": HardNegativeMetricLearner(
        negative_miner=OHEMMiner(miner=SemiHardMiner(margin=0.5)), loss=MarginLoss(),
        pool=("batch", "proxies"), max_iter=2, random_state=0,
    ),
    "adaptive": HardNegativeMetricLearner(
        negative_miner="adaptive", pool="memory", max_iter=2, random_state=0
    ),
    "mlp": MLPMetricLearner(max_iter=1, random_state=0),
}  # fmt: skip
every_learner = pytest.mark.parametrize("name", LEARNERS)


@every_learner
@pytest.mark.parametrize("stream", [False, True])
def test_skops_needs_no_trust_beyond_this_package(tmp_path, digits, name, stream):
    X, y = digits
    learner = LEARNERS[name]
    learner = learner.partial_fit(X, y) if stream else learner.fit(X, y)
    path = tmp_path / "learner.skops"
    sio.dump(learner, path)
    trusted = sio.get_untrusted_types(file=path)
    assert trusted
    assert all(kind.startswith("skhnm.") for kind in trusted)
    loaded = sio.load(path, trusted=trusted)
    np.testing.assert_array_equal(loaded.transform(X), learner.transform(X))


READ = """
import sys, joblib, pickle, numpy as np
load = {"pickle": lambda p: pickle.load(open(p, "rb")), "joblib": joblib.load}[sys.argv[1]]
learner, X, Z = load(sys.argv[2])
np.testing.assert_array_equal(learner.transform(X), Z)
learner.get_metric()(X[0], X[1])
"""


@every_learner
@pytest.mark.parametrize("how", ["pickle", "joblib"])
def test_another_process_reads_what_this_one_wrote(tmp_path, digits, name, how):
    X, y = digits
    learner = LEARNERS[name].fit(X, y)
    saved, path = (learner, X, learner.transform(X)), str(tmp_path / "learner")
    if how == "joblib":
        joblib.dump(saved, path)
    else:
        with open(path, "wb") as file:
            pickle.dump(saved, file)
    subprocess.run([sys.executable, "-c", READ, how, path], check=True)


def test_skops_keeps_what_was_learned_from_pairs_and_searches():
    X = np.random.default_rng(0).normal(size=(60, 4)) + 3.0 * (np.arange(60) % 2)[:, None]
    pairs = np.stack([np.arange(58), np.arange(58) + 1 + np.arange(58) % 2], axis=1)
    alike = np.where(pairs.sum(axis=1) % 2, -1, 1)
    learner = PairMetricLearner(preprocessor=X).fit(pairs, alike)
    queries = X[:40] @ np.diag([1, -1, 2, 1])
    adapter = EmbeddingAdapter(random_state=0).fit(queries, X, np.arange(40))
    for fitted, ask in ((learner, lambda e: e.predict(pairs)), (adapter, _mapped)):
        stored = sio.dumps(fitted)
        unknown = sio.get_untrusted_types(data=stored)
        assert all(name.startswith("skhnm.") for name in unknown)
        np.testing.assert_array_equal(ask(sio.loads(stored, trusted=unknown)), ask(fitted))


def _mapped(adapter):
    return adapter.transform_queries(np.eye(4))
