"""Finds bylines: the lines near an article's title or at its end that say who wrote it.

A line is a byline by its place and its form; no rule knows a name. In doubt it stays part of the article.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.articles.boilerplate import is_edge_furniture, is_furniture
from rag.articles.dates import is_ago, is_calendar_word, parse_dateline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.articles.paragraphs import Line

MOST_ABOVE = 8
"""Most lines above a byline that is not at the end: title, standfirst and what a web page puts between them."""
MOST_SENTENCES_ABOVE = 1
"""Most of these lines that are sentences: a standfirst is one."""
MOST_BYLINES = 4
"""A text with more bylines is a list of people or holds several articles."""

_WORD = r"(?:(?:al|el)-|d['’])?[^\W\d_a-z][\w'’.-]*"
_PARTICLE = r"(?:d[aeiou]|dos|del|della|de[nr]|van|von|zu|la|le|el|al|bin|ibn|te[nr]|y)"
_NAME = re.compile(rf"(?:{_PARTICLE} )*{_WORD}(?: (?:{_PARTICLE} ){{0,2}}{_WORD}){{0,3}}")
_ROLE = re.compile(
    r"(?:[\w'’&/-]+ ){0,5}(?:correspondents?|reporters?|editors?|(?:staff|sports?|news|feature|senior|science) writers?"
    r"|columnists?|critics?|journalists?|contributors?|photographers?|bureau(?: chief)?|desk|newsroom|staff)"
    r"(?: (?:in|at) [\w'’. -]{1,30})?",
    re.IGNORECASE,
)
_DESK = re.compile(rf"{_WORD}(?: [\w&-]+){{0,2}} [Dd]esk")
_PLACE = re.compile(r",? (?:in|at|for|of|from|on behalf of) (?:the )?[^\W\d_a-z][\w'’. -]{1,40}$")
_UNNAMED = re.compile(
    r"(?:by|from) (?P<names>(?:our|an?|the) (?:own )?(?:[\w-]+ ){0,3}(?:correspondent|reporter|staff|writer|newsroom)s?"
    r"(?: in [\w'’. -]{1,40})?)",
    re.IGNORECASE,
)
_WRITER = re.compile(
    r"(?:(?:(?:words|text|story|report|reporting|written|reported|posted|article|interview)\s+)?by\s*:?\s+"
    r"|(?:words|text|story|interview(?:er)?|authors?|reporters?|writers?|byline)\s*:\s*(?:by\s+)?)",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"(?:additional reporting|editing|edited|translat(?:ed|ion)|(?:photo(?:graph)?|picture|image|illustration)s?"
    r"|graphics?|video|research|production|produced)\s*(?:by|:)\s+\S.{0,80}",
    re.IGNORECASE,
)
_SEGMENT = re.compile(r"\s*[|·•]\s*|\s+[–—/-]\s+|\s*;\s+")
_JOINT = re.compile(r"\s*,?\s+(?:and|&|with)\s+|\s*,\s*", re.IGNORECASE)
_BEFORE_DATE = re.compile(r",? (?:on |published |updated |posted )?(?=\S*\d|[A-Z][a-z]+ \d|an? )", re.IGNORECASE)
_ALONE_BY = re.compile(r"(?:written |words |text )?by:?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Credit:
    """What a byline says.

    :param author: the names of the writers, or of the desk; empty if the line only credits others.
    :param start: offset in the line of the first name.
    :param end: offset of the end of the last name.
    :param date: ISO 8601 date, if the line gives one.
    :param sure: whether the line has this form wherever it stands, as "By" and a name have.
    """

    author: str
    start: int
    end: int
    date: str | None = None
    sure: bool = False


def take_bylines(lines: Sequence[Line]) -> tuple[list[Line], list[tuple[Line, Credit]]]:
    """Split an article's lines into its own and its bylines.

    If a line elsewhere is a byline too, the text holds several articles, and all lines stay.
    """
    lines = _join_halves(lines)
    bylines = {n: credit for n, line in enumerate(lines) if (credit := _parse_line(line))}
    first = len(lines)
    while first - 1 in bylines:
        first -= 1
    placed = {n for n in bylines if n >= first or _is_near_title(lines, n)}
    several = len(placed) > MOST_BYLINES or any(credit.sure for n, credit in bylines.items() if n not in placed)
    if several or len(placed) == len(lines):
        return list(lines), []
    kept = [replace(line, gap=line.gap or n - 1 in placed) for n, line in enumerate(lines) if n not in placed]
    return kept, [(lines[n], bylines[n]) for n in sorted(placed)]


def parse_byline(line: str) -> Credit | None:
    """What a line says as a byline; None if any part of it is something else."""
    inner = line[1:-1] if line.startswith("(") and line.endswith(")") else line
    offset = 1 if inner != line else 0
    if len(inner) > 160:
        return None
    found: list[Credit] = []
    date = None
    others = 0
    bare: list[Credit] = []
    start = 0
    for cut in [*_SEGMENT.finditer(inner), None]:
        end = cut.start() if cut else len(inner)
        part, place = inner[start:end], offset + start
        start = cut.end() if cut else end
        if credit := _parse_writer(part):
            found.append(replace(credit, start=place + credit.start, end=place + credit.end))
        elif when := parse_dateline(part):
            date = date or when
        elif _CREDIT.fullmatch(part) or _ROLE.fullmatch(part):
            others += 1
        elif len(part.split()) > 1 and _NAME.fullmatch(part):
            bare.append(Credit(part, place, place + len(part)))
        elif not (part and (is_furniture(part) or is_edge_furniture(part))):
            return None
    return _choose(line, found, bare, others, date)


def _choose(line: str, found: list[Credit], bare: list[Credit], others: int, date: str | None) -> Credit | None:
    """The credit of a line, from those of its parts."""
    if found and not bare:
        return replace(found[0], date=found[0].date or date)
    if len(bare) == 1 and not found and others:
        return replace(bare[0], date=date)
    if not bare and others and _CREDIT.match(line.lstrip("(")):
        return Credit("", 0, 0, date)
    return Credit(line, 0, len(line)) if not bare and _DESK.fullmatch(line) else None


def _parse_writer(part: str) -> Credit | None:
    """The writers that a part of a line names."""
    if match := _UNNAMED.fullmatch(part):
        return Credit(match["names"], *match.span("names"))
    prefix = _WRITER.match(part)
    if prefix is None:
        name, _, role = part.rstrip(")").replace(" (", ", ").partition(", ")
        if len(name.split()) > 1 and _NAME.fullmatch(name) and _ROLE.fullmatch(role):
            return Credit(name, 0, len(name))
        dated = re.fullmatch(r"(.{6,60}?),? (by .+)", part, re.IGNORECASE)
        if dated is None or (date := parse_dateline(dated[1])) is None:
            return None
        credit, place = _parse_writer(dated[2]), dated.start(2)
        return credit and replace(credit, start=credit.start + place, end=credit.end + place, date=date)
    rest, date = _split_date(part[prefix.end() :])
    names = _find_names(rest)
    if not names:
        return None
    places = [(prefix.end() + a, prefix.end() + b) for a, b in names]
    author = _list_names([part[a:b] for a, b in places])
    sure = prefix.group().rstrip()[-2:].lower() == "by" and " " in author
    return Credit(author, places[0][0], places[-1][1], date, sure=sure)


def _split_date(text: str) -> tuple[str, str | None]:
    """A text without the date at its end, and this date."""
    for match in _BEFORE_DATE.finditer(text):
        date = parse_dateline(text[match.end() :])
        if date or is_ago(text[match.end() :]):
            return text[: match.start()], date
    return text, None


def _find_names(text: str) -> list[tuple[int, int]]:
    """The spans of the names in "A, Political correspondent, B and C in Paris"; none if there is anything else.

    Without "and", what follows the first comma is the writer's role or newspaper.
    """
    text = text.rstrip(".") if re.search(r"[a-z]{3}\.$", text) else text
    joint = re.search(r" (?:and|&|with) ", text, re.IGNORECASE) is not None
    names: list[tuple[int, int]] = []
    start = 0
    for cut in [*_JOINT.finditer(text), None]:
        end = cut.start() if cut else len(text)
        place = _PLACE.search(text[start:end])
        part = text[start : start + place.start()] if place else text[start:end]
        words = part.split()
        named = bool(_NAME.fullmatch(part)) and not _ROLE.fullmatch(part)
        if not names and not (named and not is_calendar_word(words[0])):
            return []
        if named and (not names or (joint and len(words) > 1)):
            names.append((start, start + len(part)))
        elif len(words) > 6 or not (_ROLE.fullmatch(part) or re.match(_WORD, part) or part == ""):
            return []
        start = cut.end() if cut else end
    first = text[slice(*names[0])].split()
    return names if len(first) > 1 or not joint else []


def _list_names(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _parse_line(line: Line) -> Credit | None:
    return parse_byline(line.text) if line.kind in {"text", "heading"} and line.level != 1 else None


def _is_near_title(lines: Sequence[Line], n: int) -> bool:
    """Whether a line stands where a byline does, if it is not at the end."""
    if n == 0:  # above the title; "By Popular Demand" may be the title itself
        after = lines[1].text if len(lines) > 2 else ""
        return 4 <= len(after.split()) <= 30 and after[-1] not in ".!?,;:"
    sentences = sum(len(line.text.split()) >= 8 and line.text[-1] in ".!?" for line in lines[:n])
    return n <= MOST_ABOVE and sentences <= MOST_SENTENCES_ABOVE


def _join_halves(lines: Sequence[Line]) -> list[Line]:
    """Join a byline that web pages break: "By" above a name, or a name above its role."""
    joined: list[Line] = []
    for line in lines:
        above = joined[-1] if joined else None
        named = above is not None and len(joined) > 1 and len(above.text.split()) > 1 and _NAME.fullmatch(above.text)
        if above and _ALONE_BY.fullmatch(above.text) and _NAME.match(line.text) and parse_byline(f"By {line.text}"):
            joined[-1] = replace(above, text=f"{above.text} {line.text}")
        elif above and named and above.level != 1 and line.kind == above.kind and _ROLE.fullmatch(line.text):
            joined[-1] = replace(above, text=f"{above.text}, {line.text}")
        else:
            joined.append(line)
    return joined
