"""Normalises the numbers and dates of news: folds signs, converts number words to digits, and parses dates."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def any_of(names: Iterable[str]) -> str:
    """A pattern that matches any of the names, longest first."""
    return "|".join(sorted(map(re.escape, names), key=lambda name: (-len(name), name)))


def _number_names(*rows: str) -> dict[str, int]:
    """Map each name to its position in its row. A hyphen is an empty position."""
    listed = [(n, name) for row in rows for n, names in enumerate(row.split()) for name in names.split("/")]
    return {name: n for n, name in listed if name != "-"}


POWERS = _number_names("- thousand million billion trillion")
_SMALL = _number_names(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
)
_TENS = _number_names("- - twenty thirty forty fifty sixty seventy eighty ninety")
_LETTERS = {"k": " thousand", "m": " million", "b": " billion", "t": " trillion"}
_PARTS = _number_names("- - half third/thirds quarter/quarters fifth/fifths - - - - tenth/tenths")
_NAMED = _number_names(
    "- jan feb mar apr may jun jul aug sep oct nov dec",
    "- mon tue wed thu fri sat sun",
    "- q1/fir q2/sec q3/thi q4/fou",
)

_DROPPED = re.compile(r"[\u0300-\u036f\u00ad\u200b-\u200f\u2060\ufeff]")
_SIGNS = str.maketrans(
    # NFKD would turn 2½ into 212, and 300 with footnote 2 into 3002.
    {"½": ".5", "¼": ".25", "¾": ".75", "’": "'"} | dict.fromkeys("⁰¹²³⁴⁵⁶⁷⁸⁹", " ") | dict.fromkeys("‐‑‒–—―−", "-")
)
_SMALL_WORD = re.compile(rf"\b(?:({any_of(_TENS)})(?:[ -]({any_of(list(_SMALL)[1:10])}))?|({any_of(_SMALL)}))\b")
_MULTIPLE = f"dozen|hundred|{any_of(POWERS)}"
_HUNDREDS = re.compile(r"(?<![\w.])([0-9]{1,2}) hundred(?:(?: and)? ([0-9]{1,2})\b)?")
_PART = re.compile(rf"\b(?:(a|[1-9])[ -])?({any_of(_PARTS)})(?= (?:of|the|its|their)\b|$)")
_NUMERIC_DATE = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[t ][0-9:.]+z?)?|([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})"
)
_DATE_PART = re.compile(
    r"\b(?:(?P<time>[0-9]{1,2}(?::[0-9]{2})? ?[ap]m)|(?P<quarter>q[1-4]|(?:first|second|third|fourth) quarter)"
    r"|(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
    r"|(?P<weekday>(?:mon|tues?|wed(?:nes)?|thur?s?|fri|sat(?:ur)?|sun)(?:day)?)"
    r"|(?P<year>[12][0-9]{3})|(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
    r"|on|in|at|of|the|by|since|until|during|around|circa|early|late|mid|end|last|next|this|morning|afternoon|evening"
    r"|night|[0-9]{1,2}:[0-9]{2}|e[sd]?t|p[sd]?t|c[sde]?t|gmt|utc|bst)\b"
)


def fold_text(text: str) -> str:
    """Lower-case a text, remove accents, possessives and enclosing quotes, and unify dashes and forms of per cent."""
    bare = " ".join(text.split()).strip(" \"“”'‘’()[]").rstrip(" .,;:")
    # A capital A inside a text is a series or an initial, not an article; a dot preserves it.
    marked = re.sub(r"(?<= )A(?= |$)", "A.", bare).translate(_SIGNS).casefold()
    folded = " ".join(_DROPPED.sub("", unicodedata.normalize("NFKD", marked)).translate(_SIGNS).split())
    folded = re.sub(r"'s\b", "", folded)
    folded = re.sub(r"(?<!\w)(?:[a-z]\.)+[a-z]\b\.?", lambda match: match[0].replace(".", ""), folded)
    folded = re.sub(r"(?<![\w%.])-(?=[$€£¥₹]?\.?[0-9])", "minus ", folded)
    return re.sub(r" ?\b(?:per ?cent|pct|percentage[ -]points?)\b", "%", folded)


def spell_in_digits(folded: str) -> str:
    """``forty-nine`` → ``49``, ``half a million`` → ``.5 million``, ``2 dozen`` → ``24``, ``half of`` → ``50% of``."""
    text = _SMALL_WORD.sub(lambda m: str(10 * _TENS.get(m[1], 0) + _SMALL.get(m[2] or m[3], 0)), folded)
    text = re.sub(r"(?<=[0-9])(?: ?(m|b|t)(?:n|io)|([kmbt]))\b", lambda m: _LETTERS[m[1] or m[2]], text)
    text = re.sub(r"\b([0-9]{1,9}) and a half\b", r"\1.5", text)
    text = re.sub(rf"\bhalf[ -](?:an? )?(?={_MULTIPLE})", ".5 ", text)
    text = re.sub(rf"\ban? (?={_MULTIPLE})", "1 ", text)
    text = _HUNDREDS.sub(lambda m: str(int(m[1]) * 100 + int(m[2] or 0)), text)
    text = re.sub(r"(?<![\w.,])([0-9]{0,4}\.?[0-9]) dozen\b", lambda m: f"{float(m[1]) * 12:.0f}", text)
    return _PART.sub(_write_percent, text)


def _write_percent(match: re.Match[str]) -> str:
    count, parts = (1 if match[1] == "a" or match[2] == "half" else int(match[1] or 0)), _PARTS[match[2]]
    return f"{round(100 * count / parts, 2):g}%" if 0 < count < parts else match[0]


def read_date(folded: str) -> tuple[tuple[str, int], ...] | None:
    """The parts of a date, sorted by name; None if the text has anything else, or two dates."""
    if numeric := _NUMERIC_DATE.fullmatch(folded):
        year, month, day, first, second, last = (int(group or 0) for group in numeric.groups())
        # Month first, as in American newspapers, unless it is not a valid month.
        first, second = (second, first) if first > 12 else (first, second)
        return _complete_date({"year": year or last, "month": month or first, "day": day or second})
    if re.sub(r"[\s,.()-]", "", _DATE_PART.sub("", folded)) or re.fullmatch("mon|wed|sat|sun", folded):
        return None
    parts: dict[str, int] = {}
    for match in _DATE_PART.finditer(folded):
        if name := match.lastgroup:
            numbers = [int(number) for number in re.findall(r"[0-9]+", match[name])]
            number = _NAMED[match[name][:3]] if name in ("month", "weekday", "quarter") else numbers[0]
            if name == "time":
                number = number % 12 * 60 + 720 * ("p" in match[name]) + sum(numbers[1:])
            if parts.setdefault(name, number) != number:
                return None
    return _complete_date(parts)


def _complete_date(parts: dict[str, int]) -> tuple[tuple[str, int], ...] | None:
    """Add the implied quarter and weekday. None if the parts are not a date, such as a day alone."""
    year, month, day = (parts.get(name) for name in ("year", "month", "day"))
    if parts.keys() == {"year"} and not 1700 <= parts["year"] < 2100:
        return None
    if day and not {"month", "weekday"} & parts.keys():
        return None
    try:
        # 2024 is a leap year, so every date is valid in it.
        weekday = date(year or 2024, 1 if month is None else month, 1 if day is None else day).isoweekday()
    except ValueError:
        return None
    if month:
        parts.setdefault("quarter", (month + 2) // 3)
    if year and month and day:
        parts.setdefault("weekday", weekday)
    return tuple(sorted(parts.items()))
