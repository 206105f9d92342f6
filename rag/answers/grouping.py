"""Groups readings that give the same answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.answers.values import agree, read_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rag.answers.values import Value
    from rag.question.parsed import ParsedQuestion
    from rag.types import Reading

MOST_WORDS_A_NAME = 4
"""Chosen by hand: longer runs of capitalised words are titles and headlines."""
MISFIT = 0.05
"""Factor for the probability of a value of a kind that does not fit the question."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Readings that give the same answer, most probable first, and their total probability."""

    readings: tuple[Reading, ...]
    probability: float

    @property
    def text(self) -> str:
        return self.readings[0].text


def group_readings(question: ParsedQuestion, readings: Iterable[Reading]) -> list[Candidate]:
    """Group readings that differ only in wording, most probable group first.

    A reading joins the most probable group whose first reading gives the same answer. A percentage does not answer
    "how much did it cost?", and an amount of money does not answer "when?": the probability of a value of the wrong
    kind is multiplied by ``MISFIT``.
    """
    groups: list[list[Reading]] = []
    for reading in sorted(readings, key=lambda r: -r.probability):
        if reading.text:
            mine = next((group for group in groups if say_the_same(group[0].text, reading.text)), None)
            if mine is None:
                groups.append([reading])
            else:
                mine.append(reading)
    candidates = []
    for group in groups:
        kind = read_value(group[0].text).kind
        fits = not question.figures or kind == "words" or kind in question.figures
        probability = min(1.0, sum(r.probability for r in group))
        candidates.append(Candidate(tuple(group), probability if fits else MISFIT * probability))
    return sorted(candidates, key=lambda c: -c.probability)


def say_the_same(one: str, other: str) -> bool:
    """Whether two answers differ only in case, articles or quotes, or are wordings of one number, date or name."""
    if fold_answer(one) == fold_answer(other):
        return True
    values = read_value(one), read_value(other)
    telling = all(is_telling(text, value) for text, value in zip((one, other), values, strict=True))
    return telling and agree(*values)


def is_telling(text: str, value: Value) -> bool:
    """Whether a text is a number, a date or a name, which can be compared with another. A clause cannot."""
    return value.kind != "words" or is_name(text)


def is_name(text: str) -> bool:
    """Whether a text has at most ``MOST_WORDS_A_NAME`` words, all capitalised."""
    words = [word for word in re.findall(r"[^\W_][\w'’.&-]*", text) if word.lower() not in ("of", "the", "and", "de")]
    return 0 < len(words) <= MOST_WORDS_A_NAME and all(word[0].isupper() for word in words)


def fold_answer(text: str) -> str:
    """Normalise case, white space, quotes and the article. Signs stay: 1.5% differs from 15%, and $49 from 49%."""
    bare = " ".join(text.casefold().split()).strip("“”‘’\"' ").rstrip(".")
    return re.sub(r"^(?:an?|the) (?=\S)", "", bare) or text
