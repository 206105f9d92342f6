"""Finds when an article was published: in datelines, in short values such as ``date:``, and in file names."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Order = Literal["", "day", "month"]
"""Which comes first in a date such as 03/04/2025; empty if that is not known."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<{}>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DATE = (
    r"(?:(?P<y1>\d{4})-(?P<m1>\d{2})-(?P<d1>\d{2})"
    rf"|{_MONTH.format('m2')} (?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y2>\d{{4}})"
    rf"|(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?[ -]{_MONTH.format('m3')}[ ,-]{{1,2}}(?P<y3>\d{{4}}))"
)
_TIME = (
    r"(?:[T ,]|at|\||·|-|–)*\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\.\d+)?"
    r"\s*(?:[ap]\.?m\.?)?\s*(?:[A-Z]{1,4}|[+-]\d{2}:?\d{2})?"
)
_CLOCK = r"\d{1,2}[:.]\d{2}\s*(?:[ap]\.?m\.?)?(?:\s*[A-Z]{1,4})?"
_LABEL = (
    r"(?:(?:first )?(?:published|posted|updated|last updated|last modified|date|release date)(?: on| at)?\s*[:|]?\s*)?"
)
_DATELINE = re.compile(
    rf"{_LABEL}(?:{_CLOCK},? )?"
    r"(?:(?:mon|tues?|wed(?:nes)?|thur?s?|fri|sat(?:ur)?|sun)(?:day)?\.?,? )?"
    rf"{_DATE}(?:{_TIME})?(?:\s*[|·•–-]?\s*\d+ min(?:ute)?s? read)?\.?",
    re.IGNORECASE,
)
_PART = re.compile(r"\s*[|·•]\s*")
_NO_DATE = re.compile(rf"{_LABEL}{_CLOCK}|\d+ min(?:ute)?s? read", re.IGNORECASE)
# "SKARHOLM, Feb. 3 (Wire) -- The ferry sailed": a place in capitals, perhaps its country, a date and an agency.
_DAY = rf"(?i:\d{{1,2}} {_MONTH.format('m1')}(?: \d{{4}})?|{_MONTH.format('m2')} \d{{1,2}}(?:, \d{{4}})?)"
_PLACED = re.compile(
    r"[^\W\d_a-z](?:[^\W\d_a-z]|[ .'’/-](?=[^\W\d_a-z])){2,40}(?![^\W\d_])(?:, (?-i:[A-Z])[\w. ]{1,30})?"
    rf"(?:,? {_DAY})?(?: ?[(/][^()/]{{2,40}}[)/])?\s*(?:—|–|--?)\s+"
)
# "THE CRAGMOOR TIMES, TUESDAY, MAY 4, 1909. 3"
_MASTHEAD = re.compile(
    r"(?:\d{1,3}\s+)?.{3,80}?[,|–—-] ?(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,? )?"
    rf"{_DATE}(?:[\s.,]+(?:\d{{1,3}}|{_CLOCK}))?\.?",
    re.IGNORECASE,
)
# "On June 13, 2025, Meta closed" or "LONDON, 13 June 2025 (Reuters) -" at the start of the first paragraph.
_OPENING = re.compile(rf"(?:[^\W\d_][\w.,'’/ -]{{1,50}}?(?:, | [–—-] | ?\())?(?:On )?{_DATE}", re.IGNORECASE)
_NUMBERS = re.compile(r"(?<![\d./-])(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?![./-]?\d)")
_NAMED = re.compile(
    r"(?<![^\W_])(?P<y>(?:19|20)\d\d)(?P<gap>[-_./]?)(?P<m>0[1-9]|1[0-2])(?P=gap)(?P<d>0[1-9]|[12]\d|3[01])(?:(?![^\W_])|(?=T\d))"
)
_STAMP = re.compile(r"(?:D:)?(?P<y>199[3-9]|20\d\d)(?P<m>\d\d)(?P<d>\d\d)")
_CALENDAR = re.compile(rf"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|{_MONTH.format('month')})", re.IGNORECASE)

_AGO = re.compile(
    r"(?:(?:first |last )?(?:published|updated|posted)[\s:]+)?(?:about )?(?:\d+|an?) (?:minute|hour|day|week)s? ago",
    re.IGNORECASE,
)


def parse_dateline(line: str) -> str | None:
    """Parse a line that holds only a date, possibly with a weekday, a time or 'Updated'.

    :return: the date as ISO 8601 (``2025-06-13``), or None if the line holds anything else.
    """
    if len(line) > 80:
        return None
    match = _DATELINE.fullmatch(line.strip())
    if match is None and len(parts := _PART.split(line.strip())) > 1:  # "16:41, 3 JUN 2025 | UPDATED 4 JUN 2025"
        dates = [parse_dateline(part) for part in parts]
        told = all(date or _NO_DATE.fullmatch(part) for date, part in zip(dates, parts, strict=True))
        return next(filter(None, dates), None) if told else None
    return _to_iso(match) if match else None


def parse_opening(paragraph: str) -> str | None:
    """Parse the date at the start of an article's first paragraph.

    :return: the date as ISO 8601, or None if the paragraph does not start with a date.
    """
    match = _OPENING.match(paragraph)
    return _to_iso(match) if match else None


def parse_masthead(line: str) -> str | None:
    """Parse a line with a newspaper's or a programme's name, a date, and perhaps the number of the page.

    :return: the date as ISO 8601, or None if the line holds anything else.
    """
    match = _MASTHEAD.fullmatch(line) if len(line) <= 120 else None
    return _to_iso(match) if match else None


def parse_date(value: str, order: Order = "") -> str | None:
    """Parse the first date anywhere in a short value, such as ``date:`` in front matter.

    :param order: of day and month in ``03/04/2025``. If it is empty, such a date is read only if it can be read in just
        one way, because a wrong date is worse than none. Dates with full stops have the day first.
    """
    match = re.compile(_DATE, re.IGNORECASE).search(value)
    return _to_iso(match) if match else _parse_numbers(value, order)


def parse_stamp(value: str) -> str | None:
    """Parse the time at which a PDF was made, ``D:20250613101500+02'00'``.

    :return: the day as ISO 8601, or None if there is none, or one before there were PDFs.
    """
    match = _STAMP.match(value)
    return _make_date(match["y"], match["m"], match["d"]) if match else None


def find_order(values: Iterable[str], language: str = "") -> Order:
    """Which comes first in dates from one source, such as a column, as far as the dates or else the language tell.

    :param language: such as ``en-US``, the only one with the month first; ``en`` may have either.
    """
    pairs = [(int(match[1]), int(match[3])) for match in map(_NUMBERS.search, values) if match and match[2] != "."]
    days, months = any(first > 12 for first, _ in pairs), any(second > 12 for _, second in pairs)
    if days or months:
        return "" if days and months else "day" if days else "month"
    tag = language.replace("_", "-").casefold()
    return "month" if tag == "en-us" else "day" if tag not in ("", "en") else ""


def find_named_date(name: str) -> str | None:
    """The date in the path of a file, as ISO 8601: ``2025/06/13/deal.txt``, ``2025-06-13 deal.txt`` or ``20250613``."""
    match = _NAMED.search(name)
    return _make_date(match["y"], match["m"], match["d"]) if match else None


def _parse_numbers(value: str, order: Order) -> str | None:
    match = _NUMBERS.search(value)
    if match is None:
        return None
    first, second = int(match[1]), int(match[3])
    if match[2] == "." or first > 12 or first == second:
        order = "day"
    elif second > 12:
        order = "month"
    if not order:
        return None
    return _make_date(match[4], *((match[3], match[1]) if order == "day" else (match[1], match[3])))


def find_place(paragraph: str) -> int:
    """The length of the dateline with which a paragraph begins, "LONDON, June 3 (Reuters) - "; 0 if it has none."""
    match = _PLACED.match(paragraph)
    return match.end() if match else 0


def is_ago(text: str) -> bool:
    """Whether a text only says how long ago an article was published, as web pages do: "Updated 3 hours ago"."""
    return bool(_AGO.fullmatch(text))


def is_calendar_word(word: str) -> bool:
    """Whether a word is a weekday or a month."""
    return bool(_CALENDAR.fullmatch(word))


def _to_iso(match: re.Match[str]) -> str | None:
    for n in "123":
        year, month, day = (match[f"{part}{n}"] for part in "ymd")
        if year:
            return _make_date(year, month if month.isdigit() else str(_MONTHS.index(month[:3].lower()) + 1), day)
    return None


def _make_date(year: str, month: str, day: str) -> str | None:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None
