"""Readings that say the same thing together: what an answer is counted and judged by."""

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
"""Set: longer runs of capitals are titles and headlines."""
MISFIT = 0.05
"""What the probability of a figure of another kind than was asked for is multiplied by."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Readings that say the same, most probable first, and their summed probability."""

    readings: tuple[Reading, ...]
    probability: float

    @property
    def text(self) -> str:
        return self.readings[0].text


def group_readings(question: ParsedQuestion, readings: Iterable[Reading]) -> list[Candidate]:
    """Readings that differ only in their wording together, most probable group first.

    A reading joins the most probable group whose first reading says the same. A share is no answer to "how much did
    it cost?", nor an amount of money to "when?": such figures come last, but for those the reader is far surer of.
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
    """Whether two answers differ in case, article or quotes only, or are wordings of one figure, date or name."""
    if fold_answer(one) == fold_answer(other):
        return True
    values = read_value(one), read_value(other)
    telling = all(is_telling(text, value) for text, value in zip((one, other), values, strict=True))
    return telling and agree(*values)


def is_telling(text: str, value: Value) -> bool:
    """Whether a text gives a figure, a date or a name, which can be held against another; a clause cannot."""
    return value.kind != "words" or is_name(text)


def is_name(text: str) -> bool:
    """Whether each of a few words starts with a capital."""
    words = [word for word in re.findall(r"[^\W_][\w'’.&-]*", text) if word.lower() not in ("of", "the", "and", "de")]
    return 0 < len(words) <= MOST_WORDS_A_NAME and all(word[0].isupper() for word in words)


def fold_answer(text: str) -> str:
    """What two spellings of one answer share. Signs stay: 1.5% is not 15%, and $49 not 49%."""
    bare = " ".join(text.casefold().split()).strip("“”‘’\"' ").rstrip(".")
    return re.sub(r"^(?:an?|the) (?=\S)", "", bare) or text
