"""Near-duplicate passages, of which only the best is kept.

A question may ask for exactly what differs. Two passages that differ in a number, a name or a negation are therefore
never near-duplicates, whatever else they share.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rag.types import Passage, ScoredPassage

MIN_OVERLAP = 0.9
"""Minimum Jaccard overlap of shingles. Chosen by hand, so that a reprint with another byline is a near-duplicate."""
SHINGLE = 3
"""Shingle length in words."""
_WORD = re.compile(r"\d+(?:[.,:/]\d+)*|\w+")
# Lower-case words that change the meaning of a statement. "t" comes from "isn't".
_TELLING = frozenset(
    re.findall(
        r"\w+",
        """no not never none nor neither without t zero one two three four five six seven eight nine ten
        eleven twelve dozen hundred thousand million billion trillion half third quarter first second last
        up down rose fell more less fewer above below over under before after""",
    )
)


@dataclass(frozen=True, slots=True)
class _Wording:
    """A passage's case-folded words: in order, counted, as shingles, and those that change the meaning."""

    line: str
    counts: Counter[str]
    shingles: frozenset[tuple[str, ...]]
    telling: frozenset[str]
    figures: tuple[str, ...]


def collapse(ranked: Iterable[ScoredPassage], k: int) -> list[ScoredPassage]:
    """The first ``k`` passages that are not near-duplicates of a better one.

    :param ranked: best first.
    """
    kept: list[ScoredPassage] = []
    for candidate in ranked:
        if len(kept) == k:
            break
        if not any(is_covered(candidate.passage, better.passage) for better in kept):
            kept.append(candidate)
    return kept


def is_covered(passage: Passage, better: Passage) -> bool:
    """Whether ``better`` contains or nearly repeats ``passage``.

    Within one document only offsets count: ``better`` must contain ``passage``, an overlap is not enough.
    """
    if passage.document_id == better.document_id:
        return better.start <= passage.start and passage.end <= better.end
    here, there = _read_wording(passage.text), _read_wording(better.text)
    if here.line in there.line:
        return True
    if here.figures != there.figures:
        return False
    common = len(here.shingles & there.shingles)
    if common < MIN_OVERLAP * (len(here.shingles) + len(there.shingles) - common):
        return False
    differing = (here.counts - there.counts) + (there.counts - here.counts)
    return differing.keys().isdisjoint(here.telling | there.telling)


@lru_cache(maxsize=4096)
def _read_wording(text: str) -> _Wording:
    words = _WORD.findall(text)
    folded = [word.casefold() for word in words]
    return _Wording(
        line=f" {' '.join(folded)} ",
        counts=Counter(folded),
        shingles=frozenset(zip(*(folded[n:] for n in range(min(SHINGLE, len(folded)))), strict=False)),
        telling=frozenset(
            low for word, low in zip(words, folded, strict=True) if not word.islower() or low in _TELLING
        ),
        figures=tuple(word for word in words if word[0].isdigit()),
    )
