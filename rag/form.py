"""What form of answer a question wants: a short one, or sentences."""

from __future__ import annotations

import re
from typing import Literal

from rag.question import asks_for_figure

Form = Literal["short", "either", "sentences"]

_OPENING = re.compile(
    r"^\W*(?:(?:and|but|so|ok|okay|well|also|then|please|hi|hello|hey|now|just)\b[\s,]*)*"
    r"(?:(?:can|could|would|will) you(?: please)? (?=\w+ ))?",
    re.IGNORECASE,
)
# What asks for a name or a time whatever else the question holds, unless it asks for a reason too.
_SHORT = re.compile(r"(?:who(?:se|m)?|when|where|since when|what time|what date)\b", re.IGNORECASE)
_REASON = re.compile(r"\bwhy\b|\bhow come\b|\bexplain\b|\breasons?\b(?! to)|\bwhat for\b", re.IGNORECASE)
_DEGREE = (
    "many|much|old|long|far|big|large|tall|high|deep|wide|heavy|fast|often|soon|early|late|small|young|few|little|"
    "quickly|expensive|cheap|rich|hot|cold|strong|frequently"
)
_MANNER = re.compile(rf"\bhow\b(?! (?:{_DEGREE})\b)", re.IGNORECASE)
_ORDER = re.compile(
    r"(?:tell|explain|describe|summari[sz]e|sum up|outline|compare|contrast|discuss|list|name|enumerate|give|show|walk"
    r"|recap|brief|elaborate|clarify|teach|help|i(?:'d| would) like|i (?:want|need)|let me know)\b",
    re.IGNORECASE,
)
_TOPIC = re.compile(
    r"\b(?:summary|sum up|summari[sz]e|overview|gist|main points|key (?:points|takeaways)|takeaways|nutshell|outline|"
    r"rundown|background|tell me|explain|describe|compare[ds]?|comparison|contrasts?|differ|differs|differences?|"
    r"different from|similarit(?:y|ies)|versus|vs|pros and cons|(?:dis)?advantages?|benefits?|drawbacks?|strengths?|"
    r"weaknesses|reasons?|rationale|motiv\w+|causes?|caused|led|leads?(?= (?:to|them|him|her|it|people)\b)|prompted|"
    r"consequences?|implications?|impact|effects?|significance|concerns?|worries|criticisms?|arguments?|case (?:for|"
    r"against|that)|happens?|happened|works?(?=\W*$)|do(?=\W*$)|mean(?=\W*$)|means(?=\W*$)|about(?=\W*$)|for(?=\W*$)|"
    r"like(?=\W*$)|think(?=s? (?:of|about)\b|\W*$)|point of|purpose|steps?|process|ways?|methods?|approach(?:es)?|"
    r"plans?|challenges?|problems?|risks?|advice|lessons?|examples?|features?|changes?|changed)\b",
    re.IGNORECASE,
)
_WHETHER = re.compile(
    r"(?:is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|should|shall|may|might|must|isn['’]t|aren['’]t"
    r"|wasn['’]t|weren['’]t|don['’]t|doesn['’]t|didn['’]t|hasn['’]t|haven['’]t|won['’]t|wouldn['’]t|shouldn['’]t)\b",
    re.IGNORECASE,
)


def find_form(question: str) -> Form:
    """What a question wants, from all its words.

    ``sentences``: a reason, a manner, a summary, a comparison, a list, whether something is so. ``either``: a short
    answer will do, where there is one that can be trusted. A figure, a name or a time is ``short``.
    """
    bare = _OPENING.sub("", question, count=1)
    last = re.split(r"(?<=[.?!])\s+(?=\S)", bare)[-1]
    if any(_REASON.search(part) for part in (bare, last)):
        return "sentences"
    if _SHORT.match(bare) or _SHORT.match(last) or asks_for_figure(bare):
        return "short"
    if _MANNER.search(bare) or _ORDER.match(bare) or _ORDER.match(last) or _WHETHER.match(bare) or _WHETHER.match(last):
        return "sentences"
    return "either" if _TOPIC.search(bare) else "short"
