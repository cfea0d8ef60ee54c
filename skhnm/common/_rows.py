"""The door for rows as people have them: tensors, narrow floats, columns of arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from skhnm.common._typing import FloatArray

_NARROW = ("bfloat16", "float8_e4m3fn", "float8_e5m2")
"""Types of other packages, of which NumPy knows only how wide they are."""


def as_rows(given: Any, name: str = "X") -> Any:
    """Return what scikit-learn can read where people have rows otherwise, and else what is given.

    A tensor gives up its gradient, bfloat16 becomes float32, which holds all of it, a column or a
    list of arrays is stacked, and masked numbers are NaN.

    Raises
    ------
    TypeError
        If a tensor has to be copied from its device, or is sparse; the message says what to call.
    ValueError
        If the arrays of a column differ in length.
    """
    if hasattr(given, "detach"):
        return _from_tensor(given, name)
    if isinstance(given, np.ma.MaskedArray):
        return np.ma.filled(given.astype(np.result_type(given.dtype, np.float32)), np.nan)
    if isinstance(given, (list, tuple)) and len(given) and hasattr(given[0], "detach"):
        given = [_from_tensor(row, f"{name}[{i}]") for i, row in enumerate(given)]
        return np.asarray(given) if np.ndim(given[0]) == 0 else _stack(given, name)
    shape: Any = getattr(given, "shape", ())
    if len(shape) == 2 and shape[1] == 1 and hasattr(given, "columns"):
        column = given[given.columns[0]]
    elif len(shape) == 1 or type(given).__module__.split(".")[0] == "pyarrow":
        column = given
    else:
        column = None
    if column is not None and len(column):
        rows = np.asarray(column)
        if rows.dtype == object and rows.ndim == 1 and any(np.ndim(row) == 1 for row in rows):
            return _stack(list(rows), name)
    if getattr(getattr(given, "dtype", None), "name", "") in _NARROW:
        return np.asarray(given).astype(np.float32)
    return given


def _from_tensor(tensor: Any, name: str) -> Any:
    """Return the numbers of a tensor of PyTorch."""
    tensor = tensor.detach()
    device = getattr(getattr(tensor, "device", None), "type", "cpu")
    if device != "cpu":
        raise TypeError(f"{name} is a tensor on the device {device!r}: pass {name}.cpu()")
    if str(getattr(tensor, "layout", "torch.strided")) != "torch.strided":
        raise TypeError(f"{name} is a sparse tensor: pass {name}.to_dense()")
    if str(tensor.dtype).rsplit(".", 1)[-1] in _NARROW:
        tensor = tensor.float()
    return np.asarray(tensor)


def _stack(rows: list[Any], name: str) -> FloatArray:
    """Stack the arrays of a column."""
    lengths = np.array([len(row) if np.ndim(row) == 1 else -1 for row in rows])
    length = lengths[np.argmax(lengths >= 0)]
    other = np.flatnonzero(lengths != length)
    if len(other):
        row = int(other[0])
        found = f"{lengths[row]} numbers" if lengths[row] >= 0 else repr(rows[row])
        raise ValueError(
            f"{name} holds an array in each row, which must all be of one length: row {row} has "
            f"{found}, others {length} numbers"
        )
    return np.stack([np.asarray(row) for row in rows])
