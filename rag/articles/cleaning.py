"""Cleans an article's text: finds its title, date, headings and paragraphs, and drops the web page around them.

No rule is specific to one article. In doubt text stays: wrongly kept text adds a little noise, lost text costs an
answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from rag.articles.boilerplate import is_furniture
from rag.articles.bylines import Credit, parse_byline, take_bylines
from rag.articles.dates import find_order, parse_date, parse_dateline, parse_opening
from rag.articles.html_tables import mark_html_tables
from rag.articles.markup import normalise_characters, squeeze_spaces, strip_html, strip_links
from rag.articles.paragraphs import (
    Line,
    drop_furniture,
    drop_repeats,
    is_ended,
    join_lines,
    mark_headings,
    parse_lines,
)
from rag.articles.tables import mark_tables
from rag.articles.titles import (
    count_above,
    drop_masthead,
    drop_title_repeats,
    drop_topic,
    find_issue_date,
    find_lead,
    find_title,
)
from rag.types import Byline, Section

_FRONT_MATTER_LINE = re.compile(r"[ \t]*(?:[\w-]+:.*|- .*|#.*)?|[ \t]+\S.*")
_FRONT_MATTER_LINES = 60
"""Chosen by hand. A YAML header is much shorter. A header without an end is not treated as one."""
# Limits the work on a file with thousands of nested marks. Real nesting is much shallower.
_PASSES = 20
_LONGEST_AUTHOR = 160  # characters


@dataclass(frozen=True, slots=True)
class Header:
    """What a YAML header says.

    :param author: the byline: "By" and the author.
    """

    title: str = ""
    date: str | None = None
    author: str = ""
    publication: str = ""
    language: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class CleanedText:
    """The result of :func:`clean_text`.

    :param title: empty if the text has none.
    :param date: ISO 8601, or None if the text gives none.
    :param text: paragraphs separated by one blank line. A leading title is a paragraph. Bylines come last.
    :param sections: all headings except a leading title, by offset in ``text``.
    :param byline: None if the text has none.
    :param header: the YAML header.
    """

    title: str
    date: str | None
    text: str
    sections: tuple[Section, ...]
    byline: Byline | None = None
    header: Header = Header()


def clean_text(raw: str, author: str = "") -> CleanedText:
    """Clean an article.

    Cleaning is idempotent: ``clean_text(clean_text(raw).text).text == clean_text(raw).text``, unless marks are nested
    deeper than `_PASSES`.

    :param raw: the file's text, plain or Markdown.
    :param author: who wrote it, as a feed or e-mail says. It becomes a byline if the text has none.
    """
    front, text = _take_front_matter(normalise_characters(raw))
    text = mark_tables(mark_html_tables(text))
    cleaned = _clean_once(text, front.title)
    if front.author and cleaned.byline is None:
        cleaned = _clean_once(f"{cleaned.text}\n\n{front.author}", front.title)
    title, date = cleaned.title, front.date or cleaned.date
    # Removing a mark can uncover another one, so repeat until nothing changes. Most articles need one pass.
    for _ in range(_PASSES):
        again = _clean_once(normalise_characters(cleaned.text), front.title)
        if again.text == cleaned.text:
            break
        cleaned = again
        title, date = title or again.title, date or again.date
    return _sign(replace(cleaned, title=title, date=date, header=front), author)


def _sign(cleaned: CleanedText, author: str) -> CleanedText:
    """Append the author as a byline, if there is none or if it only credits somebody else, such as a photographer."""
    author = " ".join(normalise_characters(author).split())[:_LONGEST_AUTHOR]
    if not author or not cleaned.text or (cleaned.byline and cleaned.byline.author):
        return cleaned
    start = len(cleaned.text) + 2
    byline = Byline(
        cleaned.byline.start if cleaned.byline else start, author, start + len("By "), start + len(f"By {author}")
    )
    return replace(cleaned, text=f"{cleaned.text}\n\nBy {author}", byline=byline)


def _take_front_matter(text: str) -> tuple[Header, str]:
    """Parse a YAML header, and remove it."""
    # Match line by line: a single regular expression takes exponential time on a header without an end.
    lines = text.lstrip().split("\n", _FRONT_MATTER_LINES + 2)
    rules = [n for n, line in enumerate(lines[: _FRONT_MATTER_LINES + 2]) if line.rstrip(" \t") == "---"]
    if rules[:1] != [0] or len(rules) == 1:
        return Header(), text
    header = lines[1 : rules[1]]
    if not all(_FRONT_MATTER_LINE.fullmatch(line) for line in header):
        return Header(), text
    fields: dict[str, str] = {}
    for line in header:
        name, colon, value = line.partition(":")
        if line.lstrip().startswith("- ") and fields:  # an item of the list above
            fields[list(fields)[-1]] += f", {_strip_value(line.strip()[2:].removeprefix('name:'))}"
        elif colon and not line[0].isspace():
            fields.setdefault(name.strip().lower(), _strip_value(value))

    def find(*names: str) -> str:
        return next((fields[name] for name in names if name in fields), "")

    front = Header(
        fields.get("title", ""),
        parse_date(find("date", "published", "pubdate", "updated"), find_order((), find("language", "lang"))),
        _make_byline(find("author", "authors", "byline", "by")),
        find("publication", "publisher", "site"),
        find("language", "lang"),
        find("url", "source", "link", "permalink"),
    )
    return front, "\n".join(lines[rules[1] + 1 :])


def _strip_value(value: str) -> str:
    return value.strip().strip("\"'").strip()


def _make_byline(value: str) -> str:
    """The author of a YAML header as a byline: "[Ana Ruiz, Bo Li]" → "By Ana Ruiz and Bo Li". Empty if it is none."""
    value = value.strip(", ")
    if listed := re.fullmatch(r"\[(.*)\]", value):
        value = ", ".join(_strip_value(name) for name in listed[1].split(","))
    if parse_byline(value) is None:
        several = re.sub(r",\s*(?=[^,]+$)", " and ", value)
        value = f"By {several}"
    return value if parse_byline(value) else ""


def _clean_once(text: str, given_title: str) -> CleanedText:
    text = squeeze_spaces(strip_links(squeeze_spaces(strip_html(text))))
    lines = drop_repeats(parse_lines(text))
    date, first, lines = _take_dates(lines)
    # A line directly above the date is a title, even if it ends like a sentence ("PACT WITH U.S.").
    titled = lines[0].text if first == 1 else ""
    lines = drop_masthead(drop_furniture(lines))
    lines, bylines = take_bylines(lines)
    lines = mark_headings(drop_topic(join_lines(lines)))
    title = given_title or find_title(lines) or titled or find_lead(lines)
    lines = drop_title_repeats(lines, title)
    date = date or next((credit.date for _, credit in bylines if credit.date), None)
    if date is None:
        body = next((line for line in lines if line.kind == "text" and line.text != title), None)
        date = (parse_opening(body.text) if body else None) or find_issue_date(lines)
    return _add_bylines(_render(lines, title, date), bylines)


def _take_dates(lines: list[Line]) -> tuple[str | None, int | None, list[Line]]:
    """Remove lines before and after the article's sentences that hold only a date.

    Dates between sentences stay, since they belong to a chronicle.

    :return: the first date, the index of its line, and the other lines.
    """
    prose = [
        n
        for n, line in enumerate(lines)
        if len(line.text.split()) >= 15 and is_ended(line.text) and not is_furniture(line.text)
    ]
    if not prose:
        prose = [len(lines)]
    dates: dict[int, str] = {}
    for n, line in enumerate(lines):
        beside_title = n == 1 or (n > 1 and n - 1 in dates and 1 in dates)
        if (beside_title or not prose[0] < n < prose[-1]) and line.kind in {"text", "heading"}:
            date = parse_dateline(line.text)
            if date:
                dates[n] = date
    rest = [
        replace(line, gap=line.gap or n - 1 in dates, dated=n + 1 in dates)
        for n, line in enumerate(lines)
        if n not in dates
    ]
    first = min(dates, default=None)
    return (dates[first] if first is not None else None), first, rest


def _render(lines: list[Line], title: str, date: str | None) -> CleanedText:
    sections = []
    offset = 0
    above = count_above(lines, title)
    for n, line in enumerate(lines):
        if line.kind == "heading" and n >= above:
            sections.append(Section(start=offset, heading=line.text))
        offset += len(line.text) + 2
    return CleanedText(title, date, "\n\n".join(line.text for line in lines), tuple(sections))


def _add_bylines(cleaned: CleanedText, bylines: list[tuple[Line, Credit]]) -> CleanedText:
    """Append the bylines, so that the text before them holds only the article."""
    if not bylines:
        return cleaned
    text = cleaned.text
    places = []
    for line, credit in bylines:
        places.append((len(text) + 2, credit))
        text = f"{text}\n\n{line.text}"
    offset, best = next((place for place in places if place[1].author), places[0])
    byline = Byline(places[0][0], best.author, offset + best.start, offset + best.end)
    return replace(cleaned, text=text, byline=byline)
