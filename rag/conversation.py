"""A follow-up question and its history to a question that stands by itself, by rule."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rag.question import find_topic_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.types import Turn

MOST_TURNS = 12
"""Older turns are not looked at: a long conversation costs no more than a short one."""

_POSSESSIVE = re.compile(r"\b(its|his|her|their)\b(?=\s+\w)", re.IGNORECASE)
_PERSONAL = re.compile(r"\b(it|he|she|him|her|they|them)\b", re.IGNORECASE)
_PERSON = re.compile(r"\b(he|she|him|her|his)\b", re.IGNORECASE)
_LEAD = re.compile(r"^\s*(and|but|so|also|what about|how about)\b[\s,]*", re.IGNORECASE)
_NAME = re.compile(r"(?<![.?!]\s)(?<!^)\b[A-Z][\w'’&-]*(?:\s+[A-Z][\w'’&-]*)*")


def contextualize_question(question: str, history: Sequence[Turn]) -> str:
    """The question with its pronouns filled in from the turns before, or joined to the question it goes on from.

    A question that already stands by itself comes back as it is.
    """
    previous, answer = "", ""
    for turn in history[-MOST_TURNS:]:
        if turn.role == "user":
            previous = rewrite_question(turn.content, previous, answer)
        else:
            answer = turn.content
    return rewrite_question(question, previous, answer)


def rewrite_question(question: str, previous: str, answer: str) -> str:
    """One step: ``previous`` is the self-contained question before, ``answer`` what it got."""
    if not previous:
        return question
    bare = _LEAD.sub("", question)
    if _PERSONAL.search(bare) or _POSSESSIVE.search(bare):
        topic = find_topic(previous, answer, person=bool(_PERSON.search(bare)))
        if not topic:
            return f"{bare} ({previous})"
        named = _POSSESSIVE.sub(lambda _: f"{topic}'s", bare)
        return _PERSONAL.sub(lambda _: topic, named)
    goes_on = bare != question or len(find_topic_words(bare)) <= 1
    return f"{bare} ({previous})" if goes_on and not _NAME.search(bare) else question


def find_topic(previous: str, answer: str, *, person: bool) -> str:
    """What a pronoun stands for: the answer where it is a person's name, else the last name in the question before."""
    if person and re.fullmatch(r"[A-Z][\w'’-]+(?:\s+[A-Z][\w'’.-]+)+", answer.strip()):
        return answer.strip()
    names = _NAME.findall(previous)
    return re.sub(r"['’]s$", "", names[-1]) if names else ""
