"""Chooses an article's title among its first lines.

Each passage is read after the title, so a wrong one does harm everywhere. A headline is a line before the text that
does not end like a sentence. What stands above it on a page - a section, a newspaper's name, "For immediate release" -
is short and says nothing of the text, while the words of a headline come again there.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.articles.boilerplate import is_contact, is_edge_furniture
from rag.articles.dates import find_place, parse_masthead
from rag.articles.entries import is_correction
from rag.articles.names import is_paper
from rag.articles.paragraphs import fold
from rag.articles.sentences import split_sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.articles.paragraphs import Line

MOST_KICKER = 3
"""Most words of a line above the headline, without "the". Chosen by hand: a longer line is a headline of its own."""
LEAST_SAID = 0.6
"""Least share of the words of a short headline that the text says again. Chosen by hand."""
_SLASH = re.compile(r"\s[/|>»›]\s")
MOST_ABOVE = 15
"""Most lines before the text that may be the headline, and most between a page's title and the article's title."""
_SITE = re.compile(r"^(.{8,}?)\s+[-–—|·»:]\s+[^-–—|]{2,40}$")
_PATH = re.compile(r"\s*[|>»›/·•]\s*")
# Generic headings, which are never an article's title.
_GENERIC = re.compile(
    r"(?:key (?:takeaways|points|findings|facts)"
    r"|takeaways|introduction|abstract|(?:executive )?summary|overview"
    r"|background|(?:table of )?contents|highlights|in brief|at a glance|in numbers|the basics|tl;?dr|faqs?"
    r"|conclusions?|details|what (?:you need )?to know|the bottom line|in this (?:article|story))[:.]?",
    re.IGNORECASE,
)


_RELEASE = re.compile(
    r"(?:(?:press|news|media) (?:release|notice|statement)\W*)?(?:for immediate (?:release|use|publication)\W*)?",
    re.IGNORECASE,
)


def find_title(lines: Sequence[Line]) -> str:
    """The first Markdown heading of level 1, or else the headline; empty if there is none."""
    first = next((line.text for line in lines if line.level == 1), None)
    if first is not None:
        return first
    candidates, end = _list_candidates(lines)
    if not candidates:
        return lines[0].text if len(lines) == 1 and not _ends(lines[0].text) else ""
    text = {stem for line in lines[end:] for stem in _list_stems(line.text)} if candidates[1:] else set()
    said = [len(text & _list_stems(line.text)) for line in candidates]
    n: int | None = 0
    while n is not None:
        line, place = candidates[n], n
        least = 0 if parse_masthead(line.text) else len(line.text)
        below = range(n + 1, len(said)) if _is_kicker(line, said[n]) else ()
        n = next((m for m in below if said[m] > said[place] and len(candidates[m].text) > least), None)
    return candidates[place].text


def find_lead(lines: Sequence[Line]) -> str:
    """The first sentence behind a dateline, for an article that begins with one; empty for any other.

    An agency's report often has no headline, and the sentence that follows the dateline is written to stand for it.
    """
    first = lines[0].text if lines else ""
    place = find_place(first)
    start, end = split_sentences(first[place:])[0] if place and first[place:].strip() else (0, 0)
    return first[place + start : place + end].rstrip(".")


def find_issue_date(lines: Sequence[Line]) -> str | None:
    """The date of the newspaper or programme that a line above the text names."""
    return next((date for line in _list_candidates(lines)[0] if (date := parse_masthead(line.text))), None)


def count_above(lines: Sequence[Line], title: str) -> int:
    """The number of lines up to the title, if it stands above the text; otherwise 0."""
    place = next((n for n, line in enumerate(lines[: MOST_ABOVE + 1]) if line.text == title), -1)
    above = [line.text for n, line in enumerate(lines[:place]) if n or not is_correction(line.text)]
    return 0 if any(_ends(text) and len(text.split()) >= 12 for text in above) else place + 1


def _list_candidates(lines: Sequence[Line]) -> tuple[list[Line], int]:
    """The lines above the text that may be its title, and the index where the text begins."""
    found: list[Line] = []
    n = 0
    for n, line in enumerate(lines[:MOST_ABOVE]):
        text = line.text
        aside = text[0] == "(" and text[-1] == ")"
        if line.kind == "item" or (n == 0 and is_correction(text)):
            continue
        if len(text) > 200 or len(text.split()) > 30 or (_ends(text) and not aside and not is_contact(text)):
            return found, n
        if line.kind in {"heading", "text"} and n + 1 < len(lines) and not aside:
            found += [] if _GENERIC.fullmatch(text) or _RELEASE.fullmatch(text) or is_contact(text) else [line]
    return found, n + 1


def _ends(text: str) -> bool:
    """Whether a line ends like a sentence or a part of one. Headlines in capitals ended with a full stop once."""
    ended = re.search(r"[.,;:][\"”’')\]]*$", text) is not None and not text.endswith("...") and not parse_masthead(text)
    return ended and not (text.isupper() and text.endswith(".") and len(text.split()) <= MOST_ABOVE)


def _is_kicker(line: Line, said: int) -> bool:
    """Whether a line only says where an article stands.

    :param said: the number of its words that the text says again.
    """
    if parse_masthead(line.text) or is_edge_furniture(line.text) or is_paper(line.text):
        return True
    words = [word for word in fold(line.text).split() if word != "the"]
    stems = len(_list_stems(line.text))
    short = len(words) <= MOST_KICKER or (said == 0 and _SLASH.search(line.text) is not None)
    return short and said < LEAST_SAID * stems and line.level in {0, 6}


def _list_stems(text: str) -> set[str]:
    """The words of at least three letters, cut to six letters as a crude stem."""
    return {word[:6] for word in fold(text).split() if len(word) > 2 and word not in {"the", "and", "for"}}


def drop_masthead(lines: list[Line]) -> list[Line]:
    """If the page's title ("Title - Site") precedes the article's title, drop it and the short lines between them."""
    match = _SITE.match(lines[0].text) if lines else None
    if not match:
        return lines
    for n, line in enumerate(lines[1 : MOST_ABOVE + 1], 1):
        if fold(line.text) == fold(match[1]):
            between = [kept for kept in lines[1:n] if len(kept.text) > 80]
            return [replace(lines[0], text=line.text), *between, *lines[n + 1 :]]
    return lines


def drop_topic(lines: list[Line]) -> list[Line]:
    """Drop the topic above a title: a section of a newspaper, a path such as "World > Asia", or one word that the
    article says again.
    """
    if len(lines) < 3 or lines[0].kind != "text" or lines[1].kind not in {"text", "heading"}:
        return lines
    topic, title = lines[0].text, lines[1].text
    parts = _PATH.split(topic)
    if not all(part.replace(" ", "").isalpha() and len(part.split()) <= 2 for part in parts):
        return lines
    said = " " not in topic and any(topic.casefold() in fold(line.text).split() for line in lines[1:])
    above = 4 <= len(title.split()) <= 30 and title[-1] not in ".,;:" and not _PATH.search(title)
    return lines[1:] if above and (len(parts) > 1 or said or is_edge_furniture(topic)) else lines


def drop_title_repeats(lines: list[Line], title: str) -> list[Line]:
    """Keep only the first of the lines that are the title."""
    kept: list[Line] = []
    seen = False
    key = fold(title)
    for line in lines:
        same = bool(key) and line.kind != "item" and fold(line.text) == key
        if not (same and seen):
            kept.append(line)
        seen = seen or same
    return kept
