"""ONNX graphs with weights in safetensors files, run by onnxruntime, so that answering does not import torch.

A graph file contains only operations and the names of its weights. Weights are stored once, and loading them executes
no code from a file.
"""

from __future__ import annotations

import json
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from rag.errors import ModelError
from rag.machine.tensors import release_mapped

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Protocol

    from numpy.typing import NDArray

    class Tensors(Protocol):
        """Tensors by name."""

        def __getitem__(self, name: str, /) -> NDArray[Any]:
            """:raises KeyError: if there is no tensor with that name."""


_SHARING = Lock()


class Graph:
    """A graph that is ready to run. It is thread-safe.

    :param path: the .onnx file. The .json file beside it lists the names of the weights, with a suffix: ``.T`` for
        transposed, ``:int8`` and ``:scale`` for quantised, ``:fp16`` for half precision, ``:rows 3 5`` for some rows.
    :param tensors: the weights by name, of any floating type; unused ones are ignored. Those that the graph needs as
        they are stored, such as word embeddings, are not copied: only the rows that are looked up are read of a mapped
        file.
    :param prepared: whether ``tensors`` already have the graph's names, types and layouts.
    :param threads: threads of one run; 0 for one on each core.
    :raises ModelError: if the file cannot be read, or a weight is missing or has the wrong shape.
    """

    def __init__(self, path: Path, tensors: Tensors, *, prepared: bool = False, threads: int = 0) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = threads
        # Otherwise threads spin while they wait for work, and take a third of the processor time from other programs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # A plan of a run's memory is made for its shapes, which differ with each question.
        options.enable_mem_pattern = False
        with _SHARING:
            share_arena()
        options.add_session_config_entry("session.use_env_allocators", "1")
        try:
            names = list_wanted(path)
            picked = [tensors[name] if prepared else pick_tensor(tensors, name) for name in names]
            values = [onnxruntime.OrtValue.ortvalue_from_numpy(tensor) for tensor in picked]
            # The session copies these, most of them into a layout of its own, ...
            options.add_external_initializers(names, values)
            # ... but reads these where they are, so they are kept as long as the session.
            self._kept = {name: value for name, value in zip(names, values, strict=True) if is_plain(name)}
            for name, value in self._kept.items():
                options.add_initializer(name, value)
            self._session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
            release_mapped(picked)
        except Exception as error:  # onnxruntime's errors have no common base class
            reason = str(error).strip().split("\n")[0][:200]
            raise ModelError(f"The model graph {path} cannot be used ({reason}): reinstall ask-articles.") from None

    def run(self, **inputs: NDArray[Any]) -> list[NDArray[Any]]:
        """Runs the graph and returns its outputs in order."""
        outputs: list[NDArray[Any]] = self._session.run(None, inputs)
        return outputs


@cache
def share_arena() -> None:
    """Makes one pool of memory for all graphs. The memory that a run frees is used by the next run of any graph."""
    import onnxruntime

    kind = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    usual = -1
    growth = {
        "max_mem": 0,  # no limit
        "arena_extend_strategy": 1,  # by what is asked for, instead of doubling
        "initial_chunk_size_bytes": usual,
        "max_dead_bytes_per_chunk": usual,
    }
    onnxruntime.create_and_register_allocator(onnxruntime.OrtMemoryInfo("Cpu", *kind), onnxruntime.OrtArenaCfg(growth))


def list_wanted(path: Path) -> list[str]:
    """The names of a graph's weights, from the .json file beside it."""
    names: list[str] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return names


def is_plain(name: str) -> bool:
    """Whether the graph needs a weight as it is stored: float32, neither transposed nor quantised."""
    return ":" not in name and not name.endswith(".T")


def pick_tensor(tensors: Tensors, name: str) -> NDArray[Any]:
    """A weight in the form that its name asks for: float32, float16, an int8 matrix, or the scales of that matrix.

    Integers range from -63 to 63. The sum of two products with 8-bit inputs then fits into 16 bits, which is how
    processors without VNNI accumulate them.

    :raises KeyError: if there is no such tensor.
    """
    import numpy as np

    name, _, form = name.partition(":")
    stored = tensors[name.removesuffix(".T")]
    if form == "fp16":
        return stored.astype(np.float16)
    whole = np.ascontiguousarray(stored.T if name.endswith(".T") else stored, dtype=np.float32)
    if not form:
        return whole
    if form.startswith("rows "):
        return whole[[int(row) for row in form.split()[1:]]]
    scales: NDArray[Any] = np.maximum(np.abs(whole).max(axis=0) / 63, np.float32(1e-12))
    return np.rint(whole / scales).astype(np.int8) if form == "int8" else scales
