"""Extends the tokens that are copied to whole words, names and amounts, without the marks around them.

The reader usually chooses these limits well. Only what is never right is mended: half a word, a number without its
unit, an amount without the word that limits it, a name that stops at "van der".
"""

from __future__ import annotations

import re

PAIRS = {"“": "”", "‘": "’", '"': '"', "(": ")", "[": "]"}
CURRENCY = (
    r"(?<!\w)(?:(?:EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|CZK|HUF|JPY|CNY|INR|AUD|CAD|NZD|ZAR|KES|Rs\.?|K?Sh\.?) ?"
    r"|(?:US|AU?|CA?|NZ|HK|S|R)(?=\$))"
)
SIGN = re.compile(rf"(?:{CURRENCY}|(?<![\w.,])[-−])?[$€£¥₹]?(?:(?<![\w.])\.)?\Z")
FIGURE_AHEAD = re.compile(r"\s?\d")
MAGNITUDE = re.compile(r"[ -]?(?:hundred|thousand|million|billion|trillion|lakh|crore|bn|mn)\b", re.IGNORECASE)
INITIALS = re.compile(r"(?<!\w)(?:[^\W\d_]\.)+[^\W\d_]\Z")
OPENERS = {closer: opener for opener, closer in PAIRS.items() if opener != closer}
AMOUNT = re.compile(
    rf"(?:{CURRENCY})?[$€£¥₹]?[-−]?[.\d]|(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty"
    r"|fifty|sixty|seventy|eighty|ninety|half|an? (?:dozen|hundred|thousand|million|half|third|quarter|fifth|tenth))\b"
)
HEDGE = re.compile(
    r"(?<![\w-])(?:almost|nearly|some|roughly|approximately|about|around|an estimated|close to|upwards of|in excess of"
    r"|at least|at most|up to|minus|as (?:many|much) as|no (?:more|less|fewer) than"
    r"|(?P<compared>(?:(?:just|well|slightly) )?(?:more|less|fewer) than)"
    r"|(?:just|well|slightly) (?:over|under|above|below)) \Z",
    re.IGNORECASE,
)
"""Words that limit the amount after them. Bare "over" and "under" can belong to the verb, so they are left alone."""
DENIAL = re.compile(r"\b(?:not?|never|nobody|none|neither|without|cannot|if|unless)\b|n['’]t\b", re.IGNORECASE)
"""Before "more than 60", these make 60 itself the limit: "not for more than 60 days"."""
POST = re.compile(r"[a-z]|[A-Z]{2,}\b")
RANK = re.compile(r"(?<![\w-])(?:interim|acting|caretaker|deputy|vice|assistant|honorary) \Z", re.IGNORECASE)
OR_MORE = re.compile(r" or (?:more|less|fewer)\b")
UNIT = re.compile(
    r" (?:(?:kilo)?met(?:re|er)s|miles) (?:an|per) hour\b"
    r"| ?(?:%|°[CF]?\b|per ?cent\b|percentage points?\b)"
    r"| ?(?:[mck]?m|ft|ha|[mk]?g|lbs?|oz|[mc]?l|mph|kph|km/h|[kMG]Wh?)\b(?![-'’])"
    r"|[ -](?:(?:square|cubic|nautical|metric) )?(?:(?:kilo|centi|milli)?met(?:re|er)s?|miles?|feet|inch(?:es)?|yards?"
    r"|hectares?|acres?|(?:kilo|milli)?grams?|kilos?|tonnes?|tons?|lit(?:re|er)s?|gallons?|barrels?|knots|degrees"
    r"|(?:kilo|mega|giga)watts?(?: hours?)?)\b(?!-)"
    r"| ?(?:[ap]\.m\.|[ap]m\b)"
    r"| (?:[A-Z][a-z]+ )?(?:[Ee]uros?|dollars?|pounds?|pence|cents?|francs?|kron(?:a|e|er|or)|rupees?|rand|yen|yuan"
    r"|shillings?|zloty|roubles?|rubles?|pesos?|lira)\b(?!-)"
)
RATE = re.compile(
    r" (?:an?|per) (?:minute|hour|day|night|week|month|year|head|person|kilo(?:gram)?|tonne|ton|lit(?:re|er)|gallon"
    r"|barrel|share)\b"
)
PRICE = re.compile(rf"[$€£¥₹]|\d+p\Z|{CURRENCY}")
PARTICLE = r"(?:v[ao]n|de[rnl]?|la|di|da|du|dos|ter|bin|ibn)"
HYPHEN_BEHIND = re.compile(r"(?<![\w-])\w+(?:-\w+)*-\Z")
WORD = re.compile(r"[^\W\d_]{2}")
NAME_PART = re.compile(r"-[A-Z][^\W\d_]+\b")
NAME_AHEAD = re.compile(rf"(?: {PARTICLE})+ [A-Z][^\W\d_]*")
NAME_CUT = re.compile(rf"[A-Z]\w*(?: {PARTICLE})+\Z")
LAST_NAME = re.compile(r" [A-Z][^\W\d_]*")
NAME_END = re.compile(r"[A-Z][^\W\d_]+\Z")


def widen_span(text: str, start: int, end: int) -> tuple[int, int]:
    """Extends a span to whole words, names and amounts, and strips other punctuation.

    An amount has its sign, magnitude, unit and the words that limit it, as in "almost €3m a year". A widened span
    stays within the line.
    """
    start, end = trim_marks(text, start, end)
    if start >= end:
        return start, end
    ahead = FIGURE_AHEAD.match(text, end) if text[end - 1] in "$€£¥₹" else None
    end = ahead.end() if ahead else end
    while start > 0 and joins(text, start):
        start -= 1
    while end < len(text) and joins(text, end):
        end += 1
    start, end = widen_hyphens(text, start, end)
    start, end = widen_amount(text, start, end)
    end = widen_name(text, start, end)
    if POST.match(text, start) and (rank := RANK.search(text, 0, start)):
        start = rank.start()
    if text[end : end + 1] == "." and INITIALS.search(text, start, end):
        end += 1
    return start, end


def widen_amount(text: str, start: int, end: int) -> tuple[int, int]:
    """Adds what belongs to an amount at either end of a span."""
    if text[start].isdigit():
        start = SIGN.search(text, 0, start).start()  # type: ignore[union-attr]
    if text[end - 1].isdigit() and (magnitude := MAGNITUDE.match(text, end)):
        end = magnitude.end()
    if re.search(rf"\d(?:{MAGNITUDE.pattern})?\Z", text[start:end], re.IGNORECASE) and (unit := UNIT.match(text, end)):
        end = unit.end()
    if not AMOUNT.match(text, start):
        return start, end
    for more in (RATE if PRICE.search(text, start, end) else None, OR_MORE):
        found = more.match(text, end) if more else None
        end = found.end() if found else end
    hedge = HEDGE.search(text, 0, start)
    if hedge is None or (hedge["compared"] and DENIAL.search(text, find_beginning(text, start), start)):
        return start, end
    return hedge.start(), end


def find_beginning(text: str, place: int) -> int:
    """Where the sentence that contains ``place`` begins, at the latest: after the last mark or line break before it."""
    return max(text.rfind(mark, 0, place) for mark in (". ", "? ", "! ", "\n")) + 1


def widen_hyphens(text: str, start: int, end: int) -> tuple[int, int]:
    """Adds the start of a hyphenated word, and the end of a hyphenated name.

    The first part of other words can stand alone, as in "Leeds-based" or "ten-year".
    """
    while HYPHEN_BEHIND.search(text, 0, start) and WORD.match(text, start):
        start = HYPHEN_BEHIND.search(text, 0, start).start()  # type: ignore[union-attr]
    while NAME_END.search(text, start, end) and (part := NAME_PART.match(text, end)):
        end = part.end()
    return start, end


def widen_name(text: str, start: int, end: int) -> int:
    """The end of a name that was cut before or behind "van der"."""
    rest = LAST_NAME if NAME_CUT.search(text, start, end) else NAME_AHEAD if NAME_END.search(text, start, end) else None
    found = rest.match(text, end) if rest else None
    return found.end() if found else end


def joins(text: str, place: int) -> bool:
    """Whether the characters on both sides of ``place`` belong to one word or one number, such as 14.3."""
    left, right = text[place - 1], text[place]
    if left.isalnum() and right.isalnum():
        return True
    if left in "'’":
        # O'Neill, but not the end of a quotation or the s of a genitive
        return right.isupper() and re.search(r"(?<!\w)[DLO]\Z", text[: place - 1]) is not None
    if right in "'’":
        return re.search(r"(?<!\w)[DLO]\Z", text[:place]) is not None and text[place + 1 : place + 2].isupper()
    if right in ".,:":
        return left.isdigit() and text[place + 1 : place + 2].isdigit()
    return left in ".,:" and right.isdigit() and text[max(0, place - 2) : place - 1].isdigit()


def trim_marks(text: str, start: int, end: int) -> tuple[int, int]:
    """Strips punctuation at both ends, and quotes and brackets that enclose the span or are unbalanced."""
    while True:
        inside, before = text[start:end], (start, end)
        if inside and (
            inside[0] in " \n,.;:!?)]}”–—-" or (inside[0] in PAIRS and PAIRS[inside[0]] not in inside[1:-1])
        ):
            start += 1
        elif inside and (
            inside[-1] in " \n,.;:!?([{“–—" or (inside[-1] in OPENERS and OPENERS[inside[-1]] not in inside)
        ):
            end -= 1
        if (start, end) == before:
            return start, end
