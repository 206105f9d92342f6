"""What training is shown on: a few made-up towns in every source's file, and an MPNet of a few thousand weights."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from rag.training import feeding, train
from rag.training.data import SOURCES, Paragraph, QuestionRecord
from rag.training.followups import FOLLOW_UPS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rag.training.batches import Features
    from rag.types import Reading

TOWNS = ("Aberlour", "Brechin", "Crieff", "Dunkeld", "Elgin", "Forres", "Golspie", "Huntly")
VOCABULARY = 30527
LOUD = 7
"""The channel of each feed-forward layer's inner states that is far larger than the others."""


def make_paragraph(number: int, source: str = "new_wiki") -> Paragraph:
    town = TOWNS[number]
    first = f"{town} was founded in {1100 + number} by monks. "
    text = f"{first}It has {number + 2} bridges over the river. Each summer a fair is held in the market square."
    start = len(first) + len("It has ")
    questions = (
        QuestionRecord(f"When was the town of {town} founded?", ((first.index("1"), first.index("1") + 4),)),
        QuestionRecord("How many bridges are there?", ((start, start + 1),)),
    )
    return Paragraph(source, f"{source} {town}", town, text, questions)


def write_squad(path: Path, articles: list[dict[str, Any]]) -> Path:
    """One file in SQuAD's format, gzipped where its name says so."""
    content = json.dumps({"data": articles}).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def write_training_data(folder: Path) -> Path:
    for source in SOURCES:
        articles = [
            {
                "title": p.article,
                "paragraphs": [
                    {
                        "context": p.text,
                        "qas": [
                            {"question": q.question, "answers": [{"text": p.text[a:b], "answer_start": a}]}
                            for q in p.questions
                            for a, b in q.answers
                        ],
                    }
                ],
            }
            for p in (make_paragraph(n, source.name) for n in range(8))
        ]
        write_squad(folder / source.file, articles)
    dialogues = [
        {"QuAC_dialog_id": f"C_{n}_1", "History": ["Acme", "Deals", "Who runs Acme?", "Ann Gow"],
         "Question": "How old is she?", "Rewrite": "How old is Ann Gow?"} for n in range(12)
    ]  # fmt: skip
    for name in FOLLOW_UPS:
        (folder / name).write_text(json.dumps(dialogues), encoding="utf-8")
    return folder


def write_mpnet(folder: Path) -> Path:
    """Two layers with random weights, as transformers stores them."""
    import torch
    from safetensors.torch import save_file
    from transformers import MPNetConfig, MPNetModel

    config = MPNetConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        num_attention_heads=2,
        num_hidden_layers=2,
        intermediate_size=64,
        max_position_embeddings=514,
    )
    tensors = MPNetModel(config).state_dict()
    generator = torch.Generator().manual_seed(0)
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and "LayerNorm" not in name:
            tensor.copy_(0.2 * torch.randn(tensor.shape, generator=generator))
    for layer in range(2):
        tensors[f"encoder.layer.{layer}.intermediate.dense.bias"][LOUD] = 200.0
        tensors[f"encoder.layer.{layer}.output.dense.weight"][:, LOUD] *= 0.005
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "model.safetensors")
    return folder


@dataclass(frozen=True, slots=True)
class Finished:
    """A run in two parts.

    :param command: what it was started with, and went on with.
    :param parts: the micro-batches of each part.
    :param kept: the checkpoint's bytes, before weights were written and afterwards.
    """

    command: tuple[str, ...]
    checkpoints: Path
    weights: Path
    parts: tuple[list[Sequence[Features]], ...]
    kept: tuple[bytes, bytes]


def finish_run(folder: Path, data: Path, base: Path) -> Finished:
    checkpoints, weights = folder / "checkpoints", folder / "weights"
    command = ("--data", str(data), "--base", str(base), "--checkpoints", str(checkpoints),
               "--tokens", "800", "--rank", "4", "--accumulate", "2", "--followups", "1")  # fmt: skip
    # A moment: one step is taken in any case.
    parts = tuple(watch_run([*command, "--minutes", "1e-6"]) for _ in range(2))
    before = (checkpoints / "checkpoint.pt").read_bytes()
    watch_run([*command, "--finish", "1e-6", "--out", str(weights)])
    return Finished(command, checkpoints, weights, parts, (before, (checkpoints / "checkpoint.pt").read_bytes()))


def watch_run(arguments: Sequence[str]) -> list[Sequence[Features]]:
    """Runs the training command; returns the micro-batches that it trained on."""
    seen: list[Sequence[Features]] = []
    collate = feeding.collate

    def watch(micro: Sequence[Features]) -> dict[str, Any]:
        seen.append(micro)
        return collate(micro)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(feeding, "collate", watch)
        assert train.main(arguments) == 0
    return seen


def check_same(some: Sequence[Reading], others: Sequence[Reading]) -> None:
    """The same answers, as sure but for the last digits, which depend on how the work was shared between cores."""
    assert [(r.text, r.passage, r.start, r.end) for r in some] == [(r.text, r.passage, r.start, r.end) for r in others]
    for one, other in zip(some, others, strict=True):
        assert one.probability == pytest.approx(other.probability, abs=1e-3)
        assert one.no_answer == pytest.approx(other.no_answer, abs=1e-3)
