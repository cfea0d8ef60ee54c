"""Embeddings from wherever they are, read a block at a time.

An array, a memory map, the path of a ``.npy`` file, or an iterator of chunks becomes
`Rows`: nothing but blocks of it is ever copied.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array

from skhnm.common._rows import as_rows
from skhnm.common._typing import FloatArray, IndexArray
from skhnm.kernels._rows import unit_rows

BLOCK_ROWS = 2**17
"""Rows of the corpus that are in memory, and in an exact index, at a time."""

FAR = 2.0**27
"""Where a zero query is, in its column: its squared distance to all rows is FAR² after rounding.

So they are all as similar, and ties go to the lowest index.
"""

Role = Literal["query", "corpus"]


class Rows:
    """Embeddings (n, m), handed out as the metric wants them.

    Under the cosine, rows are put at unit length, where the squared distance is 2 (1 - s).
    A zero row has no direction; to be similar to nobody it is given one of its own, in one
    of two more columns, which only data with zero rows get: one for queries, one for the
    corpus. See `FAR` for the queries.

    Parameters
    ----------
    array : (n, m) array
        In memory or mapped.
    name : str
        What the user calls it.
    cosine : bool
        Whether rows are put at unit length.
    """

    def __init__(self, array: NDArray[Any], name: str, cosine: bool) -> None:
        self.array = array
        self.name = name
        self.cosine = cosine
        self.dtype = np.dtype(np.float32 if array.dtype == np.float32 else np.float64)
        self.widened = False
        self.checksum = 0

    def __len__(self) -> int:
        return len(self.array)

    @property
    def n_columns(self) -> int:
        return int(self.array.shape[1])

    def blocks(self) -> Iterator[slice]:
        """Yield the rows of one block after the other."""
        for start in range(0, len(self), BLOCK_ROWS):
            yield slice(start, min(start + BLOCK_ROWS, len(self)))

    def read(self, rows: slice | IndexArray) -> FloatArray:
        """Read some rows as they are, in memory of their own."""
        return np.array(self.array[rows], dtype=self.dtype, order="C", subok=False)

    def take(self, rows: slice | IndexArray, role: Role) -> FloatArray:
        """Read some rows, and put them at unit length if the metric wants that."""
        given = self.read(rows)
        if not self.cosine:
            return given
        unit = unit_rows(given)[0]
        if not self.widened:
            return unit
        m = self.n_columns
        wide = np.zeros((len(unit), m + 2), dtype=self.dtype)
        wide[:, :m] = unit
        zero = ~unit.any(axis=1)
        wide[zero, m + (role == "corpus")] = 1.0 if role == "corpus" else FAR
        return wide

    def scan(self) -> bool:
        """Return whether there is a zero row, after a look at every block; take a checksum.

        Raises
        ------
        ValueError
            If a value is not finite; the message gives its row.
        """
        some_zero, self.checksum = False, 0
        for block in self.blocks():
            rows = self.read(block)
            _check_finite(rows, self.name, block.start)
            some_zero = some_zero or not rows.any(axis=1).all()
            self.checksum = crc32(rows.data, self.checksum)
        return some_zero


def prepare(queries: Rows, corpus: Rows) -> None:
    """Look at all rows, and bring what is compared to one type and one width."""
    dtype = np.result_type(queries.dtype, corpus.dtype)
    some_zero = queries.scan()
    if corpus is not queries:
        some_zero = corpus.scan() or some_zero
    for rows in (queries, corpus):
        rows.dtype = dtype
        rows.widened = rows.cosine and some_zero


def open_rows(given: Any, name: str, cosine: bool, folder: Path | None) -> Rows:
    """Return `Rows` of an array-like, a path, or an iterator, whose chunks go to `folder`.

    Raises
    ------
    FileNotFoundError
        If there is no file at a path.
    ValueError
        If it is not two-dimensional, or holds no numbers.
    """
    if hasattr(given, "__next__"):
        assert folder is not None
        given = _spool(given, name, folder / f"{name}.npy")
    elif isinstance(given, (str, os.PathLike)):
        given = _open_file(Path(given), name)
    given = as_rows(given, name)
    if not isinstance(given, np.ndarray) or given.dtype == object:
        given = check_array(
            given, dtype=[np.float64, np.float32], ensure_all_finite=False,
            ensure_min_samples=0, input_name=name,
        )  # fmt: skip
    if given.ndim != 2 or given.shape[1] == 0:
        raise ValueError(
            f"{name} must have shape (n, m), one row of m numbers an embedding; got {given.shape}"
        )
    if given.dtype.kind not in "fiub":
        raise ValueError(f"{name} must hold real numbers, got dtype {given.dtype}")
    return Rows(given, name, cosine)


def _open_file(path: Path, name: str) -> NDArray[Any]:
    if path.suffix != ".npy":
        raise ValueError(
            f"{name} must be an array or the path of a .npy file, got {str(path)!r}: save the "
            "embeddings with numpy.save"
        )
    mapped: NDArray[Any] = np.load(path, mmap_mode="r")
    return mapped


def _spool(chunks: Iterator[Any], name: str, path: Path) -> NDArray[Any]:
    """Write an iterator's chunks to one file, and map it.

    A file that an earlier run has finished is used again, if the iterator begins like it.
    """
    first = _chunk(next(chunks, None), name, 0, 0)
    if path.exists():
        mapped: NDArray[Any] = np.load(path, mmap_mode="r")
        if mapped.dtype != first.dtype or not np.array_equal(mapped[: len(first)], first):
            raise ValueError(
                f"{name} begins otherwise than what an earlier run left in {path}: choose "
                "another output folder, or delete that one"
            )
        return mapped
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        _write_header(file, first.dtype, (0, first.shape[1]))
        n, number, chunk = 0, 0, first
        while True:
            file.write(chunk.tobytes())
            n += len(chunk)
            number += 1
            following = next(chunks, None)
            if following is None:
                break
            chunk = _chunk(following, name, number, n)
            if chunk.shape[1] != first.shape[1] or chunk.dtype != first.dtype:
                raise ValueError(
                    f"Chunk {number} of {name} has {chunk.shape[1]} columns of {chunk.dtype}, "
                    f"but the first has {first.shape[1]} of {first.dtype}: all must agree"
                )
        file.seek(0)
        _write_header(file, first.dtype, (n, first.shape[1]))
    os.replace(part, path)
    mapped = np.load(path, mmap_mode="r")
    return mapped


def _write_header(file: Any, dtype: np.dtype[Any], shape: tuple[int, int]) -> None:
    """Write a .npy header; NumPy leaves room in it for the number of rows to grow."""
    descr = np.lib.format.dtype_to_descr(dtype)
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


def _chunk(given: Any, name: str, number: int, start: int) -> FloatArray:
    """Check one chunk (r, m) of an iterator, whose first row is row `start` of all."""
    if given is None:
        raise ValueError(f"{name} is an iterator that gave no chunk: nothing is known of its rows")
    rows = np.asarray(as_rows(given, f"Chunk {number} of {name}"))
    if rows.ndim != 2 or rows.shape[1] == 0 or rows.dtype.kind not in "fiub":
        raise ValueError(
            f"Chunk {number} of {name} must be an array of numbers of shape (r, m), got "
            f"dtype {rows.dtype} and shape {rows.shape}"
        )
    dtype = np.float32 if rows.dtype == np.float32 else np.float64
    chunk: FloatArray = np.ascontiguousarray(rows, dtype=dtype)
    _check_finite(chunk, name, start)
    return chunk


def _check_finite(rows: FloatArray, name: str, start: int) -> None:
    finite = np.isfinite(rows).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"{name} contains NaN or infinity, first in row {start + int(np.argmin(finite))}: "
            "repair or drop such rows before mining"
        )
