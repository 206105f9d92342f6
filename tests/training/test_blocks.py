"""A frozen base in 4-bit blocks: what is lost, how it is cut into files, and that it is the one trained on."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rag.errors import ModelError
from rag.reader.base import EMBEDDINGS
from rag.reader.blocks import dequantize_blocks, hash_base, list_shapes, list_shards, load_base
from rag.training import blocks
from rag.training.blocks import fit_levels, quantize_blocks, save_base
from rag.training.shapes import describe_mpnet

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def draw_matrix(rows: int, columns: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(scale=0.04, size=(rows, columns)).astype(np.float32)


def test_four_bits_keep_nine_tenths_of_what_weights_say() -> None:
    matrix = draw_matrix(512, 256)
    levels = fit_levels([matrix])
    assert levels.shape == (16,)
    assert (np.diff(levels) > 0).all()
    codes, scales = quantize_blocks(matrix, levels)
    assert (codes.shape, codes.dtype, scales.shape, scales.dtype) == ((512, 128), np.uint8, (512, 8), np.float16)
    again = dequantize_blocks(codes, scales, levels)
    assert again.dtype == np.float32
    assert np.linalg.norm(again - matrix) / np.linalg.norm(matrix) < 0.12
    # What is in blocks already stays as it is.
    codes, scales = quantize_blocks(again, levels)
    assert np.linalg.norm(dequantize_blocks(codes, scales, levels) - again) / np.linalg.norm(again) < 0.01


def test_a_block_of_large_weights_costs_the_others_nothing() -> None:
    matrix = draw_matrix(64, 64)
    levels = fit_levels([matrix])
    loud = matrix.copy()
    loud[0, :32] *= 100
    plain, louder = (dequantize_blocks(*quantize_blocks(m, levels), levels) for m in (matrix, loud))
    assert (plain[1:] == louder[1:]).all()
    assert louder[0, :32] == pytest.approx(100 * plain[0, :32], rel=0.02)


def test_weights_that_are_all_zero_stay_so() -> None:
    matrix = draw_matrix(64, 64)
    matrix[3] = 0
    levels = fit_levels([matrix])
    again = dequantize_blocks(*quantize_blocks(matrix, levels), levels)
    assert np.abs(again[3]).max() < 1e-6
    assert np.isfinite(again).all()


def test_files_keep_their_limit_and_hold_the_weights_between_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = 400_000
    monkeypatch.setattr(blocks, "SHARD_BYTES", limit)
    tensors = {f"layer.{n}": draw_matrix(1024, 512, n) for n in range(3)}
    tensors["norm"], tensors["small"] = np.linspace(0, 1, 64, dtype=np.float32), draw_matrix(10, 30)
    save_base(tensors, tmp_path)
    shards = list_shards(tmp_path)
    assert [path.name for path in shards] == [f"base-{n}.safetensors" for n in range(1, len(shards) + 1)]
    assert len(shards) > 2
    # Beside the tensors a file has a short header.
    assert max(path.stat().st_size for path in shards) < limit + 2000
    assert list_shapes(tmp_path) == {name: tensor.shape for name, tensor in tensors.items()}
    loaded = load_base(tmp_path, hash_base(tmp_path))
    assert loaded.keys() == tensors.keys()
    for name, tensor in tensors.items():
        error = np.linalg.norm(loaded[name] - tensor) / np.linalg.norm(tensor)
        assert error < (0.12 if name.startswith("layer") else 0.001)


def test_a_base_that_was_changed_or_lost_is_one_sentence(tiny_base: Path, tmp_path: Path) -> None:
    right = hash_base(tiny_base)
    (shard,) = list_shards(tiny_base)
    content = bytearray(shard.read_bytes())
    assert load_base(tiny_base, right)
    content[-1] ^= 1
    (tmp_path / shard.name).write_bytes(bytes(content))
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(ModelError, match="is missing or does not match: reinstall") as caught:
            load_base(folder, right)
        assert "\n" not in str(caught.value)


def test_the_bases_files_say_what_shape_it_has(tiny_base: Path, tmp_path: Path) -> None:
    shape = describe_mpnet(tiny_base)
    assert (shape["num_hidden_layers"], shape["num_attention_heads"], shape["hidden_size"]) == (2, 2, 32)
    assert (shape["vocab_size"], shape["intermediate_size"], shape["max_position_embeddings"]) == (30527, 64, 514)
    # Only what is large is cut into blocks.
    assert [n for n in load_names(tiny_base) if ":" in n] == [f"{EMBEDDINGS}:codes", f"{EMBEDDINGS}:scales"]
    with pytest.raises(ModelError, match="No base in"):
        describe_mpnet(tmp_path)


def load_names(folder: Path) -> list[str]:
    from safetensors.numpy import load_file

    return sorted(name for shard in list_shards(folder) for name in load_file(shard))


def test_of_a_deeper_model_the_first_layers_can_be_taken(tiny_base: Path, tmp_path: Path) -> None:
    model = str(tiny_base.parent / "mpnet")
    assert blocks.main(["--model", model, "--layers", "1", "--out", str(tmp_path)]) == 0
    assert describe_mpnet(tmp_path)["num_hidden_layers"] == 1


def test_a_folder_without_a_model_is_one_sentence(tmp_path: Path) -> None:
    command = ["-W", "error", "-m", "rag.training.blocks", "--model", str(tmp_path / "none"), "--out", str(tmp_path)]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"No MPNet in {tmp_path / 'none'}")
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
