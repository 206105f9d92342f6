"""A parsed question. It is parsed once, and all later stages use the result."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.question.definitions import find_term
from rag.question.figures import asks_for_figure
from rag.question.form import asks_for_stance, find_form, list_parts, strip_origin
from rag.question.request import find_request
from rag.question.text import find_mentions, find_topic_words
from rag.question.times import find_time

if TYPE_CHECKING:
    from rag.question.form import Form
    from rag.question.request import Request
    from rag.question.times import AskedTime

_PRICED = "pay|paid|cost|spend|spent|invest|invested|raise|raised|earn|earned|worth|money|charged?|owe|owed"
_CHANGE = "growth|grow|grew|increase|rise|rose|cut|drop|fall|fell|decrease|share|margin"
_PRICE = "price|cost|fee|fine|salary|budget|valuation|revenue|turnover|sum"
_WHAT = r"\b(?:what|which)(?: is| was| were| are)?(?: the| its| his| her| their)?"
_ASKED = tuple(
    (frozenset(kinds.split()), re.compile(pattern, re.IGNORECASE))
    for kinds, pattern in (
        (
            "money count",
            rf"\bhow much\b(?! of\b)(?!.*\b(?:{_CHANGE})\b).*\b(?:{_PRICED})\b"
            rf"|{_WHAT} (?:{_PRICE})\b(?! (?:{_CHANGE})\b)"
            r"|\bhow many (?:dollars|euros|pounds|yen)\b|\bhow (?:expensive|costly)\b",
        ),
        ("percent count", rf"{_WHAT} (?:per ?cent|percentage|proportion|fraction)\b"),
        ("date count", r"^\W*(?:and |but |so )?(?:since |until )?when\b|\b(?:what|which) year\b"),
        ("count percent", r"\bhow many\b(?! [mb]illions\b)"),
    )
)
"""Pairs of the kinds of value that fit, and the pattern of questions that ask for them."""

_SEVERAL = re.compile(
    r"\b(?:which|what)(?: other| of the| kinds? of| types? of| sorts? of)?"
    r" (?!was\b|is\b|has\b|does\b|this\b|its\b|his\b)\w*[^\Ws]s\b"
    r"|\bwho(?:se)? (?:are|were|else|all)\b|\bnames?\b(?= (?:some|a few|any|all|two|three|the \w+s)\b)"
    r"|\b(?:list|examples?|any|some)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ParsedQuestion:
    """A question with its properties.

    :param original: the question as the user asked it.
    :param text: the standalone question. All other fields are derived from it.
    :param form: the form of answer that it asks for.
    :param request: what it asks of the articles as a whole or of this program; None for a question about the news.
    :param stance: whether articles may take sides on it.
    :param term: the term that it asks to define, "data labelling" in "What is data labelling?"; None if there is none.
    :param topic: its topic words, from :func:`rag.question.text.find_topic_words`.
    :param mentions: its names and numbers, from :func:`rag.question.text.find_mentions`.
    :param wants_figure: whether it asks for a number, an amount or a time.
    :param figures: the kinds of value that can answer it; empty if it does not say.
    :param several: whether several names can be right, so that different names do not contradict each other.
    :param time: the time that it names, or None.
    """

    original: str
    text: str
    form: Form
    request: Request | None
    stance: bool
    term: str | None
    topic: frozenset[str]
    mentions: frozenset[str]
    wants_figure: bool
    figures: frozenset[str]
    several: bool
    time: AskedTime | None = None


def parse_question(text: str, original: str | None = None) -> ParsedQuestion:
    """Parses a standalone question.

    :param original: the question as the user asked it, if that is a follow-up.
    """
    return ParsedQuestion(
        original=text if original is None else original,
        text=text,
        form=find_form(text),
        request=find_request(text),
        stance=asks_for_stance(text),
        term=find_term(text),
        topic=find_topic_words(text),
        mentions=find_mentions(text),
        wants_figure=asks_for_figure(text),
        figures=expect_kinds(text),
        several=bool(_SEVERAL.search(text)),
        time=find_time(text),
    )


def expect_kinds(question: str) -> frozenset[str]:
    """The kinds of value (see rag.answers.values) that can answer a question; empty if it does not say."""
    asked = list_parts(strip_origin(question))
    return next((kinds for kinds, asks in _ASKED if any(asks.search(part) for part in asked)), frozenset())
