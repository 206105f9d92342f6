"""The form of answer that a question asks for: short, or sentences."""

from __future__ import annotations

import re
from typing import Literal

from rag.articles.sentences import split_sentences
from rag.question.figures import asks_for_figure

Form = Literal["short", "either", "whether", "sentences"]
_STRONGEST: tuple[Form, ...] = ("sentences", "short", "whether", "either")
"""Order of precedence if a question has several sentences with different forms."""

_AUXILIARY = (
    "is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|should|shall|may(?! [0-9])|might|must"
    "|isn['’]t|aren['’]t|wasn['’]t|weren['’]t|don['’]t|doesn['’]t|didn['’]t|hasn['’]t|haven['’]t|won['’]t|wouldn['’]t|shouldn['’]t"
)
_WH = "who(?:se|m|['’]s)?|what(?:['’]?s)?|which|when|where|why|how|whether"
# Introductory words before the question itself: greetings, politeness, "I'd like to know".
_TELL = r"(?:say|tell|give|remind|show|find out)(?: me| us)?(?! about\b)"
_WRAPPING = re.compile(
    r"\W*(?:(?:and|but|so|ok|okay|well|also|then|please|pls|hi|hello|hey|now|just|quick one|sorry|actually)\b[\s,:-]*"
    r"|[\w-]+(?:wise|ly),\s+"
    rf"|(?:can|could|would|will) you (?:please |kindly |maybe )?(?:let me know|{_TELL})\s+"
    r"|(?:can|could|would|will) you (?:please )?(?=name\b)"
    r"|(?:do|does|would) (?:you|anyone|anybody) (?:happen to )?know\s+"
    rf"|(?:please )?{_TELL}\s+(?=(?:the|a|an|who|when|where|what|which|how|why)\b)"
    r"|i(?:['’]d| would) (?:like|love) to (?:know|hear)(?! about\b)\s+|i (?:want|need) to know\s+"
    r"|i(?:['’]m| am) wondering\s+|i wonder\s+|any idea\s+|looking for\s+)",
    re.IGNORECASE,
)
# "When the lights went out, what …?": the question itself starts after the comma.
_CIRCUMSTANCE = re.compile(
    rf"(?:when|where|while|if|after|before|since|as|given|considering|now that|with|in|on|at|for|of|next to)\b[^,?!.]*,"
    rf"\s+(?=(?:{_WH}|{_AUXILIARY})\b)",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"(?:^\W*|[,;–-] *|\b(?:and|or|but|so|know|see|wonder|exactly|idea) +)why\b|\bwhy\W*$|\bhow come\b|^\W*explain"
    r"|\b(?:please|you|to) explain\b|^\W*(?:the )?reasons?\b|\b(?:for )?what (?:\w+ )?reasons?\b|\bwhat for\b"
    r"|\bon what grounds\b|\b(?:and|or|,) (?:how (?!many|much|old|long|big)|how\W*$|in what way)",
    re.IGNORECASE,
)
LABEL = (
    "names?|titles?|dates?|day|year|month|time|number|amount|price|cost|age|size|length|height|address|score|result"
    "|place|city|town|country|capital|venue|nickname|surname|percentage|share|sum|fine|salary|job|post|position|party|author|population|rate|ceo|head|capacity"
)
"""Nouns that name a kind of value, as in "the price of X": who asks for one wants a short answer, and none is a term to
define. They are common nouns of English, taken from no article. A kind learned from the question alone was worse
(docs/experiments.md, 2026-11-26)."""
_SHORT = re.compile(
    r"(?:who(?:se|m|['’]s)?|when|where|since when|name"
    rf"|(?:the |a |an )?(?:\w+ )?(?:{LABEL}) (?:of|for|when|that|at|on|in)\b)"
    r"(?!.*\b(?:go|goes|went|come|came) wrong\b)(?! (?:do|does|did) .* (?:stand|differ)\b)",
    re.IGNORECASE,
)
_DEGREE = (
    "many|much|old|long|far|big|large|tall|high|deep|wide|heavy|fast|often|soon|early|late|small|young|few|little|"
    "quickly|low|accurate|close|likely|successful|valuable|thick|effective|popular|expensive|cheap|rich|hot|cold|strong|frequently"
)
_MANNER = re.compile(
    rf"(?:^\W*|[,;–-] *|\b(?:in|of|about|on|to|and|or|see|know) +)how\b(?! (?:{_DEGREE})\b)(?! I\b)", re.IGNORECASE
)
# "How punctual were the trains?" asks for a degree, which may be a number; "how exactly did …" for a manner.
_OTHER_DEGREE = re.compile(
    rf"how (?!(?:{_AUXILIARY}|{_DEGREE}|exactly|precisely|specifically|else|come|best|well)\b)[a-z]+"
    r" (?:is|are|was|were|do|does|did|has|have|had)\b",
    re.IGNORECASE,
)
# "Can you" asks this program only with such a verb or for someone: "can you carry a knife in Rome?" asks for yes or no.
_ORDER = re.compile(
    r"(?:(?:can|could|would|will) you (?:please |kindly |maybe |briefly |just )?)?"
    r"(?:tell|explain|describe|summari[sz]e|sum up|outline|compare|contrast|discuss|list|enumerate|give|show|walk"
    r"|recap|brief|elaborate|clarify|teach|help|go (?:over|through)|i (?:want|need)|i(?:['’]d| would) like)\b"
    r"|(?:can|could|would|will) you\b.*\b(?:me|us|please)\b",
    re.IGNORECASE,
)
_PUZZLED = re.compile(
    r"\b(?:(?:don['’]?t|do not|can['’]?t|cannot|never|didn['’]?t) (?:get|understand|see|follow|work out|make out|quite)"
    r"|confused|puzzled|no idea|lost track|curious about|in (?:brief|short|a nutshell)|catch me up|fill me in"
    r"|bring me up)\b",
    re.IGNORECASE,
)
_TOPIC = re.compile(
    r"\b(?:summary|sum up|summari[sz]e|overview|gist|main points|key (?:points|takeaways)|takeaways|nutshell|outline|"
    r"rundown|background|story|tell me|describe|compare[ds]?|comparison|contrasts?|differ|differs|differences?|"
    r"different from|similarit(?:y|ies)|versus|vs|pros and cons|(?:dis)?advantages?|benefits?|drawbacks?|strengths?|"
    r"weaknesses|rationale|motiv\w+|causes?|caused|led|leads?(?= (?:to|them|him|her|it|people)\b)|prompted|behind|"
    r"consequences?|implications?|impact|effects?|significance|concerns?|worries|criticisms?|arguments?|case (?:for|"
    r"against|that)|happens?|happened|went wrong|go wrong|what becomes?|what became|what makes?|"
    r"works?(?=\W*$)|do(?=\W*$)|"
    r"means?(?=\W*$| (?:for|to)\b)|about(?=\W*$)|for(?=\W*$)|like(?=\W*$| (?:in|at|on|for|to)\b)|"
    r"think(?=s? (?:of|about)\b|\W*$)|point of|purpose|steps?|process|ways?|"
    r"methods?|approach(?:es)?|stands? on|view of|views? on|reactions?|deal with|says? (?:about|on)|known for|"
    r"plans?|challenges?|problems?|risks?|advice|lessons?|examples?|features?|changes?|changed|achieve|accused)\b",
    re.IGNORECASE,
)
_WHETHER = re.compile(rf"(?:{_AUXILIARY})\b", re.IGNORECASE)
_CHOICE = re.compile(r"\w or \w", re.IGNORECASE)
_ASKING = re.compile(rf"\?|\b(?:{_WH})\b", re.IGNORECASE)


def find_form(question: str) -> Form:
    """The form of answer that a question asks for.

    ``sentences``: a reason, a manner, a summary, a comparison or a list. ``whether``: yes or no, answered with
    sentences and no short answer above them. ``either``: a short answer if its confidence is high enough, otherwise
    sentences; also for keywords. ``short``: a number, a name or a time.
    """
    forms = [find_part(part) for part in list_parts(strip_origin(question))]
    return next((form for form in _STRONGEST if form in forms), "either")


def asks_for_stance(question: str) -> bool:
    """Whether articles may take sides on a question: a yes-no question, or a choice between two things."""
    parts = list_parts(strip_origin(question))
    taking_sides = any(_WHETHER.match(part) or _CHOICE.search(part) for part in parts)
    return taking_sides and find_form(question) in ("whether", "either")


def find_part(asked: str) -> Form:
    """The form of one sentence, given without its introductory words."""
    if _REASON.search(asked):
        return "sentences"
    if _SHORT.match(asked) or asks_for_figure(asked):
        return "short"
    if _OTHER_DEGREE.match(asked):
        return "either"
    if _PUZZLED.search(asked) or _MANNER.search(asked) or _ORDER.match(asked):
        return "sentences"
    if _WHETHER.match(asked):
        return "either" if re.search(r"\bor\b", asked) else "whether"
    chosen = re.match(r"(?:in |from |at |to |of )?which\b", asked, re.IGNORECASE)
    return "either" if not chosen and (_TOPIC.search(asked) or not _ASKING.search(asked)) else "short"


def list_parts(question: str) -> list[str]:
    """The sentences that ask something, or all if none does, each without its introductory words."""
    sentences = [question[a:b] for a, b in split_sentences(question)]
    asking = [s for s in sentences if s.endswith("?") or _ORDER.match(unwrap(s)) or _PUZZLED.search(s)]
    return [unwrap(sentence) for sentence in asking or sentences]


def unwrap(asked: str) -> str:
    while match := _WRAPPING.match(asked) or _CIRCUMSTANCE.match(asked):
        asked = asked[match.end() :]
    return asked


def strip_origin(question: str) -> str:
    """Remove the earlier question that was appended to a follow-up in brackets."""
    return re.sub(r"(?<=\S)\s+\([^()]*\)\s*$", "", question)
