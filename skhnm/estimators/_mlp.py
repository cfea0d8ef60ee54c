"""The MLP metric learner."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skhnm.common._labels import RAISE
from skhnm.common._typing import FloatArray
from skhnm.common._validation import check_choice, check_number
from skhnm.embeddings._base import BaseEmbedding
from skhnm.embeddings._mlp import ACTIVATIONS, MLPEmbedding
from skhnm.estimators._base import BaseMetricLearner
from skhnm.estimators._data import TrainingData
from skhnm.estimators._functions import MLPMetric
from skhnm.estimators._init import check_init, initial_components, scale_to_positives
from skhnm.estimators._parts import check_setting
from skhnm.training._objective import is_normalized

_EPOCHS = 20
_MOST_ROWS = 400_000  # that pass in all epochs together


class MLPMetricLearner(BaseMetricLearner):
    """Learn an embedding by a small network, from labels and hard negatives.

    The embedding is ``h(x) + S x``: a multi-layer perceptron h and beside it a linear path S.
    S begins where `HardNegativeMetricLearner` begins and h at zero, so training starts from
    good distances instead of from noise. Where features act together, as on a chessboard or
    in an image, it learns what no linear map can. The defaults are those of the linear learner
    (mined neighbours of each row, the same loss and start), as far as steps allow.

    With `normalize`, for pixels in great number and for classes that are not seen in training,
    "auto" stands for something else: the supervised contrastive loss over large batches.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(128,)
        Neurons of each hidden layer; empty leaves the linear path alone.
    n_components : int, None or "auto", default="auto"
        Dimensions of the embedding; None is n_features. "auto" is 32, or n_features if that is
        less; with `normalize`, 32.
    activation : {"relu", "tanh", "logistic", "identity"}, default="relu"
        Of the hidden layers.
    skip : bool, default=True
        Keep the linear path beside the hidden layers.
    negative_miner : str, miner or function, default="hardest"
        Which candidates become negatives: "random", "easy", "hardest", "rank",
        "semi_hard", "violating", "boundary", "all", "distance_weighted",
        "multi_similarity", "diverse", "context", "filtered", "ohem", "curriculum",
        "adaptive", an instance such as ``SemiHardMiner(margin=0.5)``, or
        ``f(Z, y, positives, pool, pool_y, random_state) -> (n, k)`` rows of the pool.
        A function does not see X as it stands: rows are sorted, merged where they are
        repeated, and those of the batch alone. With parameters ``rows`` and ``pool_rows``
        it is told which rows of X the anchors and the pool are (-1: none).
    positive_miner : str, positive miner or function, default="auto"
        Which rows of its class an anchor is drawn to: "nearest", "hardest", "all",
        "random", an instance, or ``f(Z, y, pool, pool_y, random_state) -> (n, p)``, which
        may have parameters ``rows`` and ``pool_rows`` too. "auto" is "nearest"; with
        `normalize`, "all".
    pool : str, pool or tuple of these, default="auto"
        Where negatives may come from: "dataset" (all rows, mined anew every
        `refresh_every`), "batch" (class-balanced batches, mined at every step), "memory"
        (batches and the embeddings of earlier ones), "centers" (class means) or "proxies"
        (learned points). Each of a tuple is mined by itself, such as ("batch", "proxies").
        "auto" is "dataset"; with `normalize`, "batch", which takes less time where rows are many.
    loss : str or loss, default="auto"
        What a tuple costs: "triplet", "large_margin", "contrastive", "margin", "logistic",
        "lifted", "npair", "sup_con", "nca", "robust_nca", "multi_similarity", "circle",
        "proxy_anchor", "soft_triple", an instance, or an object with
        ``value_and_grad(d_pos, d_neg)``.
        "auto" is "robust_nca"; with `normalize`, "sup_con".
    normalize : bool, default=False
        Bring embeddings to unit length, where Euclidean distance ranks as cosine does.
    init : str or array of shape (n_components, n_features), default="auto"
        Where the linear path starts: "identity", "rca", "pca", "lda", "random", or components.
        "auto" is "rca", as of the linear learner, with more components than features padded by
        zeros. With `normalize`, or a loss on cosine similarity, it is "identity" if
        n_components >= n_features; else "lda" if n_components < n_classes, else "pca".
    solver : {"auto", "adam", "sgd"}, default="auto"
        "auto" is "adam". "sgd" has Nesterov's momentum, and wants a larger rate.
    max_iter : int or "auto", default="auto"
        Epochs. "auto" is 20; without `normalize`, of more than 20,000 rows as many as it takes for
        400,000 to pass, at least 5.
    tol : float, default=1e-3
        Early stopping counts an improvement of the held-out precision only if it is larger.
    refresh_every : int, default=5
        With a pool that is not mined at every step ("dataset", "centers"): epochs after
        which it is mined anew.
    batch_size : int or "auto", default="auto"
        Rows of a batch; with such a pool, tuples of a step. "auto" is 128; with `normalize`, 512.
    learning_rate : float or "auto", default="auto"
        First step size. "auto" is 0.01; with `normalize`, 0.001.
    schedule : {"cosine", "linear", "constant"}, default="cosine"
        How the step size falls to 0 over the fit.
    alpha : float, default=1e-4
        Weight decay: weight of the squared weights, and of the squared distance of the
        linear path from its start.
    class_weight : "balanced", dict or None, default=None
        Weight of the anchors of each class; a dict gives others 1, and may name classes that have
        no rows (yet).
    unlabelled : label or None, default="raise"
        The value of y that means "no class", None or NaN for missing ones; such rows are left
        out. By default every value is a class, -1 too, and a missing one an error.
    early_stopping : bool or "classes", default=False
        Hold out rows, keep the round (or the start) with the best precision at 1 there, and stop
        after `n_iter_no_change` rounds without a better. "classes" holds out whole classes, which
        are judged among themselves: for retrieval of classes that are not seen in training. True
        does so where no class has more than two rows. With few rounds
        (``max_iter / refresh_every``) it only picks the best.
    validation_fraction : float, default=0.1
        Share of the rows (of each class, as far as it goes; two stay) or of the classes (at least
        two) to hold out, in (0, 1).
    n_iter_no_change : int, default=5
        Rounds without improvement (a round is a mining, or an epoch of mined batches)
        after which early stopping stops.
    warm_start : bool, default=False
        Go on from the last fit's weights; the linear path is then drawn back to its own.
    random_state : int, RandomState, Generator or None, default=None
        Seed of random miners, batches, the random start and the held-out rows. The other
        choices, the defaults among them, use no randomness.
    n_jobs : int or None, default=None
        Threads; None takes every core that the process may use. It never changes the
        result.
    verbose : int, default=0
        Above 0, print a line after each round.

    Attributes
    ----------
    coefs_ : list of arrays of shape (n_in, n_out)
        Weights of the layers, the last one's being (n_hidden, n_components).
    intercepts_ : list of arrays of shape (n_out,)
        Their intercepts.
    skip_coef_ : array of shape (n_features, n_components) or None
        The linear path.
    offset_ : array of shape (n_features,) or None
        What is taken off rows before they enter the first layer; as in
        `HardNegativeMetricLearner`, None on most data.
    classes_ : array of shape (n_classes,)
        The classes seen.
    n_iter_ : int
        Epochs.
    loss_curve_ : list of float
        The mean objective of each epoch; of a stream, of the last 1,000.
    mining_curve_ : list of dict
        As in `HardNegativeMetricLearner`, for each epoch.
    validation_scores_ : list of float
        With `early_stopping`: held-out precision at 1 at the start and after each round.
    reservoir_
        After `partial_fit`: the sample of the past.
    negative_miner_, positive_miner_, pool_, loss_
        What the parameters were resolved to.
    n_features_in_ : int
        Features seen in `fit`.
    feature_names_in_ : array of shape (n_features,)
        Their names, where X had string column names.

    See Also
    --------
    HardNegativeMetricLearner : The linear learner; with less to overfit, often better.

    Notes
    -----
    Everything is computed in the type of X: pass float32 for speed. The path beside the layers
    is that of residual networks [2]_. With `normalize`, the defaults are the supervised
    contrastive loss [1]_ over batches of 8 rows a class; without, neighbourhood components
    analysis over neighbours that are mined anew every `refresh_every` epochs, and not drawn at
    random as in [3]_: on tables of few values, random ones learn far less.

    References
    ----------
    .. [1] Khosla et al. (2020), "Supervised Contrastive Learning", NeurIPS 33.
    .. [2] He, Zhang, Ren and Sun (2016), "Deep Residual Learning for Image Recognition",
       CVPR.
    .. [3] Ye, Yin, Zhan and Chao (2025), "Revisiting Nearest Neighbor for Tabular Data: A Deep
       Tabular Baseline Two Decades Later", ICLR.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skhnm import MLPMetricLearner
    >>> X, y = load_digits(return_X_y=True)
    >>> learner = MLPMetricLearner(hidden_layer_sizes=(64,), max_iter=5, random_state=0)
    >>> learner.fit(X[:1000], y[:1000]).transform(X[1000:]).shape
    (797, 32)
    """

    _solvers = ("auto", "adam", "sgd")
    _scales_features = True
    _may_be_auto = ("max_iter", "n_components")
    _auto: ClassVar[dict[str, tuple[Any, Any]]] = {
        "pool": ("dataset", "batch"),
        "positive_miner": ("nearest", "all"),
        "loss": ("robust_nca", "sup_con"),
        "batch_size": (128, 512),
        "learning_rate": (1e-2, 1e-3),
    }

    def __init__(
        self,
        hidden_layer_sizes: Any = (128,),
        n_components: Any = "auto",
        *,
        activation: str = "relu",
        skip: bool = True,
        negative_miner: Any = "hardest",
        positive_miner: Any = "auto",
        pool: Any = "auto",
        loss: Any = "auto",
        normalize: bool = False,
        init: Any = "auto",
        solver: str = "auto",
        max_iter: Any = "auto",
        tol: float = 1e-3,
        refresh_every: int = 5,
        batch_size: Any = "auto",
        learning_rate: Any = "auto",
        schedule: str = "cosine",
        alpha: float = 1e-4,
        class_weight: Any = None,
        unlabelled: Any = RAISE,
        early_stopping: Any = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        warm_start: bool = False,
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.n_components = n_components
        self.activation = activation
        self.skip = skip
        self.negative_miner = negative_miner
        self.positive_miner = positive_miner
        self.pool = pool
        self.loss = loss
        self.normalize = normalize
        self.init = init
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.refresh_every = refresh_every
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.alpha = alpha
        self.class_weight = class_weight
        self.unlabelled = unlabelled
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def get_metric(self) -> MLPMetric:
        """Return the learned distance as a function of two rows, which can be pickled.

        Returns
        -------
        metric : callable
            ``metric(u, v, squared=False)``. Transforming the rows first is much faster.
        """
        check_is_fitted(self)
        return MLPMetric(self._fitted_embedding(np.float64), self.normalize, self.offset_)

    def _check_embedding_parameters(self, n_features: int) -> None:
        check_setting(self, "n_components", low=1, integer=True, optional=True)
        for size in self._hidden_sizes():
            check_number(size, "hidden_layer_sizes", low=1, integer=True)
        check_choice(self.activation, "activation", tuple(ACTIVATIONS))
        n_components = self._n_components(n_features)
        check_init(self.init, n_components, n_features)
        if not self.skip and not self._hidden_sizes():
            raise ValueError("without hidden layers there must be a linear path: set skip=True")
        if self.warm_start and hasattr(self, "coefs_"):
            sizes = [n_features, *self._hidden_sizes(), n_components]
            shapes = list(itertools.pairwise(sizes))
            fitted = [W.shape for W in self.coefs_]
            if shapes != fitted or self.skip != (self.skip_coef_ is not None):
                raise ValueError(
                    f"warm_start continues from layers of shapes {fitted}, but these data and "
                    f"parameters need {shapes}; set warm_start=False"
                )

    def _n_components(self, n_features: int) -> int:
        if isinstance(self.n_components, str):  # "auto"
            return 32 if self.normalize else min(32, n_features)
        return self.n_components or n_features

    def _n_iterations(self, n_rows: int) -> int:
        if not isinstance(self.max_iter, str):
            return self.max_iter
        return _EPOCHS if self.normalize else max(5, min(_EPOCHS, _MOST_ROWS // n_rows))

    def _hidden_sizes(self) -> list[int]:
        given = self.hidden_layer_sizes
        return list(given) if isinstance(given, Iterable) else [given]

    def _make_embedding(
        self,
        data: TrainingData,
        parts: dict[str, Any],
        go_on: bool,
        random: np.random.Generator,
        alike: TrainingData | None = None,
    ) -> BaseEmbedding:
        dtype = data.X.dtype
        mean = np.broadcast_to(data.mean, data.X.shape[1:])
        keeps_origin = is_normalized(self.normalize, parts["loss"])
        origin = mean * data.scale if keeps_origin and self.skip else None
        if go_on:  # from the units of X to those of the training rows
            coefs, intercepts, skip = self.coefs_, self.intercepts_, self.skip_coef_
            off = 0.0 * mean if self.offset_ is None else self.offset_
            if skip is not None:
                last = intercepts[-1] + ((0.0 if keeps_origin else mean) - off) @ skip
                intercepts, skip = [*intercepts[:-1], last], skip / data.scale
            intercepts = [intercepts[0] + (mean - off) @ coefs[0], *intercepts[1:]]
            coefs = [coefs[0] / data.scale, *coefs[1:]]
        else:
            start = data if alike is None else alike
            skip = self._start_of_skip(start, parts, origin, random) if self.skip else None
            sizes = [data.X.shape[1], *self._hidden_sizes(), self._n_components(data.X.shape[1])]
            gain = 2.0 if self.activation == "relu" else 1.0
            coefs = [
                random.standard_normal((a, b)) * np.sqrt(gain / a)
                for a, b in itertools.pairwise(sizes)
            ]
            if skip is not None:
                coefs[-1] = np.zeros_like(coefs[-1])
            intercepts = [np.zeros(W.shape[1]) for W in coefs]
        return MLPEmbedding(
            [W.astype(dtype) for W in coefs], [b.astype(dtype) for b in intercepts],
            None if skip is None else skip.astype(dtype), origin, self.activation, self.n_jobs,
        )  # fmt: skip

    def _start_of_skip(
        self,
        data: TrainingData,
        parts: dict[str, Any],
        origin: FloatArray | None,
        random: np.random.Generator,
    ) -> FloatArray:
        """Return the linear path (d, m) to start from, of the scale of the hidden layers'."""
        init = self.init
        if isinstance(init, str) and init == "auto" and origin is None:
            init = "rca"
        components = initial_components(init, self._n_components(data.X.shape[1]), data, random)
        if origin is None:
            return scale_to_positives(
                components, data, parts["positive_miner"], random, self.n_jobs
            ).T
        Z = (data.X + origin) @ components.T
        length = float(np.sqrt(np.einsum("ij,ij->", Z, Z) / len(Z)))
        return components.T / (length or 1.0)

    def _learned(self, embedding: BaseEmbedding, data: TrainingData) -> dict[str, Any]:
        assert isinstance(embedding, MLPEmbedding)
        coefs, intercepts, skip = embedding.layers()
        coefs, intercepts = [W.copy() for W in coefs], [b.copy() for b in intercepts]
        coefs[0] *= data.scale  # from the units of the training rows to those of X
        mean = np.broadcast_to(data.mean, len(coefs[0]))
        off = 0.0 * mean if data.offset is None else data.offset
        intercepts[0] -= (mean - off) @ coefs[0]
        if skip is not None:
            skip = skip * skip.dtype.type(data.scale)
            intercepts[-1] -= ((0.0 if embedding.has_origin else mean) - off) @ skip
        return {
            "coefs_": coefs, "intercepts_": intercepts, "skip_coef_": skip, "offset_": data.offset
        }  # fmt: skip

    def _fitted_embedding(self, dtype: Any) -> MLPEmbedding:
        """Return the embedding in the units of X."""
        skip = self.skip_coef_
        return MLPEmbedding(
            [W.astype(dtype, copy=False) for W in self.coefs_],
            [b.astype(dtype, copy=False) for b in self.intercepts_],
            None if skip is None else skip.astype(dtype, copy=False),
            None, self.activation, self.n_jobs,
        )  # fmt: skip

    def _embed(self, X: FloatArray) -> FloatArray:
        return self._fitted_embedding(X.dtype).embed(X)

    def _embedding_vjp(self, X: FloatArray, along: FloatArray) -> FloatArray:
        return self._fitted_embedding(X.dtype).vjp(X, along)

    @property
    def _n_features_out(self) -> int:
        """Columns of `transform`, for `get_feature_names_out`."""
        return self.coefs_[-1].shape[1]
