"""Leaves out what a passage asks: the words of an interviewer's question are no answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rag.articles.turns import find_questions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.types import Passage, Reading, Readings


def drop_questions(readings: Readings, passages: Sequence[Passage]) -> Readings:
    """The readings without the answers that lie in a question of their passage, wholly or in part.

    News asks little of what it tells: of 6,800 gold answers in training passages of news and Wikipedia, seven in ten
    thousand lie in a question.
    """
    questions = [find_questions(passage.text) for passage in passages]

    def keep(found: tuple[Reading, ...]) -> tuple[Reading, ...]:
        kept = tuple(r for r in found if not r.text or all(b <= r.start or r.end <= a for a, b in questions[r.passage]))
        return kept or tuple(
            replace(r, text="", passage=-1, start=0, end=0, probability=r.no_answer) for r in found[:1]
        )

    return replace(readings, together=keep(readings.together), apart=tuple(map(keep, readings.apart)))
