"""Turns sentences into questions that they answer, by the few changes of word order that need no parser.

A sentence gives a question only if one of these forms fits it; most give none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rag.page.verbs import PAST, find_base

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 90
"""Characters of a question. It should be readable at a glance."""
MOST_SENTENCE = 400
"""Characters. Nothing is made of longer ones, which also bounds the search in them."""
MOST_SUBJECT = 7
"""Words of a subject. In a longer one, the first verb may belong to a relative clause."""
MOST_OBJECT = 12
_CAPITAL = r"[^\W\d_a-z][\w'’&-]*"
_NAME = rf"{_CAPITAL}(?: (?:(?:of|de|van|von|bin|al) )?{_CAPITAL}){{1,3}}"
_MONTH = (
    "(?:January|February|March|April|May|June|July|August|September|October|November|December"
    "|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)"
)
_DATE = (
    rf"(?:on (?:\w+day(?:,? (?:\d+ {_MONTH}|{_MONTH} \d+))?|\d+ {_MONTH}(?: \d{{4}})?|{_MONTH} \d+(?:, \d{{4}})?)"
    rf"|in (?:{_MONTH}(?: \d{{4}})?|\d{{4}}))"
)
_HEDGE = r"(?:(?:about|around|nearly|almost|some|more than|at least|up to|over) )?"
_MONEY = (
    rf"{_HEDGE}(?:[$€£]\s?\d[\d.,]*(?: (?:thousand|million|billion|trillion))?"
    r"|\d[\d.,]*(?: (?:thousand|million|billion|trillion))? (?:dollars|euros|pounds))"
)
_PLURAL = r"(?:[a-z]{2,}[a-rt-z]s|people|men|women|children)"
_COUNTED = rf"{_HEDGE}\d[\d.,]*(?: (?:thousand|million|billion))? (?P<what>(?:[a-z]+ ){{0,2}}?{_PLURAL})\b"
_UNIT = (
    r"(?:percent|dollars|euros|pounds|years|months|weeks|days|hours|minutes|times|points|per|\w*met(?:re|er)s|miles|tons"
    r"|tonnes|litres|degrees|\w*grams)"
)
_AUXILIARY = "was|were|is|are|will|has|have|had|would|can|could"
# A conjunction, an adverbial, or the place of a news agency's report.
_LEAD = re.compile(
    r"(?:But|And|So|However,|Meanwhile,|Still,|Also,) "
    r"|(?:In|On|At|By|During|Last|Under|After|Since|With) [^,]{1,40}, (?=[A-Z])"
    r"|[A-Z][A-Z ]+(?:, [^-–—.]{1,40})?(?: \([^)]+\))? ?[-–—] |[A-Z]{3,}[A-Z ]*\. "
)
_ASIDE = re.compile(rf"^((?:The |A |An )?[^,]{{2,60}}), (?:[^,]{{1,60}}), (?=(?:{_AUXILIARY}|{PAST}) )")
_ADVERB = re.compile(rf" (?:recently|also|already|still|just|now|later|finally|reportedly|officially) (?=(?:{PAST}) )")
_REPORTING = re.compile(
    r"(?:said|told|added|asked|warned|noted|argued|claimed|called|reported|announced|based|named|used|needed|wanted|hundred)$"
)
# Words that mean nothing outside their text, and signs of a sentence that is not plain.
_POINTING = re.compile(
    r"\b(?:I|we|you|he|she|it|they|me|us|him|them|my|our|your|this|that|these|those|here|there|such|so|then|now|today"
    r"|yesterday|tomorrow|also|however|another|other|others|same|latter|former|who|which|whose|not)\b"
    r"|(?<!between)(?: [\w'’-]+){2} and\b|-year-old|[\"“”«»()\[\]{}<>|*_#@:;!?…–—\\]|n['’]t\b|(?<!\w)['‘’]"
    r"|(?:to|of|for|by|with|and|or|the|a) *$",
    re.IGNORECASE,
)
_OWNING = re.compile(r"\b(?:his|her|its|their)\b", re.IGNORECASE)
_NO_SUBJECT = re.compile(
    r"(?:In|On|At|For|From|With|By|After|Before|When|While|As|If|Since|There|What|How|Why|To|Under|During|Most|One|Both"
    r"|Each|Some|Many|All|Only|Not|Among|Over|About|Until|Because|Although|Though|Despite)\b"
)
_CLAUSE = re.compile(
    r",(?!\d)|[;:–—]| - | (?:because|after|before|while|when|although|though|but|since|as|until|if|where|which|who|that"
    r"|and (?:he|she|it|they|will|has|had|was|were|is|are)) "
)
_THING = r"(?:(?:the|a|an)\b|\d|[$€£]|[^\W\d_a-z])"
_PRESENT = r"[a-z]{2,}(?<!s)s"
# What these are done to does not say much, or is no object.
_VAGUE = re.compile(
    r"(?:went|came|fell|rose|grew|began|left|met|ran|sank|found|got|became|gets|makes|means|remain(?:s|ed)|is|was|has)$"
)
_NO_PERSON = re.compile(r"(?:\b(?:of|at|in|from|on|for)(?: the)?|s,) $")


def word_questions(sentence: str, text: str) -> Iterator[str]:
    """Questions that a sentence answers, the most telling first.

    :param text: the text around it, which shows which words are names and who is a person.
    """
    plain = _LEAD.sub("", " ".join(sentence.split()), count=1)
    if len(plain) > MOST_SENTENCE or not re.match(r"[^\W_]", plain) or not plain.endswith((".", ".”", '."')):
        return
    # "The ferry, with forty people on board, was …"
    short = _ADVERB.sub(" ", _ASIDE.sub(r"\1 ", plain.rstrip('.”"')), count=1)
    for question in (*_word_clause(short, text), *_ask_person(plain)):
        if (
            question
            and len(question) <= LONGEST
            and has_name(question)
            and not _POINTING.search(question[question.index(" ") : -1])
        ):
            yield question


def has_name(question: str) -> bool:
    """Whether a question names what it asks about, so that it can be understood without its text."""
    return re.search(rf"(?<=[\w,'’] ){_CAPITAL}", question) is not None


def _word_clause(sentence: str, text: str) -> Iterator[str | None]:
    because = re.match(r"(?P<clause>[^,;:–—]+?),? because (?:of )?[\w$€£]", sentence)
    yield _invert("Why", because["clause"], text) if because else None
    clause = sentence[: cut.start()] if (cut := _CLAUSE.search(sentence)) else sentence
    yield _ask_how_much(clause, text)
    yield _ask_how_many(clause, text)
    yield _ask_agent(clause, text)
    yield _ask_subject(clause, text)
    yield _ask_object(clause, text)
    dated = re.match(rf"(?P<clause>[^,;:–—]+?) {_DATE}(?=,|$)", sentence)
    yield _invert("When", dated["clause"], text) if dated and len(dated["clause"].split()) > 2 else None


def _ask_how_much(clause: str, text: str) -> str | None:
    """``Reid paid $4 million for the ferry`` → ``How much did Reid pay for the ferry?``"""
    found = re.match(rf"(?P<start>.+? (?:{PAST}|{_PRESENT})) {_MONEY}(?P<rest> (?:for|on|in|from|to) .+|)$", clause)
    if found is None:
        return None
    return _invert("How much", found["start"] + found["rest"], text)


def _ask_how_many(clause: str, text: str) -> str | None:
    """``Some 40 ferries were built in Oban`` → ``How many ferries were built in Oban?``"""
    if found := re.match(rf"{_COUNTED} (?P<rest>(?:was|were|have|had|will|are) .+)", clause, re.IGNORECASE):
        return None if re.search(rf"\b{_UNIT}\b", found["what"]) else f"How many {found['what']} {found['rest']}?"
    found = re.match(rf"(?P<start>.+? (?:{PAST}|{_PRESENT}|have)) {_COUNTED}(?P<rest>.*)", clause)
    if found is None or re.search(rf"\b{_UNIT}\b", found["what"]):
        return None
    return _invert(f"How many {found['what']}", found["start"] + found["rest"], text)


def _ask_agent(clause: str, text: str) -> str | None:
    """``The ferry was built by Ferguson`` → ``Who built the ferry?``"""
    found = re.match(rf"(?P<what>.+?) (?:was|were|(?:has|have) been) (?P<verb>{PAST}) by (?:the )?{_CAPITAL}", clause)
    what = _begin(found["what"], text) if found else None
    return f"Who {found['verb']} {what}?" if found and what else None


def _ask_subject(clause: str, text: str) -> str | None:
    """``Morag Reid bought the ferry to Coll`` → ``Who bought the ferry to Coll?``"""
    found = re.match(
        rf"(?P<subject>{_CAPITAL}(?: {_CAPITAL}){{0,3}}) (?P<verb>{PAST}|{_PRESENT}) (?P<rest>{_THING}.*)", clause
    )
    if not found or _REPORTING.match(found["verb"]) or not _is_name(found["subject"], text):
        return None
    if (
        not find_base(found["verb"])
        or _OWNING.search(found["rest"])
        or not 2 <= len(found["rest"].split()) <= MOST_OBJECT
    ):
        return None
    return f"Who {found['verb']} {found['rest']}?"


def _ask_object(clause: str, text: str) -> str | None:
    """``Morag Reid has sold the ferry to Coll`` → ``What has Morag Reid sold?``"""
    found = re.match(
        rf"(?P<start>.+? (?P<verb>{PAST}|{_PRESENT})) (?:(?:the|a|an)\b|[^\W\d_a-z])[\w%'’.-]*(?: [\w%'’.-]+){{2,9}}$",
        clause,
    )
    if not found or _REPORTING.match(found["verb"]) or _VAGUE.match(found["verb"]):
        return None
    subject = re.sub(r" (?:has|have)$", "", found["start"].rpartition(" ")[0])
    return None if re.search(rf" (?:{_AUXILIARY})\b", subject) else _invert("What", found["start"], text)


def _ask_person(sentence: str) -> Iterator[str]:
    """``Morag Reid, 63, who steers …`` → ``How old is Morag Reid?``, ``Who is Morag Reid?``"""
    for found in re.finditer(
        rf"(?P<name>{_NAME})(?:, (?P<age>\d\d)(?=,))?(?P<who>, who [a-z]+(?:s|ed|d)\b)?(?![\w'’])", sentence
    ):
        before = sentence[: found.start()]
        # At the start of a sentence, a profession has a capital too.
        if (not before and len(found["name"].split()) > 2) or _NO_PERSON.search(before):
            continue
        if found["age"]:
            yield f"How old is {found['name']}?"
        if found["who"]:
            yield f"Who is {found['name']}?"


def _invert(word: str, clause: str, text: str) -> str | None:
    """A statement as a question: its auxiliary, or a form of "do", goes before its subject."""
    if found := re.match(rf"(?P<subject>.+?) (?P<auxiliary>{_AUXILIARY}) (?P<rest>.+)", clause):
        subject = _begin(found["subject"], text) if found["auxiliary"] != "had" else None
        return subject and f"{word} {found['auxiliary']} {subject} {found['rest']}?"
    found = re.match(rf"(?P<subject>.+?) (?P<verb>{PAST}|has|have|had)(?P<rest>(?: .+)?)$", clause) or re.match(
        rf"(?P<subject>{_CAPITAL}(?: {_CAPITAL}){{0,3}}) (?P<verb>{_PRESENT})(?P<rest>(?: .+)?)$", clause
    )
    if found is None or _REPORTING.match(found["verb"]):
        return None
    subject, verb = _begin(found["subject"], text), found["verb"]
    base = "have" if verb in ("has", "have", "had") else find_base(verb)
    auxiliary = "do" if verb == "have" else "does" if verb.endswith("s") else "did"
    return f"{word} {auxiliary} {subject} {base}{found['rest']}?" if subject and base else None


def _begin(subject: str, text: str) -> str | None:
    """A subject as it is written within a sentence; None if it is none, or its first word may be a name or not."""
    words = subject.split()
    if len(words) > MOST_SUBJECT or _OWNING.search(subject) or _NO_SUBJECT.match(subject):
        return None
    if re.search(rf"[,;:–—]| (?:who|which|that|says|and|{PAST}|{_AUXILIARY})\b", subject):
        return None
    if words[0] in ("The", "A", "An"):
        return words[0].lower() + subject[len(words[0]) :]
    return subject if _is_name(subject, text) else None


def _is_name(subject: str, text: str) -> bool:
    """Whether the first words of a sentence are a name: the first one is written alike within another sentence."""
    first = subject.split()[0]
    if re.fullmatch(
        rf"{_MONTH}|\w+day|The|A|An|This|That|These|Those|He|She|It|They|We|I|You|No|His|Her|Its|Their", first
    ):
        return False
    return re.search(rf"[\w,] {re.escape(first)}(?!\w)", text) is not None
