"""Exact search for the nearest rows of another class, against faiss, scikit-learn and a product.

float32 Gaussian rows, the 10 nearest of each; all sides take turns in one process. skhnm finds
rows of other classes only; faiss's flat index and scikit-learn's brute force know no classes
and find any row. The product is what a search by distances cannot do without: NumPy's, over
all pairs of tiles, on as many threads. And the second mining of a fit on MNIST, which begins
with what the first one found.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from benchmarks import _data
from benchmarks._measure import alternate, check_faiss, in_child
from benchmarks._plot import INK, LOOKS, save, short
from benchmarks._table import Table
from skhnm import HardNegativeMetricLearner
from skhnm.common._threads import run_tiles
from skhnm.miners import HardestMiner
from skhnm.neighbors import ExactIndex
from skhnm.neighbors._candidates import Candidates

K = 10
MOST_FOR_BRUTE = 60_000 * 50  # numbers: scikit-learn takes long
TILES = ((768, 768), (512, 1024), (1024, 1024), (384, 3072))
BLOCKS = ((4096, 1024), (4096, 4096), (16384, 4096))
"""Rows of queries and of the pool that faiss hands to BLAS at a time; its default is the first."""
PRODUCT = {"color": INK, "marker": "D"}
ROUNDING = 1e-5  # of a distance, relative to the largest

Found = tuple[np.ndarray, np.ndarray]
"""Indices (n, k) and squared distances (n, k)."""


def run(*, data: Path | None, quick: bool) -> Iterator[Table]:
    check_faiss()
    shapes = [(60_000, 50, 10), (60_000, 50, 1000), (60_000, 128, 10), (200_000, 128, 10)]
    if quick:
        shapes = [(n // 20, d, max(10, c // 20)) for n, d, c in shapes]
    table = Table(
        f"Seconds to find the {K} nearest rows of each row",
        {
            "rows": ",d", "features": "d", "classes": ",d", "skhnm": ".2f", "faiss flat": ".2f",
            "scikit-learn brute": ".2f", "product of all pairs": ".2f", "skhnm / faiss": ".2f",
            "skhnm / product": ".2f",
        },
        note="skhnm's are of other classes, the others' of any. Rows that search each other share "
        "their distances in skhnm, which takes half of the product. faiss with the best of "
        f"{len(BLOCKS)} sizes of its blocks, the product with the best of {len(TILES)} of its "
        "tiles.",
        name="search",
    )  # fmt: skip
    for shape in shapes:
        ours, faiss, brute, product = in_child(_compare, *shape, 3 if shape[0] < 100_000 else 2)
        table.rows.append((*shape, ours, faiss, brute, product, ours / faiss, ours / product))
    yield table
    save("search", lambda figure: draw(table.rows, figure))
    if data is not None and (data / "mnist.npz").exists():
        yield in_child(_minings, data, 5_000 if quick else None)


def _compare(
    n: int, d: int, n_classes: int, repeats: int
) -> tuple[float, float, float | None, float]:
    """Return the seconds of skhnm, faiss, scikit-learn and the product."""
    random = np.random.default_rng(0)
    X = random.standard_normal((n, d), dtype=np.float32)
    y = random.integers(n_classes, size=n)
    _check_any(X[:1000])
    part = X[: max(1000, n // 10)]
    blocks = _fastest(BLOCKS, lambda blocks: _search_flat(X, part, blocks))
    tiles = _fastest(TILES, lambda tiles: _multiply(part, X, tiles))
    found: dict[str, Found] = {}

    def keep(side: str, search: Callable[[], Found]) -> Callable[[], None]:
        def call() -> None:
            found[side] = search()

        return call

    sides = [
        keep("ours", lambda: ExactIndex().fit(X, y).nearest(X, y, K, own=np.arange(n))),
        keep("faiss", lambda: _search_flat(X, X, blocks)),
        lambda: _multiply(X, X, tiles),
    ]
    if X.size <= MOST_FOR_BRUTE:
        sides.append(keep("brute", lambda: _search_brute(X)))
    ours, faiss, product, *brute = alternate(*sides, repeats=repeats)
    for side in found.keys() - {"ours"}:
        _check_other(found["ours"], found[side], y)
    return ours, faiss, brute[0] if brute else None, product


def _search_flat(X: np.ndarray, queries: np.ndarray, blocks: tuple[int, int]) -> Found:
    import faiss

    variables = faiss.cvar
    variables.distance_compute_blas_query_bs, variables.distance_compute_blas_database_bs = blocks
    index = faiss.IndexFlatL2(X.shape[1])
    index.add(X)
    distances, indices = index.search(queries, K)
    return indices, distances


def _search_brute(X: np.ndarray) -> Found:
    neighbours = NearestNeighbors(n_neighbors=K, algorithm="brute").fit(X)
    distances, indices = neighbours.kneighbors(X)
    return indices, distances**2


def _multiply(A: np.ndarray, B: np.ndarray, tile: tuple[int, int]) -> None:
    """Compute A @ B.T tile by tile, each into the same place, on every core."""
    height, width = tile
    space = threading.local()

    def multiply_rows(number: int) -> None:
        if not hasattr(space, "tile"):
            space.tile = np.empty(tile, dtype=A.dtype)
        rows = A[number * height : (number + 1) * height]
        for start in range(0, len(B), width):
            columns = B[start : start + width]
            np.matmul(rows, columns.T, out=space.tile[: len(rows), : len(columns)])

    run_tiles(multiply_rows, -(-len(A) // height), None, float("inf"))


def _fastest(
    settings: Sequence[tuple[int, int]], call: Callable[[tuple[int, int]], Any]
) -> tuple[int, int]:
    seconds = alternate(*(lambda s=s: call(s) for s in settings), repeats=2)
    return settings[int(np.argmin(seconds))]


def _check_any(X: np.ndarray) -> None:
    """Raise unless all sides find the same, where skhnm is asked for rows of any class."""
    y = np.zeros(len(X), dtype=np.intp)
    indices, distances = ExactIndex().fit(X, y).nearest(X, y, K, side="any")
    for other in (_search_flat(X, X, BLOCKS[0]), _search_brute(X)):
        off = np.abs(distances - other[1]) > ROUNDING * distances.max()
        if off.any() or (indices != other[0]).mean() > 0.001:
            raise AssertionError("the sides find other rows")


def _check_other(ours: Found, any_class: Found, y: np.ndarray) -> None:
    """Raise unless ours begin with those of another class among rows of any class."""
    is_other = y[any_class[0]] != y[:, None]
    rank = np.cumsum(is_other, axis=1) - 1
    row, column = np.nonzero(is_other)
    off = np.abs(ours[1][row, rank[row, column]] - any_class[1][row, column])
    if (off > ROUNDING * np.nanmax(ours[1])).any():
        raise AssertionError("the sides find rows at other distances")


class Recorder(HardestMiner):
    """The default miner; it keeps what it was given to mine."""

    seen: list[Candidates] = []  # noqa: RUF012 - of the class: the learner clones its miner

    def select(self, candidates: Candidates) -> Any:
        self.seen.append(candidates)
        return super().select(candidates)


def _minings(data: Path, n_rows: int | None) -> Table:
    """Tabulate the two minings of a fit on MNIST, the second with and without hints."""
    X, _, y, _ = _data.mnist(data, n_rows)
    X = PCA(50, svd_solver="covariance_eigh").fit_transform(X)
    k = Recorder().n_negatives
    HardNegativeMetricLearner(negative_miner=Recorder(), random_state=0).fit(X, y)
    first, second = Recorder.seen
    found: dict[str, Found] = {}

    def mine(name: str, candidates: Candidates, **changes: Any) -> Callable[[], None]:
        def call() -> None:
            found[name] = replace(candidates, **changes).nearest(k)

        return call

    Z = second.Z
    calls = {
        "first mining": mine("first", first),
        "second mining, without hints": mine("without", second, hints=None),
        "second mining, with what the first one found": mine("with", second),
        "product of all pairs": lambda: _multiply(Z, Z, TILES[0]),
    }
    seconds = alternate(*calls.values(), repeats=3)
    for one, other in zip(found["with"], found["without"], strict=True):
        np.testing.assert_array_equal(one, other)
    table = Table(
        f"The {k} nearest rows of another class, in the two minings of a fit: MNIST, {len(X):,} "
        "rows by PCA to 50 dimensions",
        {"": "", "seconds": ".2f", "/ product": ".2f"},
        note="Hints change nothing in what is found; this was checked.",
        name="search_mnist",
    )
    table.rows = [(name, s, s / seconds[-1]) for name, s in zip(calls, seconds, strict=True)]
    return table


def draw(rows: list[tuple[Any, ...]], figure: Any) -> None:
    """Draw the seconds of each side and shape as bars, and the product as a line across them."""
    sides = ("skhnm, other classes", "faiss flat, any class", "scikit-learn brute, any class")
    panels = figure.subplots(1, len(rows))
    for axes, (n, d, n_classes, *seconds) in zip(panels, rows, strict=True):
        for i in range(len(sides)):
            if seconds[i] is not None:
                axes.bar(i, seconds[i], 0.85, **LOOKS[i].bar)
                axes.annotate(
                    short(seconds[i]), (i, seconds[i]), ha="center", va="bottom", fontsize=8
                )
        axes.axhline(seconds[3], color=INK, linewidth=1.2, linestyle=":", zorder=0)
        axes.plot(len(sides), seconds[3], linestyle="", **PRODUCT)
        axes.annotate(
            short(seconds[3]), (len(sides), seconds[3]), xytext=(0, 6), ha="center",
            textcoords="offset points", fontsize=8,
        )  # fmt: skip
        axes.set_xlim(-0.6, len(sides) + 0.6)
        axes.set_xticks([])
        axes.set_title(f"{n:,} × {d}\n{n_classes:,} classes")
        axes.grid(visible=False)
        axes.margins(y=0.1)
    panels[0].set_ylabel(f"seconds for the {K} nearest of all rows")
    for look, side in zip(LOOKS, sides, strict=False):
        panels[0].bar(np.nan, np.nan, label=side, **look.bar)
    panels[0].plot([], [], linestyle=":", label="product of all pairs", **PRODUCT)
    figure.legend(loc="outside upper center", ncols=2)
