"""ONNX graphs whose weights lie in safetensors, run by onnxruntime: to answer a question no torch is imported.

A graph file holds operations alone, and names the weights it wants. So weights are stored once, and loading them
executes nothing that a file brings.
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
            """:raises KeyError: where there is none of that name."""


class Graph:
    """A graph ready to run, from several threads if need be.

    :param path: the .onnx file; the .json beside it lists the weights it wants: ``.T`` at the end of transposed ones,
        ``:int8`` and ``:scale`` of quantised ones, ``:fp16`` of halved ones, ``:rows 3 5`` of some rows.
    :param tensors: its weights by name, of any floating type; they may be more than it wants, and are copied.
    :param prepared: whether ``tensors`` are as the graph wants them, under the names that it wants.
    :raises ModelError: where the file cannot be read, or wants other weights.
    """

    def __init__(self, path: Path, tensors: Tensors, *, prepared: bool = False) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        try:
            names = list_wanted(path)
            picked = (tensors[name] if prepared else pick_tensor(tensors, name) for name in names)
            # They do not copy what they are made from, so they live as long as the session.
            self._values = [onnxruntime.OrtValue.ortvalue_from_numpy(tensor) for tensor in picked]
            options.add_external_initializers(names, self._values)
            self._session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors share no base
            reason = str(error).strip().split("\n")[0][:200]
            raise ModelError(f"The model's graph {path} cannot be used ({reason}): install it again.") from None

    def run(self, **inputs: NDArray[Any]) -> list[NDArray[Any]]:
        """The graph's outputs, in its order."""
        outputs: list[NDArray[Any]] = self._session.run(None, inputs)
        return outputs


def list_wanted(path: Path) -> list[str]:
    """Names of the weights that a graph wants."""
    names: list[str] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return names


def pick_tensor(tensors: Tensors, name: str) -> NDArray[Any]:
    """A weight as the graph wants it: float32 or float16, or a matrix in int8, or the scales that belong to that.

    Integers go from -63 to 63: the sum of two products with 8-bit inputs then fits into 16 bits, in which processors
    without VNNI add them.

    :raises KeyError: where there is no such tensor.
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
