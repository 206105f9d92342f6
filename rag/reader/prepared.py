"""A cache of the large reader's weights in the form that its graphs need, in the user's cache folder.

Decoding the 4-bit blocks, merging the adapters and quantising to int8 takes seconds. Reading the result takes a
fraction of a second.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rag.machine.graphs import list_wanted, pick_tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

WEIGHTS_FILE = "model.safetensors"
DTYPES = {"F32": "float32", "F16": "float16", "I8": "int8"}
"""Safetensors names of the types that :func:`rag.machine.graphs.pick_tensor` returns."""
MOST_KEPT = 2
"""Number of readers in the cache: one of this installation, one of another."""


class KeptTensors:
    """Tensors of a safetensors file by name, memory-mapped so that they are not held in memory twice.

    :raises OSError: if the file cannot be read.
    :raises ValueError: if it is damaged.
    """

    def __init__(self, path: Path) -> None:
        import numpy as np

        raw = np.memmap(path, mode="r")
        begin = 8 + int.from_bytes(raw[:8].tobytes(), "little")
        self._entries = json.loads(raw[8:begin].tobytes())
        self._data = raw[begin:]
        self.names = sorted(name for name in self._entries if name != "__metadata__")
        if len(self._data) != max(self._entries[name]["data_offsets"][1] for name in self.names):
            raise ValueError(f"{path} is truncated")

    def __getitem__(self, name: str) -> NDArray[Any]:
        entry = self._entries[name]
        start, end = entry["data_offsets"]
        tensor: NDArray[Any] = self._data[start:end].view(DTYPES[entry["dtype"]]).reshape(entry["shape"])
        return tensor


def prepare_tensors(
    folder: Path, graphs: Sequence[Path], load: Callable[[], Mapping[str, NDArray[Any]]]
) -> KeptTensors | dict[str, NDArray[Any]]:
    """The weights of graphs by name, from the cache or prepared and added to it.

    :param folder: the reader's folder. The cache entry depends on its files.
    :param graphs: the .onnx files that need the weights.
    :param load: loads the stored weights, called if they are not in the cache.
    """
    wanted = sorted({name for path in graphs for name in list_wanted(path)})
    path = locate_kept(folder, wanted)
    try:
        kept = KeptTensors(path)
        if kept.names == wanted:
            return kept
    except (OSError, ValueError, KeyError, TypeError):
        pass
    stored = load()
    made = {name: pick_tensor(stored, name) for name in wanted}
    keep_tensors(path, made)
    return made


def locate_kept(folder: Path, wanted: list[str]) -> Path:
    """The cache file. Its name depends on the reader's weights, base model and graphs."""
    from platformdirs import user_cache_path

    digest = hashlib.sha256(json.dumps(wanted).encode())
    digest.update((folder / "config.json").read_bytes())
    digest.update((folder / WEIGHTS_FILE).read_bytes())
    return user_cache_path("ask-articles", appauthor=False) / "readers" / f"{digest.hexdigest()[:32]}.safetensors"


def keep_tensors(path: Path, tensors: Mapping[str, NDArray[Any]]) -> None:
    """Write the cache file atomically. If the folder is not writable, the next start prepares the weights again."""
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(dict(tensors), beside)
        beside.replace(path)
        for old in sorted(path.parent.glob("*.safetensors"), key=lambda p: p.stat().st_mtime)[:-MOST_KEPT]:
            old.unlink()
    except (OSError, SafetensorError):
        with suppress(OSError):
            beside.unlink()
