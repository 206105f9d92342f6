"""The shapes of the encoders that a reader is trained on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rag.errors import ModelError
from rag.reader.base import EMBEDDINGS, locate_base
from rag.reader.blocks import list_shapes

if TYPE_CHECKING:
    from pathlib import Path

SHAPE_KEYS = (
    "hidden_act",
    "hidden_size",
    "intermediate_size",
    "layer_norm_eps",
    "max_position_embeddings",
    "num_attention_heads",
    "num_hidden_layers",
    "type_vocab_size",
    "vocab_size",
)


def describe_encoder() -> dict[str, Any]:
    """The installed base's shape, as arguments of BertConfig; dropout off."""
    config = json.loads((locate_base() / "config.json").read_text(encoding="utf-8"))
    shape = {key: config[key] for key in SHAPE_KEYS}
    return {**shape, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


def describe_mpnet(folder: Path) -> dict[str, Any]:
    """The shape of the base in a folder of :mod:`rag.training.blocks`, as arguments of MPNetConfig; dropout off.

    :raises ModelError: if there is none.
    """
    shapes = list_shapes(folder)
    if not shapes:
        raise ModelError(f"No base in {folder}: make one with python -m rag.training.blocks.")
    buckets, heads = shapes["encoder.relative_attention_bias.weight"]
    vocabulary, hidden = shapes[EMBEDDINGS]
    return {
        "model_type": "mpnet",
        "num_hidden_layers": sum(name.endswith("intermediate.dense.weight") for name in shapes),
        "num_attention_heads": heads,
        "relative_attention_num_buckets": buckets,
        "vocab_size": vocabulary,
        "hidden_size": hidden,
        "intermediate_size": shapes["encoder.layer.0.intermediate.dense.weight"][0],
        "max_position_embeddings": shapes["embeddings.position_embeddings.weight"][0],
        "layer_norm_eps": 1e-5,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
    }
