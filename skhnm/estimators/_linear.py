"""The linear metric learner."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skhnm.common._labels import RAISE
from skhnm.common._typing import FloatArray
from skhnm.common._validation import check_number
from skhnm.embeddings._base import BaseEmbedding
from skhnm.embeddings._linear import LinearEmbedding
from skhnm.estimators._base import BaseMetricLearner
from skhnm.estimators._data import TrainingData
from skhnm.estimators._functions import MahalanobisMetric
from skhnm.estimators._init import check_init, initial_components, scale_to_positives
from skhnm.estimators._parts import make_solver
from skhnm.training._objective import is_normalized


class HardNegativeMetricLearner(BaseMetricLearner):
    """Learn a Mahalanobis metric from labels and hard negatives.

    The learner finds a linear map L under which rows of one class are near and the
    hardest rows of other classes are far: Euclidean distance after `transform` is the
    Mahalanobis distance of M = LᵀL. Put it before a `KNeighborsClassifier`, a clustering
    or an index. Which negatives it learns from is chosen on three axes: the `pool` that
    they may come from, the miner that picks them, and the `loss` that they cost.

    Parameters
    ----------
    n_components : int or None, default=None
        Dimensions of the embedding, 1 to n_features; None keeps n_features. The start "lda"
        has at most n_classes - 1.
    negative_miner : str, miner or function, default="hardest"
        Which candidates become negatives: "random", "easy", "hardest", "rank",
        "semi_hard", "violating", "boundary", "all", "distance_weighted",
        "multi_similarity", "diverse", "context", "filtered", "ohem", "curriculum",
        "adaptive", an instance such as ``SemiHardMiner(margin=0.5)``, or
        ``f(Z, y, positives, pool, pool_y, random_state) -> (n, k)`` rows of the pool.
        A function does not see X as it stands: rows are sorted, merged where they are
        repeated, and those of the batch alone. With parameters ``rows`` and ``pool_rows``
        it is told which rows of X the anchors and the pool are (-1: none).
        Its parameters, here and below, can be set and searched: ``negative_miner__n_negatives``.
    positive_miner : str, positive miner or function, default="nearest"
        Which rows of its class an anchor is drawn to: "nearest", "hardest", "all",
        "random", an instance, or ``f(Z, y, pool, pool_y, random_state) -> (n, p)``, which
        may have parameters ``rows`` and ``pool_rows`` too.
    pool : str, pool or tuple of these, default="dataset"
        Where negatives may come from: "dataset" (all rows, mined anew every
        `refresh_every`), "batch" (class-balanced batches, mined at every step), "memory"
        (batches and the embeddings of earlier ones), "centers" (class means) or "proxies"
        (learned points). Each of a tuple is mined by itself, such as ("batch", "proxies").
    loss : str or loss, default="auto"
        What a tuple costs: "triplet", "large_margin", "contrastive", "margin", "logistic",
        "lifted", "npair", "sup_con", "nca", "robust_nca", "multi_similarity", "circle",
        "proxy_anchor", "soft_triple", an instance, or an object with
        ``value_and_grad(d_pos, d_neg)``. "auto" is "robust_nca"; with `normalize`, "sup_con".
        To search over its parameters, as in ``loss__q``, name it, or pass an instance.
    normalize : bool, default=False
        Bring embeddings to unit length, in training and in `transform`: for retrieval by
        cosine similarity, above all of classes that were not seen in training.
    init : str or array of shape (n_components, n_features), default="auto"
        Where to start: "identity", "rca", "pca", "lda", "random", or components. "rca",
        which is "auto", makes the covariance within classes alike in all directions,
        as far as the rows can tell (relevant components analysis [3]_, shrunk [4]_); with
        fewer components, it keeps the principal ones of what is left. Any start is scaled
        so that the median squared distance to the positives is 1; so margins and
        temperatures mean the same on all data.
    solver : {"auto", "lbfgs", "adam", "sgd"}, default="auto"
        "lbfgs" takes all tuples at once, "adam" and "sgd" (with Nesterov's momentum)
        mini-batches. "auto" is "adam" with a pool that is mined at every step ("batch",
        "memory", "proxies"), else "lbfgs".
    max_iter : int, default=60
        Iterations of L-BFGS, or epochs of mini-batches, in all. Few are a protection against
        overfitting.
    tol : float, default=3e-4
        L-BFGS ends a round when an iteration improves the loss by a smaller share, and
        the fit when a round does; early stopping counts an improvement of the held-out
        precision only if it is larger.
    refresh_every : int, default=10
        Iterations (or epochs) after which positives and negatives are mined anew: late, and other
        rows have come near meanwhile, most of all on tables of few values. With mini-batches and
        the batch pool every step mines.
    batch_size : int, default=256
        Rows of a batch of the batch pool; tuples of a step of Adam on the dataset pool.
    learning_rate : float, default=0.01
        First step size of Adam or SGD, relative to the start.
    schedule : {"cosine", "linear", "constant"}, default="cosine"
        How the step size falls to 0 over the fit.
    alpha : float or "auto", default="auto"
        Shrinkage towards the start: weight of the squared relative change of the
        components. "auto" is 1e-3 for unit embeddings, and else 2 / n_samples: the weight of
        two rows, so the more rows there are, the more the metric may change.
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
        Start from the last fit's components; shrinkage then draws back to these.
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
    components_ : array of shape (n_components, n_features)
        The map L.
    offset_ : array of shape (n_features,) or None
        What `transform` takes off the rows before it maps them: the mean of features that lie so
        far from 0 that products would be rounded, 0 for others; None (as on most data) if there
        are none. Distances are the same with and without.
    classes_ : array of shape (n_classes,)
        The classes seen.
    n_iter_ : int
        Iterations of L-BFGS, or epochs.
    loss_curve_ : list of float
        The objective after each of these; of a stream, the last 1,000. It jumps where new tuples
        were mined.
    mining_curve_ : list of dict
        For each round (of a stream, the last 1,000): "n_iter" iterations (or epochs) on
        "n_tuples" mined; the share "active" that had a gradient; mean "hardness"
        d_p / (d_p + d_n) of a tuple's farthest positive and nearest negative (0 is easy, 0.5
        both equally far); mean distance "spread" of these negatives; and what the miner reports
        of itself, as "curriculum" and "adaptive" do.
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
    sklearn.neighbors.NeighborhoodComponentsAnalysis : A kindred loss over all pairs, with
        n × n memory.

    Notes
    -----
    The defaults are a robust kind of neighbourhood components analysis [1]_, over mined
    neighbours instead of all pairs, re-mined as LMNN's are [2]_, from a start that is good
    already. The user guide shows the measurements by which they were chosen.

    Rows repeated with the same label count once, with their weights added. A row alone in
    its class is never an anchor, but it is still a negative. With a loss on cosine
    similarity ("npair"), compare embeddings by cosine:
    ``KNeighborsClassifier(metric="cosine")``.

    References
    ----------
    .. [1] Goldberger, Hinton, Roweis and Salakhutdinov (2004), "Neighbourhood Components
       Analysis", NIPS 17.
    .. [2] Weinberger and Saul (2009), "Distance Metric Learning for Large Margin Nearest
       Neighbor Classification", JMLR 10.
    .. [3] Bar-Hillel, Hertz, Shental and Weinshall (2005), "Learning a Mahalanobis Metric
       from Equivalence Constraints", JMLR 6.
    .. [4] Ledoit and Wolf (2004), "A Well-Conditioned Estimator for Large-Dimensional
       Covariance Matrices", Journal of Multivariate Analysis 88.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skhnm import HardNegativeMetricLearner
    >>> X, y = load_wine(return_X_y=True)
    >>> pipe = make_pipeline(
    ...     StandardScaler(), HardNegativeMetricLearner(), KNeighborsClassifier(3)
    ... )
    >>> bool(cross_val_score(pipe, X, y).mean() > 0.95)
    True
    """

    _solvers = ("auto", "lbfgs", "adam", "sgd")
    _may_be_auto = ("alpha",)
    _is_linear = True

    def __init__(
        self,
        n_components: int | None = None,
        *,
        negative_miner: Any = "hardest",
        positive_miner: Any = "nearest",
        pool: Any = "dataset",
        loss: Any = "auto",
        normalize: bool = False,
        init: Any = "auto",
        solver: str = "auto",
        max_iter: int = 60,
        tol: float = 3e-4,
        refresh_every: int = 10,
        batch_size: int = 256,
        learning_rate: float = 0.01,
        schedule: str = "cosine",
        alpha: Any = "auto",
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
        self.n_components = n_components
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

    def get_mahalanobis_matrix(self) -> FloatArray:
        """Return M = LᵀL, of shape (n_features, n_features), symmetric and semidefinite."""
        check_is_fitted(self)
        matrix: FloatArray = self.components_.T @ self.components_
        return matrix

    def get_metric(self) -> MahalanobisMetric:
        """Return the learned distance as a function of two rows, which can be pickled.

        Returns
        -------
        metric : callable
            ``metric(u, v, squared=False)``; fits ``KNeighborsClassifier(metric=…)`` and
            SciPy's distances (transforming the rows first is much faster).
        """
        check_is_fitted(self)
        return MahalanobisMetric(self.components_.copy(), self.normalize)

    def _check_embedding_parameters(self, n_features: int) -> None:
        check_number(self.n_components, "n_components", low=1, integer=True, optional=True)
        if self.n_components is not None and self.n_components > n_features:
            raise ValueError(
                f"n_components must be at most the number of features, {n_features}, got "
                f"{self.n_components}"
            )
        check_init(self.init, self.n_components or n_features, n_features)
        if self.warm_start and hasattr(self, "components_"):
            shape = (self.n_components or n_features, n_features)
            if self.components_.shape != shape:
                raise ValueError(
                    f"warm_start continues from components_ of shape {self.components_.shape}, "
                    f"but these data and n_components need {shape}; set warm_start=False"
                )

    def _make_embedding(
        self,
        data: TrainingData,
        parts: dict[str, Any],
        go_on: bool,
        random: np.random.Generator,
        alike: TrainingData | None = None,
    ) -> BaseEmbedding:
        if go_on:
            components = self.components_.astype(np.float64)
        else:
            start = data if alike is None else alike
            components = self._initial_components(start, parts, random)
        return LinearEmbedding(components, self.n_jobs, self._basis(data, parts))

    def _initial_components(
        self, data: TrainingData, parts: dict[str, Any], random: np.random.Generator
    ) -> FloatArray:
        n_components = self.n_components or data.X.shape[1]
        init = "rca" if isinstance(self.init, str) and self.init == "auto" else self.init
        components = initial_components(init, n_components, data, random)
        if is_normalized(self.normalize, parts["loss"]):
            return components
        return scale_to_positives(components, data, parts["positive_miner"], random, self.n_jobs)

    def _basis(self, data: TrainingData, parts: dict[str, Any]) -> FloatArray | None:
        """Return an orthonormal basis (n, d) of the rows, where it pays and changes nothing.

        It pays where two products with n rows are cheaper than one with all features. The
        steps of Adam depend on the coordinates.
        """
        n, d = data.X.shape
        m = self.n_components or d
        if n * (d + m) > m * d or make_solver(self, parts["pool"], self._solvers).stochastic:
            return None
        basis: FloatArray = np.linalg.qr(data.X.T.astype(np.float64))[0].T
        return basis

    def _learned(self, embedding: BaseEmbedding, data: TrainingData) -> dict[str, Any]:
        assert isinstance(embedding, LinearEmbedding)
        components = embedding.components.astype(data.X.dtype)
        return {"components_": components, "offset_": data.offset}

    def _embed(self, X: FloatArray) -> FloatArray:
        embedded: FloatArray = X @ self.components_.T.astype(X.dtype, copy=False)
        return embedded

    def _embedding_vjp(self, X: FloatArray, along: FloatArray) -> FloatArray:
        return along @ self.components_.astype(X.dtype, copy=False)

    def _pair_distance(self, a: FloatArray, b: FloatArray) -> FloatArray:
        if self.normalize:
            return super()._pair_distance(a, b)
        return np.linalg.norm(self._embed(a - b), axis=1)

    @property
    def _n_features_out(self) -> int:
        """Columns of `transform`, for `get_feature_names_out`."""
        return len(self.components_)
