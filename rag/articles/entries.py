"""Finds the parts of an article that were written at different times: a live blog's entries, and corrections."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.types import Passage

FEWEST = 2
"""Fewest different times of a live blog. A single time at the start of a paragraph is part of an ordinary article."""

_TIME = (
    r"(?:(?:last )?(?:updated|posted|published|added)(?: at)?:? ?)?"
    # A number such as 2.15 without "am" is more often a section's number or a price.
    r"(?:(?=[0-9]{2}|[0-9]:|[0-9.]+ ?[ap])(?P<hour>[01]?[0-9]|2[0-3])[:.](?P<minute>[0-5][0-9])"
    r"(?: ?(?P<half>[ap])\.?m\.?)?|(?P<full>1[0-2]|[1-9]) ?(?P<side>[ap])\.?m\.?)"
    r"(?: ?(?:gmt|bst|utc|ces?t|[ecmp][sd]?t))?(?!\w)"
)
_STAMP = re.compile(rf"(?P<stamp>{_TIME}) ?(?:[–—|:-] *(?=\S)|(?=\n|$)|(?=(?-i:[A-Z“\"‘])))", re.IGNORECASE)
_LEADING = re.compile(_TIME, re.IGNORECASE)

_CORRECTION = re.compile(
    r"(?:\A|(?<=\n\n))"
    r"(?:(?:corrections?|corrected|errat(?:um|a)|clarifications?)(?:[ ,(][^\n:.–—]{0,40})?(?::| [–—-] |\n\n)"
    r"|(?:an|in an|the) (?:earlier|original|previous) version of this"
    r"|this (?:article|story|report|text) (?:was|has been) (?:\w+ )?(?:amended|corrected))[^\n]+",
    re.IGNORECASE,
)
CORRECTION = "Correction"
"""The heading of passages that correct the rest of their article."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry runs from ``start`` to the start of the next one.

    :param stamp: its time as it is written.
    :param body: the offset behind the time.
    """

    start: int
    stamp: str
    body: int


def find_entries(text: str) -> list[Entry]:
    """The entries of a cleaned text, in order; empty if it is not a live blog."""
    starts = [0, *(match.end() for match in re.finditer(r"\n\n", text))]
    stamps = [match for start in starts if (match := _STAMP.match(text, start))]
    if len({find_minute(match["stamp"]) for match in stamps}) < FEWEST:
        return []
    return [Entry(match.start(), match["stamp"], match.end()) for match in stamps]


def find_corrections(text: str) -> list[tuple[int, int]]:
    """The spans of the paragraphs of a cleaned text that correct it, as in "Correction, 3 May: It is 60 years old".

    If "Corrections" stands alone above a text, it is the title.
    """
    return [match.span() for match in _CORRECTION.finditer(text) if match.start() or "\n" not in match[0]]


def is_correction(paragraph: str) -> bool:
    """Whether a paragraph at the top of an article corrects it."""
    return _CORRECTION.fullmatch(paragraph) is not None


def find_minute(heading: str) -> int | None:
    """The minute of the day with which the heading of an entry begins; None if there is none."""
    match = _LEADING.match(heading)
    if match is None:
        return None
    hour, half = int(match["hour"] or match["full"]), (match["half"] or match["side"] or "").lower()
    return (hour % 12 + 12 * (half == "p") if half else hour) * 60 + int(match["minute"] or 0)


def format_time(heading: str) -> str | None:
    """The time with which the heading of an entry begins, as ``16:05``; None if there is none."""
    minute = find_minute(heading)
    return None if minute is None else f"{minute // 60:02}:{minute % 60:02}"


def find_report(passage: Passage) -> tuple[str, str | None]:
    """Names what a passage was written in at one time: its article, its entry of a live blog, or the correction."""
    return passage.document_id, CORRECTION if passage.heading == CORRECTION else format_time(passage.heading)


def rank_entries(passages: Sequence[Passage]) -> dict[str, int]:
    """The place of each passage of one live blog in time, by passage id, from 0 for the earliest entry.

    Entries stand newest first or newest last. The direction of most steps tells which, so that an entry after midnight
    is later than one before it.
    """
    timed = sorted((p for p in passages if find_minute(p.heading) is not None), key=lambda p: p.start)
    minutes = [find_minute(p.heading) or 0 for p in timed]
    steps = [later - earlier for earlier, later in pairwise(minutes)]
    if sum(step < 0 for step in steps) > sum(step > 0 for step in steps):
        timed.reverse()
    ranks: dict[str, int] = {}
    last: str | None = None
    for passage in timed:
        time = format_time(passage.heading)
        ranks[passage.passage_id] = max(ranks.values(), default=-1) + (time != last)
        last = time
    return ranks
