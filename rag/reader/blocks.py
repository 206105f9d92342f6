"""Reads a frozen base model in 4-bit blocks, made from a Hugging Face MPNet by :mod:`rag.training.blocks`.

Each row of a matrix is divided into blocks of 32 weights. A weight is one of sixteen levels times the scale of its
block. The levels are fitted to the weights (Lloyd 1982), where QLoRA (Dettmers et al. 2023) derives them from the
normal distribution. The adapters are trained on the quantised weights, so they compensate for the quantisation error.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from rag.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

BLOCK = 32
"""Number of weights that share a scale."""
LEVELS = 16
"""Number of values of a 4-bit code."""
CODES, SCALES, LEVELS_NAME = ":codes", ":scales", "levels"


def dequantize_blocks(
    codes: NDArray[np.uint8], scales: NDArray[np.float16], levels: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Decode a matrix (rows, columns) from codes (rows, columns / 2) and scales (rows, columns / 32)."""
    import numpy as np

    # Decode both codes of a byte with one look-up.
    pairs = np.stack([np.tile(levels, LEVELS), np.repeat(levels, LEVELS)], axis=1)
    weights: NDArray[np.float32] = pairs[codes].reshape(-1, BLOCK)
    weights *= scales.reshape(-1, 1).astype(np.float32)
    return weights.reshape(len(codes), -1)


def list_shards(folder: Path) -> list[Path]:
    """The base model's files in a folder, in order; empty if there are none."""
    return sorted(folder.glob("base-*.safetensors"))


def list_shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """The names and shapes of the weights in a base model's files."""
    from safetensors import safe_open

    shapes: dict[str, tuple[int, ...]] = {}
    for path in list_shards(folder):
        with safe_open(str(path), framework="np") as stored:
            for name in stored.keys():  # noqa: SIM118 (not a mapping)
                shape = tuple(stored.get_slice(name).get_shape())
                if name.endswith(CODES):
                    shapes[name.removesuffix(CODES)] = (shape[0], 2 * shape[1])
                elif not name.endswith(SCALES) and name != LEVELS_NAME:
                    shapes[name] = shape
    return shapes


def hash_base(folder: Path) -> str:
    """SHA-256 of the base model's concatenated files, in hex."""
    digest = hashlib.sha256()
    for path in list_shards(folder):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def load_base(folder: Path, sha256: str) -> dict[str, NDArray[np.float32]]:
    """The base model's weights by name, float32.

    :raises ModelError: if the SHA-256 of the files is not ``sha256``.
    """
    from safetensors.numpy import load_file

    if hash_base(folder) != sha256:
        raise ModelError(f"The reader's base model in {folder} is missing or does not match: reinstall ask-articles.")
    stored: dict[str, Any] = {}
    for path in list_shards(folder):
        stored.update(load_file(path))
    levels = stored.pop(LEVELS_NAME)
    tensors: dict[str, NDArray[np.float32]] = {}
    for name, tensor in stored.items():
        if name.endswith(CODES):
            plain = name.removesuffix(CODES)
            tensors[plain] = dequantize_blocks(tensor, stored[plain + SCALES], levels)
        elif not name.endswith(SCALES):
            tensors[name] = tensor.astype("float32")
    return tensors
