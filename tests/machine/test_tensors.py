"""Weights are read from their file as they are needed, and a damaged file is noticed before."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from safetensors.numpy import save_file

from rag.errors import ModelError
from rag.machine.graphs import Graph
from rag.machine.tensors import MappedTensors, find_map, release_mapped

if TYPE_CHECKING:
    from pathlib import Path

STORED = {"table": np.arange(12, dtype=np.float32).reshape(4, 3), "half": np.ones((2, 2), np.float16)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_file(STORED, tmp_path / "weights.safetensors")
    return tmp_path / "weights.safetensors"


def test_tensors_are_those_that_were_stored_and_stay_so_when_their_memory_is_given_back(path: Path) -> None:
    tensors = MappedTensors(path)
    assert tensors.names == ["half", "table"]
    found = {name: tensors[name] for name in tensors.names}
    for _ in range(2):
        for name, tensor in found.items():
            assert (tensor.dtype, tensor.tolist()) == (STORED[name].dtype, STORED[name].tolist())
        release_mapped([*found.values(), np.ones(3)])


def test_only_views_of_a_file_are_mapped(path: Path) -> None:
    table = MappedTensors(path)["table"]
    assert find_map(table) is find_map(table[1:].T) is not None
    assert find_map(table * 2) is find_map(np.ones(3)) is None
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"damaged",
        b"\2" + bytes(7) + b"{}",
        b"\2" + bytes(7) + b"[]",
        b"\xff" * 40,
        b"\x09" + bytes(7) + b'{"a":[1]}',
    ],
    ids=["empty", "no header", "no tensors", "no names", "a header beyond the end", "no entry"],
)
def test_a_damaged_file_is_noticed(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"."):
        MappedTensors(path)


def test_a_file_that_was_cut_off_is_noticed(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="truncated"):
        MappedTensors(path)


def write_look_up(folder: Path) -> Path:
    """A graph that looks up rows of a table."""
    from onnx import TensorProto, helper

    from rag.training.quantization import stub_tensor

    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "ids"], ["out"])],
        "look-up",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, [None])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [None, 3])],
        [stub_tensor("table", (4, 3), TensorProto.FLOAT, 48)],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    (folder / "g.onnx").write_bytes(made.SerializeToString())
    (folder / "g.json").write_text(json.dumps(["table"]), encoding="utf-8")
    return folder / "g.onnx"


def test_a_graph_reads_a_table_where_it_is_instead_of_a_copy(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    table = np.zeros((4, 3), np.float32)
    graph, mapped = Graph(write_look_up(tmp_path), {"table": table}), Graph(tmp_path / "g.onnx", MappedTensors(path))
    table[2] = 7
    assert graph.run(ids=np.array([2, 1]))[0].tolist() == [[7, 7, 7], [0, 0, 0]]
    assert mapped.run(ids=np.array([2, 1]))[0].tolist() == [[6, 7, 8], [3, 4, 5]]


def test_a_missing_weight_is_one_sentence(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    with pytest.raises(ModelError, match=r"g\.onnx cannot be used"):
        Graph(write_look_up(tmp_path), {})
