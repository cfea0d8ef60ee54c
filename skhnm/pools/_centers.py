"""Points that stand for a class as pool: its mean, or learned proxies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

import numpy as np

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.common._validation import check_number
from skhnm.pools._base import BasePool, all_rows
from skhnm.pools._batch import BatchPool
from skhnm.pools._members import ClassMeans, Constants, Extras, Proxies


class CenterPool(BasePool):
    """The means of the classes under the current embedding: an anchor's own, and the others.

    Where all rows take part in a step (L-BFGS), the means move with their rows. In
    mini-batches they stay where they were at the last refresh.

    References
    ----------
    He, Zhou, Zhou, Bai and Bai (2018), "Triplet-Center Loss for Multi-View 3D Object
    Retrieval", CVPR. There the centers are learned; see `ProxyPool` for that.

    Examples
    --------
    >>> from skhnm import HardNegativeMetricLearner
    >>> X, y = [[0.0, 0], [1, 0], [0, 1], [1, 1]], [0, 0, 1, 1]
    >>> HardNegativeMetricLearner(pool="centers", loss="triplet").fit(X, y).pool_
    CenterPool()
    """

    mined_each_step: ClassVar[bool] = False
    rows_see_each_other: ClassVar[bool] = False

    def reset(self) -> None:
        self._embed: Callable[[], FloatArray] | None = None
        self._fixed: Constants | None = None

    def begin_round(self, embed: Callable[[], FloatArray]) -> None:
        self._embed = embed
        self._fixed = None

    def draws(
        self, codes: IndexArray, batch_size: int | None, random: np.random.Generator
    ) -> Iterator[IndexArray]:
        yield all_rows(codes)

    def extras(self, rows: IndexArray, codes: IndexArray) -> Extras:
        means = ClassMeans(codes)
        if len(rows) == len(codes):
            return means
        if self._fixed is None:
            assert self._embed is not None
            Z = self._embed()
            self._fixed = Constants(means.embed(Z, Z[:0]), means.codes)
        return self._fixed


class ProxyPool(BasePool):
    """Learned points, one or several for each class: an anchor's own, and the others.

    They begin at the mean of their class; or, if there are several, at rows of it.

    Parameters
    ----------
    n_proxies : int, default=1
        Proxies of each class, at least 1.
    learning_rate : float or None, default=None
        Their own step size, above 0; None is the learner's.

    References
    ----------
    Movshovitz-Attias, Toshev, Leung, Ioffe and Singh (2017), "No Fuss Distance Metric
    Learning Using Proxies", ICCV.

    Examples
    --------
    >>> from skhnm import HardNegativeMetricLearner
    >>> X, y = [[0.0, 0], [1, 0], [0, 1], [1, 1]], [0, 0, 1, 1]
    >>> learner = HardNegativeMetricLearner(pool="proxies", negative_miner="all")
    >>> learner.fit(X, y).pool_
    ProxyPool()
    """

    mined_each_step: ClassVar[bool] = True
    rows_see_each_other: ClassVar[bool] = False
    has_proxies: ClassVar[bool] = True

    def __init__(self, n_proxies: int = 1, *, learning_rate: float | None = None) -> None:
        self.n_proxies = n_proxies
        self.learning_rate = learning_rate

    def check_parameters(self) -> None:
        check_number(self.n_proxies, "n_proxies", low=1, integer=True)
        check_number(self.learning_rate, "learning_rate", low=0, low_open=True, optional=True)

    def reset(self) -> None:
        self._batches = BatchPool()

    def draws(
        self, codes: IndexArray, batch_size: int | None, random: np.random.Generator
    ) -> Iterator[IndexArray]:
        if batch_size is None:
            return iter([all_rows(codes)])
        return self._batches.draws(codes, batch_size, random)

    def start(
        self, embed: Callable[[], FloatArray], codes: IndexArray, random: np.random.Generator
    ) -> FloatArray | None:
        Z = embed()
        if self.n_proxies == 1:
            return ClassMeans(codes).embed(Z, Z[:0])
        members = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes)))[:-1]
        drawn = [np.resize(random.permutation(m), self.n_proxies) for m in members if len(m)]
        return Z[np.concatenate(drawn)]

    def extras(self, rows: IndexArray, codes: IndexArray) -> Extras:
        return Proxies(np.repeat(np.unique(codes), self.n_proxies))
