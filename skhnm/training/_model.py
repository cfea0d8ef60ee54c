"""All that a fit learns, as one vector, and where everybody lies under it."""

from __future__ import annotations

from typing import Any

import numpy as np

from skhnm.common._typing import FloatArray
from skhnm.embeddings._base import BaseEmbedding
from skhnm.kernels._rows import unit_rows
from skhnm.pools._members import Members


class Model:
    """The embedding, the pool's proxies and the loss's shift.

    Parameters
    ----------
    embedding : BaseEmbedding
        Its parameters come first in the vector, and share its memory.
    proxies : (c, m) float
        Where the pool's proxies begin; c is 0 without proxies.
    n_shifts : int
        Shifts of distances that the loss learns; they begin at 0.
    normalize : bool
        Whether members lie at unit length.
    """

    def __init__(
        self, embedding: BaseEmbedding, proxies: FloatArray, n_shifts: int, normalize: bool
    ) -> None:
        self.embedding = embedding
        self.normalize = normalize
        self._shape = proxies.shape
        dtype = embedding.parameters.dtype
        self.parts = np.cumsum([len(embedding.parameters), proxies.size, n_shifts])
        self.parameters = np.concatenate(
            [embedding.parameters, proxies.ravel().astype(dtype), np.zeros(n_shifts, dtype)]
        )

    @property
    def parameters(self) -> FloatArray:
        """The vector; to change it in place changes the embedding."""
        return self._parameters

    @parameters.setter
    def parameters(self, vector: FloatArray) -> None:
        own = self.embedding.parameters.dtype
        self._parameters = vector.astype(own, copy=False)
        self.embedding.parameters = self._parameters[: self.parts[0]]

    @property
    def proxies(self) -> FloatArray:
        """Where the proxies are (c, m)."""
        return self._parameters[self.parts[0] : self.parts[1]].reshape(self._shape)

    @property
    def shifts(self) -> FloatArray:
        """What the loss's distances are shortened by."""
        return self._parameters[self.parts[1] :]

    def seen(self, Z: FloatArray) -> FloatArray:
        """Return embeddings as miners and the loss see them."""
        return unit_rows(Z)[0] if self.normalize else Z

    def place(self, Z: FloatArray, members: Members) -> tuple[FloatArray, Any]:
        """Return where all members lie (r + e, m), and what `pull_back` needs of that.

        Parameters
        ----------
        Z : (r, m) float
            Embeddings of the rows.
        members : Members
            Who they are; where the extras lie is noted there.
        """
        rows, norms = unit_rows(Z) if self.normalize else (Z, None)
        if not len(members.extras.codes):
            return rows, (rows, norms, None)
        proxies = self.proxies.astype(Z.dtype, copy=False)
        members.E = members.extras.embed(rows, proxies)
        E, extra_norms = unit_rows(members.E) if self.normalize else (members.E, None)
        return np.concatenate([rows, E]), (rows, norms, (E, extra_norms))

    def pull_back(
        self, gradient: FloatArray, members: Members, memory: Any
    ) -> tuple[FloatArray, FloatArray]:
        """Return the gradient by the rows' embeddings (r, m) and by the proxies (c, m)."""
        rows, norms, extras = memory
        by_rows, by_extras = gradient[: len(rows)], gradient[len(rows) :]
        by_proxies = np.zeros(self._shape)
        if extras is not None and members.extras.move:
            E, extra_norms = extras
            members.extras.pull_back(across(by_extras, E, extra_norms), by_rows, by_proxies)
        return across(by_rows, rows, norms), by_proxies


def across(gradient: FloatArray, unit: FloatArray, norms: FloatArray | None) -> FloatArray:
    """Pull a gradient back through z / |z|: the part along z has no effect."""
    if norms is None:
        return gradient
    along = np.einsum("ij,ij->i", gradient, unit)
    pulled: FloatArray = along[:, None] * unit
    np.subtract(gradient, pulled, out=pulled)
    pulled /= norms[:, None]
    return pulled
