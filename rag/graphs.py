"""ONNX graphs whose weights lie in safetensors, run by onnxruntime: to answer a question no torch is imported.

A graph file holds operations alone, and names the weights it wants. So weights are stored once, and loading them
executes nothing that a file brings.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rag.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray


class Graph:
    """A graph ready to run, from several threads if need be.

    :param path: the .onnx file; the .json beside it lists the weights it wants: ``.T`` at the end of transposed ones,
        ``:int8`` and ``:scale`` of quantised ones.
    :param tensors: its weights, of any floating type, by name; they may be more than it wants, and are copied.
    :raises ModelError: where the file cannot be read, or wants other weights.
    """

    def __init__(self, path: Path, tensors: Mapping[str, NDArray[Any]]) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        try:
            names = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            values = [onnxruntime.OrtValue.ortvalue_from_numpy(pick_tensor(tensors, name)) for name in names]
            options.add_external_initializers(names, values)
            self._session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors share no base
            reason = str(error).strip().split("\n")[0][:200]
            raise ModelError(f"The model's graph {path} cannot be used ({reason}): install it again.") from None

    def run(self, **inputs: NDArray[Any]) -> list[NDArray[Any]]:
        """The graph's outputs, in its order."""
        outputs: list[NDArray[Any]] = self._session.run(None, inputs)
        return outputs


def pick_tensor(tensors: Mapping[str, NDArray[Any]], name: str) -> NDArray[Any]:
    """A weight as the graph wants it: float32, or a matrix in int8, or the scales that belong to that.

    Integers go from -63 to 63: the sum of two products with 8-bit inputs then fits into 16 bits, in which processors
    without VNNI add them.

    :raises KeyError: where there is no such tensor.
    """
    import numpy as np

    name, _, form = name.partition(":")
    stored = tensors[name.removesuffix(".T")]
    whole = np.ascontiguousarray(stored.T if name.endswith(".T") else stored, dtype=np.float32)
    if not form:
        return whole
    scales: NDArray[Any] = np.maximum(np.abs(whole).max(axis=0) / 63, np.float32(1e-12))
    return np.rint(whole / scales).astype(np.int8) if form == "int8" else scales
