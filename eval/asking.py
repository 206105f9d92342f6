"""Asks a pipeline the gold questions, one at a time as users do, and judges the answers."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from eval.evidence import Located, locate_evidence
from eval.judging import Record, judge_answer
from rag.errors import QuestionError
from rag.types import Turn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from eval.gold import GoldQuestion
    from rag.pipeline import Pipeline
    from rag.types import Answer, Passage, Reader, Readings


class NotingReader:
    """Wraps a reader to record the probability of its last best reading, which an answer does not contain."""

    def __init__(self, reader: Reader) -> None:
        self.reader, self.name, self.copies = reader, reader.name, reader.copies
        self.noted = 0.0

    def read(self, questions: Sequence[str], passages: Sequence[Sequence[Passage]]) -> list[Readings]:
        found = self.reader.read(questions, passages)
        # A request, such as one for a summary, is answered without reading.
        self.noted = max(reading.probability for reading in found[-1].together) if found else 0.0
        return found


def ask_gold(
    pipeline: Pipeline, corpus: Path, questions: Sequence[GoldQuestion], *, progress: bool = False
) -> list[Record]:
    """One record per question, in order. The turns of a conversation must be adjacent.

    As for users, a conversation's history has the system's own answers and rewritten questions, even if wrong.

    :raises GoldError: for evidence that is not in the corpus.
    """
    from tqdm import tqdm

    located = locate_evidence(pipeline.index, corpus, questions)
    noting = NotingReader(pipeline.models.reader)
    # Every question is read, even one that the gold has twice.
    pipeline = replace(pipeline, models=replace(pipeline.models, reader=noting), memory=None)
    ask_one(pipeline, "Is everything loaded?", ())  # load the models, so that no timing includes it
    records: list[Record] = []
    with tqdm(total=len(questions), unit="question", disable=None if progress else True, leave=False) as bar:
        for _, turns in groupby(questions, key=lambda q: (q.kind, q.line)):
            for record in ask_turns(pipeline, noting, list(turns), located):
                records.append(record)
                bar.update()
    return records


def ask_turns(
    pipeline: Pipeline, reader: NotingReader, turns: Sequence[GoldQuestion], located: dict[str, Located]
) -> Iterator[Record]:
    """Asks and judges one question or the turns of one conversation."""
    history: list[Turn] = []
    for gold in turns:
        answer = ask_one(pipeline, gold.question, history)
        record = judge_answer(gold, answer, located[gold.name])
        record = replace(record, probability=reader.noted if answer else 0.0)
        if not record.right and gold.turn > 1 and is_misunderstood(pipeline, record):
            record = replace(record, failure="not understood")
        yield record
        said = answer.said if answer else ""
        asked = answer.standalone if answer else gold.question
        history += [Turn("user", asked), Turn("assistant", said)]


def ask_one(pipeline: Pipeline, question: str, history: Sequence[Turn]) -> Answer | None:
    """The answer; None for an invalid question, such as one without words."""
    try:
        return pipeline.ask(question, history)
    except QuestionError:
        return None


def is_misunderstood(pipeline: Pipeline, record: Record) -> bool:
    """Whether a failed follow-up is answered correctly in its gold standalone form, so that rewriting failed."""
    if record.answer is not None and record.answer.standalone == record.gold.standalone:
        return False
    return judge_answer(record.gold, ask_one(pipeline, record.gold.standalone, ()), record.located).right
