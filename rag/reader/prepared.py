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
from rag.machine.tensors import MappedTensors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

WEIGHTS_FILE = "model.safetensors"
MOST_KEPT = 2
"""Number of readers in the cache: one of this installation, one of another."""


def prepare_tensors(
    folder: Path, graphs: Sequence[Path], load: Callable[[], Mapping[str, NDArray[Any]]]
) -> MappedTensors | dict[str, NDArray[Any]]:
    """The weights of graphs by name, from the cache or prepared and added to it.

    :param folder: the reader's folder. The cache entry depends on its files.
    :param graphs: the .onnx files that need the weights.
    :param load: loads the stored weights, called if they are not in the cache.
    """
    wanted = sorted({name for path in graphs for name in list_wanted(path)})
    path = locate_kept(folder, wanted)
    try:
        kept = MappedTensors(path)
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
