"""Recognises requests that no passage can answer: a summary, a count or ranking of articles, an author, an opinion."""

from __future__ import annotations

import re
from typing import Literal

from rag.question.authorship import find_subject
from rag.question.form import list_parts, strip_origin

Request = Literal["summary", "count", "author", "ranking", "opinion"]

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
# "Stories" and "reports" have other meanings, so they are counted only with a verb of speaking, and never ranked.
_PLAIN = r"(?:(?:news )?articles?|texts?|documents?|files?)"
_COUNT = re.compile(
    r"\bhow many (?:of )?(?:(?:the|these|those|my|your) )?(?:different )?(?:news )?(?:articles|stories|documents|files"
    r"|texts|reports|sources) (?:are (?:there|in|about|on)|do you|did you|have you|mention\w*|discuss\w*|cover\w*"
    r"|talk\w*|report\w*|say|said|name|contain\w*|deal\w*)\b"
    rf"|\b(?:in|by) how many (?:of )?(?:(?:the|these|those) )?(?:different )?{_PLAIN}\b"
    rf"|\bnumber of (?:(?:the|these|those) )?{_PLAIN} (?:that|which|about|on|mention\w*)\b"
    rf"|\bhow (?:often|many times) (?:is|are|was|were|do|does|did) .+ (?:in|across) {_THESE}\W*$"
    rf"|\b(?:how (?:many|much)|total|sum|average|combined)\b.* (?:in|across|over|from) (?:all|both)(?: of)?"
    rf"(?: (?:the|these|those))? {_PLAIN}\W*$",
    re.IGNORECASE,
)
_OPINION = re.compile(
    r"\b(?:do|did|would|are|can|could) you (?:personally |really )?(?:think|believe|like|prefer|agree|feel about"
    r"|recommend|rather|suggest|trust|predict|advise|alive|human|conscious)\b|\bwhat(?:['’]s| is) your\b"
    r"|\bin your (?:view|opinion)\b|\bwho (?:are|made|built|created) you\b",
    re.IGNORECASE,
)
_RANKING = re.compile(
    rf"(?:which|what)(?: (?:one )?of)?(?: (?:the|these|those|my))? {_PLAIN} (?:"
    r"(?:is|are|was|were|seems?|looks?) (?:the )?(?:\w+ )?(?:most|least|more|less|best|better|worst|worse|\w{3,}est)"
    r"|(?:should|shall|must) (?:i|we) (?:read|open|start|begin|trust|believe))\b",
    re.IGNORECASE,
)


def find_request(question: str) -> Request | None:
    """What a question asks of the articles as a whole or of this program; None for a question about the news.

    ``summary``: of all articles, or of "this article". ``count``: of articles, or of values over all of them.
    ``author``: of an article. ``ranking``: which article is the best, the longest, the one to read.
    ``opinion``: of this program.
    """
    parts = list_parts(strip_origin(question))
    if len(parts) == 1 and any(asks.fullmatch(parts[0]) for asks in _SUMMARY):
        return "summary"
    if any(_COUNT.search(part) for part in parts):
        return "count"
    if find_subject(question) is not None:
        return "author"
    if any(_RANKING.match(part) for part in parts):
        return "ranking"
    return "opinion" if _OPINION.search(question) else None
