"""Finds where the pages of a file begin in its cleaned text.

Cleaning leaves words out and moves bylines to the end, so that offsets in the raw text are not kept. The words of both
texts are compared in order. This decides only which page is named, never what the text is.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from rag.documents import PageStart

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORD = re.compile(r"\w+")
_ENOUGH = 6
"""Words that must be the same to go on after words that cleaning left out or changed. Chosen by hand."""


def map_pages(raw: str, pages: Sequence[tuple[int, int]], text: str) -> tuple[PageStart, ...]:
    """Where the pages begin in the cleaned text.

    :param raw: the text before cleaning.
    :param pages: (offset in ``raw``, number) of the start of each page, in order.
    :param text: the cleaned text.
    """
    if not pages:
        return ()
    words = _WORD.findall(raw)
    starts = [start for start, _ in pages]
    numbers = [pages[max(0, bisect_right(starts, match.start()) - 1)][1] for match in _WORD.finditer(raw)]
    found: list[PageStart] = []
    last = None
    for offset, place in _match_words(words, text):
        if numbers[place] != last:
            last = numbers[place]
            # With the marks before the word, such as an opening quotation mark.
            found.append(PageStart(max(text.rfind(" ", 0, offset), text.rfind("\n", 0, offset)) + 1, last))
    return tuple(found) or (PageStart(0, pages[0][1]),)


def _match_words(words: Sequence[str], text: str) -> list[tuple[int, int]]:
    """(offset, index in ``words``) of words of the text. In a paragraph, the indices grow."""
    runs = _index_runs(words, _ENOUGH)
    pairs = _index_runs(words, 2)
    found: list[tuple[int, int]] = []
    reached, offset = 0, 0
    for paragraph in text.split("\n\n"):
        matches = list(_WORD.finditer(paragraph))
        said = [match[0] for match in matches]
        places = _match_paragraph(words, runs, said, reached)
        if places:
            reached = places[-1][1] + 1
        else:  # a byline, which was moved to the end
            first = (p for p in pairs.get(tuple(said[:2]), ()) if list(words[p : p + len(said)]) == said)
            places = [(0, place) for place in first][:1] if said else []
        found += [(offset + matches[at].start(), place) for at, place in places]
        offset += len(paragraph) + 2
    return found


def _index_runs(words: Sequence[str], length: int) -> dict[tuple[str, ...], list[int]]:
    """Where each run of words begins."""
    index: dict[tuple[str, ...], list[int]] = {}
    for place in range(len(words)):
        index.setdefault(tuple(words[place : place + length]), []).append(place)
    return index


def _match_paragraph(
    words: Sequence[str], runs: dict[tuple[str, ...], list[int]], said: Sequence[str], reached: int
) -> list[tuple[int, int]]:
    """(index in ``said``, index in ``words``) of the words that are the same, from ``reached`` on."""
    found = []
    for at, word in enumerate(said):
        if reached >= len(words) or words[reached] != word:
            places = runs.get(tuple(said[at : at + _ENOUGH]), [])
            after = bisect_left(places, reached)
            if after == len(places):
                continue
            reached = places[after]
        found.append((at, reached))
        reached += 1
    return found
