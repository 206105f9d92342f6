"""The tensors of a safetensors file, mapped into memory: only the parts that are used are read."""

from __future__ import annotations

import json
import mmap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

DTYPES = {"F32": "float32", "F16": "float16", "I8": "int8", "U8": "uint8", "I64": "int64"}
"""NumPy's names of the types that can be read."""


class MappedTensors:
    """Tensors by name. They are views of the file and must not be written to.

    :raises OSError: if the file cannot be read.
    :raises ValueError: if it is damaged.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        begin = 8 + int.from_bytes(self._map[:8], "little")
        self._begin = begin
        try:
            self._entries: dict[str, Any] = json.loads(self._map[8:begin])
            self.names = sorted(name for name in self._entries if name != "__metadata__")
            end = begin + max(self._entries[name]["data_offsets"][1] for name in self.names)
        except (KeyError, TypeError, IndexError, AttributeError):
            raise ValueError(f"{path} is damaged") from None
        if len(self._map) != end:
            raise ValueError(f"{path} is truncated")

    def __getitem__(self, name: str) -> NDArray[Any]:
        """:raises KeyError: if there is no tensor with that name, or its type cannot be read."""
        import numpy as np

        entry = self._entries[name]
        start, end = entry["data_offsets"]
        dtype = np.dtype(DTYPES[entry["dtype"]])
        tensor = np.frombuffer(self._map, dtype, (end - start) // dtype.itemsize, self._begin + start)
        shaped: NDArray[Any] = tensor.reshape(entry["shape"])
        return shaped


def release_mapped(tensors: Iterable[NDArray[Any]]) -> None:
    """Frees the memory that holds the parts of mapped tensors that were read. They are read again when needed."""
    maps = {id(found): found for found in map(find_map, tensors) if found is not None}
    for found in maps.values():
        if hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
            found.madvise(mmap.MADV_DONTNEED)


def find_map(tensor: NDArray[Any]) -> mmap.mmap | None:
    """The mapped file that a tensor is a view of; None if it has its own data."""
    base: Any = tensor
    while hasattr(base, "base"):
        base = base.base
    if isinstance(base, memoryview):
        base = base.obj
    return base if isinstance(base, mmap.mmap) else None
