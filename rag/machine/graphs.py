"""ONNX graphs with weights in safetensors files, run by onnxruntime, so that answering does not import torch.

A graph file contains only operations and the names of its weights. Weights are stored once, and loading them executes
no code from a file.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rag.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Protocol

    from numpy.typing import NDArray

    class Tensors(Protocol):
        """Tensors by name."""

        def __getitem__(self, name: str, /) -> NDArray[Any]:
            """:raises KeyError: if there is no tensor with that name."""


class Graph:
    """A graph that is ready to run. It is thread-safe.

    :param path: the .onnx file. The .json file beside it lists the names of the weights, with a suffix: ``.T`` for
        transposed, ``:int8`` and ``:scale`` for quantised, ``:fp16`` for half precision, ``:rows 3 5`` for some rows.
    :param tensors: the weights by name, of any floating type. They are copied; unused ones are ignored.
    :param prepared: whether ``tensors`` already have the graph's names, types and layouts.
    :raises ModelError: if the file cannot be read, or a weight is missing or has the wrong shape.
    """

    def __init__(self, path: Path, tensors: Tensors, *, prepared: bool = False) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        # Otherwise threads spin while they wait for work, and take a third of the processor time from other programs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            names = list_wanted(path)
            picked = (tensors[name] if prepared else pick_tensor(tensors, name) for name in names)
            # OrtValues do not own their data, so keep them as long as the session.
            self._values = [onnxruntime.OrtValue.ortvalue_from_numpy(tensor) for tensor in picked]
            options.add_external_initializers(names, self._values)
            self._session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors have no common base class
            reason = str(error).strip().split("\n")[0][:200]
            raise ModelError(f"The model graph {path} cannot be used ({reason}): reinstall ask-articles.") from None

    def run(self, **inputs: NDArray[Any]) -> list[NDArray[Any]]:
        """Runs the graph and returns its outputs in order."""
        outputs: list[NDArray[Any]] = self._session.run(None, inputs)
        return outputs


def list_wanted(path: Path) -> list[str]:
    """The names of a graph's weights, from the .json file beside it."""
    names: list[str] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return names


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
