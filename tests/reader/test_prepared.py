"""What a graph is filled with is made once and kept, wherever it can be kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rag.reader.prepared import MOST_KEPT, prepare_tensors

if TYPE_CHECKING:
    from pathlib import Path

STORED = {"layer": np.array([[1.25, -2.0, 0.5], [0.0, 4.0, 1.0]], np.float16), "bias": np.ones(2, np.float32)}
WANTED = ["bias", "layer.T:int8", "layer.T:scale", "layer:fp16"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    reader = tmp_path / "reader"
    reader.mkdir()
    (reader / "config.json").write_text('{"base_sha256": "1"}', encoding="utf-8")
    (reader / "model.safetensors").write_bytes(b"weights")
    (reader / "pairs.json").write_text(json.dumps(WANTED[:2]), encoding="utf-8")
    (reader / "spans.json").write_text(json.dumps(WANTED[1:]), encoding="utf-8")
    return reader


def prepare(folder: Path) -> tuple[Any, int]:
    """The tensors, and how often the stored weights were read for them."""
    read = []

    def load() -> dict[str, Any]:
        read.append(1)
        return STORED

    return prepare_tensors(folder, [folder / "pairs.onnx", folder / "spans.onnx"], load), len(read)


def list_kept(cache: Path) -> list[Path]:
    return sorted(path for path in cache.rglob("*") if path.is_file())


def check(tensors: Any) -> None:
    assert (tensors["layer:fp16"].dtype, tensors["layer.T:int8"].dtype) == (np.float16, np.int8)
    assert tensors["layer:fp16"].tolist() == STORED["layer"].tolist()
    assert tensors["bias"].tolist() == [1.0, 1.0]
    assert tensors["layer.T:int8"][:, 0].tolist() == [39, -63, 16]
    assert tensors["layer.T:scale"] == pytest.approx(np.array([2 / 63, 4 / 63]))


def test_the_second_load_reads_what_the_first_one_kept(folder: Path, cache: Path) -> None:
    for times in (1, 0, 0):
        tensors, read = prepare(folder)
        assert read == times
        check(tensors)
    assert len(list_kept(cache)) == 1


@pytest.mark.parametrize(
    ("left", "added"),
    [
        (0, b"damaged"),
        (0, b""),
        (-3, b""),
        (40, b""),
        (0, (2).to_bytes(8, "little") + b"{}"),
        (0, (2).to_bytes(8, "little") + b"[]"),
    ],
    ids=["other bytes", "empty", "cut off", "cut off in the header", "no tensors", "no names"],
)
def test_what_was_damaged_is_made_anew(folder: Path, cache: Path, left: int, added: bytes) -> None:
    prepare(folder)
    (kept,) = list_kept(cache)
    whole = kept.read_bytes()
    kept.write_bytes(whole[:left] + added)
    tensors, read = prepare(folder)
    assert read == 1
    check(tensors)
    assert list_kept(cache) == [kept]
    assert kept.read_bytes() == whole


def test_a_file_in_the_place_of_the_cache_folder_costs_no_more_than_time(folder: Path, cache: Path) -> None:
    cache.write_text("in the way", encoding="utf-8")
    for _ in range(2):
        tensors, read = prepare(folder)
        assert read == 1
        check(tensors)
    assert cache.read_text(encoding="utf-8") == "in the way"


def test_a_cache_folder_that_cannot_be_written_to_costs_no_more_than_time(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors import SafetensorError

    def fail(*_: object) -> None:
        # What safetensors makes of a folder that may only be read, and of a full disk.
        raise SafetensorError("Error while serializing: I/O error: Permission denied (os error 13)")

    monkeypatch.setattr("safetensors.numpy.save_file", fail)
    tensors, read = prepare(folder)
    assert read == 1
    check(tensors)
    assert list_kept(cache) == []


@pytest.mark.parametrize("changed", ["config.json", "model.safetensors", "spans.json"])
def test_another_reader_has_a_file_of_its_own_and_few_are_kept(folder: Path, cache: Path, changed: str) -> None:
    prepare(folder)
    (first,) = list_kept(cache)
    content = json.dumps(WANTED) if changed == "spans.json" else "other"
    if changed == "spans.json":
        (folder / "pairs.json").write_text(json.dumps(WANTED[2:]), encoding="utf-8")
        content = json.dumps(WANTED[2:])
    (folder / changed).write_text(content, encoding="utf-8")
    assert prepare(folder)[1] == 1
    assert prepare(folder)[1] == 0
    both = list_kept(cache)
    assert len(both) == 2
    assert first in both
    for number in range(3):
        (folder / "model.safetensors").write_text(str(number), encoding="utf-8")
        prepare(folder)
    assert len(list_kept(cache)) == MOST_KEPT
    assert prepare(folder)[1] == 0
