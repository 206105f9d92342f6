"""A follow-up question and its history to a question that stands by itself, by rule."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.question import MAX_CHARACTERS, find_topic_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.types import Turn

MOST_TURNS = 12
"""Older turns are not looked at: a long conversation costs no more than a short one."""
MOST_CHARACTERS = 300
"""Of each turn before: enough for a question and for an answer's name."""

_PRONOUN = re.compile(r"\b(its?|he|she|him|his|hers?|they|them|theirs?)\b", re.IGNORECASE)
_POSSESSIVE = re.compile(
    r"(?:its|his|their)\b(?=\s+\w)|her\b(?=\s+(?!(?:the|an?|this|that|to|in|on|at|for)\b)\w)", re.I
)
_PERSON = re.compile(r"(?:he|she|him|his|hers?)\b", re.IGNORECASE)
_EMPTY_IT = re.compile(
    r"\b(?:is|was|isn't|wasn't|will|would)\s+it\s+(?:be\s+)?(?:true|possible|likely|clear|right|known|that)\b", re.I
)
_LEAD = re.compile(r"^\s*(?:and|but|so|also|what about|how about)\b[\s,]*", re.IGNORECASE)
_NAME = re.compile(r"(?<![.?!]\s)(?<!^)\b[A-Z][\w'’&-]*(?:\s+[A-Z][\w'’&-]*)*")
_PERSON_NAME = re.compile(r"[A-Z][\w'’-]+(?:\s+[A-Z][\w'’.-]+){1,3}")


@dataclass(frozen=True, slots=True)
class Standalone:
    """A question that stands by itself, and the question of its own that it goes on from (often itself)."""

    text: str
    root: str


def contextualize_question(question: str, history: Sequence[Turn]) -> str:
    """The question with its pronoun filled in from the turns before, or joined to the question it goes on from.

    A question that already stands by itself comes back as it is, and so does one that would grow too long.
    """
    previous, answer = Standalone("", ""), ""
    for turn in history[-MOST_TURNS:]:
        content = " ".join(turn.content.split())[:MOST_CHARACTERS]
        if turn.role == "user":
            previous = rewrite_question(content, previous, answer)
        else:
            answer = content
    return rewrite_question(question, previous, answer).text


def rewrite_question(question: str, previous: Standalone, answer: str) -> Standalone:
    """One step: ``previous`` is the question before, ``answer`` what it got."""
    alone = Standalone(question, question)
    bare = _LEAD.sub("", question)
    pronoun = find_pronoun(bare)
    if not previous.text or (not pronoun and not goes_on(question, bare)):
        return alone
    made = Standalone(f"{bare} ({previous.root})", previous.root)
    topic = find_topic(previous.text, answer, person=bool(_PERSON.match(pronoun.group()))) if pronoun else ""
    if pronoun and topic:
        filled = f"{topic}'s" if _POSSESSIVE.match(bare, pronoun.start()) else topic
        text = f"{bare[: pronoun.start()]}{filled}{bare[pronoun.end() :]}"
        made = Standalone(text, text)
    return made if len(made.text) <= MAX_CHARACTERS else alone


def find_pronoun(question: str) -> re.Match[str] | None:
    """The first pronoun, unless the question itself says before it what it stands for, or it stands for nothing."""
    found = next((m for m in _PRONOUN.finditer(question) if m.group() != "IT"), None)
    if found is None or _EMPTY_IT.search(question):
        return None
    before = question[: found.start()]
    owned = _POSSESSIVE.match(question, found.start()) and len(find_topic_words(before)) >= 2
    return None if _NAME.search(before) or owned else found


def goes_on(question: str, bare: str) -> bool:
    """Whether a question without pronoun needs the one before: "why?", "and the price?"."""
    short = bare != question or len(find_topic_words(bare)) <= 1
    return short and not _NAME.search(bare)


def find_topic(previous: str, answer: str, *, person: bool) -> str:
    """What a pronoun stands for: the answer where it is a person's name, else the last name in the question before."""
    if person and _PERSON_NAME.fullmatch(answer):
        return answer
    names = _NAME.findall(previous)
    return re.sub(r"['’]s$", "", names[-1])[:80] if names else ""
