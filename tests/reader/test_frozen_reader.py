"""A reader on a frozen base, as it answers: its graphs in int8 say what its weights say, and are filled once."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from tiny import LOUD, check_same

from rag.errors import ModelError
from rag.machine.graphs import Graph
from rag.reader import copying
from rag.reader.blocks import list_shards
from rag.reader.copying import CopyingReader, load_tensors
from rag.reader.tokens import collate_pairs, tokenize_pairs
from rag.training.export import PairReader, write_graph
from rag.training.model import CopyingReaderModel

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from tiny import Finished

pytestmark = pytest.mark.slow
TEXTS = (
    "AMD launched its MI350 chip line on Thursday. The chips are made by TSMC in Taiwan.",
    "Bread is baked from flour, water and salt. The dough rests for two hours before it goes into the oven.",
    "It rained.",
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def inputs() -> dict[str, Any]:
    rows = collate_pairs(tokenize_pairs([("Who makes the chips?", "", text) for text in TEXTS], 512))
    rows.pop("copyable")
    return rows


@pytest.fixture(scope="module")
def model(finished: Finished) -> CopyingReaderModel:
    return CopyingReaderModel.from_pretrained(finished.weights, local_files_only=True, dtype="float32").eval()


@pytest.fixture(scope="module")
def exact(model: CopyingReaderModel, inputs: dict[str, Any]) -> list[NDArray[np.float32]]:
    """What PyTorch in fp32 makes of the inputs."""
    with torch.inference_mode():
        read = model.read_pairs(**{name: torch.from_numpy(rows) for name, rows in inputs.items()})
    return [part.numpy() for part in read]


def correlate(one: NDArray[np.float32], other: NDArray[np.float32], shown: NDArray[np.bool_]) -> float:
    """Over the positions attended to, about each channel's own mean."""
    first, second = (part[shown] - part[shown].mean(axis=0) for part in (one, other))
    return float((first * second).sum() / np.sqrt((first**2).sum() * (second**2).sum()))


def test_integers_say_what_the_model_says_although_one_channel_is_far_larger_than_the_others(
    finished: Finished, model: CopyingReaderModel, inputs: dict[str, Any], exact: list[Any], tmp_path: Path
) -> None:
    shown = inputs["attention_mask"]
    apart = CopyingReader(finished.weights).graphs.pairs.run(**inputs)
    for mine, theirs in zip(apart[:3], exact[:3], strict=True):
        assert correlate(mine, theirs, shown) > 0.95
    assert apart[3] == pytest.approx(exact[3], abs=0.1)
    wanted = json.loads((finished.weights / "pairs.json").read_text(encoding="utf-8"))
    rows = [name for name in wanted if ":rows " in name and "layer.0.output" in name]
    assert len(rows) == 1
    assert str(LOUD) in rows[0].split(":rows ")[1].split()
    assert "encoder.embeddings.word_embeddings.weight" in wanted
    # All channels with one scale: the large one leaves no resolution for the others.
    model.merge_adapters()
    dimensions = {0: torch.export.Dim("passages", min=1, max=4096), 1: torch.export.Dim("length", min=4, max=512)}
    given = {name: torch.from_numpy(rows) for name, rows in inputs.items()}
    write_graph(PairReader(model), given, dict.fromkeys(given, dimensions), tmp_path / "plain.onnx", {})
    assert ":rows " not in (tmp_path / "plain.json").read_text(encoding="utf-8")
    together = Graph(tmp_path / "plain.onnx", load_tensors(finished.weights)).run(**inputs)
    lost, lost_apart = (1 - correlate(read[0], exact[0], shown) for read in (together, apart))
    assert lost > 3 * lost_apart


def test_padding_changes_nothing_of_what_is_read(finished: Finished) -> None:
    reader = CopyingReader(finished.weights)
    encoded = reader.encode("Who?", [("", text) for text in TEXTS])
    (alone,) = reader.encode("Who?", [("", TEXTS[2])])
    assert encoded[2].states.shape == alone.states.shape
    assert correlate(encoded[2].states, alone.states, np.ones(len(alone.states), np.bool_)) > 0.99


def test_graphs_are_filled_from_the_stored_weights_once(
    finished: Finished, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    question, passages = ["Who makes the chips?"], [[("", text) for text in TEXTS]]
    first = CopyingReader(finished.weights).read_texts(question, passages)
    assert len(list(cache.rglob("*.safetensors"))) == 1

    def fail(folder: Path) -> None:
        raise AssertionError(f"{folder} is read again")

    monkeypatch.setattr(copying, "load_tensors", fail)
    check_same(CopyingReader(finished.weights).read_texts(question, passages)[0], first[0])


def test_a_reader_without_its_base_is_one_sentence(finished: Finished, tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(finished.weights, folder)
    for shard in list_shards(folder):
        shard.unlink()
    with pytest.raises(ModelError, match="is missing or does not match: reinstall"):
        _ = CopyingReader(folder).graphs
    with pytest.raises(ModelError, match="is missing or does not match"):
        CopyingReaderModel.from_pretrained(folder, local_files_only=True)


@pytest.mark.parametrize("damaged", ["config.json", "model.safetensors", "pairs.json"])
def test_damaged_files_are_one_sentence(finished: Finished, tmp_path: Path, damaged: str) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(finished.weights, folder)
    (folder / damaged).write_bytes(b"damaged")
    with pytest.raises(ModelError, match="install") as caught:
        _ = CopyingReader(folder).graphs
    assert "\n" not in str(caught.value)


def test_weights_hold_only_what_was_trained(finished: Finished) -> None:
    from safetensors.numpy import load_file

    stored = load_file(finished.weights / "model.safetensors")
    assert {name.rsplit(".", 1)[1] for name in stored if name.startswith("encoder.")} == {"lora_down", "lora_up"}
    assert {tensor.dtype for tensor in stored.values()} == {np.dtype(np.float16)}
