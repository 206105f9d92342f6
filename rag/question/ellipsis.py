"""Completes an elliptical question by changing the question before it: "And in 2023?" after "How much … in 2022?".

Only what is certain is changed: a phrase with the same preposition, a noun with the same head, the only name, or the
question word. Everything else is left to :mod:`rag.question.followup`.
"""

from __future__ import annotations

import re
from typing import Literal

from rag.question.referent import find_kind

MOST_WORDS = 6
"""Longer questions are no fragments."""

Kind = Literal["value", "name", "words"]

_LEAD = re.compile(
    r"\s*(?:(?:and|but|so|or)\b[\s,]*)?"
    r"(?:(?:what|how) about\b|(?:the )?same (?:question )?(?:for|with)\b|(?:and|but|so|or)\b)[\s,]*",
    re.IGNORECASE,
)
_PREPOSITIONS = (
    "of|in|on|at|for|to|from|with|without|by|under|after|before|during|since|until|through|against|over|between|among"
)
_PREPOSITION = re.compile(rf"({_PREPOSITIONS})\s+(?=\w)", re.IGNORECASE)
_AUXILIARY = (
    "is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might|must|be|been|isn|aren|wasn|don|didn"
)
_WHOLE = re.compile(
    rf"\b(?:{_AUXILIARY}|who|whom|whose|what|which|when|where|why|how|that|if|because|it|its|he|she|him|his|hers?|they|them"
    r"|theirs?|this|these|those|there|else|others?|then|you|i|we|me|us)\b|['’](?:re|ve|ll|d|m)\b",
    re.IGNORECASE,
)
"""Words that a fragment without a verb, a question word and a pronoun does not have."""
_ADVERB = re.compile(r"(?:when|where|why|how(?: (?:long|often))?)", re.IGNORECASE)
_ASKED = re.compile(rf"(?P<asks>when|where|why|how(?: (?:long|often))?) (?P<auxiliary>{_AUXILIARY})\b", re.IGNORECASE)
_BE = frozenset(("is", "are", "was", "were"))
_NAME = r"(?:the )?[A-Z][\w'’&.-]*(?: (?:[A-Z][\w'’&.-]*|[0-9]+))*"
_VALUE = r"(?:the )?(?:[0-9][\w.,%]*|(?:last|this|next) \w+|(?:first|second|third|fourth) (?:quarter|half))(?: [0-9]+)?"
_LIKE = (
    re.compile(r"\b[12][0-9]{3}\b"),
    re.compile(r"\b(?:last|this|next) [a-z]+", re.IGNORECASE),
    re.compile(r"\bQ[1-4]\b", re.IGNORECASE),
)
"""Times that can take each other's place."""
_SHIFTED = re.compile(
    r"(?:(?:in|for|during) )?"
    r"(?:(?:the|a|one) (?P<unit>year|quarter|month) (?P<way>before|earlier|previously|after|later)"
    r"|the (?P<other>previous|preceding|prior|following|next) (?P<of>year|quarter|month))",
    re.IGNORECASE,
)
_LATER = frozenset(("after", "later", "following", "next"))
_YEAR = re.compile(r"\b[12][0-9]{3}\b")
_SCALES = {
    "quarter": (("first quarter", "second quarter", "third quarter", "fourth quarter"), ("Q1", "Q2", "Q3", "Q4")),
    "month": (
        tuple(
            "January February March April May June July August September October November December".split()  # noqa: SIM905
        ),
    ),
}
_OF = re.compile(r"what (?:is|was|are|were) (the [a-z][\w -]*?)(?= (?:of|at|for|in) )", re.IGNORECASE)
_SUBJECT = re.compile(
    rf"(?:what|when|where|why|how)\b[^,]*? (?:{_AUXILIARY}) (the [a-z][\w-]*)(?= [\w-]+$|$)", re.IGNORECASE
)
"""The subject of a short question, before its verb: "the court" in "When was the court built"."""
_DETERMINER = frozenset(("the", "a", "an", "its", "his", "her", "their"))


def is_fragment(question: str) -> bool:
    """Whether a question has no verb, so that it only changes the one before: "by how many votes?", "every day?"."""
    bare = _LEAD.sub("", question, count=1).strip(" ?!.,")
    asking = re.sub(
        rf"^(?:{_PREPOSITIONS}) (?:what|which|whom|when|how (?:many|much|long))\b", "", bare, flags=re.IGNORECASE
    )
    return 0 < len(bare.split()) <= MOST_WORDS and not _WHOLE.search(asking)


def change_question(question: str, previous: str) -> str:
    """The previous question, changed as a fragment asks; empty if the question is no fragment or it is not certain.

    :param previous: a question that can be understood alone.
    """
    fragment = _LEAD.sub("", question, count=1).strip(" ?!.,")
    led = bool(_LEAD.match(question))
    asked = previous.strip().rstrip(" ?!.")
    if not asked or not fragment or len(fragment.split()) > MOST_WORDS or fragment.lower() in asked.lower():
        return ""
    changed = ""
    shifted = _SHIFTED.fullmatch(fragment)
    if shifted:
        unit, way = (shifted["unit"] or shifted["of"]).lower(), (shifted["way"] or shifted["other"]).lower()
        changed = shift_time(unit, asked, 1 if way in _LATER else -1)
    elif _ADVERB.fullmatch(fragment):
        changed = change_adverb(fragment, asked)
    elif not _WHOLE.search(fragment):
        preposition = _PREPOSITION.match(fragment)
        if preposition:
            changed = change_phrase(preposition[1], fragment[preposition.end() :], asked)
        elif led:
            changed = change_noun(fragment, asked)
    return f"{changed[0].upper()}{changed[1:]}?" if changed else ""


def shift_time(unit: str, asked: str, step: int) -> str:
    """Ask about the year, quarter or month before or after the only one in the question; empty if there is none."""
    years = list(_YEAR.finditer(asked))
    if len(years) > 1:
        return ""
    year = f"{int(years[0][0]) + step:04}" if years else ""
    next_year = f"{asked[: years[0].start()]}{year}{asked[years[0].end() :]}" if years else ""
    if unit == "year":
        return next_year
    for scale in _SCALES[unit]:
        found = list(re.finditer(rf"\b(?:{'|'.join(scale)})\b", asked))
        if len(found) != 1:
            continue
        place = scale.index(found[0][0]) + step
        if not 0 <= place < len(scale) and years:  # a quarter or a month of the next year
            asked = next_year
        elif not 0 <= place < len(scale):
            return ""
        start, end = next(m.span() for m in re.finditer(rf"\b{found[0][0]}\b", asked))
        return f"{asked[:start]}{scale[place % len(scale)]}{asked[end:]}"
    return ""


def change_owner(owned: str, owner: str, asked: str, answer: str) -> str:
    """Ask about what somebody has: "Greta Lindholm's husband" in place of "Greta Lindholm", or of the answer to "who".

    Empty if the question before is about neither.

    :param owned: what is asked about, with its owner: "Greta Lindholm's husband".
    :param owner: "Greta Lindholm".
    """
    asked = asked.strip().rstrip(" ?!.")
    if asked.count(owner) == 1:
        before, after = re.split(re.escape(owner) + r"(?:['’]s? [\w-]+)?", asked)
        return f"{before}{owned}{after}?"
    who = re.match(r"\W*(?:and )?who(?: is| was|['’]s)\b", asked, re.IGNORECASE)
    return f"Who is {owned}?" if who and owner in answer else ""


def change_adverb(adverb: str, asked: str) -> str:
    """Ask "why?" in place of "when did …"; not of "where is the tunnel", which has nothing else to ask about."""
    found = _ASKED.match(asked)
    if not found:
        return ""
    alone = found["auxiliary"].lower() in _BE and found["asks"].lower() in ("where", "how long")
    return "" if alone else f"{adverb}{asked[found.end('asks') :]}"


def change_phrase(preposition: str, noun: str, asked: str) -> str:
    """Put a phrase in place of one of its kind with the same preposition or, without one, at the end."""
    kind = classify(noun)
    for found in reversed(list(re.finditer(rf"\b{preposition} (?=\w)", asked, re.IGNORECASE))):
        end = find_end(asked, found.end(), kind, len(noun.split()))
        if end:
            return f"{asked[: found.end()]}{noun}{asked[end:]}"
    return "" if preposition.lower() == "of" else f"{asked} {preposition.lower()} {noun}"


def find_end(asked: str, start: int, kind: Kind, size: int) -> int:
    """Where the noun of a phrase ends, if it is of a kind; otherwise 0.

    Where a noun without a capital ends cannot be told from a verb behind it, so it must be as long as the new one.
    """
    rest = asked[start:]
    if kind == "words":
        other = re.match(rf"[^,;()]+?(?=$|,| (?:{_PREPOSITIONS}|and|or)\b)", rest)
        fits = other is not None and classify(other[0]) == "words" and len(other[0].split()) == size
        return start + other.end() if other and fits else 0
    other = re.match(_NAME, rest) or re.match(_VALUE, rest)
    return start + other.end() if other and classify(other[0]) == kind else 0


def change_noun(noun: str, asked: str) -> str:
    """Put a noun phrase in place of one of its kind: a year, the only name, the same head, "the … of", the subject."""
    kind = classify(noun)
    if kind == "value" or any(like.fullmatch(noun) for like in _LIKE):
        spans = [m.span() for like in _LIKE if like.fullmatch(noun) for m in like.finditer(asked)]
    elif kind == "name":
        names = (m for m in re.finditer(rf"(?<!^)\b{_NAME}", asked) if classify(m[0]) == "name")
        spans = [(m.start(), m.end() - len(whose(m[0]))) for m in names]
    else:
        other = (_OF.match(asked) or _SUBJECT.match(asked)) if noun.lower().startswith("the ") else None
        spans = [span for span in (find_head(noun, asked) or (other and other.span(1)),) if span]
    if len(spans) > 1:  # "the Liberals" is not a town
        spans = [span for span in spans if asked[slice(*span)].startswith("the ") == noun.startswith("the ")]
    if len(spans) != 1:
        return ""
    start, end = spans[0]
    return f"{asked[:start]}{noun}{asked[end:]}"


def find_head(noun: str, asked: str) -> tuple[int, int] | None:
    """The span of the noun phrase with the same last word, from its determiner; None if there is none."""
    size, head = len(noun.split()), noun.split()[-1].lower()
    words = list(re.finditer(r"[\w'’-]+", asked))
    places = [n for n, word in enumerate(words) if word[0].lower() == head]
    if size < 2 or len(places) != 1:
        return None
    for n in range(places[0] - 1, max(-1, places[0] - size - 2), -1):
        if words[n][0].lower() in _DETERMINER:
            return words[n].start(), words[places[0]].end()
        if re.fullmatch(f"{_PREPOSITIONS}|{_AUXILIARY}", words[n][0], re.IGNORECASE):
            return None
    return None


def whose(name: str) -> str:
    """The ending of a possessive, as it is written."""
    ending = re.search(r"['’]s?$", name)
    return ending[0] if ending else ""


def classify(noun: str) -> Kind:
    if find_kind(noun) == "value":
        return "value"
    return "name" if re.fullmatch(_NAME, noun) else "words"
