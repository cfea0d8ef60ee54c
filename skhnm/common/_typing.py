"""Names for the array types that the package passes around."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.floating[Any]]
"""Embeddings, distances, gradients: float32 or float64."""

IndexArray: TypeAlias = NDArray[np.intp]
"""Row indices; -1 is padding."""

LabelArray: TypeAlias = NDArray[Any]
"""Labels of any type, or their codes 0 .. n_classes - 1, where -1 is "no class"."""

RandomState: TypeAlias = "int | np.random.RandomState | np.random.Generator | None"
