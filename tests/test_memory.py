"""The same question asked again: the same answer at once, and only as long as nothing changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from conftest import SEEDS

from rag.answers.memory import Memory
from rag.errors import QuestionError
from rag.index.local import LocalStore
from rag.index.scope import Scope
from rag.pipeline import Config, Pipeline, Question
from rag.types import Answer, Reading, Readings, Turn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rag.types import Passage

STAKE = "what stake did Meta buy?"


class CountingReader:
    """Finds nothing, and notes what it was asked."""

    name = "counting"
    copies = True

    def __init__(self) -> None:
        self.read_for: list[str] = []

    def read(self, questions: Sequence[str], passages: Sequence[Sequence[Passage]]) -> list[Readings]:
        assert len(questions) == len(passages)
        self.read_for += questions
        return [Readings((Reading("", -1, 0, 0, 0.1, 0.9),)) for _ in questions]


@pytest.fixture
def reader() -> CountingReader:
    return CountingReader()


@pytest.fixture
def remembering(pipeline: Pipeline, reader: CountingReader) -> Pipeline:
    return replace(pipeline, models=replace(pipeline.models, reader=reader), memory=Memory())


def test_it_is_read_once_and_the_time_said_is_that_of_this_answer(
    remembering: Pipeline, reader: CountingReader
) -> None:
    told: list[str] = []
    first = remembering.ask(STAKE, (), told.append)
    assert told == ["rewrite", "retrieve", "read", "compose"]
    told.clear()
    again = remembering.ask(f"  {STAKE}\n", (), told.append)
    assert reader.read_for == [STAKE]
    assert told == ["rewrite"]
    assert replace(again, timing=first.timing) == first
    assert (again.timing.retrieve, again.timing.read, again.timing.compose) == (0, 0, 0)
    assert 0 < again.seconds == again.timing.rewrite < first.seconds


def test_whatever_an_answer_depends_on_makes_it_another_question(
    remembering: Pipeline, reader: CountingReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    june = remembering.within(Scope("2026-06", "2026-06"))
    others = [june, remembering.within(Scope("2026-06")), replace(remembering, k=3)]
    others.append(replace(remembering, models=replace(remembering.models)))
    for asked in (remembering, *others):
        before = len(reader.read_for)
        asked.ask(STAKE)
        asked.ask(STAKE)
        assert len(reader.read_for) == before + 1
    before = len(reader.read_for)
    history = (Turn("user", "who runs Scale?"), Turn("assistant", "Jason Droege"))
    remembering.ask(STAKE, history)
    remembering.ask(STAKE.capitalize())

    class Tomorrow(date):
        @classmethod
        def today(cls) -> Tomorrow:
            return cls(2031, 1, 1)

    monkeypatch.setattr("rag.pipeline.date", Tomorrow)
    remembering.ask(STAKE)
    assert len(reader.read_for) == before + 3


def test_changed_articles_are_read(pipeline: Pipeline, reader: CountingReader, tmp_path: Path) -> None:
    corpus = tmp_path / "news"
    corpus.mkdir()
    (corpus / "a.txt").write_text("Elgin\n\nElgin was founded in 1190 by monks. It lies in Scotland.", "utf-8")
    models = replace(pipeline.models, reader=reader)
    store = LocalStore(tmp_path / "index")
    before = replace(pipeline, models=models, corpus=corpus, store=store, memory=Memory()).renewed()
    before.ask("When was Elgin founded?")
    (corpus / "a.txt").write_text("Elgin\n\nElgin was founded in 1195 by monks. It lies in Scotland.", "utf-8")
    after = before.renewed()
    assert "1195" in after.ask("When was Elgin founded?").passages[0].passage.text
    assert "1190" in before.ask("When was Elgin founded?").passages[0].passage.text
    assert len(reader.read_for) == 2
    before.close()
    after.close()


def test_an_answer_that_is_corrected_while_it_is_made_is_not_remembered(
    remembering: Pipeline, reader: CountingReader
) -> None:
    class Changing:
        version = ""

        def find(self, question: str) -> None:
            del question
            self.version = "corrected"

    corrections = Changing()
    asked = replace(remembering, corrections=corrections)
    asked.ask(STAKE)
    corrections.version = ""  # taken back
    asked.ask(STAKE)
    assert reader.read_for == [STAKE, STAKE]


def test_a_batch_mixes_known_new_and_invalid_questions_in_order(remembering: Pipeline, reader: CountingReader) -> None:
    remembering.ask(STAKE)
    asked = ["who founded Scale AI?", STAKE, "?", "how many users does openai serve"]
    got = list(remembering.ask_batch([Question(text) for text in asked]))
    assert [one.question if isinstance(one, Answer) else type(one) for one in got] == [
        asked[0], asked[1], QuestionError, asked[3]
    ]  # fmt: skip
    assert reader.read_for == [STAKE, asked[0], asked[3]]


def test_few_answers_are_kept_and_the_oldest_goes_first() -> None:
    memory, models = Memory(2), object()
    answers = [Answer(name, name, "abstained", "", "no", 0.0, (), (), ()) for name in "abc"]
    for answer in answers[:2]:
        memory.keep(answer.question.encode(), models, answer)
    assert memory.recall(b"a", models) is answers[0]
    memory.keep(b"c", models, answers[2])
    assert [memory.recall(name, models) for name in (b"a", b"b", b"c")] == [answers[0], None, answers[2]]
    assert memory.recall(b"a", object()) is None


def test_memory_can_be_switched_off(seed_index: Path) -> None:
    for fresh in (False, True):
        opened = Pipeline.open(Config(SEEDS, seed_index, fresh=fresh))
        assert (opened.memory is None) is fresh
        opened.close()
