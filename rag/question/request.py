"""Recognises requests that no passage can answer: a summary of all articles, their number, an author, an opinion."""

from __future__ import annotations

import re
from typing import Literal

from rag.question.authorship import find_subject
from rag.question.form import list_parts, strip_origin

Request = Literal["summary", "count", "author", "opinion"]

_ARTICLES = r"(?:(?:news )?(?:articles?|stor(?:y|ies)|documents?|files?|texts?)|news|corpus|folder)"
_THESE = rf"(?:(?:all|both|each|every)(?: of)? )?(?:the|these|those|this|that|my|your|today['’]s) {_ARTICLES}"
_ALL = rf"(?:{_THESE}|(?:all|both|each|every|any) {_ARTICLES}|{_ARTICLES})"
_SUMMARY = (
    re.compile(
        r"(?:(?:can|could|would|will) you )?(?:please )?"
        r"(?:(?:summari[sz]e|sum up|recap|outline|tl;?dr)|(?:(?:give|show|write|make)(?: me| us)? )?"
        rf"(?:an? |the )?(?:(?:short|brief|quick) )?(?:summary|overview|gist|digest|rundown|outline)) (?:of )?{_ALL}"
        r"(?: for me| for us| in (?:brief|short)| briefly| please)*\W*",
        re.IGNORECASE,
    ),
    re.compile(rf"what(?:['’]s| is| are) (?:in )?{_THESE}(?: (?:all )?about)?\W*", re.IGNORECASE),
    re.compile(rf"what (?:does|do) {_THESE} (?:say|cover|talk about|deal with)\W*", re.IGNORECASE),
)
_COUNT = re.compile(
    r"\bhow many (?:of )?(?:(?:the|these|those|my|your) )?(?:different )?(?:news )?(?:articles|stories|documents|files"
    r"|texts|reports|sources) (?:are (?:there|in|about|on)|do you|did you|have you|mention\w*|discuss\w*|cover\w*"
    r"|talk\w*|report\w*|say|said|name|contain\w*|deal\w*)\b",
    re.IGNORECASE,
)
_OPINION = re.compile(
    r"\b(?:do|did|would|are|can|could) you (?:personally |really )?(?:think|believe|like|prefer|agree|feel|recommend"
    r"|rather|suggest|trust|alive|human|conscious)\b|\bwhat(?:['’]s| is) your\b|\bin your (?:view|opinion)\b"
    r"|\bwho (?:are|made|built|created) you\b",
    re.IGNORECASE,
)


def find_request(question: str) -> Request | None:
    """What a question asks of the articles as a whole or of this program; None for a question about the news.

    ``summary``: of all articles, or of "this article". ``count``: of articles. ``author``: of an article. ``opinion``:
    of this program.
    """
    parts = list_parts(strip_origin(question))
    if len(parts) == 1 and any(asks.fullmatch(parts[0]) for asks in _SUMMARY):
        return "summary"
    if any(_COUNT.search(part) for part in parts):
        return "count"
    if find_subject(question) is not None:
        return "author"
    return "opinion" if _OPINION.search(question) else None
