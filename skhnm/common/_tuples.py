"""The common currency: what a miner hands to a loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skhnm.common._typing import FloatArray, IndexArray


@dataclass(frozen=True, eq=False)
class Tuples:
    """Anchors with their positives and negatives, as row indices.

    Parameters
    ----------
    anchors : array of shape (t,), intp
        Rows of the query embeddings.
    positives : array of shape (t, p), intp
        Rows of the pool, of the anchor's class; -1 is padding.
    negatives : array of shape (t, k), intp
        Rows of the pool, of another class; -1 is padding.
    weights : array of shape (t,), float, or None
        Weight of each tuple; None weighs all alike.

    Raises
    ------
    ValueError
        If the shapes do not fit each other.

    Examples
    --------
    >>> from skhnm import Tuples
    >>> tuples = Tuples(anchors=[0], positives=[[1]], negatives=[[2, 3, -1]])
    >>> len(tuples)
    1
    >>> tuples.triplets()
    array([[0, 1, 2],
           [0, 1, 3]])
    """

    anchors: IndexArray
    positives: IndexArray
    negatives: IndexArray
    weights: FloatArray | None = None

    def __post_init__(self) -> None:
        for name, n_dimensions in (("anchors", 1), ("positives", 2), ("negatives", 2)):
            given = np.asarray(getattr(self, name))
            if given.size and given.dtype.kind not in "iu":
                raise ValueError(f"{name} must hold row indices, got dtype {given.dtype}")
            rows = given.astype(np.intp, copy=False)
            if rows.ndim != n_dimensions or len(rows) != len(self.anchors):
                raise ValueError(
                    f"{name} must have {n_dimensions} dimension(s) and one row a tuple "
                    f"({len(self.anchors)}), got shape {rows.shape}"
                )
            object.__setattr__(self, name, rows)
        if self.weights is not None:
            weights = np.asarray(self.weights, dtype=np.float64)
            if weights.shape != self.anchors.shape:
                raise ValueError(
                    f"weights must have shape {self.anchors.shape}, got {weights.shape}"
                )
            object.__setattr__(self, "weights", weights)

    def __len__(self) -> int:
        return len(self.anchors)

    def __repr__(self) -> str:
        return (
            f"Tuples({len(self)} tuples, up to {self.positives.shape[1]} positives "
            f"and {self.negatives.shape[1]} negatives each)"
        )

    def __getitem__(self, rows: slice | IndexArray) -> Tuples:
        """Return the tuples that a slice, index array or mask selects."""
        weights = None if self.weights is None else self.weights[rows]
        return Tuples(self.anchors[rows], self.positives[rows], self.negatives[rows], weights)

    def triplets(self) -> IndexArray:
        """Return every (anchor, positive, negative), without padding.

        Returns
        -------
        triplets : array of shape (T, 3), intp
            In the order of the tuples, then of the positives, then of the negatives.
        """
        (t, p), k = self.positives.shape, self.negatives.shape[1]
        shape = (t, p, k)
        columns = (
            np.broadcast_to(self.anchors[:, None, None], shape),
            np.broadcast_to(self.positives[:, :, None], shape),
            np.broadcast_to(self.negatives[:, None, :], shape),
        )
        triplets = np.stack([column.ravel() for column in columns], axis=1)
        return triplets[(triplets >= 0).all(axis=1)]

    @staticmethod
    def concatenate(parts: Sequence[Tuples]) -> Tuples:
        """Stack tuples that index the same rows; narrower ones are padded.

        Parameters
        ----------
        parts : sequence of Tuples
            At least one. If some have weights, the others weigh 1.
        """
        if not parts:
            raise ValueError("Tuples.concatenate needs at least one part, got none")
        weights = None
        if any(part.weights is not None for part in parts):
            weights = np.concatenate(
                [np.ones(len(p)) if p.weights is None else p.weights for p in parts]
            )
        return Tuples(
            np.concatenate([part.anchors for part in parts]),
            _stack_padded([part.positives for part in parts]),
            _stack_padded([part.negatives for part in parts]),
            weights,
        )


def _stack_padded(blocks: Sequence[IndexArray]) -> IndexArray:
    """Stack (t_i, k_i) blocks into (Σ t_i, max k_i), padding with -1."""
    stacked = np.full(
        (sum(len(b) for b in blocks), max(b.shape[1] for b in blocks)), -1, dtype=np.intp
    )
    row = 0
    for block in blocks:
        stacked[row : row + len(block), : block.shape[1]] = block
        row += len(block)
    return stacked
