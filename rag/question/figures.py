"""Whether a question asks for a number, an amount or a time, and whether an answer gives one."""

from __future__ import annotations

import re

ASKS_FOR_FIGURE = re.compile(
    r"\bhow (?:many|much|old|long|far|tall|big|large|often|high|fast)\b|^\W*(?:(?:since|until|till|by|and) )?when\b"
    r"|\b(?:what|which)(?: is| was| were| are)?(?: the| his| her| its| their)?(?: \w+)? (?:year|date|month|day|decade"
    r"|century|percent|percentage|number|age|price|amount|time)\b",
    re.IGNORECASE,
)
FIGURE = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen"
    r"|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundreds?|thousands?|millions?|billions?|trillions?|dozens?|half"
    r"|quarter|third|once|twice|first|second|several|many|few|every|daily|weekly|monthly|yearly|days?|weeks?|months?"
    r"|years?|decades?|centur\w+|hours?|minutes?|seconds?|today|yesterday|tomorrow|tonight|morning|noon|evening|night"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday|spring|summer|autumn|fall|winter|january|february|march"
    r"|april|june|july|august|september|october|november|december|last|next|before|after|during|while|a lot)\b"
    r"|^(?:in |early |late |mid-)?may$",
    re.IGNORECASE,
)

_WITHOUT_NUMBER = re.compile(r"(?:no|none|nil|zero|neither|both|all|free|nothing)\b", re.IGNORECASE)
"""Words at the start of an answer that tell a number or an amount: "no lions", "both goals", "free of charge"."""


def asks_for_figure(question: str) -> bool:
    """Whether a question asks for a number, an amount or a time."""
    return bool(ASKS_FOR_FIGURE.search(question))


def holds_figure(answer: str) -> bool:
    """Whether an answer gives a number, an amount or a time, in digits or in words."""
    return bool(FIGURE.search(answer) or _WITHOUT_NUMBER.match(answer))
