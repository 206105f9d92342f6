"""A frozen base in 4-bit blocks, as :mod:`rag.training.blocks` makes it from a Hugging Face MPNet.

Each row of a matrix is cut into blocks of 32 weights; a weight is one of sixteen levels times its block's scale. The
levels follow the weights themselves (Lloyd 1982), as in QLoRA (Dettmers et al. 2023) they follow the normal
distribution. What is trained on top is trained on exactly these weights, so their error is learnt around.
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
"""Weights that share a scale."""
LEVELS = 16
"""Values that four bits tell apart."""
CODES, SCALES, LEVELS_NAME = ":codes", ":scales", "levels"


def dequantize_blocks(
    codes: NDArray[np.uint8], scales: NDArray[np.float16], levels: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The matrix (rows, columns) that codes (rows, columns / 2) and scales (rows, columns / 32) stand for."""
    import numpy as np

    # Both halves of a byte at once: one look-up for two weights.
    pairs = np.stack([np.tile(levels, LEVELS), np.repeat(levels, LEVELS)], axis=1)
    weights: NDArray[np.float32] = pairs[codes].reshape(-1, BLOCK)
    weights *= scales.reshape(-1, 1).astype(np.float32)
    return weights.reshape(len(codes), -1)


def list_shards(folder: Path) -> list[Path]:
    """The base's files in a folder, in order; none where the folder holds no base."""
    return sorted(folder.glob("base-*.safetensors"))


def list_shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Names of the weights in a base's files, and their shapes."""
    from safetensors import safe_open

    shapes: dict[str, tuple[int, ...]] = {}
    for path in list_shards(folder):
        with safe_open(str(path), framework="np") as stored:
            for name in stored.keys():  # noqa: SIM118 (no mapping)
                shape = tuple(stored.get_slice(name).get_shape())
                if name.endswith(CODES):
                    shapes[name.removesuffix(CODES)] = (shape[0], 2 * shape[1])
                elif not name.endswith(SCALES) and name != LEVELS_NAME:
                    shapes[name] = shape
    return shapes


def hash_base(folder: Path) -> str:
    """SHA-256 of the base's files one behind the other, in hex."""
    digest = hashlib.sha256()
    for path in list_shards(folder):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def load_base(folder: Path, sha256: str) -> dict[str, NDArray[np.float32]]:
    """The base's weights by name, float32.

    :raises ModelError: where they are missing, damaged, or not the ones that ``sha256`` names.
    """
    from safetensors.numpy import load_file

    if hash_base(folder) != sha256:
        raise ModelError(f"The reader's base in {folder} is not the one it was trained on: install the package again.")
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
