"""Several pools at once: point-to-point and point-to-set learn together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.pools._base import BasePool
from skhnm.pools._members import Extras, Stack


class CombinedPool(BasePool):
    """Each pool is mined by itself; the loss sees the tuples of all.

    Parameters
    ----------
    pools : sequence of BasePool
        At most one that says which rows are mined together (batch, memory, dataset), and
        any number that add points for each class (centers, proxies).
    """

    def __init__(self, pools: Sequence[Any]) -> None:
        self.pools = pools

    def check_parameters(self) -> None:
        if sum(pool.has_proxies for pool in self.pools) > 1:
            raise ValueError("of pools with proxies, take one")
        if not self.pools:
            raise ValueError("a tuple of pools must not be empty: name at least one")
        drawing = [pool for pool in self.pools if pool.rows_see_each_other]
        if len(drawing) > 1:
            raise ValueError(
                "of pools in which rows see each other (batch, memory, dataset), take one: "
                f"got {', '.join(map(repr, drawing))}"
            )

    @property
    def _drawing(self) -> Any:
        """The pool that says which rows are mined together."""
        by_rows = sorted(self.pools, key=lambda pool: -pool.rows_see_each_other)
        return by_rows[0]

    @property
    def mined_each_step(self) -> bool:  # type: ignore[override]
        return self._drawing.mined_each_step

    @property
    def needs_steps(self) -> bool:  # type: ignore[override]
        return any(pool.needs_steps for pool in self.pools)

    @property
    def rows_see_each_other(self) -> bool:  # type: ignore[override]
        return self._drawing.rows_see_each_other

    @property
    def has_proxies(self) -> bool:  # type: ignore[override]
        return any(pool.has_proxies for pool in self.pools)

    def start(
        self, embed: Callable[[], FloatArray], codes: IndexArray, random: np.random.Generator
    ) -> FloatArray | None:
        starts = [pool.start(embed, codes, random) for pool in self.pools]
        return next((start for start in starts if start is not None), None)

    def reset(self) -> None:
        for pool in self.pools:
            pool.reset()

    def begin_round(self, embed: Callable[[], FloatArray]) -> None:
        for pool in self.pools:
            pool.begin_round(embed)

    def draws(
        self, codes: IndexArray, batch_size: int | None, random: np.random.Generator
    ) -> Iterator[IndexArray]:
        return self._drawing.draws(codes, batch_size, random)

    def extras(self, rows: IndexArray, codes: IndexArray) -> Extras:
        return Stack([pool.extras(rows, codes) for pool in self.pools])

    def saw(self, rows: IndexArray, codes: IndexArray, Z: FloatArray) -> None:
        for pool in self.pools:
            pool.saw(rows, codes, Z)

    def views(self, n_rows: int, extras: Extras) -> list[tuple[BasePool, IndexArray]]:
        assert isinstance(extras, Stack)
        found = []
        begin = n_rows
        for pool, part in zip(self.pools, extras.parts, strict=True):
            rows = np.arange(n_rows if pool.rows_see_each_other else 0)
            found.append((pool, np.concatenate([rows, begin + np.arange(len(part.codes))])))
            begin += len(part.codes)
        return found
