"""Chooses what a word refers to among the readings of a conversation.

The reader knows what a question is about, but takes any name nearby. So a reading that does not agree with the word is
dropped, and grammar decides between readings that are about equally probable.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.question.nouns import find_person, find_sort, find_whole, is_person_noun, is_plural, is_thing_noun
from rag.question.references import DECLINED
from rag.question.referent import PERSON, PLURAL, can_replace, find_kind
from rag.question.text import FUNCTION_WORDS
from rag.types import Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = re.compile(r"(?<![.?!]\s)(?<!^)\b[A-Z][\w'’&-]*(?:\s+[A-Z][\w'’&-]*)*")
PLACED = re.compile(r"\b(?:in|at|near) (?:the )?$", re.IGNORECASE)
"""Words before the name of a place. A place is not a person."""
SEVERAL, ALONE, WHO, PLACE, CHOSEN = 2.5, 0.3, 0.3, 0.4, 2.0
"""Factors of a reading's probability, chosen by hand: "they" for several, "they" for one person, "it" for the answer to
"who …?", "it" for a place, and "it" for the answer to "which company …?" or "she" for the answer to "who …?"."""

LEAST_PART = 0.2
"""Least probability of a whole phrase, as a share of that of a part, chosen by hand."""

IT = re.compile(r"its?", re.IGNORECASE)
_ANYONES = re.compile(r"\b(?:his|her) (?P<noun>[a-z][\w-]+)(?=\W*$| (?:in|on|at|by|for|from|to|with)\b)", re.MULTILINE)
MOST_WORDS = 6
"""Words of an answer that is one name or noun phrase."""
_IN_NAMES = frozenset(("the", "a", "an", "of", "and", "in", "on", "at", "for", "to", "from", "by", "with"))
_ARTICLE = re.compile(r"\b(?:the|an?) $", re.IGNORECASE)
_TOKEN = re.compile(r"[^\W_][\w'’&-]*")
CHOICE = re.compile(
    r"\W*(?:and |but |so )?which (?P<phrase>(?:[\w'’-]+ ){0,2}?(?P<noun>[\w'’-]+)) (?=[\w'’-]+)", re.IGNORECASE
)
_WHICH = re.compile(r"\bwhich (?:[\w-]+ )?$", re.IGNORECASE)
_IN_OFFICE = re.compile(r"\W*(?:and |but |so )?who(?: is| was|['’]s) (?:the |an? )?(?P<office>[^?]*)", re.IGNORECASE)


def choose_reading(readings: Sequence[Reading], said: str, pronoun: str) -> Reading:
    """The likeliest reading that agrees with a word, with its probability among those that do.

    :param pronoun: the word in question; empty for an omission, which only a value cannot fill.
    """
    wholes = [name_whole(best, said, pronoun) for best in readings]
    fitting = [whole for whole in wholes if not whole.text or agrees(pronoun, whole, said)]
    if not fitting:
        return find_owned(said) if IT.fullmatch(pronoun) else replace(readings[0], text="")
    # A reading that is as likely as one that agrees is not counted.
    first = wholes.index(fitting[0])
    left = 1.0 - sum(whole.probability for whole in wholes[:first])
    if not pronoun or not fitting[0].text:
        best = fitting[0]
        total = best.probability
    else:
        named = [reading for reading in fitting if reading.text]
        best = max(named, key=lambda reading: add_parts(reading, named) * rate_grammar(pronoun, reading, said))
        # That something is meant is as probable as all that fits; grammar decides what it is.
        total = sum(reading.probability for reading in named)
    sure, absent = (min(1.0, p / max(left, 1e-6)) for p in (total, best.no_answer))
    return replace(best, probability=sure, no_answer=absent)


def find_owned(said: str) -> Reading:
    """What somebody owns, if "it" can be nothing else: "Ann Gow's wrist" in "When did Ann Gow break her wrist?"."""
    for owned in reversed(list(_ANYONES.finditer(said))):
        owner = list(NAME.finditer(said[said.rfind("\n", 0, owned.start()) + 1 : owned.start()]))
        if owner:
            return Reading(f"{owner[-1][0]}'s {owned['noun']}", 0, owned.start(), owned.end(), 1.0, 0.0)
    return Reading("", -1, 0, 0, 0.0, 0.0)


def add_parts(whole: Reading, readings: Sequence[Reading]) -> float:
    """The probability of a reading and of those in it: "the new wing of Tarsk Hospital" gets that of the hospital.

    Only if it is not much less probable than they are.
    """
    end = whole.start + len(whole.text)
    others = [r for r in readings if r is not whole]
    parts = [
        r.probability
        for r in others
        if r.text == whole.text or (whole.start <= r.start and r.start + len(r.text) <= end)
    ]
    return whole.probability + sum(p for p in parts if whole.probability >= LEAST_PART * p)


def agrees(pronoun: str, whole: Reading, said: str) -> bool:
    """Whether a reading can be what a word refers to."""
    if not pronoun:
        return find_kind(whole.text) != "value"
    if not can_replace(pronoun, whole.text) or find_line(said, whole.start) == DECLINED:
        return False
    sort = find_sort(whole.text, said)
    if PERSON.match(pronoun):
        chosen = find_chosen(whole, said)
        thing = sort == "thing" or (chosen and not is_person_noun(chosen))
        thing = thing or is_plural(whole.text)
        return not (thing or PLACED.search(said[: whole.start]) or is_asked_of(whole, said))
    if PLURAL.match(pronoun):
        return True
    return sort != "person" and not is_plural(whole.text) and not is_in_office(whole, said)


def rate_grammar(pronoun: str, whole: Reading, said: str) -> float:
    """By what factor grammar makes a reading likelier."""
    if PERSON.match(pronoun):
        return CHOSEN if is_who(whole, said) else 1.0
    if PLURAL.match(pronoun):
        if is_plural(whole.text) or find_kind(whole.text) == "group":
            return SEVERAL
        return ALONE if find_sort(whole.text) == "person" else 1.0
    if PLACED.search(said[: whole.start]) and NAME.fullmatch(f" {whole.text}", 1):
        return PLACE
    if find_chosen(whole, said) or _WHICH.search(said[: whole.start]):
        return CHOSEN
    return WHO if is_who(whole, said) else 1.0


def find_line(said: str, place: int) -> str:
    """The message that holds a character."""
    end = said.find("\n", place)
    return said[said.rfind("\n", 0, place) + 1 : len(said) if end < 0 else end]


def find_asked(whole: Reading, said: str) -> str:
    """The question that a reading answers; empty if it is only a part of a message."""
    lines = said.split("\n")
    answers = [
        n
        for n, line in enumerate(lines)
        if n and (line.strip(" .").casefold() == whole.text.casefold() or (whole.text in line and is_name(line)))
    ]
    return lines[answers[-1] - 1] if answers else ""


def find_chosen(whole: Reading, said: str) -> str:
    """The noun that a reading is one of, if it answers "which company …?"; otherwise empty."""
    chosen = CHOICE.match(find_asked(whole, said))
    noun = chosen["noun"].lower() if chosen else ""
    return "" if is_plural(noun) else noun


def is_who(whole: Reading, said: str) -> bool:
    """Whether a reading answers "who …?" and looks like the name of a person."""
    asks = re.match(r"\W*(?:and |but )?who\b", find_asked(whole, said), re.IGNORECASE)
    return asks is not None and re.fullmatch(r"[A-Z][\w'’.-]+(?: [A-Z][\w'’.-]+){1,3}", whole.text) is not None


def is_in_office(whole: Reading, said: str) -> bool:
    """Whether a reading is the answer to "who is the mayor of …?", and so a person."""
    found = _IN_OFFICE.match(find_asked(whole, said))
    office = re.split(r" (?:of|in|at|for|on)\b", found["office"])[0].split() if found else []
    return bool(office) and is_person_noun(office[-1].lower())


def is_asked_of(noun: Reading, said: str) -> bool:
    """Whether a question asks who did something to a noun: "the comet" in "Who saw the comet?".

    "She" is then the person who did it. This does not hold for names, which may be people: "Who beat Ann Gow?".
    """
    asked = said[said.rfind("\n", 0, noun.start) + 1 : noun.start]
    return (
        re.match(r"\W*who\b", asked, re.IGNORECASE) is not None
        and noun.text[-1:].islower()
        and not NAME.search(f" {noun.text}")
    )


def name_whole(best: Reading, said: str, pronoun: str) -> Reading:
    """Extend a reading that is a part of a name, a word, a short answer or, for a pronoun, a noun phrase.

    "AI" becomes "Scale AI", "Meridian" "Meridian-4", "Weir" the answer "Below the Weir", "Lorne" "the pier in Lorne".
    A common noun that has an article gets one again: "the bridge". The noun of "which film" becomes the answer.
    """
    if not best.text:
        return best
    spans = (m for pattern in (NAME, _TOKEN) for m in pattern.finditer(said))
    names = (m for m in spans if m.start() <= best.start and best.end <= m.end() and best.text in m[0])
    whole = next(names, None)
    start, text = (whole.start(), whole[0]) if whole else (best.start, best.text)
    first, _, rest = text.partition(" ")
    if rest and first.lower() in FUNCTION_WORDS and first.lower() not in _IN_NAMES and first[0].isupper():
        start, text = start + len(first) + 1, rest  # "Was" in "Was Ceremony a success?"
    if pronoun:
        start, text = find_phrase(start, text, said, pronoun)
    quoted = said[:start].endswith(("'", "‘"))
    text = re.sub(r"['’]s?$" if quoted else r"['’]s$", "", text)
    determined = _ARTICLE.search(said[:start]) or _WHICH.search(said[:start])
    common = text and determined and (text.split()[-1].islower() or (" " in text and text[0].islower()))
    return replace(best, text=f"the {text}" if common else text, start=start)


def is_name(words: str) -> bool:
    """Whether words are one name, such as "Below the Weir", and no sentence."""
    every = words.split()
    capital = [word for word in every if word[0].isupper()]
    small = all(word in _IN_NAMES for word in every if word not in capital)
    return 0 < len(every) <= MOST_WORDS and bool(capital) and small


def find_phrase(start: int, text: str, said: str, pronoun: str) -> tuple[int, str]:
    """The start and the words of the phrase that a pronoun would stand for."""
    if not said.startswith(text, start):
        return start, text
    first, line = said.rfind("\n", 0, start) + 1, find_line(said, start)
    lines = said.split("\n")
    number = said[:first].count("\n")
    if is_name(line.strip(" .,")) and can_replace(pronoun, line.strip(" .,")):
        return first, line.strip(" .,")
    which = CHOICE.match(line)
    if which and which.start("phrase") <= start - first < which.end("phrase"):
        answer = lines[number + 1].strip(" .") if number + 1 < len(lines) else ""
        if (
            len(answer.split()) <= MOST_WORDS
            and "?" not in answer
            and f"{answer}." != DECLINED
            and can_replace(pronoun, answer)
        ):
            return first + len(line) + 1, answer
        return first + which.start("noun"), which["noun"]
    people = [find_person(each) for each in lines] if PERSON.match(pronoun) else []
    described = max((person for person in people if text in person), key=len, default="")
    if described:
        return said.find(described), described
    if IT.fullmatch(pronoun):
        found = find_whole(said, start, start + len(text))
        return found[0], said[slice(*found)]
    compound = re.compile(r" ([a-z]+)\b").match(said, start + len(text))
    if compound and text.islower() and is_thing_noun(compound[1]):
        return start, f"{text}{compound[0]}"
    return start, text
