"""Every public way in for labels, groups and embeddings, found by the names of parameters.

A function or method that is made public joins by itself: `doors` finds whatever takes a parameter
of one of these names, and calls it with `ARGUMENTS` for what else it must have.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

import skhnm
import skhnm.metrics
import skhnm.miners
import skhnm.neighbors
import skhnm.plotting
from skhnm import (
    EmbeddingAdapter,
    HardNegativeClassifier,
    HardNegativeMetricLearner,
    PairMetricLearner,
    QuadrupletMetricLearner,
    TripletMetricLearner,
    Tuples,
)
from skhnm.estimators.classifier import Evidence
from skhnm.metrics import retrieval_scorer
from skhnm.miners import GivenMiner, GivenPositives
from skhnm.plotting import EvidenceDisplay

LABELS = {"y", "labels", "query_labels", "pool_y", "reference_y", "classes"}
EMBEDDINGS = {"X", "Z", "queries", "corpus", "pool", "reference", "pairs"}
GROUPS = {"groups"}

N_ROWS = 30
X = np.random.default_rng(0).normal(size=(N_ROWS, 3)) + 3.0 * (np.arange(N_ROWS) % 3)[:, None]
Y = np.arange(N_ROWS) % 3

ARGUMENTS: dict[str, Any] = {
    **dict.fromkeys(["X", "Z", "queries", "corpus", "pool", "reference"], X),
    **dict.fromkeys(["y", "labels", "query_labels", "pool_y", "reference_y", "classes"], Y),
    "codes": Y,
    "k": 2,
    "pairs": np.stack([X[:10], X[10:20]], axis=1),
    "own": np.full(N_ROWS, -1),
    "miner": "hardest",
    "tuples": Tuples([0], [[3]], [[1]]),
}

QUICK = {"learner": "linear", "encoding": "plain", "n_neighbors": 5}
"""Parameters of a classifier that has little to choose."""

OWN: dict[str, dict[str, Any]] = {
    PairMetricLearner.__name__: {"pairs": ARGUMENTS["pairs"], "y": np.tile([1, -1], 5)},
    TripletMetricLearner.__name__: {"triplets": X.reshape(10, 3, 3)},
    QuadrupletMetricLearner.__name__: {"quadruplets": X[:28].reshape(7, 4, 3)},
    EmbeddingAdapter.__name__: {"queries": X, "corpus": X, "positives": np.arange(N_ROWS)},
}
"""What those are fitted to that learn from no labels."""

MADE_WITH: dict[type, dict[str, Any]] = {
    GivenMiner: {"negatives": (np.arange(N_ROWS)[:, None] + 1) % N_ROWS},
    GivenPositives: {"positives": (np.arange(N_ROWS)[:, None] + 3) % N_ROWS},
    HardNegativeClassifier: QUICK,
}

CHEAP = {"random_state": 0, "cv": 2, "miners": ("random",)}

TOGETHER = {
    "pool_y": ["pool"],
    "pool": ["pool_y"],
    "reference_y": ["reference", "own", "y"],
    "reference": ["reference_y", "own", "y"],
    "query_labels": ["labels", "corpus"],
    "corpus": ["labels", "query_labels"],
    "X": ["y"],
    "Z": ["y"],
}
"""What has to be passed beside an optional parameter."""

NO_DATA = {
    ("verification_report", "pairs"),
    ("compare_miners", "groups"),
    ("MinerComparisonDisplay", "groups"),
    *((name, "y") for name in OWN),
}
"""Parameters that share a name with data, but are rows, kinds of pairs or for splitters."""


@dataclass(frozen=True)
class Door:
    """One parameter of one public function or method.

    ``door(value)`` passes the value there, and returns what can be compared of the result;
    further options are those of the function, or of the estimator whose method it is.
    """

    owner: str
    parameter: str
    options: frozenset[str]
    enter: Callable[..., Any]

    def __call__(self, value: Any, **options: Any) -> Any:
        return comparable(self.enter(**{self.parameter: value}, **options))

    def __str__(self) -> str:
        return f"{self.owner}({self.parameter})"


def doors(names: set[str], *options: str) -> list[Door]:
    """Return the doors for parameters of these names, whose functions know some options."""
    return [
        door
        for owner, known, enter, signature in _entrances()
        for parameter in signature
        if parameter in names and (owner.split(".")[0], parameter) not in NO_DATA
        for door in [_door(owner, parameter, known, enter, signature)]
        if set(options) <= door.options
    ]


def _door(owner, parameter, known, enter, signature) -> Door:
    def with_what_it_needs(**given: Any) -> Any:
        needed = [name for name, p in signature.items() if p.default is p.empty]
        needed += TOGETHER.get(parameter, [])
        own = OWN.get(owner.split(".")[0], {})
        known = ARGUMENTS | own
        passed = {name: known[name] for name in [*needed, *own] if name in signature}
        passed |= {name: value for name, value in CHEAP.items() if name in signature}
        return enter(**{**passed, **given})

    return Door(owner, parameter, frozenset(known), with_what_it_needs)


def _entrances() -> Iterator[tuple[str, set[str], Callable[..., Any], dict[str, Any]]]:
    """Yield every public function and method: its name, options, itself and its parameters."""
    for room in (skhnm, skhnm.metrics, skhnm.miners, skhnm.neighbors, skhnm.plotting):
        for name in room.__all__:
            part = getattr(room, name)
            if not inspect.isclass(part):
                yield name, *_of_function(part)
            elif not inspect.isabstract(part) and not issubclass(part, (tuple, dict)):
                yield from _methods(name, part)
    yield "retrieval_scorer", *_of_function(retrieval_scorer("recall_at_k").__call__)


def _methods(name, part):
    made_with = _parameters(part)
    for method, function in inspect.getmembers(part, callable):
        if method.startswith(("_", "set_", "get_")) or method in ("select", "choose", "plot"):
            continue
        if inspect.ismethod(function):  # a class method: it makes the object
            yield f"{name}.{method}", *_of_function(function)
        else:
            parameters = _parameters(function)
            parameters.pop("self", None)
            known = set(parameters) | (set(made_with) if hasattr(part, "get_params") else set())
            yield f"{name}.{method}", known, _bound(part, method, made_with, parameters), parameters


def _bound(part, method, made_with, parameters):
    def call(**given: Any) -> Any:
        options = {name: given.pop(name) for name in list(given) if name not in parameters}
        if "max_iter" in made_with:
            options |= {"max_iter": 2, "random_state": 0}
        options = {**MADE_WITH.get(part, {}), **options}
        made = part(**options)
        if method in ("fit", "partial_fit", "fit_transform") or not hasattr(part, "fit"):
            pass
        elif part.__name__ in OWN:
            made.fit(**OWN[part.__name__])
        else:
            made.fit(X, given.get("y", Y) if is_classifier(made) else Y)
        return getattr(made, method)(**given)

    return call


def _of_function(function):
    """Return the options of a function, itself, and its parameters.

    It is passed a fitted pipeline that ends in a classifier, with an option of its learner; or the
    classifier of tables, where evidence is asked for.
    """
    parameters = _parameters(function)
    if "estimator" not in parameters:
        return set(parameters), function, parameters
    del parameters["estimator"]

    def call(**given: Any) -> Any:
        if getattr(function, "__self__", None) is EvidenceDisplay:
            return function(HardNegativeClassifier(**QUICK).fit(X, Y), **given)
        options = {"unlabelled": given.pop("unlabelled")} if "unlabelled" in given else {}
        learner = HardNegativeMetricLearner(max_iter=2, random_state=0, **options)
        pipeline = make_pipeline(learner, KNeighborsClassifier(1)).fit(X, Y)
        return function(pipeline, **given)

    return {*parameters, "unlabelled"}, call, parameters


def _parameters(function: Any) -> dict[str, Any]:
    parameters = dict(inspect.signature(function).parameters)
    return {
        name: p for name, p in parameters.items() if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    }


def comparable(result: Any) -> Any:
    """Return the numbers in a result, whatever it is."""
    if isinstance(result, Tuples):
        return [result.anchors, result.positives, result.negatives]
    if hasattr(result, "indices"):  # of offline mining
        return [result.indices, result.similarities]
    if isinstance(result, HardNegativeClassifier):
        return [result.learner_.components_]
    if isinstance(result, EvidenceDisplay | Evidence):
        evidence = getattr(result, "evidence", result)
        return [evidence.rows, evidence.votes, evidence.features]
    if hasattr(result, "figure_"):
        import matplotlib.pyplot as plt

        offsets = [np.asarray(c.get_offsets()) for c in result.ax_.collections]
        plt.close(result.figure_)
        return offsets
    if isinstance(result, EmbeddingAdapter):
        return [result.transform_queries(X), result.transform_corpus(X)]
    if hasattr(result, "components_"):
        return [result.components_]
    if hasattr(result, "coefs_"):
        return list(result.coefs_)
    if hasattr(result, "search_"):
        return [result.search_.order]
    if isinstance(result, skhnm.MinerComparison):
        return list(result.scores.values())
    if isinstance(result, dict):
        return [np.asarray(list(result.values()), dtype=float)]
    return [np.asarray(part) for part in (result if isinstance(result, tuple) else (result,))]
