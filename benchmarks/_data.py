"""The data sets: a folder of .npz files, synthetic clusters, and scikit-learn's digits."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits, make_classification
from sklearn.model_selection import train_test_split

Split = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""X_train, X_test, y_train, y_test."""


def find_folder(given: str | None) -> Path | None:
    """Return the folder of data sets, or None where none is named."""
    if given is None:
        print(
            "No folder of data sets: only synthetic sets and those of scikit-learn are used. "
            "Name one with --data or in the environment variable SKHNM_DATA; it holds files "
            "<name>.npz with arrays X (n, d), y (n,) and, where the source has one, split (n,): "
            "0 is training, 1 is test.\n",
            file=sys.stderr,
        )
        return None
    folder = Path(given)
    if not any(folder.glob("*.npz")):
        raise SystemExit(f"{folder} is no folder of data sets: it holds no .npz file")
    return folder


def names(folder: Path, max_features: int) -> list[str]:
    """Names of the sets with at most so many features, smallest first."""
    sizes = {}
    for path in folder.glob("*.npz"):
        with np.load(path, allow_pickle=False) as arrays:
            sizes[path.stem] = arrays["X"].shape
    return sorted((n for n, s in sizes.items() if s[1] <= max_features), key=sizes.__getitem__)


def load(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return X, y and split (None if the set has none)."""
    with np.load(folder / f"{name}.npz", allow_pickle=False) as arrays:
        return arrays["X"], arrays["y"], arrays.get("split")


def digits(seed: int) -> Split:
    """Return a stratified 70/30 split of scikit-learn's digits."""
    X, y = load_digits(return_X_y=True)
    return _stratified(X, y, seed)


def sample(folder: Path, name: str, n_rows: int, seed: int) -> Split:
    """Return a stratified 70/30 split of at most so many rows; tiny classes are left out."""
    X, y, _ = load(folder, name)
    rows = np.random.default_rng(seed).permutation(len(X))[:n_rows]
    X, y = X[rows].astype(np.float64), y[rows]
    classes, counts = np.unique(y, return_counts=True)
    kept = np.isin(y, classes[counts >= 5])
    return _stratified(X[kept], y[kept], seed)


def mnist(folder: Path, n_rows: int | None) -> Split:
    """Return MNIST's own split in float32, pixels in [0, 1]; of the training rows so many."""
    X, y, split = load(folder, "mnist")
    train = np.flatnonzero(split == 0)
    if n_rows is not None:  # rows are sorted by class
        train = np.random.default_rng(0).permutation(train)[:n_rows]
    X = X.astype(np.float32) / 255
    return X[train], X[split == 1], y[train], y[split == 1]


def clusters(n: int, d: int) -> Split:
    """Return n training and 1,000 test rows: ten classes in eight of d features."""
    X, y = make_classification(
        n + 1000, d, n_informative=8, n_redundant=0, n_classes=10, n_clusters_per_class=2,
        class_sep=2.0, random_state=0,
    )  # fmt: skip
    return X[:n], X[n:], y[:n], y[n:]


def overlapping(n: int, d: int, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what `overlapping_chunks` yields, as one."""
    chunks = list(overlapping_chunks(n, d, n_classes))
    return tuple(np.concatenate(parts) for parts in zip(*chunks, strict=True))


def overlapping_chunks(
    n: int, d: int, n_classes: int, size: int = 50_000
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield n rows and their classes, like embeddings whose classes overlap at their borders.

    Embeddings of d numbers vary in far fewer directions, and most in a few of these. So a
    class's centre is drawn in at most twelve directions, which all classes share, with a
    spread that falls by 15 % from one to the next; its rows lie about it with noise of 40 %
    of that spread, and a little noise of any direction. Then each row is brought to unit
    length. In 64 dimensions, the nearest neighbour is of another class for 2 % of 20,000
    rows of 100 classes, and for 11 % of 200,000 rows of 1,000 classes.
    """
    random = np.random.default_rng(0)
    m = min(12, d)
    basis = np.linalg.qr(random.standard_normal((d, m)))[0].T.astype(np.float32)
    spread = (0.85 ** np.arange(m)).astype(np.float32)
    centres = 2.5 * spread * random.standard_normal((n_classes, m), dtype=np.float32)
    for start in range(0, n, size):
        count = min(size, n - start)
        y = random.integers(n_classes, size=count)
        latent = centres[y] + spread * random.standard_normal((count, m), dtype=np.float32)
        X = latent @ basis
        X += np.float32(0.05) * random.standard_normal((count, d), dtype=np.float32)
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        yield X, y


def _stratified(X: np.ndarray, y: np.ndarray, seed: int) -> Split:
    return tuple(train_test_split(X, y, test_size=0.3, stratify=y, random_state=seed))
