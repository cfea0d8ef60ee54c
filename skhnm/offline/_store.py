"""Where results go: memory, or a folder from which an interrupted run goes on.

A folder is valid at every moment. ``progress.json`` is replaced whole, and only after the
results that it speaks of are on disk; what comes after them is computed again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from skhnm.common._typing import FloatArray, IndexArray
from skhnm.offline._report import Tally
from skhnm.offline._sources import Rows

_VERSION = 1
_PROGRESS = "progress.json"
_INDEX = "index.joblib"
_BEFORE_PROGRESS = {f"{name}.{end}" for name in ("queries", "corpus") for end in ("npy", "part")}

_DTYPES = {"indices": np.intp, "similarities": np.float64}


class MemoryStore:
    """Keeps results in memory.

    Parameters
    ----------
    shape : (n, n_negatives)
    entropy : list of int
        Seed of all random choices.
    """

    index_path: Path | None = None

    def __init__(self, shape: tuple[int, int], entropy: list[int]) -> None:
        self.entropy = entropy
        self.n_done = 0
        self.tally = Tally()
        self.indices: IndexArray = np.full(shape, -1, dtype=np.intp)
        self.similarities: FloatArray = np.full(shape, np.nan)

    def write(self, rows: slice, indices: IndexArray, similarities: FloatArray) -> None:
        """Take the results of one unit."""
        self.indices[rows], self.similarities[rows] = indices, similarities

    def commit(self, n_done: int, tally: Tally) -> None:
        """Take note that the results of the first `n_done` queries are there."""
        self.n_done, self.tally = n_done, tally

    def finish(self) -> None:
        """Drop what only an unfinished run needs."""

    def results(self) -> tuple[IndexArray, FloatArray]:
        return self.indices, self.similarities


class FolderStore(MemoryStore):
    """Keeps results in a folder, and goes on where an earlier run of the same kind stopped.

    Parameters
    ----------
    folder : Path
        That of `check_folder`.
    shape : (n, n_negatives)
    entropy : list of int
        Seed of a new run; an earlier run keeps its own.
    fingerprint : dict
        What the result depends on, by name, as texts.

    Raises
    ------
    ValueError
        If the folder holds a run with another fingerprint.
    """

    def __init__(
        self, folder: Path, shape: tuple[int, int], entropy: list[int], fingerprint: dict[str, str]
    ) -> None:
        self.folder = folder
        self.fingerprint = fingerprint
        self.index_path = folder / _INDEX
        self.entropy, self.n_done, self.tally = entropy, 0, Tally()
        path = folder / _PROGRESS
        if path.exists():
            self._go_on(json.loads(path.read_text(encoding="utf-8")))
        else:
            self._save()
        if self.n_done == 0:
            for name, dtype in _DTYPES.items():
                np.lib.format.open_memmap(self._path(name), "w+", dtype, shape).flush()
        self.indices, self.similarities = (
            np.lib.format.open_memmap(self._path(name), "r+") for name in _DTYPES
        )

    def commit(self, n_done: int, tally: Tally) -> None:
        for results in (self.indices, self.similarities):
            results.flush()  # type: ignore[union-attr]
        super().commit(n_done, tally)
        self._save()

    def finish(self) -> None:
        (self.folder / _INDEX).unlink(missing_ok=True)

    def results(self) -> tuple[IndexArray, FloatArray]:
        """Return the results, mapped from disk, to read only."""
        del self.indices, self.similarities
        indices, similarities = (np.load(self._path(name), mmap_mode="r") for name in _DTYPES)
        return indices, similarities

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.npy"

    def _go_on(self, progress: dict[str, Any]) -> None:
        """Take over an earlier run, or say in what it differs."""
        before = progress["fingerprint"]
        names = [
            name
            for name in {**before, **self.fingerprint}
            if before.get(name) != self.fingerprint.get(name)
        ]
        if progress["version"] != _VERSION:
            names = ["version of the folder"]
        if names:
            listed = ", ".join(names)
            raise ValueError(
                f"output {str(self.folder)!r} holds a run that differs in: {listed}. Choose "
                "another folder, or delete that one"
            )
        self.entropy, self.n_done = progress["entropy"], progress["n_done"]
        self.tally = Tally(**progress["tally"])

    def _save(self) -> None:
        """Write the progress, whole or not at all."""
        progress = {
            "version": _VERSION,
            "fingerprint": self.fingerprint,
            "entropy": self.entropy,
            "n_done": self.n_done,
            "tally": asdict(self.tally),
        }
        part = self.folder / "progress.part"
        with part.open("w", encoding="utf-8") as file:
            json.dump(progress, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self.folder / _PROGRESS)


def check_folder(output: Any) -> Path:
    """Return the folder for results, made if it is missing.

    Raises
    ------
    ValueError
        If it is no folder, or holds files of others.
    """
    folder = Path(output)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"output must be a folder, but {str(folder)!r} is a file")
    folder.mkdir(parents=True, exist_ok=True)
    others = {path.name for path in folder.iterdir()} - _BEFORE_PROGRESS - {"progress.part"}
    if others and not (folder / _PROGRESS).exists():
        raise ValueError(
            f"output {str(folder)!r} holds files, such as {min(others)!r}, but no earlier "
            "run: choose an empty or a new folder"
        )
    return folder


def describe(given: Any) -> str:
    """Return a text that differs where an object's results may: its type and its parameters.

    A function is known by its name, its code and what it holds; n_jobs changes no result.
    """
    if isinstance(given, (list, tuple)):
        return str([describe(part) for part in given])
    if isinstance(given, (set, frozenset)):  # in an order of its own in each process
        return str(sorted(describe(part) for part in given))
    if isinstance(given, dict):
        return str({name: describe(value) for name, value in given.items()})
    if isinstance(given, partial):
        return f"partial {describe([given.func, given.args, given.keywords])}"
    if isinstance(given, np.random.Generator):
        return describe(given.bit_generator.state)
    if isinstance(given, np.random.RandomState):
        return describe(given.get_state(legacy=False))
    if isinstance(given, CodeType):
        return describe([_checksum(given.co_code), given.co_names, given.co_consts])
    if isinstance(given, FunctionType):
        held = [cell.cell_contents for cell in given.__closure__ or ()]
        parts = [given.__code__, given.__defaults__, given.__kwdefaults__, held]
        return f"{given.__qualname__} {describe(parts)}"
    if isinstance(given, np.ndarray):
        return f"{given.dtype} {given.shape} {_checksum(given)}"
    if not hasattr(given, "__dict__") or isinstance(given, type):
        return repr(given)
    own = given.get_params(deep=False) if isinstance(given, BaseEstimator) else vars(given)
    parameters = {name: describe(value) for name, value in own.items() if name != "n_jobs"}
    return f"{type(given).__module__}.{type(given).__qualname__} {parameters}"


def describe_rows(rows: Rows | None) -> str:
    """Return a text that differs where any number of scanned embeddings does."""
    if rows is None:
        return "None"
    return f"{len(rows)} x {rows.n_columns} {rows.dtype}, {rows.checksum:08x}"


def describe_arrays(arrays: Sequence[NDArray[Any]] | None) -> str:
    """Return a text that differs where any number of some arrays does."""
    return "None" if arrays is None else ", ".join(_checksum(array) for array in arrays)


def _checksum(data: NDArray[Any] | bytes) -> str:
    return f"{crc32(data if isinstance(data, bytes) else data.tobytes()):08x}"
