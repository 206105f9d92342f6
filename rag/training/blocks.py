"""Quantises a Hugging Face MPNet to a frozen base in 4-bit blocks: ``python -m rag.training.blocks --help``.

The sixteen levels are fitted to the weights themselves (Lloyd 1982); those of QLoRA (Dettmers et al. 2023) assume a
normal distribution. The reader is trained on exactly these quantised weights, so it learns to compensate for their
error.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import RagError
from rag.reader.blocks import BLOCK, CODES, LEVELS, LEVELS_NAME, SCALES, list_shards

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

SMALLEST_SCALE = 1e-6
"""Minimum scale of a block, which fp16 can represent."""
SHARD_BYTES = 55 << 20
"""Maximum size of a file: below the 60 MB per file that many hosts accept."""
SMALLEST = 1 << 19
"""Minimum elements of a matrix that is quantised in blocks; smaller tensors are stored in fp16."""


def fit_levels(tensors: Sequence[NDArray[np.float32]], sample: int = 400_000, rounds: int = 25) -> NDArray[np.float32]:
    """Sixteen levels, (16,), ascending, with the least squared error when each weight is rounded to the nearest.

    Each block is scaled so that its largest absolute weight is 1.
    """
    import numpy as np

    share = max(1, sample // len(tensors) // BLOCK)
    rows = []
    for tensor in tensors:
        blocks = tensor.reshape(-1, BLOCK)
        picked = blocks[:: max(1, len(blocks) // share)][:share]
        rows.append(picked / np.maximum(np.abs(picked).max(axis=1, keepdims=True), 1e-12))
    values = np.sort(np.concatenate(rows).ravel())
    levels = np.quantile(values, (np.arange(LEVELS) + 0.5) / LEVELS)
    for _ in range(rounds):
        edges = np.searchsorted(values, (levels[1:] + levels[:-1]) / 2)
        levels = np.array([part.mean() if len(part) else old for part, old in
                           zip(np.split(values, edges), levels, strict=True)])  # fmt: skip
    return np.asarray(levels, np.float32)


def quantize_blocks(
    matrix: NDArray[np.float32], levels: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """Quantises a matrix (rows, columns).

    For each block, several scales near its largest absolute weight are tried; the one with the least squared error is
    kept.

    :returns: codes, two per byte, uint8 (rows, columns / 2), and scales, fp16 (rows, columns / 32).
    """
    import numpy as np

    rows, columns = matrix.shape
    blocks = matrix.reshape(-1, BLOCK)
    edges = (levels[1:] + levels[:-1]) / 2
    largest = np.maximum(np.abs(blocks).max(axis=1, keepdims=True), SMALLEST_SCALE)
    best = np.full(len(blocks), np.inf, np.float32)
    codes = np.zeros(blocks.shape, np.uint8)
    scales = np.zeros((len(blocks), 1), np.float16)
    for factor in (1.0, 0.95, 0.9, 0.85, 1.05):
        scale = (largest * factor).astype(np.float16)
        tried = np.searchsorted(edges, blocks / scale.astype(np.float32)).astype(np.uint8)
        error = ((levels[tried] * scale - blocks) ** 2).sum(axis=1)
        better = error < best
        best[better], codes[better], scales[better] = error[better], tried[better], scale[better]
    codes = codes.reshape(rows, columns)
    packed = (codes[:, ::2] | (codes[:, 1::2] << 4)).astype(np.uint8)
    return packed, scales.reshape(rows, columns // BLOCK)


def save_base(tensors: Mapping[str, NDArray[np.float32]], folder: Path) -> None:
    """Writes base-1.safetensors, base-2.safetensors, … of at most ``SHARD_BYTES`` each."""
    from safetensors.numpy import save_file

    levels = fit_levels([t for t in tensors.values() if t.ndim == 2 and t.size >= SMALLEST])
    stored: dict[str, Any] = {LEVELS_NAME: levels}
    for name, tensor in tensors.items():
        if tensor.ndim == 2 and tensor.size >= SMALLEST and tensor.shape[1] % BLOCK == 0:
            stored[name + CODES], stored[name + SCALES] = quantize_blocks(tensor, levels)
        else:
            stored[name] = tensor.astype("float16")
    shards: list[dict[str, Any]] = [{}]
    for name, tensor in stored.items():
        if sum(t.nbytes for t in shards[-1].values()) + tensor.nbytes > SHARD_BYTES:
            shards.append({})
        shards[-1][name] = tensor
    folder.mkdir(parents=True, exist_ok=True)
    for old in list_shards(folder):
        old.unlink()
    for number, shard in enumerate(shards, 1):
        save_file(shard, folder / f"base-{number}.safetensors")


def read_mpnet(folder: Path, layers: int) -> dict[str, NDArray[np.float32]]:
    """The weights of an MPNet's embeddings and its first ``layers`` layers, without the pooler.

    :raises RagError: if there is no MPNet in ``folder``.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        tensors = load_file(folder / "model.safetensors")
    except (OSError, SafetensorError) as error:
        raise RagError(f"No MPNet in {folder} ({error}): name a folder with its model.safetensors.") from None
    return {
        name: tensor
        for name, tensor in tensors.items()
        if tensor.dtype.kind == "f"
        and not name.startswith("pooler.")
        and (not name.startswith("encoder.layer.") or int(name.split(".")[2]) < layers)
    }


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rag.training.blocks", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder of a Hugging Face MPNet")
    parser.add_argument(
        "--layers", type=int, default=12, help="number of layers to keep, from the first; default: all 12"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the base's files")
    arguments = parser.parse_args(argv)
    try:
        save_base(read_mpnet(arguments.model, arguments.layers), arguments.out)
    except RagError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
