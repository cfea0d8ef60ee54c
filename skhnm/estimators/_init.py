"""Where the linear learner starts."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from skhnm._typing import FloatArray
from skhnm._validation import check_choice
from skhnm.estimators._data import TrainingData
from skhnm.miners.positives import BasePositiveMiner
from skhnm.neighbors._candidates import Candidates

INITS = ("auto", "identity", "pca", "lda", "random")
_MOST_ANCHORS = 2000  # that the mean distance to the positives is taken over


def check_init(init: Any, n_components: int, n_features: int) -> None:
    """Raise a ValueError if `init` is no known name and no array of the right shape."""
    if isinstance(init, str):
        check_choice(init, "init", INITS)
        return
    try:
        array = np.asarray(init, dtype=np.float64)
    except (TypeError, ValueError):
        names = ", ".join(map(repr, INITS))
        raise ValueError(
            f"init must be one of {names}, or an array of shape ({n_components}, "
            f"{n_features}); got {init!r}"
        ) from None
    if array.shape != (n_components, n_features):
        raise ValueError(
            f"init must have shape (n_components, n_features) = ({n_components}, "
            f"{n_features}), got {array.shape}"
        )
    if not np.isfinite(array).all():
        raise ValueError("init contains NaN or infinity")


def initial_components(
    init: Any, n_components: int, data: TrainingData, random: np.random.Generator
) -> FloatArray:
    """Return the components (n_components, n_features) float64 to start from, unscaled."""
    n, d = data.X.shape
    if not isinstance(init, str):
        return np.array(init, dtype=np.float64)
    if init == "auto":
        n_classes = len(np.unique(data.codes))
        if n_components >= min(n, d):
            init = "identity"
        else:
            init = "lda" if n_components < n_classes else "pca"
    if init == "identity":
        return np.eye(n_components, d)
    if init == "random":
        return random.standard_normal((n_components, d))
    if init == "pca":
        components = PCA(min(n_components, n, d), svd_solver="full").fit(data.X).components_
    else:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Variables are collinear")
            lda = LinearDiscriminantAnalysis().fit(data.X, data.codes)
        components = lda.scalings_.T[:n_components]
    if len(components) < n_components:
        raise ValueError(
            f"init={init!r} gives at most {len(components)} components for these data, but "
            f"n_components is {n_components}; ask for fewer, or take another init"
        )
    return components.astype(np.float64)


def scale_to_positives(
    components: FloatArray,
    data: TrainingData,
    positive_miner: BasePositiveMiner,
    random: np.random.Generator,
    n_jobs: int | None,
) -> FloatArray:
    """Scale components so that the mean squared distance to the positives is 1.

    Then margins, temperatures and shrinkage mean the same on all data.
    """
    Z = data.X @ components.T.astype(data.X.dtype)
    anchors = np.arange(0, len(Z), -(-len(Z) // _MOST_ANCHORS), dtype=np.intp)
    candidates = Candidates(
        Z[anchors], data.codes[anchors], Z, data.codes, anchors, random, n_jobs=n_jobs
    )
    distances = candidates.distances(positive_miner.choose(candidates))
    mean = np.nanmean(distances) if np.isfinite(distances).any() else 0.0
    return components / np.sqrt(mean) if mean > 0 else components
