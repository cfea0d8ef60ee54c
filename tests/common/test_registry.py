import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skhnm import HardNegativeMetricLearner, MLPMetricLearner
from skhnm.common._registry import Registry
from skhnm.losses import TripletLoss
from skhnm.losses._known import LOSSES
from skhnm.miners import FilteredMiner, HardestMiner, OHEMMiner, SemiHardMiner
from skhnm.miners._base import NEGATIVE_MINERS
from skhnm.miners.positives import POSITIVE_MINERS, NearestPositives
from skhnm.pools import BatchPool, DatasetPool
from skhnm.pools._known import POOLS

REGISTRIES = [NEGATIVE_MINERS, POSITIVE_MINERS, LOSSES, POOLS]


@pytest.mark.parametrize(
    ("registry", "name", "cls"),
    [
        (NEGATIVE_MINERS, "semi_hard", SemiHardMiner),
        (POSITIVE_MINERS, "nearest", NearestPositives),
        (LOSSES, "triplet", TripletLoss),
        (POOLS, "batch", BatchPool),
    ],
)
def test_a_name_is_the_class_name_in_snake_case_less_the_suffix(registry, name, cls):
    assert registry[name] is cls
    assert type(registry.resolve(name)) is cls


@pytest.mark.parametrize(
    ("class_name", "name"),
    [("SemiHardMiner", "semi_hard"), ("NPairMiner", "npair"), ("NCAMiner", "nca"),
     ("OHEMMiner", "ohem"), ("SupConMiner", "sup_con")],
)  # fmt: skip
def test_abbreviations_stay_one_word(class_name, name):
    assert list(Registry("miner", "Miner", [type(class_name, (), {})], methods=[])) == [name]


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda r: r.parameter)
def test_every_name_gives_an_object_with_its_defaults(registry):
    assert len(registry) == len(list(registry)) > 0
    for name, cls in registry.items():
        assert registry.resolve(name).get_params() == cls().get_params()
        assert registry.resolve(name) is not registry.resolve(name)


def test_an_instance_is_cloned():
    given = HardestMiner(7)
    resolved = NEGATIVE_MINERS.resolve(given)
    assert resolved is not given
    assert resolved.n_negatives == 7


def test_any_object_with_the_methods_is_copied():
    class Loss:
        def __init__(self):
            self.calls = []

        def value_and_grad(self, d_pos, d_neg):
            """Cost nothing."""

    given = Loss()
    resolved = LOSSES.resolve(given)
    assert type(resolved) is Loss
    assert resolved is not given
    assert resolved.calls is not given.calls


def test_a_function_is_wrapped_where_that_has_a_meaning():
    def choose(Z, y, positives, pool, pool_y, random_state):
        """Choose nothing."""

    assert NEGATIVE_MINERS.resolve(choose).function is choose
    with pytest.raises(TypeError, match=r"loss must be a name .* or an object with") as error:
        LOSSES.resolve(choose)
    assert "a function" not in str(error.value)


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda r: r.parameter)
def test_an_unknown_name_raises_and_lists_the_known_ones(registry):
    with pytest.raises(ValueError, match=f"Unknown {registry.parameter} 'no such'") as error:
        registry.resolve("no such")
    for name in registry:
        assert repr(name) in str(error.value)


def test_a_misspelt_name_is_told_the_nearest_one():
    with pytest.raises(ValueError, match="Did you mean 'semi_hard'"):
        NEGATIVE_MINERS.resolve("semihard")


def test_a_class_raises_and_is_told_to_be_an_instance():
    with pytest.raises(TypeError, match=r"got the class HardestMiner: write HardestMiner\(\)"):
        NEGATIVE_MINERS.resolve(HardestMiner)


def test_an_object_that_lacks_a_method_raises_and_the_method_is_named():
    class Half(BaseEstimator):
        def draws(self):
            """Draw nothing."""

    with pytest.raises(TypeError, match=r"Half\(\) lacks extras\(\), views\(\)"):
        POOLS.resolve(Half())


def test_an_object_of_another_family_raises_and_the_family_is_named():
    class Alike(BaseEstimator):
        def mine(self, Z, y):
            """Mine nothing."""

        def select(self, candidates):
            """Select nothing."""

    with pytest.raises(TypeError, match=r"inherits from BaseMiner; Alike\(\) is no BaseMiner"):
        NEGATIVE_MINERS.resolve(Alike())


@pytest.mark.parametrize("given", [None, 3, ["hardest"], object()])
def test_what_is_neither_name_nor_object_nor_function_raises(given):
    with pytest.raises(
        TypeError, match=r"negative_miner must be a name \('adaptive', .*\), a function"
    ):
        NEGATIVE_MINERS.resolve(given)


class TestParametersOfNamedParts:
    @pytest.mark.parametrize(
        ("estimator", "nested", "value"),
        [
            (HardNegativeMetricLearner(), "negative_miner__n_negatives", 3),
            (HardNegativeMetricLearner(), "positive_miner__n_positives", 2),
            (HardNegativeMetricLearner(), "pool__rows_per_class", 5),
            (MLPMetricLearner(loss="sup_con"), "loss__temperature", 0.2),
            (FilteredMiner(), "miner__n_negatives", 3),
            (OHEMMiner(), "miner__n_negatives", 3),
            (DatasetPool(), "index__n_jobs", 1),
            (HardNegativeMetricLearner(pool=DatasetPool()), "pool__index__n_jobs", 1),
        ],
        ids=str,
    )
    def test_a_name_becomes_an_instance_whose_others_keep_their_defaults(
        self, estimator, nested, value
    ):
        part, _, parameter = nested.rpartition("__")
        changed = clone(estimator).set_params(**{nested: value})
        assert changed.get_params()[nested] == value
        others = changed.get_params()[part].get_params()
        assert others == {**type(changed.get_params()[part])().get_params(), parameter: value}
        assert clone(changed).get_params()[nested] == value

    def test_the_name_that_is_set_beside_it_is_meant(self):
        learner = HardNegativeMetricLearner().set_params(
            negative_miner__margin=0.5, negative_miner="semi_hard"
        )
        assert learner.negative_miner.margin == 0.5

    @pytest.mark.parametrize(
        ("parameters", "nested", "message"),
        [
            ({}, "negative_miner__margin", "Invalid parameter 'margin' for estimator HardestMiner"),
            ({}, "loss__q", "loss__q cannot be set, because loss is 'auto': pass an instance"),
            ({"pool": ("batch", "proxies")}, "pool__size", "because pool is .*: pass an instance"),
            ({"negative_miner": max}, "negative_miner__k", "because negative_miner is <built-in"),
            ({"negative_miner": "hardes"}, "negative_miner__k", "Did you mean 'hardest'"),
            ({}, "miner__k", "Invalid parameter 'miner'"),
        ],
    )
    def test_what_cannot_be_set_raises_and_the_message_says_why(self, parameters, nested, message):
        with pytest.raises(ValueError, match=message):
            HardNegativeMetricLearner(**parameters).set_params(**{nested: 1})

    @pytest.mark.jit
    def test_a_search_tries_the_parameters_of_a_named_miner(self, iris):
        pipe = make_pipeline(HardNegativeMetricLearner(max_iter=5), KNeighborsClassifier(3))
        grid = {"hardnegativemetriclearner__negative_miner__n_negatives": [1, 10]}
        search = GridSearchCV(pipe, grid, cv=2).fit(*iris)
        assert not np.isnan(search.cv_results_["mean_test_score"]).any()
