"""Examples drawn here and trained on elsewhere, heads for sentences and for yes and no, and a taught reader."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING

import pytest
import torch
from tiny import make_paragraph, write_squad

from rag.errors import RagError
from rag.training import distil, train
from rag.training.batches import Features, collate, featurize
from rag.training.data import Paragraph, QuestionRecord, load_squad
from rag.training.examples import Example, ExampleSource, Mixture
from rag.training.feeding import load_ahead, unpack_blocks
from rag.training.losses import compute_distillation, compute_judging_loss
from rag.training.packed import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tiny import Finished

RAIN = "It rained for a week. The river rose and the bridge was closed. Nobody was hurt."
WHY = RAIN[RAIN.index("The river") : RAIN.index(" Nobody")]


def strip(features: Features) -> tuple[object, ...]:
    """All of an example but the characters of its tokens."""
    pairs = [(pair.ids, pair.segment, pair.first) for pair in features.pairs]
    return pairs, features.labels, features.holder, features.evidence, features.yes


def test_packed_examples_come_back_as_they_were(tmp_path: Path) -> None:
    source = ExampleSource([make_paragraph(n) for n in range(4)], Mixture(), 0)
    drawn = [source.draw(where, random.Random(n)) for n in range(9) for where in source.list_questions(0)]
    at = RAIN.index(WHY)
    drawn += [
        Example("why?", (("", "Bread."), ("", RAIN)), None, ((1, at, at + len(WHY)),)),
        Example("did it rain?", (("Rain", RAIN),), None, ((0, 0, len(RAIN)),), yes=True),
        Example("what about it?", (("", "We talked."),), None, None),
    ]
    features = featurize([e for e in drawn if e], 200, 40)
    path = tmp_path / "examples.xz"
    assert pack(features, path) == len(features)
    assert [strip(f) for f in unpack(path)] == [strip(f) for f in features]
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(RagError, match=r"examples\.xz holds no examples"):
        next(unpack(path))


def test_a_batch_says_which_sentence_answers_which_passage_and_whether_yes() -> None:
    at = RAIN.index(WHY)
    batch = collate(
        featurize(
            [
                Example("why?", (("", RAIN), ("", "Bread is baked.")), None, ((0, at, at + len(WHY)),)),
                Example("did it rain?", (("", "Bread is baked."), ("", RAIN)), None, ((1, 0, len(RAIN)),), yes=False),
                Example("who?", (("", RAIN), ("", "Bread is baked.")), None),
                Example("hurt?", (("", RAIN), ("", "Bread is baked.")), (0, len(RAIN) - 16, len(RAIN) - 10)),
            ],
            200,
            40,
        )
    )
    sources = batch["copyable"][0].numel()
    assert batch["holders"].tolist() == [0, 1, -1, 0]
    assert batch["verdicts"].tolist() == [-1, 0, -1, -1]
    # Sentences alone and yes or no are not copied; nothing at all is NO-ANSWER.
    assert [row.tolist()[0] for row in batch["labels"]][:3] == [-100, -100, sources + 1]
    told = batch["evidence"]
    assert (told[1] == -1).all()
    for row in (0, 2, 3):
        assert ((told[row] >= 0) == batch["copyable"][row]).all()
    assert not (told[2] == 1).any()
    from rag.reader.tokens import load_tokenizer

    marked = batch["input_ids"][0][told[0] == 1].tolist()
    assert load_tokenizer().decode(marked) == WHY.lower()
    marked = batch["input_ids"][3][told[3] == 1].tolist()
    assert load_tokenizer().decode(marked) == "nobody was hurt."


def test_what_sentences_alone_answer_and_yes_or_no_is_drawn_with_its_passage(tmp_path: Path) -> None:
    parts = [{"text": text, "answer_start": RAIN.index(text)} for text in (WHY, "Nobody was hurt.")]
    questions: list[dict[str, object]] = [
        {"question": "did it rain?", "answers": [], "yes_no": "no"},
        {"question": "what happened?", "all": parts, "answers": parts},
    ]
    article = {"title": "Rain", "paragraphs": [{"context": RAIN, "qas": questions}]}
    (paragraph,) = load_squad(write_squad(tmp_path / "boolq.json.gz", [article]))
    verdict, both = paragraph.questions
    assert (verdict.yes, verdict.answers, both.answers, len(both.parts)) == (False, (), (), 2)
    source = ExampleSource([paragraph], Mixture(), 0)
    drawn = [source.draw((0, i), random.Random(n)) for i in range(2) for n in range(20)]
    assert all(e and e.answer is None for e in drawn)
    assert {e.yes for e in drawn[:20] if e} == {False}
    for example in drawn[20:]:
        assert example
        assert example.evidence
        texts = [example.passages[p][1][a:b] for p, a, b in example.evidence]
        assert texts == [WHY, "Nobody was hurt."]


def test_losses_fall_as_scores_near_what_is_wanted() -> None:
    wanted = torch.tensor([[[1, 0, -1]], [[-1, -1, -1]]], dtype=torch.int8)
    verdicts = torch.tensor([-1, 1], dtype=torch.int8)

    def lose(scale: float) -> float:
        scores = scale * torch.tensor([[[1.0, -1.0, 5.0]], [[9.0, 9.0, 9.0]]])
        return float(compute_judging_loss(scores, wanted, scale * torch.tensor([-3.0, 1.0]), verdicts))

    assert lose(-1) > lose(0) > lose(1) > lose(4) > 0
    assert lose(0) == pytest.approx(2 * 0.693 / 2, abs=1e-3)


@pytest.mark.slow
def test_a_reader_is_taught_by_another_from_packed_examples(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.training.model import CopyingReaderModel

    monkeypatch.setattr("rag.training.export.export_reader", lambda _: None)
    data, base, packed = finished.command[1], finished.command[3], str(tmp_path / "examples.xz")
    assert train.main(["--data", data, "--pack", packed, "--examples", "40"]) == 0
    judging = str(tmp_path / "judging")
    command = ["--packed", packed, "--base", base, "--init", str(finished.weights), "--rank", "4",
               "--checkpoints", str(tmp_path / "c"), "--tokens", "400", "--finish", "1e-6", "--out",
               judging]  # fmt: skip
    assert train.main(command) == 0
    teacher = CopyingReaderModel.from_pretrained(judging, local_files_only=True, dtype="float32")
    assert json.loads((tmp_path / "judging" / "training.json").read_text(encoding="utf-8"))["steps"] == 1
    out = tmp_path / "taught"
    arguments = ["--teacher", str(finished.weights), "--student", judging, "--packed", packed, "--minutes", "1e-6",
                 "--out", str(out), "--tokens", "400"]  # fmt: skip
    monkeypatch.setattr(distil, "save_weights", lambda model, folder, *_: model.save_pretrained(folder))
    assert distil.main(arguments) == 0
    assert (out / "model.safetensors").exists()
    # It costs nothing to say what the teacher says, and something to say anything else.
    inputs = collate([f for f in unpack(tmp_path / "examples.xz") if len(f.pairs) == 1][:3])
    with torch.no_grad():
        said, other = teacher.eval()(**inputs), None
        for parameter in (copied := copy.deepcopy(teacher)).layers.parameters():
            parameter.mul_(1.5)
        other = copied.eval()(**inputs)
    own = (said.memory, said.logits)
    same = compute_distillation(own, own, inputs["labels"])
    assert 0 <= float(same) < float(compute_distillation((other.memory, other.logits), own, inputs["labels"]))


def test_questions_by_source_that_only_sentences_answer_are_no_short_answers() -> None:
    long = "word " * 30 + "end."
    paragraph = Paragraph("selqa", "A", "A", f"First. {long} Last.", (QuestionRecord("why?", ((7, 7 + len(long)),)),))
    example = ExampleSource([paragraph], Mixture(), 0).draw((0, 0), random.Random(0))
    assert example
    assert (example.answer, example.evidence and len(example.evidence)) == (None, 1)


def test_what_fails_while_batches_are_made_ahead_is_raised_and_not_waited_for() -> None:
    def fail() -> Iterator[tuple[int, int, list[Features]]]:
        raise RagError("cut off")
        yield 0, 0, []

    with pytest.raises(RagError, match="cut off"):
        next(load_ahead(fail(), torch.device("cuda")))


def test_several_packs_are_read_one_after_the_other(tmp_path: Path) -> None:
    for n in range(2):
        pack(featurize([Example(f"question {n}?", (("", RAIN),), None)], 200, 40), tmp_path / str(n))
    (first,) = next(unpack_blocks([tmp_path / "0"]))()
    both = next(unpack_blocks([tmp_path / "0", tmp_path / "1"]))()
    assert [len(both), strip(both[0])] == [2, strip(first)]
    assert strip(both[1]) != strip(first)


def test_files_without_examples_are_refused_and_not_read_for_ever(tmp_path: Path) -> None:
    assert pack([], tmp_path / "none.xz") == 0
    with pytest.raises(RagError, match=r"No example in .*none\.xz"):
        next(unpack_blocks([tmp_path / "none.xz"]))
