"""Batch mode: reads questions as JSON Lines and writes answers as JSON Lines, in order."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TextIO

from rag.answers.rendering import describe_answer, format_record
from rag.arriving import group_lines
from rag.errors import QuestionError
from rag.pipeline import QUESTIONS_AT_ONCE, Pipeline, Question
from rag.types import Turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One input line: its id, and its question or the error in it."""

    id: Any
    asked: Question | QuestionError


def answer_lines(pipeline: Pipeline, lines: Iterable[str], out: TextIO, *, arriving: bool = False) -> None:
    """Writes one line for each line that is not blank, ``{"id", "error"}`` for an invalid one.

    :param arriving: whether the lines may come slowly. They are then answered as they come.
    """
    from tqdm import tqdm

    groups = group_lines(lines, QUESTIONS_AT_ONCE) if arriving else _cut(lines)
    number = 0
    with tqdm(unit="question", disable=None, leave=False) as bar:
        for texts in groups:
            numbered = enumerate(texts, number + 1)
            number += len(texts)
            group = [parse_line(text, place) for place, text in numbered if text.strip()]
            for record in answer_group(pipeline, group):
                write_record(record, out)
            out.flush()
            bar.update(len(group))


def _cut(lines: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(lines)
    while group := list(islice(rest, QUESTIONS_AT_ONCE)):
        yield group


def write_record(record: Mapping[str, Any], out: TextIO) -> None:
    print(format_record(record), file=out)


def answer_group(pipeline: Pipeline, group: list[BatchLine]) -> Iterator[dict[str, Any]]:
    answers = pipeline.ask_batch([line.asked for line in group if isinstance(line.asked, Question)])
    for line in group:
        answer = next(answers) if isinstance(line.asked, Question) else line.asked
        if isinstance(answer, QuestionError):
            yield {"id": line.id, "error": str(answer)}
        else:
            yield describe_answer(answer, {"id": line.id})


def parse_line(text: str, number: int) -> BatchLine:
    """Parses ``{"id", "question", "history"}``. If it is invalid, the result holds the error."""
    try:
        record = json.loads(text, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        return BatchLine(None, QuestionError(f'Line {number} is not JSON: write {{"id": …, "question": "…"}}.'))
    if not isinstance(record, dict):
        return BatchLine(None, QuestionError(f'Line {number} is not an object: write {{"id": …, "question": "…"}}.'))
    name, question = record.get("id"), record.get("question")
    if isinstance(name, (dict, list)) or (isinstance(name, float) and not math.isfinite(name)):
        return BatchLine(
            None, QuestionError(f'The "id" of line {number} is not a string or a number: change it to one.')
        )
    if not isinstance(question, str):
        return BatchLine(name, QuestionError(f'Line {number} has no "question" string: add one.'))
    history = parse_history(record.get("history"))
    if history is None:
        hint = '[{"role": "user" or "assistant", "content": "…"}, …]'
        return BatchLine(name, QuestionError(f'The "history" of line {number} is not a list of turns: write {hint}.'))
    return BatchLine(name, Question(question, history))


def refuse_constant(name: str) -> None:
    """:raises ValueError: always, because NaN and Infinity are not valid JSON."""
    raise ValueError(name)


def parse_history(turns: Any) -> tuple[Turn, ...] | None:
    """The turns; an empty tuple if the history is missing, None if it is invalid."""
    if turns is None:
        return ()
    if not isinstance(turns, list) or not all(isinstance(t, dict) for t in turns):
        return None
    if not all(t.get("role") in ("user", "assistant") and isinstance(t.get("content"), str) for t in turns):
        return None
    return tuple(Turn(t["role"], t["content"]) for t in turns)
