"""No fit, by whatever option, holds anything of the size n × n."""

import gc
import tracemalloc

import numpy as np
import pytest

from skhnm import HardNegativeClassifier, HardNegativeMetricLearner, MLPMetricLearner
from skhnm.losses._known import LOSSES
from skhnm.miners import (
    AdaptiveMiner,
    BoundaryMiner,
    ContextMiner,
    CurriculumMiner,
    DiverseMiner,
    HardestMiner,
    RandomMiner,
    ViolatingMiner,
)
from skhnm.miners._base import NEGATIVE_MINERS
from skhnm.miners.positives import POSITIVE_MINERS
from skhnm.neighbors._known import INDEXES
from skhnm.pools import BatchPool, DatasetPool
from skhnm.pools._known import POOLS

pytestmark = [
    pytest.mark.jit,
    pytest.mark.filterwarnings("ignore:The embedding has collapsed"),  # not what is asked here
]

N = 10_000  # so many that n² is more than all that grows with n
LISTS_ALL = {"all", "multi_similarity"}
"""Miners whose very result is every negative that meets a rule: meant for batches."""

OF_PAIRS = {
    "violating": ViolatingMiner(n_negatives=2),
    "boundary": BoundaryMiner(2),
    "diverse": DiverseMiner(2, n_candidates=10),
    "context": ContextMiner(2, n_candidates=10),
    "curriculum": CurriculumMiner(20, 4, n_negatives=2),
    "adaptive": AdaptiveMiner([HardestMiner(2), RandomMiner(2)]),
}
"""Few negatives, where n · k would hide an n² that is no larger."""

OPTIONS = {
    **{
        f"negative_miner={name}": {"negative_miner": OF_PAIRS.get(name, name)}
        | ({"pool": "batch"} if name in LISTS_ALL else {})
        for name in NEGATIVE_MINERS
    },
    **{f"pool={name}": {"pool": name} for name in POOLS},
    **{f"index={name}": {"pool": DatasetPool(index=name, n_candidates=30)} for name in INDEXES},
    **{f"loss={name}": {"loss": name} for name in LOSSES if name not in ("proxy_anchor",)},
    "loss=proxy_anchor": {"loss": "proxy_anchor", "pool": "proxies"},
    **{
        f"positive_miner={name}": {"positive_miner": name, "pool": BatchPool()}
        for name in POSITIVE_MINERS
    },
    **{f"init={init}": {"init": init} for init in ("identity", "pca", "lda", "rca", "random")},
    "early_stopping": {"early_stopping": True},
    "normalize": {"normalize": True},
    "solver=adam": {"solver": "adam"},
    "n_components": {"n_components": 2},
}


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(0)
    y = random.integers(0, 60, size=N)
    return (random.normal(size=(60, 8))[y] + random.normal(size=(N, 8))).astype(np.float32), y


def peak_of(call):
    call()  # whatever is made once is made
    gc.collect()
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("option", OPTIONS)
def test_a_fit_holds_less_than_a_byte_for_each_pair_of_rows(rows, option):
    learner = HardNegativeMetricLearner(
        **{"max_iter": 4, "refresh_every": 2, "batch_size": 256, "random_state": 0}
        | OPTIONS[option]
    )
    assert peak_of(lambda: learner.fit(*rows)) < N * N


@pytest.mark.parametrize("pool", ["batch", "dataset"])
def test_a_network_s_fit_does_so_too(rows, pool):
    learner = MLPMetricLearner((16,), 4, pool=pool, max_iter=2, random_state=0)
    assert peak_of(lambda: learner.fit(*rows)) < N * N


def test_what_a_fitted_learner_is_asked_does_so_too(rows):
    learner = HardNegativeMetricLearner(max_iter=2).fit(*rows)
    for call in (learner.score, learner.mine, learner.partial_fit):
        assert peak_of(lambda call=call: call(*rows)) < N * N


def test_the_classifier_does_so_too(rows):
    learner = HardNegativeMetricLearner(max_iter=2)
    classifier = HardNegativeClassifier(learner, encoding=4, strength=1.0)
    assert peak_of(lambda: classifier.fit(*rows)) < N * N
    assert peak_of(lambda: classifier.predict_proba(rows[0])) < N * N
