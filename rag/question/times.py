"""The time that a question names: "in March 2024", "last week", "yesterday", "the latest".

What a time without a year means depends on the day of the question. So a time is read once, and
:func:`find_period` turns it into days.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal, cast

from rag.types import Period

if TYPE_CHECKING:
    from collections.abc import Callable

Unit = Literal["day", "week", "month", "year"]
Side = Literal["in", "since", "until"]

RECENT = 30
"""Days before the newest article that "the latest" covers. Chosen by hand: a monthly has one issue in them."""
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NUMBERS = ("a", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NO_MONTH = (
    r"(?!(?-i:may) (?!(?:in|at|on|of|to|by|for|from|with|about|and|is|was|were|did)\b)[a-z])"
    r"(?!(?-i:may|march) \d{1,2} [a-z]+s\b)"
)
"""Verbs: "how many of the 12 may close", "why may 20 workers go"."""
_MONTH = (
    rf"{_NO_MONTH}(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_YEAR = r"(?P<year>(?:19|20)\d\d)\b(?![.,]?\d| ?%)"
_NOT_COUNTED = r"(?! (?!is\b|was\b|has\b|does\b)[a-z]+s\b)"  # "of 2000 workers"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?\b(?!:)"
_IN = (
    r"\b(?P<side>in|on|of|for|from|during|throughout|since|after|before|until|till|by|as of)"
    r" (?:the (?:month|year) (?:of )?)?(?:early |late |mid[- ])?"
)
_COUNT = rf"(?P<count>\d{{1,3}}|{'|'.join(_NUMBERS)}|few|couple of)"
_UNIT = r"(?P<unit>day|week|month|year)s?\b"
_BETWEEN = re.compile(r"\bbetween\b.*\band\b", re.IGNORECASE)
_WEEKDAY = r"(?P<weekday>mon|tues|wednes|thurs|fri|satur|sun)day\b"
_ANOTHER = re.compile(
    r"\s*(?:and|or|to|until|till|through|[-–—])\s*(?:early |late |mid[- ])?(?:the )?"
    + re.sub(r"\?P<\w+>", "?:", rf"(?:{_MONTH}|{_DAY} (?:of )?{_MONTH}|{_YEAR}|{_WEEKDAY})"),
    re.IGNORECASE,
)
"""A second time behind the first: "from March to May"."""
_COMING = re.compile(
    r"\b(?:will|won['’]t|going to|upcoming)\b"
    r"|\bdo(?:es)?\b.*\b(?:begin|start|open|close|end|expire|leave|arrive|take (?:place|effect)|come into force)\b",
    re.IGNORECASE,
)
"""A month without a year is then not the last one: "when does it begin on 1 July?"."""
_TITLE = re.compile(r"[A-Z]\w+ (?:Day|Week|Month|Year)")
"""A name rather than a time: "This Week in Tech"."""


@dataclass(frozen=True, slots=True)
class AskedTime:
    """A time as a question names it. Exactly one of ``year``, ``month``, ``weekday``, ``unit`` and ``newest`` leads.

    :param month: 1 to 12, with ``day`` and ``year`` if they are named. Without a year, the latest such month that has
        begun.
    :param weekday: 0 for Monday; the latest such day.
    :param unit: of a time counted back from now: ``ago`` units, 0 for the current one.
    :param rolling: the number of units up to now, "the past two weeks"; 0 for one whole unit, "last week".
    :param newest: whether the newest is wanted.
    :param side: whether the time itself, the days since it, or the days until it are meant.
    :param earlier: whether the current month or weekday is excluded: "last June".
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None
    unit: Unit | None = None
    ago: int = 0
    rolling: int = 0
    newest: bool = False
    side: Side = "in"
    earlier: bool = False


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _read_named(match: re.Match[str]) -> AskedTime:
    """A date, month or year."""
    found = match.groupdict()
    month = found.get("month")
    return AskedTime(
        year=int(found["year"]) if found.get("year") else None,
        month=int(month) if month and month.isdecimal() else _MONTHS.index(month[:3].lower()) + 1 if month else None,
        day=int(found["day"]) if found.get("day") else None,
        side=_read_side(found.get("side")),
        earlier=(found.get("which") or "").lower() == "last",
    )


def _read_weekday(match: re.Match[str]) -> AskedTime:
    which = (match["which"] or "").lower()
    return AskedTime(
        weekday=_DAYS.index(match["weekday"][:3].lower()), side=_read_side(which), earlier=which in ("last", "past")
    )


def _read_unit(match: re.Match[str]) -> AskedTime:
    """ "this week", "last month"."""
    return AskedTime(
        unit=_name_unit(match),
        ago=0 if match["which"].lower() in ("this", "current") else 1,
        side=_read_side(match["side"]),
    )


def _read_ago(match: re.Match[str]) -> AskedTime:
    return AskedTime(unit=_name_unit(match), ago=_read_count(match["count"]))


def _read_rolling(match: re.Match[str]) -> AskedTime:
    return AskedTime(unit=_name_unit(match), rolling=_read_count(match["count"] or "one"))


def _read_count(text: str) -> int:
    text = text.lower()
    if text.isdecimal():
        return int(text)
    return {"few": 3, "couple of": 2, "a": 1}.get(text) or _NUMBERS.index(text)


def _name_unit(match: re.Match[str]) -> Unit:
    return cast("Unit", match["unit"].lower())


def _read_side(word: str | None) -> Side:
    word = (word or "").lower()
    return "since" if word in ("since", "after", "as of") else "until" if word in ("before", "until", "till") else "in"


_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], AskedTime]], ...] = (
    (_compile(rf"(?:{_IN})?\b(?P<year>(?:19|20)\d\d)-(?P<month>0[1-9]|1[0-2])(?:-(?P<day>\d\d))?\b"), _read_named),
    (_compile(rf"(?:{_IN})?(?:the )?\b{_DAY} (?:of )?{_MONTH}(?:,? {_YEAR})?"), _read_named),
    (_compile(rf"(?:{_IN})?\b{_MONTH} {_DAY}(?:,? {_YEAR})?"), _read_named),
    (_compile(rf"(?:{_IN})?\b{_MONTH},? (?:of )?{_YEAR}"), _read_named),
    (_compile(rf"\b(?P<which>last|this|past) {_MONTH}"), _read_named),
    (_compile(rf"(?!(?:of|on|for|by|from) (?-i:May)\b){_IN}{_MONTH}(?! \d)"), _read_named),  # "think of May": a name
    (_compile(rf"{_IN}{_YEAR}{_NOT_COUNTED}"), _read_named),
    (_compile(r"\byesterday\b"), lambda _: AskedTime(unit="day", ago=1)),
    (
        _compile(r"\b(?:(?-i:today|\AToday)(?!['’]s)|tonight|this (?:morning|afternoon|evening))\b"),
        lambda _: AskedTime(unit="day"),
    ),
    (_compile(rf"(?<![\d.,])\b{_COUNT} {_UNIT} ago\b"), _read_ago),
    (_compile(rf"\b(?:last|past|previous) {_COUNT} {_UNIT}"), _read_rolling),
    (_compile(rf"\b(?:the past|the last|past) (?P<count>){_UNIT}"), _read_rolling),
    (
        _compile(rf"(?:\b(?P<side>since|after|before|until) )?\b(?P<which>this|last|current|previous) {_UNIT}"),
        _read_unit,
    ),
    (_compile(rf"\b(?P<which>on|last|this|past|since|until) {_WEEKDAY}"), _read_weekday),
    (
        _compile(
            # "Its latest model" may be from any day.
            r"(?<!at the )(?<!its )(?<!his )(?<!her )(?<!their )(?<!['’]s )"
            r"\b(?:latest|newest|most recent|recent|current)\b"
            r"|\b(?:most recently|recently|lately|currently|right now|these days|nowadays|at the moment|at present)\b"
            r"|\bnow\W*$|\bwhat(?:['’]s| is) new\b"
        ),
        lambda _: AskedTime(newest=True),
    ),
)
"""In order of precedence: more exact times come first."""


def find_time(question: str) -> AskedTime | None:
    """The time that a question names; None if it names none, two ("between March and May"), or one to come."""
    for pattern, read in _PATTERNS:
        match = pattern.search(question)
        if match and not _TITLE.search(match[0]):
            asked = read(match)
            comes = asked.month and not asked.year and not asked.earlier and _COMING.search(question)
            several = _BETWEEN.search(question, 0, match.end()) or _ANOTHER.match(question, match.end())
            return None if comes or several else asked
    return None


def strip_time(question: str) -> str:
    """The question without the time that it names: "What did it carry in March?" → "What did it carry?"."""
    for pattern, _ in _PATTERNS:
        match = pattern.search(question)
        if match and not _TITLE.search(match[0]):
            after = re.sub(r"\A['’]s\b", "", question[match.end() :])
            rest = f"{question[: match.start()]} {after}"
            return re.sub(r"\s+([?.,;:!])", r"\1", " ".join(rest.split())).lstrip(" ,;:")
    return question


def find_period(asked: AskedTime, now: date) -> Period | None:
    """The days that are meant; None if they do not exist or have not begun.

    :param now: the day from which "last week" is counted.
    """
    try:
        if asked.newest:
            return Period((now - timedelta(RECENT)).isoformat(), now.isoformat(), newest=True)
        first, last = _find_days(asked, now)
    except (ValueError, OverflowError):  # 31 June, or the year 1, which some programs write for none
        return None
    if first > now:
        return None
    since = "" if asked.side == "until" else first.isoformat()
    return Period(since, now.isoformat() if asked.side == "since" else last.isoformat())


def _find_days(asked: AskedTime, now: date) -> tuple[date, date]:
    """The first and last day. :raises ValueError: for a date that does not exist."""
    if asked.unit and asked.rolling:
        return _go_back(now, asked.unit, asked.rolling), now
    if asked.unit:
        return _find_unit(asked.unit, asked.ago, now)
    if asked.weekday is not None:
        back = (now.weekday() - asked.weekday) % 7 or (7 if asked.earlier else 0)
        return now - timedelta(back), now - timedelta(back)
    year = asked.year or now.year
    if asked.month is None:
        return date(year, 1, 1), date(year, 12, 31)
    day = date(year, asked.month, asked.day or 1)
    if asked.year is None and (day > now or (asked.earlier and asked.month == now.month)):
        day = date(year - 1, asked.month, asked.day or 1)
    return day, day if asked.day else _end_month(day)


def _find_unit(unit: Unit, ago: int, now: date) -> tuple[date, date]:
    """The whole day, week (from Monday), month or year that was ``ago`` units before now."""
    if unit == "day":
        return now - timedelta(ago), now - timedelta(ago)
    if unit == "week":
        monday = now - timedelta(now.weekday() + 7 * ago)
        return monday, monday + timedelta(6)
    if unit == "month":
        first = _go_back(now.replace(day=1), "month", ago)
        return first, _end_month(first)
    return date(now.year - ago, 1, 1), date(now.year - ago, 12, 31)


def _go_back(day: date, unit: Unit, count: int) -> date:
    if unit in ("day", "week"):
        return day - timedelta(count * (7 if unit == "week" else 1))
    months = day.year * 12 + day.month - 1 - count * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _end_month(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
