"""A follow-up question and its history to a question that stands by itself.

What a word refers to, or what has been left out, is asked of the reader (rag.references); where it finds nothing,
rules fill a pronoun with the last name, or join a bare "why?" to the question that it goes on from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rag.question import MAX_CHARACTERS, find_topic_words
from rag.references import MOST_MESSAGES, REFERRING, mark_omission, mark_reference, show_messages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.types import Reading, Turn

MOST_CHARACTERS = 300
"""Of each message that rules look at: enough for a question and for an answer's name."""
MOST_REFERENCES = 3
"""Words of one question that are looked up."""
LEAST_REFERENCE, LEAST_OMISSION = 0.3, 0.5
"""Probability from which what the reader found is filled in; chosen on held-out dialogues (docs/experiments.md)."""

_PRONOUN = re.compile(r"\b(its?|he|she|him|his|hers?|they|them|theirs?)\b", re.IGNORECASE)
_POSSESSIVE = re.compile(
    r"(?:its|his|their)\b(?=\s+\w)|her\b(?=\s+(?!(?:the|an?|this|that|to|in|on|at|for)\b)\w)", re.I
)
_PERSON = re.compile(r"(?:he|she|him|his|hers?)\b", re.IGNORECASE)
_POINTER = re.compile(r"(?:this|that|these|those)\b", re.IGNORECASE)
_EMPTY_IT = re.compile(
    r"\b(?:is|was|isn't|wasn't|will|would)\s+it\s+(?:be\s+)?(?:true|possible|likely|clear|right|known|that)\b", re.I
)
_LEAD = re.compile(r"^\s*(?:and|but|so|also|what about|how about)\b[\s,]*", re.IGNORECASE)
_NAME = re.compile(r"(?<![.?!]\s)(?<!^)\b[A-Z][\w'’&-]*(?:\s+[A-Z][\w'’&-]*)*")
_PERSON_NAME = re.compile(r"[A-Z][\w'’-]+(?:\s+[A-Z][\w'’.-]+){1,3}")


class Resolver(Protocol):
    """Finds what is missing in questions."""

    def read_texts(
        self, questions: Sequence[str], passages: Sequence[Sequence[tuple[str, str]]]
    ) -> list[list[Reading]]:
        """As of :class:`rag.reader.copying.CopyingReader`."""


@dataclass(frozen=True, slots=True)
class Standalone:
    """A question that stands by itself, and the question of its own that it goes on from (often itself)."""

    text: str
    root: str


def contextualize_question(question: str, history: Sequence[Turn], resolver: Resolver | None = None) -> str:
    """The question with what it leaves unsaid filled in from the turns before.

    A question that already stands by itself comes back as it is, and so does one that would grow too long.

    :param resolver: the reader that was trained to find what is missing; by rule alone without one.
    """
    if not history:
        return question
    latest = history[-MOST_MESSAGES:]
    made = question
    if resolver is not None:
        made = resolve_question(question, show_messages([turn.content for turn in latest]), resolver)
    if made == question:
        made = follow_rules(question, latest)
    return made if len(made) <= MAX_CHARACTERS else question


def resolve_question(question: str, said: str, resolver: Resolver) -> str:
    """The question with what the reader finds in the conversation; as it is where it finds nothing."""
    if is_bare(question) or _EMPTY_IT.search(question):
        return question
    words = list(REFERRING.finditer(question))[:MOST_REFERENCES]
    marked = [mark_reference(question, *word.span()) for word in words] or [mark_omission(question)]
    readings = resolver.read_texts(marked, [[("", said)]] * len(marked))
    found = [tell_missing(best[0], question, omitted=not words) for best in readings]
    if not words:
        return f"{question} ({found[0]})" if found[0] else question
    for word, missing in reversed(list(zip(words, found, strict=True))):
        if missing:
            question = fill_in(question, word, missing)
    return question


def tell_missing(best: Reading, question: str, *, omitted: bool) -> str:
    """The words found, or nothing where they are improbable, or stand in the question already."""
    least = LEAST_OMISSION if omitted else LEAST_REFERENCE
    told = find_topic_words(best.text)
    new = told - find_topic_words(question)
    return best.text if best.text and new and best.probability >= max(least, best.no_answer) else ""


def fill_in(question: str, word: re.Match[str], missing: str) -> str:
    """The question with ``missing`` in the place of a pronoun, or behind "this deal"."""
    start, end = word.span()
    if _POINTER.fullmatch(word.group()):
        noun = re.compile(r"\s+[a-z][\w-]*").match(question, end)
        place = noun.end() if noun and find_topic_words(noun.group()) else end
        return f"{question[:place]} ({missing}){question[place:]}"
    owned = _POSSESSIVE.match(question, start) and not re.search(r"['’]s?$", missing)
    filled = f"{missing}'s" if owned else missing
    return f"{question[:start]}{filled}{question[end:]}"


def is_bare(question: str) -> bool:
    """Whether it has no topic of its own at all: "why?", "how so?", "and then?"."""
    return not find_topic_words(_LEAD.sub("", question)) and not _PRONOUN.search(question)


def follow_rules(question: str, history: Sequence[Turn]) -> str:
    """The question with its pronoun filled in from the turns before, or joined to the question it goes on from."""
    previous, answer = Standalone("", ""), ""
    for turn in history:
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
