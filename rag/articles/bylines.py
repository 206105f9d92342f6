"""Finds bylines: the lines near an article's title or at its end that say who wrote it.

A line is judged by its parts: a credit with its names, a name with its role or newspaper, a date, a reading time. No
rule knows a name. In doubt a line stays part of the article.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.articles.boilerplate import is_edge_furniture, is_furniture
from rag.articles.dates import find_place, is_ago, is_calendar_word, parse_date, parse_dateline
from rag.articles.names import NAME, ROLE, WORD, is_name, is_paper
from rag.articles.signatures import MOST_ABOVE, credit_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.articles.paragraphs import Line

MOST_SENTENCES_ABOVE = 1
"""Most of these lines that are sentences: a standfirst is one."""
MOST_BYLINES = 4
"""A text with more bylines is a list of people or holds several articles."""

_NAME = re.compile(NAME)
_DESK = re.compile(rf"{WORD}(?: [\w&-]+){{0,2}} [Dd]esk")
_PLACE = re.compile(r",? (?P<word>in|at|for|of|from|on behalf of) (?:the )?[^\W\d_a-z][\w'’. -]{1,40}$")
_EMPLOYER = re.compile(rf"(?:(?:for|of|at) (?:the )?)?{WORD}")
_UNNAMED = re.compile(
    r"(?:by|from) (?P<names>(?:(?:our|an?|the) (?:own )?(?:[\w-]+ ){0,3}"
    r"(?:correspondent|reporter|staff|writer|newsroom)s?|(?:staff|wire|agency|news) (?:reports|writers?|services))"
    r"(?: in [\w'’. -]{1,40})?)"
    r"|(?P<alone>our (?:own )?(?:[\w-]+ )?(?:correspondents?|reporters?|(?:wire|news) services?|newsroom)"
    r"|(?:staff|wire|agency) (?:reports|writers?|services)|(?:staff and )?agencies)",
    re.IGNORECASE,
)
_WRITER = re.compile(
    r"(?:by|from)\s+our\s+(?:[\w-]+\s+){0,3}(?:correspondent|reporter|writer)s?[\s,:]+(?=(?-i:[A-Z])\S* \S)"
    r"|(?:(?:words|text|story|report(?:ing)?|written|reported|posted|article|interview(?:ed)?|questions|conversation"
    r"|review(?:ed)?|comment|analysis)\s+)?by\s*:?\s+"
    r"|(?:words|text|story|interview(?:er)?|conversation|questions|authors?|reporters?|writers?|byline)\s*:\s*(?:by\s+)?"
    r"|(?-i:By)(?=(?-i:[A-Z][a-z]))|(?P<sent>from)\s+",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"(?:additional reporting|editing|edited|translat(?:ed|ion)|(?:photo(?:graph(?:y|ed)?)?|picture|image)s?"
    r"|illustrat(?:ions?|ed)|graphics?|video|research|production|produced)\s*(?:by|:)\s+\S.{0,80}",
    re.IGNORECASE,
)
_DASHES = re.compile(r"^(?:--?|—|–) ?(?=\w)")
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
    joined = credit_names(_join_halves(lines), parse_line)
    bylines = {n: credit for n, line in enumerate(joined) if (credit := parse_line(line))}
    first = len(joined)
    while first - 1 in bylines:
        first -= 1
    placed = {n for n in bylines if n >= first or _is_near_title(joined, n)}
    several = len(placed) > MOST_BYLINES or any(credit.sure for n, credit in bylines.items() if n not in placed)
    if several or len(placed) == len(joined):
        return list(lines), []
    kept = [replace(line, gap=line.gap or n - 1 in placed) for n, line in enumerate(joined) if n not in placed]
    return kept, [(joined[n], bylines[n]) for n in sorted(placed)]


def parse_byline(line: str) -> Credit | None:
    """What a line says as a byline; None if any part of it is something else."""
    inner = line[1:-1] if line.startswith("(") and line.endswith(")") else _DASHES.sub("", line)
    offset = line.index(inner)
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
        elif _CREDIT.fullmatch(part) or ROLE.fullmatch(part):
            others += 1
        elif is_name(part):
            bare.append(Credit(part, place, place + len(part)))
        elif found and len(part) <= 60 and (when := parse_date(part)):  # "Weekend section, 12 April 2025"
            date = date or when
        elif not (part and (is_furniture(part) or is_edge_furniture(part))):
            return None
    return _choose(line, found, bare, others, date)


def _choose(line: str, found: list[Credit], bare: list[Credit], others: int, date: str | None) -> Credit | None:
    """The credit of a line, from those of its parts. A name beside a credited one is that of a newspaper."""
    if found and (not bare or " " in found[0].author):
        return replace(found[0], date=found[0].date or date)
    if len(bare) == 1 and not found and others:
        return replace(bare[0], date=date)
    if not bare and others and _CREDIT.match(line.lstrip("(")):
        return Credit("", 0, 0, date)
    return Credit(line, 0, len(line)) if not bare and _DESK.fullmatch(line) else None


def _parse_writer(part: str) -> Credit | None:
    """The writers that a part of a line names."""
    if match := _UNNAMED.fullmatch(part):
        group = "names" if match["names"] else "alone"
        return Credit(match[group], *match.span(group))
    prefix = _WRITER.match(part)
    if prefix is None:
        name, _, role = part.rstrip(")").replace(" (", ", ").partition(", ")
        if is_name(name) and ROLE.fullmatch(role):
            return Credit(name, 0, len(name))
        dated = re.fullmatch(r"(.{6,60}?),? (by .+)", part, re.IGNORECASE)
        if dated is None or (date := parse_dateline(dated[1])) is None:
            return None
        credit, place = _parse_writer(dated[2]), dated.start(2)
        return credit and replace(credit, start=credit.start + place, end=credit.end + place, date=date)
    rest, date = _split_date(part[prefix.end() :])
    names = _find_names(rest, sent=prefix["sent"] is not None)
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


def _find_names(text: str, *, sent: bool = False) -> list[tuple[int, int]]:
    """The spans of the names in "A, Political correspondent, B and C in Paris"; none if there is anything else.

    Without "and", what follows the first comma is the writer's role or newspaper.

    :param sent: whether "From" stands before: then each is a full name with a place, since "From" begins other lines.
    """
    text = text.rstrip(".") if re.search(r"[a-z]{3}\.$", text) else text
    joint = re.search(r" (?:and|&|with) ", text, re.IGNORECASE) is not None
    names: list[tuple[int, int]] = []
    start = 0
    for cut in [*_JOINT.finditer(text), None]:
        end = cut.start() if cut else len(text)
        place = _PLACE.search(text[start:end])
        part = text[start : start + place.start()] if place else text[start:end]
        named = bool(_NAME.fullmatch(part)) and not ROLE.fullmatch(part)
        if not names and not (named and not is_calendar_word(part.split()[0])):
            return []
        if sent and not (place and place["word"] == "in" and is_name(part)):
            return []
        if named and (not names or (joint and " " in part)):
            names.append((start, start + len(part)))
        elif len(part.split()) > 6 or not (ROLE.fullmatch(part) or _EMPLOYER.match(part) or part == ""):
            return []
        start = cut.end() if cut else end
    return names if " " in text[slice(*names[0])] or not joint else []


def _list_names(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def parse_line(line: Line) -> Credit | None:
    return parse_byline(line.text) if line.kind in {"text", "heading"} and line.level != 1 else None


def _is_near_title(lines: Sequence[Line], n: int) -> bool:
    """Whether a line stands where a byline does, if it is not at the end."""
    if n == 0:  # above the title or in its place; "By Popular Demand" may be the title itself
        after = lines[1].text if len(lines) > 1 else ""
        title = len(lines) > 2 and 4 <= len(after.split()) <= 30 and after[-1] not in ".!?,;:"
        return title or find_place(after) > 0
    sentences = sum(len(line.text.split()) >= 8 and line.text[-1] in ".!?" for line in lines[:n])
    return n <= MOST_ABOVE and sentences <= MOST_SENTENCES_ABOVE


def _join_halves(lines: Sequence[Line]) -> list[Line]:
    """Join a byline that web pages break: "By" above a name, a name above its role, a byline above its newspaper."""
    joined: list[Line] = []
    for line in lines:
        above = joined[-1] if joined else None
        named = above is not None and len(joined) > 1 and is_name(above.text)
        behind = is_paper(line.text) or ROLE.fullmatch(line.text)
        signed = above is not None and not line.gap and behind and parse_line(above)
        if above and _ALONE_BY.fullmatch(above.text) and _NAME.match(line.text) and parse_byline(f"By {line.text}"):
            joined[-1] = replace(above, text=f"{above.text} {line.text}")
        elif (
            above and above.level != 1 and line.kind == above.kind and (signed or (named and ROLE.fullmatch(line.text)))
        ):
            joined[-1] = replace(above, text=f"{above.text}, {line.text}", dated=line.dated)
        else:
            joined.append(line)
    return joined
