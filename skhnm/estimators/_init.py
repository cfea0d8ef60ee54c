"""Where a linear map starts."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from skhnm.common._typing import FloatArray
from skhnm.common._validation import check_choice
from skhnm.estimators._data import TrainingData
from skhnm.miners.positives import BasePositiveMiner, FunctionPositives
from skhnm.neighbors._candidates import Candidates

INITS = ("auto", "identity", "rca", "pca", "lda", "random")
_MOST_ANCHORS = 2000  # that the median distance to the positives is taken over
_LEAST_SHRINKAGE = 0.1  # of the covariance within classes towards a sphere


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
    if not array.any():
        raise ValueError("init is zero everywhere: nothing could be learned from there")


def initial_components(
    init: Any, n_components: int, data: TrainingData, random: np.random.Generator
) -> FloatArray:
    """Return the components (n_components, n_features) float64 to start from, unscaled."""
    d = data.X.shape[1]
    if not isinstance(init, str):
        return np.array(init, dtype=np.float64)
    if init == "auto":
        init = _choose_init(n_components, data)
    if init == "identity":
        return np.eye(n_components, d)
    if init == "random":
        return random.standard_normal((n_components, d))
    if init == "rca":
        components = _relevant_components(data, min(n_components, d))
        components = np.pad(components, ((0, n_components - len(components)), (0, 0)))
    elif init == "pca":
        components = _principal_components(data)[:n_components]
    else:
        components = _discriminants(data)[:n_components]
    if len(components) < n_components:
        raise ValueError(
            f"init={init!r} gives at most {len(components)} components for these data, but "
            f"n_components is {n_components}; ask for fewer, or take another init"
        )
    return components.astype(np.float64)


def _choose_init(n_components: int, data: TrainingData) -> str:
    n, d = data.X.shape
    if n_components < len(np.unique(data.codes)) and len(_discriminants(data)) >= n_components:
        return "identity" if n_components == d else "lda"
    return "identity" if n_components == d or n_components > min(n, d) else "pca"


def _principal_components(data: TrainingData) -> FloatArray:
    components: FloatArray = PCA().fit(_of_order_one(data.X)).components_
    return components


def _relevant_components(data: TrainingData, n_components: int) -> FloatArray:
    """Whiten the covariance within classes; of what is left, keep the principal components.

    So directions in which a class varies count less, as far as the rows can tell: the
    covariance is shrunk towards a sphere as Ledoit and Wolf (2004) estimate.
    """
    X = _of_order_one(data.X)
    counts = np.bincount(data.codes)
    sums = np.zeros((len(counts), X.shape[1]))
    np.add.at(sums, data.codes, X)
    within = X - (sums / np.maximum(counts, 1)[:, None])[data.codes]
    if not within.any():  # no class varies, as at the beginning of a stream
        return np.eye(n_components, X.shape[1])
    shrinkage = max(ledoit_wolf_shrinkage(within, assume_centered=True), _LEAST_SHRINKAGE)
    # No small variance needs to be exact, for all are shrunk; and the eigenvalues always converge.
    pca = PCA(svd_solver="covariance_eigh" if len(X) > X.shape[1] else "full").fit(within)
    variances = pca.singular_values_**2 / len(X)
    sphere = shrinkage * np.square(within).mean()
    elsewhere = 1.0 / np.sqrt(sphere)  # where the rows do not vary
    lengths = 1.0 / np.sqrt((1.0 - shrinkage) * variances + sphere)
    V = pca.components_
    whitening = (V.T * (lengths - elsewhere)) @ V + elsewhere * np.eye(X.shape[1])
    # For a constant feature only rounding stands here. Adam divides by the size of a slope, so it
    # would grow that rounding into a direction.
    whitening[np.abs(whitening) < 1e-10 * np.abs(whitening).max()] = 0.0
    if n_components == len(whitening):
        return whitening
    components: FloatArray = _principal_axes(X @ whitening, n_components) @ whitening
    return components


def _principal_axes(X: FloatArray, k: int) -> FloatArray:
    """Return the k principal axes (k, d), completed where there are fewer rows than that."""
    X = X - X.mean(axis=0)
    if len(X) > X.shape[1]:
        axes: FloatArray = np.linalg.eigh(X.T @ X)[1].T[::-1][:k]
        return axes
    axes = np.linalg.svd(X, full_matrices=k > len(X))[2][:k]
    return axes


def _discriminants(data: TrainingData) -> FloatArray:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Variables are collinear")
        X = _of_order_one(data.X)
        X[:, np.ptp(X, axis=0) < 1e-10] = 0.0  # else rounding would be the best discriminant
        lda = LinearDiscriminantAnalysis().fit(X, data.codes)
    components: FloatArray = lda.scalings_.T[: len(np.unique(data.codes)) - 1]
    return components


def _of_order_one(X: FloatArray) -> FloatArray:
    """Return X in float64 and in units of its largest value, so that no square overflows."""
    X = X.astype(np.float64)
    return X / (np.abs(X).max() or 1.0)


def scale_to_positives(
    components: FloatArray,
    data: TrainingData,
    positive_miner: BasePositiveMiner,
    random: np.random.Generator,
    n_jobs: int | None,
) -> FloatArray:
    """Scale components so that the median squared distance to the positives is 1, zeros aside.

    Then margins, temperatures and shrinkage mean the same on all data, and a few far
    outliers do not decide what they mean.
    """
    Z = data.X @ components.T.astype(data.X.dtype)
    # A function is told no own rows, so it must see the anchors as the pool.
    needs_all = isinstance(positive_miner, FunctionPositives)
    step = 1 if needs_all else -(-len(Z) // _MOST_ANCHORS)
    anchors = np.arange(0, len(Z), step, dtype=np.intp)
    candidates = Candidates(
        Z[anchors], data.codes[anchors], Z, data.codes, anchors, random, n_jobs=n_jobs,
        row_numbers=lambda: (data.rows[anchors], data.rows), stands=data.stands,
    )  # fmt: skip
    distances = candidates.distances(positive_miner.choose(candidates))
    distances = distances[distances > 0]
    return components / np.sqrt(np.median(distances)) if len(distances) else components
