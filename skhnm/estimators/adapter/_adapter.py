"""The adapter: linear maps over frozen embeddings, learned from searches."""

from __future__ import annotations

import itertools
import warnings
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skhnm.common._registry import NamedParts, Registry
from skhnm.common._threads import effective_n_jobs, single_threaded_blas, standing_crew
from skhnm.common._typing import FloatArray
from skhnm.common._validation import (
    check_choice,
    check_embeddings,
    check_generator,
    check_number,
)
from skhnm.estimators._fitting import all_or_nothing
from skhnm.estimators.adapter._folds import choose, no_better, splits_of
from skhnm.estimators.adapter._maps import Maps, Mover, starting_maps
from skhnm.estimators.adapter._searches import Searches, read_searches
from skhnm.miners._base import NEGATIVE_MINERS
from skhnm.neighbors._known import INDEXES, resolve_index

SIDES = ("query", "both", "each")
ALPHAS = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003)

_LEAST = 10  # queries
_MANY = 10_000  # queries, beyond which they go on from where some of them have come


class EmbeddingAdapter(NamedParts):
    """Learn to search better over frozen embeddings, from queries and what answers them.

    The embeddings of any model stay as they are; a linear map is learned on top, in seconds, and
    nearest is by cosine similarity. It starts at the identity, and moves away only as far as
    held-out queries are better for it: if none is, it *is* the identity.

    Parameters
    ----------
    side : {"query", "both", "each"}, default="query"
        "query" maps the queries alone, into the space of the corpus, whose vectors and index stay
        as they are. "both" is one map of queries and corpus. "each" is a map of each, also from
        spaces of different dimensions.
    n_components : int or None, default=None
        Dimensions to map to, with "both" and "each"; None keeps those of the narrower side.
    alpha : float or "auto", default="auto"
        Weight of the squared distance to the start, >= 0. "auto" tries 1 to 0.003, from strong to
        weak, until the loss of held-out queries rises, and takes the strongest whose loss is within
        one standard error of the least.
    negative_miner : str, miner or function, default="hardest"
        Who chooses, in the corpus as it lies by then, what each query is driven away from: see
        `mine_hard_negatives`. ``FilteredMiner(relative_margin=0.05)`` passes over rows that are
        as similar as the positive, where many answers are not known.
    n_negatives : int, default=32
        Of each query, at least 1.
    temperature : float, default=0.05
        Of the softmax over similarities, above 0. 0.05 is what others call a scale of 20.
    index : str or index, default="auto"
        Who finds them in the corpus: see `mine_hard_negatives`.
    random_state : int, RandomState, Generator or None, default=None
        Seed of random miners, and of which queries are held out.
    n_jobs : int or None, default=None
        Threads; None takes every core. It never changes the result.
    verbose : int, default=0
        Above 0, print a line for each shrinkage that was tried.

    Attributes
    ----------
    query_components_ : array of shape (n_components, n_query_features) or None
        The map of queries; None is the identity.
    corpus_components_ : array of shape (n_components, n_corpus_features) or None
        The map of the corpus; None is the identity.
    improvement_ : float
        By how much the mean reciprocal rank of held-out queries rose over that of the plain
        search; 0 where nothing is changed. These queries have chosen the shrinkage too, so judge
        on others what a map is worth.
    validation_scores_ : dict from float to float
        The mean reciprocal rank of held-out queries for each `alpha` that was tried; infinity is
        the plain search.
    alpha_ : float
        What was chosen; infinity where nothing is changed.
    n_query_features_, n_corpus_features_ : int
        Columns of both sides in `fit`.
    side_ : str
        The side that was fitted.
    n_queries_ : int
        Queries that were learned from.

    See Also
    --------
    mine_hard_negatives : Hard negatives for a model of one's own.
    HardNegativeMetricLearner : From labels.

    Notes
    -----
    Minimises, over the queries and their positives p, the softmax loss
    ``-log e^(s_p/τ) / (e^(s_p/τ) + Σ_n e^(s_n/τ))`` (`NPairLoss`) plus the shrinkage, by L-BFGS.
    The negatives n are mined anew, in the whole corpus, with each weaker shrinkage. One is
    enough to spoil a search: one that is no negative. Many of them, softly weighed, and the pull
    back to the start are what protects; rows known as positives are never among them.

    Between sides of different dimensions there is no identity and no plain search: the start is
    where queries and their positives covary the most, and takes its place. To fewer dimensions,
    the start is the principal directions of the corpus; the plain search is that in all of them,
    and may be better: `improvement_` is then negative, and a warning says so.

    A map is taken only if it lowers the loss of held-out queries by more than one standard error,
    and raises their mean reciprocal rank. Of at most 1,000 queries each fifth is held out once; of
    more, a fifth (at most 2,000), and 4,000 of the others choose the shrinkage, or so many that
    they meet 2e8 rows of the corpus. Queries with the same first positive are held out together.
    Then all are learned from; more than 10,000 go on from where those have come.

    References
    ----------
    Karpukhin et al. (2020), "Dense Passage Retrieval for Open-Domain Question Answering", EMNLP:
    the softmax. Xiong et al. (2021), "Approximate Nearest Neighbor Negative Contrastive Learning
    for Dense Text Retrieval", ICLR: negatives from the whole corpus, under the moving map.

    Examples
    --------
    Queries live in a space that is turned a little against that of the corpus:

    >>> import numpy as np
    >>> from skhnm import EmbeddingAdapter
    >>> random = np.random.default_rng(0)
    >>> corpus = random.normal(size=(500, 8))
    >>> turned = np.linalg.qr(np.eye(8) + 0.4 * random.normal(size=(8, 8)))[0]
    >>> answers = random.integers(500, size=200)
    >>> queries = corpus[answers] @ turned + 0.3 * random.normal(size=(200, 8))
    >>> adapter = EmbeddingAdapter(random_state=0).fit(queries, corpus, positives=answers)
    >>> bool(adapter.improvement_ > 0.1)
    True
    >>> adapter.transform_queries(queries).shape
    (200, 8)
    """

    _registries: ClassVar[dict[str, Registry]] = {
        "negative_miner": NEGATIVE_MINERS, "index": INDEXES
    }  # fmt: skip

    def __init__(
        self,
        side: str = "query",
        *,
        n_components: int | None = None,
        alpha: Any = "auto",
        negative_miner: Any = "hardest",
        n_negatives: int = 32,
        temperature: float = 0.05,
        index: Any = "auto",
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.side = side
        self.n_components = n_components
        self.alpha = alpha
        self.negative_miner = negative_miner
        self.n_negatives = n_negatives
        self.temperature = temperature
        self.index = index
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(
        self, queries: Any, corpus: Any, positives: Any = None, sample_weight: Any = None
    ) -> Self:
        """Learn the maps.

        Parameters
        ----------
        queries : array-like of shape (n, n_query_features)
            Embeddings of queries, finite; from ten with a positive on, and better a hundred.
        corpus : array-like of shape (N, n_corpus_features)
            Embeddings of all that is searched, or of a good part of it.
        positives : array of shape (n,) or (n, p), list of n lists, or sparse array (n, N)
            Rows of the corpus that answer each query; -1 and missing values are padding. A
            sparse array (of SciPy) holds judgements: +1 where a row answers a query, -1 where it
            is known not to (then it is always among the negatives), and nothing where nobody
            knows.
        sample_weight : array-like of shape (n,), optional
            Weight of each query, >= 0.

        Returns
        -------
        self
            The fitted adapter. If fitting fails or is interrupted, it is as before.

        Raises
        ------
        ValueError
            If an argument or a parameter cannot be used.

        Warns
        -----
        UserWarning
            If queries are left out, or the maps are no better than none, and so are none.
        """
        self._check_parameters()
        searches = read_searches(
            queries, corpus, positives, sample_weight, one_space=self.side != "each"
        )
        self._check_dimensions(searches)
        if len(searches) < _LEAST:
            raise ValueError(
                f"{len(searches)} queries are too few to tell a better map from a worse one: "
                f"pass at least {_LEAST} with a positive"
            )
        with all_or_nothing(self):
            return self._fit(searches)

    def _fit(self, searches: Searches) -> Self:
        random = check_generator(self.random_state)
        splits = splits_of(searches, random)
        mining = {
            "miner": self.negative_miner, "n_negatives": self.n_negatives, "index": self.index,
            "n_jobs": self.n_jobs, "random_state": int(random.integers(2**32)),
        }  # fmt: skip
        alphas = ALPHAS if isinstance(self.alpha, str) else (float(self.alpha),)

        def start(some: Searches) -> Maps:
            return starting_maps(self.side, some, self.n_components)

        with single_threaded_blas(), standing_crew():
            movers = [Mover(self.side, s, start(s), self.temperature, mining) for s, _ in splits]
            ranks, losses = self._judge(movers, [held_out for _, held_out in splits], alphas)
            best = choose(ranks, losses, may_stay=self.n_components is None)
            maps = start(searches)
            if np.isfinite(best):
                walked = [alpha for alpha in alphas if alpha >= best]
                mover = Mover(self.side, searches, maps, self.temperature, mining)
                if len(searches) > _MANY:
                    mover.go_to(movers[0].maps)
                    walked = [best]
                *_, maps = mover.walk(walked)
        scores = {alpha: float(values.mean()) for alpha, values in ranks.items()}
        if scores[best] <= scores[np.inf]:
            warnings.warn(no_better(scores, best, self.n_components), UserWarning, stacklevel=3)
        self._keep(searches, maps, best, scores)
        return self

    def _judge(
        self,
        movers: list[Mover],
        held_out: list[Searches],
        alphas: tuple[float, ...],
    ) -> tuple[dict[float, FloatArray], dict[float, FloatArray]]:
        """Return reciprocal ranks and losses of held-out queries, plain and on the way.

        They count by their weights, whose mean is 1.
        """
        plain = [
            Maps(None, None) if each.Q.shape[1] == each.D.shape[1] else mover.maps
            for each, mover in zip(held_out, movers, strict=True)
        ]
        walks = zip(*(mover.walk(alphas) for mover in movers), strict=True)
        steps = itertools.chain([plain], walks)
        weights = np.concatenate([each.weights for each in held_out])
        weights = weights / weights.mean()
        ranks: dict[float, FloatArray] = {}
        losses: dict[float, FloatArray] = {}
        for alpha, maps in zip((np.inf, *alphas), steps, strict=False):
            judged = [
                each.judge(m.of_queries(each.Q), m.of_corpus(each.D), self.temperature)
                for each, m in zip(held_out, maps, strict=True)
            ]
            ranks[alpha], losses[alpha] = (
                weights * np.concatenate(part) for part in zip(*judged, strict=True)
            )
            if self.verbose:
                print(
                    f"[EmbeddingAdapter] alpha {alpha:g}  held-out MRR {ranks[alpha].mean():.4f}  "
                    f"loss {losses[alpha].mean():.4f}"
                )
            if len(losses) > 2 and losses[alpha].mean() > min(v.mean() for v in losses.values()):
                break
        return ranks, losses

    def _keep(
        self, searches: Searches, maps: Maps, best: float, scores: dict[float, float]
    ) -> None:
        same_width = searches.Q.shape[1] == searches.D.shape[1]
        if not np.isfinite(best) and same_width:
            maps = Maps(None, None)
        self.query_components_, self.corpus_components_ = (
            None if each is None else each.astype(searches.Q.dtype)
            for each in (maps.queries, maps.corpus)
        )
        self.side_ = self.side
        self.n_query_features_, self.n_corpus_features_ = searches.Q.shape[1], searches.D.shape[1]
        self.alpha_ = best
        self.validation_scores_ = scores
        self.improvement_ = scores[best] - scores[np.inf]
        self.n_queries_ = len(searches)

    def transform_queries(self, queries: Any) -> FloatArray:
        """Map queries to where the corpus is searched.

        Parameters
        ----------
        queries : array-like of shape (n, n_query_features)
            Embeddings.

        Returns
        -------
        Z : array of shape (n, n_components)
            At unit length; a zero row stays zero.
        """
        return self._transform(queries, 0, "queries")

    def transform_corpus(self, corpus: Any) -> FloatArray:
        """Map rows of the corpus to where they are searched.

        Parameters
        ----------
        corpus : array-like of shape (N, n_corpus_features)
            Embeddings.

        Returns
        -------
        Z : array of shape (N, n_components)
            With side="query", the rows as they are; else at unit length.
        """
        return self._transform(corpus, 1, "corpus")

    def _transform(self, given: Any, which: int, name: str) -> FloatArray:
        check_is_fitted(self, "improvement_")
        X = check_embeddings(given, name)
        width = self.n_corpus_features_ if which else self.n_query_features_
        if X.shape[1] != width:
            raise ValueError(f"{name} has {X.shape[1]} columns, but fit saw {width}")
        if which and self.side_ == "query":
            return X
        maps = Maps(self.query_components_, self.corpus_components_)
        return maps.of_corpus(X) if which else maps.of_queries(X)

    def _check_parameters(self) -> None:
        check_choice(self.side, "side", SIDES)
        check_number(self.n_components, "n_components", low=1, integer=True, optional=True)
        check_number(self.alpha, "alpha", low=0, auto=True)
        check_number(self.n_negatives, "n_negatives", low=1, integer=True)
        check_number(self.temperature, "temperature", low=0, low_open=True)
        check_number(self.verbose, "verbose", low=0, integer=True)
        check_number(self.n_jobs, "n_jobs", integer=True, optional=True)
        effective_n_jobs(self.n_jobs)
        NEGATIVE_MINERS.resolve(self.negative_miner)
        if not (isinstance(self.index, str) and self.index == "auto"):
            resolve_index(self.index, self.n_jobs)

    def _check_dimensions(self, searches: Searches) -> None:
        if self.n_components is None:
            return
        if self.side == "query":
            raise ValueError(
                "side='query' maps into the space of the corpus, which has the dimensions that it "
                "has: leave out n_components, or take side='both'"
            )
        most = min(searches.Q.shape[1], searches.D.shape[1])
        if self.n_components > most:
            raise ValueError(
                f"n_components must be at most {most}, the dimensions of the narrower side, got "
                f"{self.n_components}"
            )
