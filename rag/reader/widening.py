"""Extends the tokens that are copied to whole words and numbers, without the marks around them."""

from __future__ import annotations

import re

PAIRS = {"“": "”", "‘": "’", '"': '"', "(": ")", "[": "]"}
SIGN = re.compile(r"(?:(?<![\w.,])[-−])?[$€£¥₹]?(?:(?<![\w.])\.)?\Z")
FIGURE_AHEAD = re.compile(r"\s?\d")
MAGNITUDE = re.compile(r"[ -]?(?:hundred|thousand|million|billion|trillion|bn|mn)\b", re.IGNORECASE)
INITIALS = re.compile(r"(?<!\w)(?:[^\W\d_]\.)+[^\W\d_]\Z")
OPENERS = {closer: opener for opener, closer in PAIRS.items() if opener != closer}


def widen_span(text: str, start: int, end: int) -> tuple[int, int]:
    """Extends a span to whole words and whole numbers with their signs, and strips other punctuation."""
    start, end = trim_marks(text, start, end)
    if start >= end:
        return start, end
    ahead = FIGURE_AHEAD.match(text, end) if text[end - 1] in "$€£¥₹" else None
    end = ahead.end() if ahead else end
    while start > 0 and joins(text, start):
        start -= 1
    while end < len(text) and joins(text, end):
        end += 1
    if text[start].isdigit():
        start = SIGN.search(text, 0, start).start()  # type: ignore[union-attr]
    if text[end - 1].isdigit():
        magnitude = MAGNITUDE.match(text, end)
        end = magnitude.end() if magnitude else end + (text[end : end + 1] == "%")
    if text[end : end + 1] == "." and INITIALS.search(text, start, end):
        end += 1
    return start, end


def joins(text: str, place: int) -> bool:
    """Whether the characters on both sides of ``place`` belong to one word or one number, such as 14.3."""
    left, right = text[place - 1], text[place]
    if left.isalnum() and right.isalnum():
        return True
    if right in ".,":
        return left.isdigit() and text[place + 1 : place + 2].isdigit()
    return left in ".," and right.isdigit() and text[max(0, place - 2) : place - 1].isdigit()


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
