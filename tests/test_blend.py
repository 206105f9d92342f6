"""The mean of two runs' weights."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file, save_file

from rag.reader.blend import main

if TYPE_CHECKING:
    from pathlib import Path


def write_weights(folder: Path, value: float, size: int = 2) -> Path:
    folder.mkdir()
    save_file({"w": torch.full((size,), value, dtype=torch.float16)}, folder / "model.safetensors")
    (folder / "training.json").write_text('{"seen": 3}', encoding="utf-8")
    return folder


def test_a_third_of_the_way(tmp_path: Path) -> None:
    one, other, out = write_weights(tmp_path / "a", 1.0), write_weights(tmp_path / "b", 4.0), tmp_path / "c"
    assert main([str(one), str(other), "--share", "0.3333", "--out", str(out)]) == 0
    assert load_file(out / "model.safetensors")["w"].tolist() == pytest.approx([2.0, 2.0], abs=1e-2)
    record = json.loads((out / "training.json").read_text(encoding="utf-8"))
    assert (record["seen"], record["blend"]["share"], len(set(record["blend"]["of"]))) == (3, 0.3333, 2)


@pytest.mark.parametrize(("share", "size", "told"), [("2", 2, "between 0 and 1"), ("0.5", 3, "different shapes")])
def test_what_cannot_be_blended_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], share: str, size: int, told: str
) -> None:
    one, other = write_weights(tmp_path / "a", 1.0), write_weights(tmp_path / "b", 4.0, size)
    assert main([str(one), str(other), "--share", share, "--out", str(tmp_path / "c")]) == 1
    assert main([str(one), str(tmp_path), "--out", str(tmp_path / "c")]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert told in first
    assert "No weights" in second
