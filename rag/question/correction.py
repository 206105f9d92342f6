"""Finds what a user corrects, and thanks before a question: "thanks, and who runs it?", "no, I meant the mayor"."""

from __future__ import annotations

import re

from rag.question.request import COURTESY

_ASKS = (
    r"(?=(?:(?:and|but|so|then)\b[\s,]*)?(?:(?:what|how) about|who|whose|what|which|when|where"
    r"|why|how|is|are|was|were|do|does|did|has|have|had|can|could|will|would|should)\b)"
)
_ASKING = re.compile(rf"\W*{_ASKS}", re.IGNORECASE)
"""The beginning of a question, which may quote somebody's "I meant"."""
_COURTEOUS = re.compile(
    rf"\W*(?:(?:{COURTESY})(?: (?:very much|so much|a lot|again|for that))?"
    rf"(?:\s*[,.!;:–-]+\s*|\s(?={COURTESY})))+{_ASKS}",
    re.IGNORECASE,
)
_THANKS = re.compile(rf"\W*(?:ok(?:ay)? )?(?:thanks|thank you|thx)(?: a lot)? {_ASKS}", re.IGNORECASE)
_MEANT = re.compile(
    r"(?:.*?[.,;:!–-]\s*|\W*)(?:(?:no|sorry|oh|oops|wait|well|actually)\b[\s,]*)*\bi (?:meant?"
    r"|was asking(?: about| for)?|was talking about|wanted to (?:know|ask))(?: to (?:ask|say))?(?: about)?:?\s+"
    r"(?P<meant>\w.*)",
    re.IGNORECASE,
)
_NOT = re.compile(r"\W*(?:no|nope|sorry)\s*[,.–-]\s*(?:not [^,]+,\s*)?(?P<meant>\w.*)", re.IGNORECASE)
_RATHER = re.compile(r"\W*(?:(?:no|sorry)\b[\s,]+)?not (?P<wrong>[^,?]+?)(?:,| but) (?P<meant>\w.*)", re.IGNORECASE)
MOST_CHARACTERS = 300
"""They bound the time of the patterns."""
MOST_WORDS = 6
"""Words of a correction without "I meant". A longer one is a remark."""


def drop_courtesy(question: str) -> str:
    """The question without the thanks before it: "and who runs it?"."""
    start = question[:MOST_CHARACTERS]
    found = _THANKS.match(start) or _COURTEOUS.match(start)
    return question[found.end() :] if found else question


def find_correction(question: str) -> str:
    """What a message puts in place of something in the question before: "the mayor"; empty if it corrects nothing."""
    if len(question) > MOST_CHARACTERS or _ASKING.match(question):
        return ""
    found = _MEANT.fullmatch(question)
    if found:
        meant = found["meant"].strip(" ?!.")
        return "" if re.search(r"[.?!] ", meant) else meant
    found = _RATHER.fullmatch(question) or _NOT.fullmatch(question)
    meant = found["meant"].strip(" ?!.") if found else ""
    return meant if 0 < len(meant.split()) <= MOST_WORDS else ""
