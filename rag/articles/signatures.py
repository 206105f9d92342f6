"""Finds names that are bylines by their place alone, without "By" or a role, and writes "By" before them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.articles.boilerplate import is_edge_furniture
from rag.articles.names import NAME, is_name, is_paper

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rag.articles.paragraphs import Line

MOST_ABOVE = 8
"""Most lines above a byline that is not at the end: title, standfirst and what a web page puts between them."""
_SIGNED = re.compile(rf"(?P<text>.*[^\W_][.!?] )?(?:--|—|–) ?(?P<name>{NAME})\.?")
_SENTENCE = re.compile(r".*[.!?][\"”’')]*")
_QUOTATION = re.compile(r"[\"“‘'«].*[\"”’'»]")


def credit_names(lines: Sequence[Line], is_byline: Callable[[Line], object]) -> list[Line]:
    """Write "By" before the names that sign an article, so that they are found again wherever they are moved.

    These are a name above the date, with or without a newspaper between them, below the title; the last line, below a
    sentence; and "-- A. Name" at the end. No other line says the name: else it is whom the article is about.

    :param is_byline: whether a line is a byline by its form. Some may stand below a signature.
    """
    credited = _credit_above_date(lines, is_byline)
    end = len(credited)
    while end and is_byline(credited[end - 1]):
        end -= 1
    return [*credited[: end - 1], *_credit_last(credited[:end]), *credited[end:]] if end > 1 else credited


def _credit_above_date(lines: Sequence[Line], is_byline: Callable[[Line], object]) -> list[Line]:
    for n in range(1, min(len(lines), MOST_ABOVE + 1)):
        line, below = lines[n], lines[n + 1 : n + 2]
        if is_byline(line) or not _signs(line, lines):
            continue
        if line.dated:
            return [*lines[:n], replace(line, text=f"By {line.text}"), *lines[n + 1 :]]
        if below and below[0].dated and is_paper(below[0].text):
            return [*lines[:n], replace(line, text=f"By {line.text}, {below[0].text}"), *lines[n + 2 :]]
    return list(lines)


def _credit_last(lines: Sequence[Line]) -> list[Line]:
    """The last line as it is, or as a byline, with the text before a signature in it on a line of its own."""
    line, above = lines[-1], lines[-2].text
    if _QUOTATION.fullmatch(above):  # whose words they are
        return [line]
    if match := _SIGNED.fullmatch(line.text):
        name = replace(line, text=match["name"], kind="text", gap=True)
        if (match["text"] or _SENTENCE.fullmatch(above)) and _signs(name, lines):
            before = [replace(line, text=match["text"].rstrip())] if match["text"] else []
            return [*before, replace(name, text=f"By {name.text}")]
    if len(above.split()) >= 8 and _SENTENCE.fullmatch(above) and _signs(line, lines):
        return [replace(line, text=f"By {line.text}")]
    return [line]


def _signs(line: Line, lines: Sequence[Line]) -> bool:
    """Whether a line is a person's name that the others do not say, but for addresses such as "write to A. Name"."""
    if line.kind != "text" or not is_name(line.text) or is_paper(line.text):
        return False
    words = line.text.split()
    last = re.compile(rf"\b{re.escape(words[-1])}\b", re.IGNORECASE)
    said = sum(len(last.findall(other.text)) for other in lines if "@" not in other.text)
    return said == 1 and not any(map(is_edge_furniture, words))
