"""Turns of a printed conversation: which parts of an interview ask, and which answer."""

from __future__ import annotations

import re
from itertools import pairwise

from rag.articles.sentences import split_sentences

_SPEAKER = re.compile(r"[^\W\d_][\w.'’-]*(?: [\w.'’-]+){0,3}:\s")
_ASKER = re.compile(r"(?:Q|Question(?: \d+)?):\s")
# Each line is a turn, and so is "A: …" after "Q: …?" on one line.
_TURN = re.compile(r"\n|(?<=[.?!] )(?=(?:Q|A|Question|Answer):\s)")
_QUOTED = re.compile(r"“[^“”]*”|\"[^\"]*\"|«[^«»]*»")
_QUOTE = re.compile(r"[“”\"«»]")


def is_question(text: str) -> bool:
    """Whether a sentence, a turn or a heading ends by asking. A question inside quotation marks is reported instead."""
    return text.rstrip().endswith("?")


def names_speaker(turn: str) -> bool:
    """Whether a paragraph begins with the speaker: "Q: …", "Ida Rask: …"."""
    return _SPEAKER.match(turn) is not None


def asks_alone(text: str) -> bool:
    """Whether a line is a question without a speaker, like a heading of an explainer: "What happens next?"."""
    return not _SPEAKER.match(text) and find_questions(text) == [(0, len(text))]


def find_questions(text: str) -> list[tuple[int, int]]:
    """The parts of a text that ask. They assert nothing, so nothing in them is an answer.

    :return: half-open character spans in order: sentences that ask, without those that report a question in quotation
        marks, and whole turns that end by asking ("Q: They say you will leave. Is that so?"), if the text names who
        asks and who answers.
    """
    if "?" not in text:
        return []
    bounds = [0, *(match.end() for match in _TURN.finditer(text)), len(text)]
    turns = [(a, b) for a, b in pairwise(bounds) if text[a:b].strip()]
    found: list[tuple[int, int]] = []
    for (start, end), (answer, _) in zip(turns, [*turns[1:], (len(text), 0)], strict=True):
        turn = text[start:end]
        if is_question(turn) and (_ASKER.match(turn) or (_SPEAKER.match(turn) and _SPEAKER.match(text, answer))):
            found.append((start, start + len(turn.rstrip())))
            continue
        sentences = [(start + first, start + last) for first, last in split_sentences(turn)]
        found += [(a, b) for a, b in sentences if is_question(text[a:b]) and not is_reported(text[a:b])]
    return found


def is_reported(sentence: str) -> bool:
    """Whether a question is part of a quotation. A question that only quotes a word is not: ‘What does "net" mean?’."""
    return _QUOTE.search(_QUOTED.sub("", sentence)) is not None


def find_question_before(text: str, place: int) -> tuple[int, int] | None:
    """The question that the turn at ``place`` answers: the end of the turn before it, if that asks."""
    bounds = [0, *(match.end() for match in _TURN.finditer(text, 0, place))]
    before = text[: bounds[-1]].rstrip()
    if not is_question(before):
        return None
    return next(((a, b) for a, b in reversed(find_questions(before)) if b == len(before)), None)
