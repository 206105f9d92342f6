"""Nouns of a conversation: which are people, things or plural, and which words belong to the same noun phrase."""

from __future__ import annotations

import re
from typing import Literal

from rag.question.referent import COMPANY, COURTESY

Sort = Literal["person", "thing", "unknown"]

# Common nouns of English, taken from no article.
_PERSON = frozenset(
    """
    actor actress analyst architect artist author baker boss boy brother candidate captain chair chairman chairwoman
    champion chef chief child coach colleague conductor cook councillor critic daughter deputy designer detective
    director doctor driver editor engineer expert farmer father fisherman founder friend geologist girl goalkeeper
    governor historian husband judge king lawyer leader man manager mayor minister mother musician neighbour neighbor
    nurse officer opponent owner painter passenger patient pilot player poet politician pope president priest prince
    princess prisoner professor pupil queen referee reporter researcher resident rival sailor scientist sculptor
    secretary senator sergeant singer sister skipper soldier son spokesman spokeswoman striker student surgeon suspect
    teacher trainer treasurer victim wife winner witness woman worker writer
    """.split()  # noqa: SIM905 (a page of one word a line reads worse)
)
_PERSON_ENDING = re.compile(r"[a-z]{3,}(?:man|woman|person|ologist|nalist|ianist|inist|omist)")
_THING = frozenset(
    """
    agency airport app award bakery bank beach bill board boat book brewery bridge browser budget building bus campaign
    case centre center chip church cinema city club college committee company contract council country county court
    crash dam deal department derby drone election estate factory fair farm ferry festival film final fire firm flood
    forest fund game government group hall harbour harbor hill hills hospital hotel house institute island lake law
    league library lido line magazine mall market match medal merger mill mine ministry museum newspaper novel
    office orchestra palace parish park parliament party peak pier plan plane plant pool port prison prize program
    programme project race railway region report restaurant river road robbery rocket satellite school season series
    ship shipyard shop show square stadium station storm store strike street study summit survey tariff team theatre
    theater theft tour tower town trade train tram treaty trial tunnel union university valley venue village volcano
    vote ward website wing works yard zoo
    """.split()  # noqa: SIM905
)
_LABEL = frozenset(
    """
    age amount area beginning capacity capital cause cost date day depth distance end figure fine half height length
    level list majority margin month name number part population position price profit rate reason rest result revenue
    role salary
    share side size speed stake start sum surface time title total turnover valuation value weight width year
    """.split()  # noqa: SIM905
)
"""Nouns for what something has, such as "the turnover of" and "the name of". People rarely go on to talk of these."""
_MANY = frozenset(("people", "men", "women", "children", "police", "both"))
_SINGULAR_S = re.compile(r"(?:.*(?:ss|us|is|ics)|news|gas|bus|lens|series)")

_BLOCKED = (
    r"(?!(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might|must|be|been|and|or|but|that"
    r"|which|who|whom|what|when|where|why|how|it|he|she|they|not|to|than|as|if|the|an?|of|in|on|at|for|from|over|by"
    r"|with|into|about|against|between|after|before|during)\b)"
)
_HEAD = rf"\bthe (?P<head>(?:{_BLOCKED}[\w'’-]+ ){{1,4}}?)"
_BEFORE = re.compile(rf"{_HEAD}(?P<link>of|in|on|at|for|from|to|over|under|about) (?:the |an? )?$", re.IGNORECASE)
_AFTER = re.compile(
    r" (?P<link>of|in|on|at|for|from|to|over|under|about)(?P<noun> (?:the )?[A-Z][\w'’&-]*(?: [A-Z][\w'’&-]*)*)"
)
_ASKED = re.compile(r"\b(?:did|does|do|can|could|will|would|should|may|might|must) $", re.IGNORECASE)
_NO_VERB = re.compile(
    r"\W*$|,| (?:in|on|at|by|for|from|to|with|over|after|before|since|during|and|or)\b", re.IGNORECASE
)
NAMED = re.compile(r"[A-Z][\w'’-]*")
_TOLD = re.compile(r"\b(?:he|she|him|his|hers?)\b", re.IGNORECASE)
_PERSON_PHRASE = re.compile(
    r"\b(?:is|was|did|does|has|had|will) (?P<whole>(?:the|an?) (?P<noun>[\w'’-]+)(?: [^?!.,]+)?)", re.IGNORECASE
)


def find_sort(words: str, said: str = "") -> Sort:
    """Whether a noun phrase is a person or a thing, by its head noun, a title, or a "he" or "she" in its sentence.

    :param said: the conversation, one message on each line.
    """
    head = find_head(words)
    if COURTESY.match(words) or is_person_noun(head) or any(is_person_noun(w.lower()) for w in words.split()[:1]):
        return "person"
    if head in _THING or COMPANY.fullmatch(words):
        return "thing"
    for line in said.split("\n"):
        before, named, after = line.partition(words)
        others = re.search(r"[A-Z]", before[1:] + after)
        if named and NAMED.match(words) and not others and _TOLD.search(after):
            return "person"
    return "unknown"


def find_head(words: str) -> str:
    """The last word before a preposition, in lower case if it is a common noun; otherwise empty."""
    before = re.split(r" (?:of|in|on|at|for|from|to|over|under|about|with|who|that|arrested|accused)\b", words)[0]
    last = before.split()[-1] if before.split() else ""
    return last if last.islower() else ""


def is_person_noun(noun: str) -> bool:
    return noun in _PERSON or _PERSON_ENDING.fullmatch(noun) is not None


def is_thing_noun(noun: str) -> bool:
    return noun in _THING


def is_label(words: str) -> bool:
    """Whether words name what something has: "the valuation"."""
    return find_head(words) in _LABEL


def is_plural(words: str) -> bool:
    """Whether a common noun, or a list of names, means several."""
    head = find_head(words)
    several = head in _MANY or (head.endswith("s") and not _SINGULAR_S.fullmatch(head))
    return several or re.search(r"[A-Z][\w'’-]* and [A-Z]|^the [A-Z]\w+s$", words) is not None


def find_whole(said: str, start: int, end: int) -> tuple[int, int]:
    """The span of the phrase that a noun belongs to: "the study on sea eagles" for "sea eagles".

    Not a phrase that is a person, several, or what something has, such as "the mayor of", "the shares of" and "the
    price of". A phrase with "of" is extended only at its end, since its noun is more often such a word.
    """
    stop = said.find("\n", end)
    line = said[said.rfind("\n", 0, start) + 1 : len(said) if stop < 0 else stop]
    offset = said.rfind("\n", 0, start) + 1
    a, b = start - offset, end - offset
    before = _BEFORE.search(line[:a])
    if before and before["link"].lower() != "of" and stands_for_it(before["head"]) and is_noun(line, before.start(), b):
        return offset + before.start(), end
    after = _AFTER.match(line, b)
    determined = re.search(r"\b(?:the|an?) (?:[\w'’-]+ ){0,2}$", line[:a], re.IGNORECASE)
    own = line[a:b].islower() and stands_for_it(line[a:b])
    if after and determined and own and is_noun(line, determined.start(), after.end()):
        return offset + determined.start(), offset + after.end()
    return start, end


def stands_for_it(head: str) -> bool:
    noun = head.split()[-1].lower()
    if is_thing_noun(noun):
        return True
    return not (is_person_noun(noun) or is_plural(noun) or noun in _LABEL or re.fullmatch(r"[a-z]{3,}(?:ed|ing)", noun))


def is_noun(line: str, start: int, end: int) -> bool:
    """Whether what looks like a phrase has no verb in it. In "did the river rise at the bridge?", it has one.

    After "did", a verb follows the subject, so that it is in the phrase if none comes after it.
    """
    return not (_ASKED.search(line[:start]) and _NO_VERB.match(line, end))


def find_person(question: str) -> str:
    """The person that a question is about, with all that describes them: "the man arrested in Tarsk"; else empty."""
    found = _PERSON_PHRASE.search(question)
    if not found or not is_person_noun(found["noun"].lower()):
        return ""
    whole = found["whole"].strip()
    be = re.match(r"(?:is|was)\b", found[0], re.IGNORECASE)
    return whole if be else f"the {found['noun']}"
