"""Recognises what no passage can answer: a summary, count or ranking of articles, an author, an opinion, small talk."""

from __future__ import annotations

import re
from typing import Literal, get_args

from rag.question.authorship import find_subject
from rag.question.form import list_parts, strip_origin

SmallTalk = Literal["thanks", "greeting", "farewell", "assent"]
Request = Literal["summary", "count", "author", "ranking", "opinion", "thanks", "greeting", "farewell", "assent"]
SMALL_TALK: tuple[SmallTalk, ...] = get_args(SmallTalk)
"""Requests that ask nothing."""

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

# The words of courtesy are a closed class of English; a message of nothing else asks nothing.
_WITH = (
    r"(?:very|so) much|a lot|again|for (?:that|this|everything|(?:your|the) (?:help|answers?))|indeed|then|now|there"
    r"|everyone|all|you too|please"
)
_COURTESIES: tuple[tuple[SmallTalk, str], ...] = (
    (
        "farewell",
        r"good ?bye|bye(?:[ -]?bye)?|good ?night|see (?:you|ya)(?: later| soon)?|farewell|take care"
        r"|have a (?:nice|good|great) (?:day|evening|weekend|one)|that(?:['’]s| is| was| will be) (?:all|it)",
    ),
    (
        "thanks",
        r"(?:many )?thanks|thank (?:you|u)|thankyou|thx|ty|cheers|much appreciated|i appreciate (?:it|that|this)",
    ),
    ("greeting", r"hello|hi|hey|greetings|good (?:morning|afternoon|evening|day)"),
    (
        "assent",
        r"ok|okay|k|great|perfect|good|nice|cool|fine|super|excellent|wonderful|awesome|brilliant|amazing|fantastic"
        r"|lovely|alright|all right|got it|i see|understood|yes|yeah|yep|no|nope|sure|wow|oh|ah|aha|hm+|interesting"
        r"|sorry|good to know|makes sense|well done|never ?mind|that help(?:s|ed)"
        r"|(?:that|this)(?:['’]s| is| was) (?:great|good|fine|helpful|interesting|perfect|useful)",
    ),
)
"""In order of precedence: "ok, thanks, bye" is a farewell."""
COURTESY = "|".join(words for _, words in _COURTESIES)
_SMALL_TALK = re.compile(rf"\W*(?:(?:very |so )?(?:{COURTESY})(?: (?:{_WITH}))*(?:\W+|$))+", re.IGNORECASE)
MOST_SMALL_TALK = 80
"""Characters. It bounds the time of the pattern."""


def find_small_talk(question: str) -> SmallTalk | None:
    """The kind of a message that consists only of thanks, greetings and the like; None for any other message."""
    if "?" in question or len(question) > MOST_SMALL_TALK or not _SMALL_TALK.fullmatch(question):
        return None
    return next((kind for kind, words in _COURTESIES if re.search(rf"\b(?:{words})\b", question, re.IGNORECASE)), None)


def is_small_talk(question: str) -> bool:
    return find_small_talk(question) is not None


def find_request(question: str) -> Request | None:
    """What a question asks of the articles as a whole or of this program; None for a question about the news.

    ``summary``: of all articles, or of "this article". ``count``: of articles, or of values over all of them.
    ``author``: of an article. ``ranking``: which article is the best, the longest, the one to read.
    ``opinion``: of this program. The kinds of small talk ask nothing.
    """
    if small_talk := find_small_talk(question):
        return small_talk
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
