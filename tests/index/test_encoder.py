"""The installed encoder offline, silent and lazy; and every way a named one can fail to be had."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from conftest import ROOT

from rag.errors import ModelError
from rag.index.encoder import (
    DEFAULT_ENCODER,
    find_default_model,
    fingerprint_model,
    hash_file_sample,
    load_encoder,
)

if TYPE_CHECKING:
    from pathlib import Path

    from rag.types import Encoder

SENTENCES = [
    "Meta took a stake of 49 percent in Scale AI.",
    "Meta bought nearly half of the start-up Scale AI.",
    "Otters eat fish and sleep on their backs.",
    "The price of the deal was 14.3 billion dollars.",
    "A short one.",
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder()


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The default model's folder, with a stand-in for the weights."""
    folder = tmp_path / "model"
    shutil.copytree(find_default_model(), folder, ignore=shutil.ignore_patterns("*.safetensors"))
    (folder / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}      " + bytes(3 << 20))
    return folder


def test_counting_and_fingerprint_import_no_model_library() -> None:
    code = (
        "import socket, sys\n"
        "def refuse(*_, **__): raise AssertionError('network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from rag.index.encoder import load_encoder\n"
        "import rag.index.update, rag.index.retrieval\n"
        "encoder = load_encoder()\n"
        "assert encoder.count_tokens(['An apple.', '']) == [3, 0]\n"
        "assert encoder.max_tokens == 254 and len(encoder.fingerprint) == 64\n"
        "print([name for name in ('torch', 'transformers', 'sentence_transformers', 'faiss') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


def test_rows_are_unit_length_float32(encoder: Encoder) -> None:
    rows = encoder.encode(SENTENCES)
    assert rows.shape == (5, 384)
    assert rows.dtype == np.float32
    assert np.abs(np.linalg.norm(rows, axis=1) - 1).max() < 1e-5
    assert encoder.encode([]).shape == (0, 384)
    assert encoder.name == DEFAULT_ENCODER


@pytest.mark.slow
def test_the_default_encoder_is_the_installed_model_and_imports_no_torch(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.index.encoder.multiplies_bf16", lambda: False)
    texts = [*SENTENCES, "what stake did meta buy", "a very long question " * 200, "\ud800?"]
    named = load_encoder(str(find_default_model()))  # no graph is known of what a user names
    by_graph, by_library = encoder.encode(texts, query=True), named.encode(texts, query=True)
    assert by_graph.dtype == np.float32
    assert np.abs(np.linalg.norm(by_graph, axis=1) - 1).max() < 1e-5
    assert np.abs(by_graph - by_library).max() < 1e-5
    # Many are encoded a few at a time, in their order, and none depends on the others.
    assert np.array_equal(encoder.encode(texts * 20, query=True), np.tile(by_graph, (20, 1)))
    code = (
        "import sys\nfrom rag.index.encoder import load_encoder\n"
        "print(load_encoder().encode(['a passage', 'another']).shape, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("(2, 384) False\n", "")


def test_a_passage_is_encoded_in_the_light_of_its_title(encoder: Encoder) -> None:
    about = "The deal gives the buyer 30 seats on the night train and both depots."
    titles = ["Sleeper firm Nachtlinie sold to rival", "School canteen prices frozen until spring", ""]
    asked = encoder.encode(["how much of Nachtlinie's sleeper train does the buyer get?"], query=True)
    near, far, plain = (encoder.encode([about] * 3, contexts=titles) @ asked.T).ravel()
    assert near > plain > far
    # The row is about the text, not about the title.
    rows = encoder.encode([about, "Milk stays at 40 cents.", *titles[:1]], contexts=[titles[0], titles[0], ""])
    assert rows[0] @ rows[1] < 0.5
    assert encoder.encode([about], contexts=[""]) == pytest.approx(encoder.encode([about]))


def test_a_long_title_does_not_displace_the_text(encoder: Encoder) -> None:
    text = "The harbour opens again in May. " * 60
    with_title, alone = encoder.encode([text] * 2, contexts=["An endless headline " * 90, ""])
    assert with_title @ alone > 0.8


def test_like_meanings_lie_close(encoder: Encoder) -> None:
    rows = encoder.encode(SENTENCES)
    cosines = rows @ rows.T
    assert cosines[0, 1] > 0.4
    assert abs(cosines[0, 2]) < 0.2
    assert cosines[0, 1] > cosines[0, 2] + 0.3


def test_a_batch_is_encoded_like_its_texts_one_by_one(encoder: Encoder) -> None:
    together = encoder.encode(SENTENCES)
    alone = np.concatenate([encoder.encode([text]) for text in SENTENCES])
    assert (together * alone).sum(axis=1).min() > 0.999


def test_encoding_is_silent_and_offline(
    encoder: Encoder, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("network")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    assert load_encoder().encode(["hello"]).shape == (1, 384)
    assert encoder.encode(["hello"]).shape == (1, 384)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("text", ["", "\x00", "\ud800 lone", "x" * 20_000, "word " * 5_000, "🦦" * 400])
def test_any_text_can_be_encoded(encoder: Encoder, text: str) -> None:
    assert np.isfinite(encoder.encode([text])).all()
    assert np.isfinite(encoder.encode([text, "word"], contexts=["A title", text])).all()
    assert encoder.count_tokens([text])[0] >= 0


def test_tokens_are_counted_without_truncation(encoder: Encoder) -> None:
    assert encoder.count_tokens(["word " * 1_000, "word"]) == [1_000, 1]
    assert encoder.count_tokens([]) == []


def test_the_precision_costs_less_than_a_hundredth(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.index.encoder.multiplies_bf16", lambda: True)
    halved = load_encoder(str(find_default_model())).encode(SENTENCES)
    assert (halved * encoder.encode(SENTENCES)).sum(axis=1).min() > 0.99


def test_a_fingerprint_follows_weights_and_settings(copied: Path) -> None:
    first = fingerprint_model(copied)
    assert load_encoder(str(copied)).fingerprint == first != load_encoder().fingerprint
    (copied / "README.md").write_text("anything")
    assert fingerprint_model(copied) == first
    (copied / "sentence_bert_config.json").write_text('{"max_seq_length": 128}')
    second = fingerprint_model(copied)
    assert second != first
    assert load_encoder(str(copied)).max_tokens == 126
    weights = copied / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[2 << 20] ^= 1
    weights.write_bytes(content)
    assert fingerprint_model(copied) != second


def test_a_sample_is_all_of_a_small_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    hashes = set()
    for content in (b"", b"a", b"b", bytes(1 << 20), bytes((1 << 20) - 1) + b"a", bytes(1 << 21), bytes(3 << 20)):
        path.write_bytes(content)
        hashes.add(hash_file_sample(path))
    assert len(hashes) == 7


def test_damaged_weights_are_named(copied: Path) -> None:
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_encoder(str(copied)).encode(["x"])


def test_a_model_that_brings_code_is_refused(copied: Path, tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    shutil.copy(find_default_model() / "model.safetensors", copied)
    (copied / "evil.py").write_text(f"open({str(marker)!r}, 'w').close()\nclass Evil: pass\n")
    modules = json.loads((copied / "modules.json").read_text())
    modules[0]["type"] = "evil.Evil"
    (copied / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_encoder(str(copied)).encode(["x"])
    assert not marker.exists()


def test_a_damaged_tokenizer_is_named(copied: Path) -> None:
    (copied / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match=r"tokenizer\.json"):
        load_encoder(str(copied)).count_tokens(["x"])


def test_only_safetensors_are_loaded(copied: Path) -> None:
    (copied / "model.safetensors").rename(copied / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"no \.safetensors"):
        load_encoder(str(copied))


@pytest.mark.parametrize("name", ["/nowhere/model", "./model", "~/no-such-model", "a/b/c", "", "a\\b"])
def test_a_path_to_nothing_is_no_name_of_the_hub(name: str) -> None:
    with pytest.raises(ModelError, match="no model folder"):
        load_encoder(name)


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no model"):
        load_encoder(str(tmp_path))
    (tmp_path / "file").write_text("x")
    with pytest.raises(ModelError, match="no model folder"):
        load_encoder(str(tmp_path / "file"))


def test_a_hubs_model_is_looked_up_in_the_cache_first(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, bool]] = []

    def download(repository: str, *, allow_patterns: list[str], local_files_only: bool) -> str:
        assert not any(pattern.endswith((".py", ".bin")) for pattern in allow_patterns)
        calls.append((repository, local_files_only))
        if local_files_only:
            raise FileNotFoundError(repository)
        return str(copied)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    encoder = load_encoder("some-model")
    assert calls == []
    assert encoder.fingerprint == fingerprint_model(copied)
    assert encoder.count_tokens(["word"]) == [1]
    assert calls == [("sentence-transformers/some-model", True), ("sentence-transformers/some-model", False)]


def test_a_hub_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*_: object, **__: object) -> str:
        raise RuntimeError("connection")

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    with pytest.raises(ModelError, match=r"owner/model cannot be downloaded .*RuntimeError.*local folder"):
        load_encoder("owner/model").count_tokens(["word"])
