"""Any Hugging Face seq2seq model as a reader, shown on a random-weight T5 of a few kilobytes."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from rag.errors import ModelError
from rag.reader.alignment import align_answer
from rag.reader.seq2seq import Seq2SeqReader, write_reading
from rag.types import Passage

TEXTS = ["Acme sold its stake to Bolt in 2020.", "Nobody at Bolt, Inc. wanted the 12.5% stake at all."]


@pytest.mark.parametrize(
    ("answer", "support", "overlap"),
    [
        ("the 12.5% stake", "the 12.5% stake", 1.0),
        ("BOLT", "Bolt", 1.0),
        ("in 2020 to Bolt", "to Bolt in 2020", 1.0),
        ("Acme sold the stake", "Acme sold its stake", 0.75),
    ],
)
def test_alignment_finds_what_supports_a_free_answer(answer: str, support: str, overlap: float) -> None:
    found = align_answer(answer, TEXTS)
    assert found is not None
    assert TEXTS[found.passage][found.start : found.end] == support
    assert found.overlap == pytest.approx(overlap)


def test_an_invention_is_supported_by_nothing_and_not_given() -> None:
    assert align_answer("QuantumTech Lab", TEXTS) is None
    assert write_reading("QuantumTech Lab in San Francisco", 0.9, TEXTS).text == ""
    assert write_reading("Unanswerable.", 0.9, TEXTS).text == ""


def test_a_figure_inside_another_is_no_support() -> None:
    assert align_answer("49", ["They paid $49.5 billion."]) is None
    assert align_answer("14", ["They paid 14,300 dollars, or 3.14 each."]) is None
    assert align_answer("a", ["They paid a lot."]) is None
    assert align_answer("No", ["No, they did not."]) is None


def test_a_grounded_answer_keeps_its_wording_and_is_marked_as_aligned() -> None:
    reading = write_reading("in 2020 to Bolt", 0.8, TEXTS)
    assert (reading.text, reading.origin) == ("in 2020 to Bolt", "aligned")
    assert TEXTS[reading.passage][reading.start : reading.end] == "to Bolt in 2020"


@pytest.fixture(scope="module")
def tiny_t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

    folder = tmp_path_factory.mktemp("tiny-t5")
    words = ["<pad>", "</s>", "<unk>", "Acme", "sold", "its", "stake", "to", "Bolt", "in", "2020", "."]
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=128,
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=len(words),
        d_model=16,
        d_kv=8,
        d_ff=32,
        num_layers=1,
        num_heads=2,
        decoder_start_token_id=0,
        pad_token_id=0,
        eos_token_id=1,
    )
    T5ForConditionalGeneration(config).save_pretrained(folder)
    return folder


def test_any_seq2seq_folder_reads_a_batch(tiny_t5: Path) -> None:
    passages = [[Passage("a#0", "a", "Acme", "", None, 0, len(t), t) for t in TEXTS[:1]]] * 3
    readings = Seq2SeqReader(str(tiny_t5)).read(["who bought it?", "when?", "why?"], passages)
    assert len(readings) == 3
    for found in readings:
        (reading,) = found.together
        assert reading.origin == "aligned"
        assert 0.0 <= reading.probability <= 1.0
        assert not reading.text or TEXTS[0][reading.start : reading.end]


def test_a_folder_without_a_model_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="--reader"):
        _ = Seq2SeqReader(str(tmp_path)).loaded


def test_pickled_weights_are_never_loaded(tiny_t5: Path, tmp_path: Path) -> None:
    """A .bin file may run code when it is opened."""
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((tiny_t5 / name).read_bytes())
    trap = tmp_path / "sprung"

    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str, ...]]:
            return (Path.touch, (trap,))  # type: ignore[return-value]

    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ModelError):
        _ = Seq2SeqReader(str(tmp_path)).loaded
    assert not trap.exists()
