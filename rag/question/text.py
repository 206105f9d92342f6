"""What is asked, as plain text: questions are data, whatever they hold."""

from __future__ import annotations

import re
import unicodedata

from rag.errors import QuestionError

MAX_CHARACTERS = 2000

# Words that carry no topic: they say nothing of whether a passage is about the question.
FUNCTION_WORDS = frozenset(
    """
    a about after all also an and any are as at be been before being between by can could did do does doing for from
    get give had has have having he her hers him his how i if in into is it its itself just many me more most much
    my no nor not of off on one or other our out over own s say said says she should so some such t tell than that
    the their them then there these they this those through to too under up us was we were what when where which
    while who whom whose why will with would you your
    """.split()  # noqa: SIM905 (a page of one word a line reads worse)
)


def clean_question(text: str) -> str:
    """One line of printable text, NFC; lone surrogates become U+FFFD, control characters spaces.

    :raises QuestionError: where nothing is asked, or more than ``MAX_CHARACTERS`` characters.
    """
    whole = re.sub(r"[\ud800-\udfff]", "\ufffd", text)
    spaced = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in whole)
    question = " ".join(unicodedata.normalize("NFC", spaced).split())
    if not question:
        raise QuestionError('The question is empty: ask one in words, for instance ask "what stake did Meta buy?".')
    if len(question) > MAX_CHARACTERS:
        raise QuestionError(f"The question has {len(question):,} characters: ask it in at most {MAX_CHARACTERS:,}.")
    if not re.search(r"\w", question):
        raise QuestionError("The question has no words in it: ask it in words.")
    return question


def find_topic_words(question: str) -> frozenset[str]:
    """The question's words without function words, in lower case, cut to their first six letters as a crude stem."""
    words = re.findall(r"\w+", question.lower())
    return frozenset(word[:6] for word in words if word not in FUNCTION_WORDS)


def find_mentions(question: str) -> frozenset[str]:
    """Names and numbers of the question: capitalised words after the first, and words with a digit.

    Cut as in :func:`find_topic_words`. Capitals say nothing in a question typed without them, or in them alone.
    """
    words = re.findall(r"\w+", question)
    shouted = all(w[0].isupper() or not w[0].isalpha() for w in words)
    named = [w for i, w in enumerate(words) if any(c.isdigit() for c in w) or (i and w[0].isupper() and not shouted)]
    return find_topic_words(" ".join(named))


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


def asks_for_figure(question: str) -> bool:
    """Whether it wants a number, an amount or a time."""
    return bool(ASKS_FOR_FIGURE.search(question))


def holds_figure(answer: str) -> bool:
    """Whether an answer gives a number, an amount or a time, in digits or in words."""
    return bool(FIGURE.search(answer))
