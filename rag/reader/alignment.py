"""Aligns an answer written by a language model to the text in the passages that supports it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.question.text import FUNCTION_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Support:
    """The best support of an answer, ``texts[passage][start:end]``, and the token F1 of the two, 0 to 1."""

    passage: int
    start: int
    end: int
    overlap: float


def align_answer(answer: str, texts: Sequence[str]) -> Support | None:
    """Find an answer verbatim in a passage, or else the window of words with the best token F1.

    :returns: None if no passage has a word of the answer, or all its words are function words.
    """
    if FUNCTION_WORDS.issuperset(split_words(answer)):
        return None
    # Match whole words and numbers only: 49 does not match in 49.5.
    whole = re.compile(rf"(?<!\w)(?<!\d[.,]){re.escape(answer)}(?!\w|[.,]\d)", re.IGNORECASE)
    for number, text in enumerate(texts):
        found = whole.search(text)
        if found:
            return Support(number, found.start(), found.end(), 1.0)
    best: Support | None = None
    wanted = Counter(split_words(answer))
    for number, text in enumerate(texts):
        support = find_window(wanted, number, text)
        if support and (best is None or support.overlap > best.overlap):
            best = support
    return best


def split_words(text: str) -> list[str]:
    return [word.lower() for word in re.findall(r"\w+(?:[.,]\d+)*", text)]


def find_window(wanted: Counter[str], number: int, text: str) -> Support | None:
    """The run of words in a text with the best token F1 with ``wanted``. It starts and ends with a wanted word."""
    words = list(re.finditer(r"\w+(?:[.,]\d+)*", text))
    hits = [i for i, word in enumerate(words) if word.group().lower() in wanted]
    total, best = sum(wanted.values()), None
    longest = 3 * total + 8
    for a, first in enumerate(hits):
        seen: Counter[str] = Counter()
        for last in hits[a:]:
            if last - first >= longest:
                break
            seen[words[last].group().lower()] += 1
            common = sum((seen & wanted).values())
            overlap = 2 * common / (total + last - first + 1)
            if best is None or overlap > best.overlap:
                best = Support(number, words[first].start(), words[last].end(), overlap)
    return best
