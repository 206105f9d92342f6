"""Recognises questions about who wrote an article: "who wrote this?", "who is the author of the story about X?"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.question.form import list_parts, strip_origin

_KIND = (
    r"(?:(?:news(?:paper)?|blog|opinion) (?:article|story|piece|item|report|post)|article|story|piece|column|interview)"
)
_THIS = rf"(?:this(?: (?:{_KIND}|text|report|post))?|(?:the|that) {_KIND})"
# Not "the article in Nature", "the story of the film": these are other texts, of which the news tells.
_ABOUT = (
    r"(?: |, )(?:about|on|concerning|(?P<titled>headlined|titled|entitled|called|with the (?:title|headline)))[: ]+"
    r"(?P<subject>.+?)"
)
_TITLE = r"[ :]+(?P<title>[“\"‘'«].+[”\"’'»])"
_ARTICLE = rf"(?:(?:the|that|this) {_KIND}(?:{_ABOUT}|{_TITLE})|{_THIS})"
_WRITER = r"(?:author|writer|reporter|journalist|correspondent)s?"
_WROTE = r"(?:wrote|has written|authored|reported|filed|penned)"
_ASKS = tuple(
    re.compile(rf"{asks}\W*", re.IGNORECASE)
    for asks in (
        rf"(?:who|(?:which|what) {_WRITER}) {_WROTE} {_ARTICLE}",
        rf"(?:who(?:['’]s| is| was| are| were) )?(?:the )?{_WRITER} (?:of|behind) {_ARTICLE}",
        rf"(?:what(?:['’]s| is) )?the (?:name of the {_WRITER}|{_WRITER}['’]s? name) (?:of|behind) {_ARTICLE}",
        rf"(?:by whom|who) (?:was|is) {_ARTICLE} (?:written|authored)(?: by)?",
        rf"{_ARTICLE} (?:was|is) written by whom?",
        # Asked of the articles, but they also tell who wrote about something: their titles must say the same.
        rf"(?:who|(?:which|what) {_WRITER}) {_WROTE} (?:the report )?(?P<told>about|on) (?P<subject>.+?)",
        # A title alone may be that of a book in the news: the article's must be the same.
        rf"who {_WROTE}(?P<alone>{_TITLE})",
        rf"(?:who(?:['’]s| is| was| are| were) )?(?:the )?{_WRITER} (?:of|behind)(?P<alone>{_TITLE})",
        r"(?:who|which (?:journalist|reporter|critic)) (?P<deed>interviewed|reviewed) (?P<subject>.+?)",
        r"(?:by whom (?:was|were) (?P<subject>.+?) (?P<deed>interviewed|reviewed))",
        r"(?:who (?:was|were) (?P<subject>.+?) (?P<deed>interviewed|reviewed) by)",
        rf"whose (?:byline|name) is (?:on|above|under) {_ARTICLE}",
    )
)
THIS = "who wrote this?"
"""A question about the author of the article that a conversation is about."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a question says of the article whose author it asks for.

    :param text: a subject or a title. If the question only says "this article", the earlier question that was appended
        to a follow-up in brackets, or nothing.
    :param titled: whether the article's title must have all its words, because the news also names other texts and
        their authors.
    :param whole: whether it must also have no others. A title alone, "Who wrote “Salt”?", is more often that of a book.
    :param told: whether the question may be about a writer in the news: "who wrote about X?", "who wrote the report on
        X?". Then the title needs only most of the words, but the article must have an author.
    :param deed: ``interviewed`` or ``reviewed``, if the article must be an interview with the subject, or its review.
    """

    text: str
    titled: bool = False
    whole: bool = False
    deed: str = ""
    told: bool = False


def find_subject(question: str) -> Subject | None:
    """What a question says of the article whose author it asks for; None if it asks for something else."""
    parts = list_parts(strip_origin(question))
    found = next((match for asks in _ASKS for part in parts if (match := asks.fullmatch(part))), None)
    if found is None:
        return None
    said = {name: text for name, text in found.groupdict().items() if text}
    return Subject(
        said.get("subject") or said.get("title") or question[len(strip_origin(question)) :].strip(" ()"),
        titled=not said.keys().isdisjoint(("title", "titled", "told")),
        whole="alone" in said,
        deed=said.get("deed", "").lower(),
        told="told" in said,
    )
