"""Decides which of two differing values is out of date.

A value is superseded if a text or its article's correction corrects it, if a later entry of the same live blog gives
another figure, or if a later article on the same event says that it has changed. Otherwise both values stand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.answers.disagreement import Backed, contradicts, find_names, is_same_event, opposes
from rag.answers.grouping import Candidate, say_the_same
from rag.answers.values import read_value
from rag.articles.entries import CORRECTION, find_report, rank_entries
from rag.articles.sentences import find_touched
from rag.question.text import find_topic_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.answers.confidence import Calibration
    from rag.answers.disagreement import Stance
    from rag.question.parsed import ParsedQuestion
    from rag.types import Passage, Reading, Readings

MOST_WORDS_BEHIND = 6
"""Most words of a value that a sentence names as the old one."""

_SAID = r"(?:said|stated|reported|gave|put|wrote|named|called|described|identified|listed|quoted|misstated|misreported)"
_RETRACTS = re.compile(
    r"\b(?:(?:earlier|previous|original|first) (?:version|edition|report|article|story|headline|figure)s?"
    rf"|(?:previously|originally|initially|wrongly|incorrectly|mistakenly|erroneously|earlier),? {_SAID}"
    rf"|(?:it|we|article|story|report) (?:had )?(?:at )?first,? {_SAID}|misstated|misreported)\b",
    re.IGNORECASE,
)
"""What follows in the sentence is withdrawn, up to a turn."""
_TURNS = re.compile(
    r"[;:]|[.!?] |\b(?:but|whereas|while|when|instead|rather|in fact|actually|correct(?:ly)?|should|fixed|amended)\b",
    re.IGNORECASE,
)
_CHANGED = (
    r"(?:correct|amend|revis|updat|chang|mov|postpon|delay|bring|brought|reschedul|rais|lower|reduc|increas|cut|up|down"
    r"|ris|rose|risen|climb|grew|grown|jump|fall|fell|fallen|drop|push|put back)\w*"
)
_WITHDRAWS = re.compile(r"\b(?:correct|amend|fix)(?:s|ed|ing)?\b(?: \w+){0,3} from(?: \w+){0,2} $", re.IGNORECASE)
_REPLACES = re.compile(
    rf"\b{_CHANGED}\b(?: \w+){{0,3}}? from (?:about |some |almost |nearly |an? |the )?"
    r"|\b(?:instead of|rather than|no longer|replac(?:es|ed|ing)|succeed(?:s|ed|ing)|successor (?:of|to)"
    r"|(?:takes|took|taking|taken) over from) (?:the |an? )?(?:\w+ (?=[A-Z]))?",
    re.IGNORECASE,
)
"""The old value follows."""
_AS_REPORTED = re.compile(
    r"[^.;,]{0,20}?\bas (?:(?:first|previously|originally|initially|earlier) (?:reported|stated|said|announced)"
    r"|(?:reported|stated|said|printed) (?:above|below|earlier|before|previously|originally|in (?:an?|the|our)))\b",
    re.IGNORECASE,
)
"""After "not" and a value, it is withdrawn. Without "not", the value is confirmed."""
_WRONG = re.compile(r",? (?:was|were) (?:wrong|incorrect|an error|a mistake)\b", re.IGNORECASE)
_CHANGES = re.compile(
    r"\b(?:now|so far|latest|ris(?:es|en)|rose|climb(?:s|ed)|increas(?:es|ed)|jump(?:s|ed)|fall(?:s|en)|fell"
    r"|drop(?:s|ped)|revis(?:es|ed)|updat(?:es|ed)|correct(?:s|ed|ion)|no longer|instead|postpon(?:es|ed)"
    r"|reschedul(?:es|ed)|brought forward|rais(?:es|ed)|lower(?:s|ed)|cut|up from|down from)\b",
    re.IGNORECASE,
)
"""A later article with one of these says that a figure or a date has changed."""
_TAKES_OFFICE = re.compile(
    r"\b(?:new|now|next|succeed(?:s|ed)|replac(?:es|ed)|(?:takes|took) (?:over|office)|appointed|named|elected"
    r"|sworn in)\b",
    re.IGNORECASE,
)
"""The same for a name."""
_ASKS_FOR_OLD = re.compile(
    r"\b(?:first|original(?:ly)?|initial(?:ly)?|earlier|previous(?:ly)?|former(?:ly)?|before|used to"
    r"|correct(?:ed|ions?))\b",
    re.IGNORECASE,
)


_ASKS_FOR_NOW = re.compile(r"\b(?:now|currently|at present|so far|latest)\b", re.IGNORECASE)
"""If the question asks for the present value, a later article need not say that the value has changed."""


def asks_for_newest(question: ParsedQuestion) -> bool:
    """Whether the value that holds now is wanted, not an earlier one ("How many were first reported?")."""
    return not _ASKS_FOR_OLD.search(question.text)


def split_retracted(
    question: ParsedQuestion, readings: Readings, passages: Sequence[Passage]
) -> tuple[Readings, list[Reading]]:
    """(the readings that stand, those that a sentence withdraws): "An earlier version said 12; it was 21".

    What one sentence of an article withdraws, no other one of it gives. Of a change that was read whole, as in "moved
    from 7 June to 9 June", only the new value stands.
    """
    if not asks_for_newest(question):
        return readings, []
    everything = (readings.together, *readings.apart)
    retracted = [r for found in everything for r in found if r.text and is_retracted(r, passages[r.passage])]

    def stands(reading: Reading) -> bool:
        if not reading.text:
            return True
        name = passages[reading.passage].document_id
        same = [other for other in retracted if passages[other.passage].document_id == name]
        return not any(say_the_same(other.text, reading.text) for other in same)

    kept = [tuple(keep_new_end(r, passages) for r in found if stands(r)) for found in everything]
    return replace(readings, together=kept[0], apart=tuple(kept[1:])), retracted


def keep_new_end(reading: Reading, passages: Sequence[Passage]) -> Reading:
    """The new value of a change that a reading holds whole; any other reading as it is."""
    if " to " not in reading.text:
        return reading
    text = passages[reading.passage].text
    touched = find_touched(text, reading.start, reading.end)
    before = text[touched[0][0] : reading.start] if touched else ""
    moved = next((m for m in _REPLACES.finditer(before) if m.end() == len(before)), None)
    split = text.find(" to ", reading.start, reading.end)
    if moved is None or split < 0:
        return reading
    start = split + len(" to ")
    return replace(reading, text=text[start : reading.end], start=start)


def is_retracted(reading: Reading, passage: Passage) -> bool:
    """Whether the sentence of a reading says that it was wrong."""
    touched = find_touched(passage.text, reading.start, reading.end)
    if not touched:
        return False
    before = passage.text[touched[0][0] : reading.start]
    behind = passage.text[reading.end : touched[-1][1]]
    said = list(_RETRACTS.finditer(before))
    withdrawn = bool(said) and not _TURNS.search(before, said[-1].end())
    denied = re.search(r"\bnot (?:\w+ )?$", before) and _AS_REPORTED.match(behind)
    return withdrawn or bool(denied or _WITHDRAWS.search(before) or _WRONG.match(behind))


class Succession:
    """Compares the times of readings of one question's passages."""

    def __init__(self, question: ParsedQuestion, passages: Sequence[Passage], retracted: Sequence[Reading]) -> None:
        """:param retracted: the second part of :func:`split_retracted`."""
        self.question = question
        self.passages = passages
        self.retracted = retracted
        self._newest = asks_for_newest(question)
        self._ranks: dict[str, int] = {}
        for document in {passage.document_id for passage in passages}:
            self._ranks |= rank_entries([passage for passage in passages if passage.document_id == document])

    def order(self, reading: Reading) -> tuple[str, int]:
        """Sorts readings by date and, in a live blog, by time."""
        passage = self.passages[reading.passage]
        return passage.date or "", self._ranks.get(passage.passage_id, -1)

    def replaces(self, new: Reading, old: Reading) -> bool:
        """Whether the text of ``new`` shows that the value of ``old`` is another one and out of date."""
        return self._newest and contradicts(self.question, new.text, old.text) and self._is_later(new, old)

    def _is_later(self, new: Reading, old: Reading) -> bool:
        one, other = self.passages[new.passage], self.passages[old.passage]
        if (self.is_withdrawn(old) and not self.is_withdrawn(new)) or self.names_old(new, old):
            return True
        if one.document_id == other.document_id:
            if one.heading == CORRECTION != other.heading and other.passage_id not in self._ranks:
                return True
            ranks = self._ranks.get(one.passage_id, -1), self._ranks.get(other.passage_id, -1)
            later = ranks[0] > ranks[1] >= 0
            return later and (read_value(new.text).kind != "words" or self._tells_change(new))
        later = bool(one.date and other.date and one.date > other.date)
        changed = self._tells_change(new) or _ASKS_FOR_NOW.search(self.question.text) is not None
        return later and changed and self._names_as_much(one, other)

    def _names_as_much(self, new: Passage, old: Passage) -> bool:
        """Whether a passage itself has the names and numbers of the question that the other has."""
        here, there = (find_topic_words(f"{passage.context} {passage.text}") for passage in (new, old))
        return (self.question.mentions | find_names(self.question, f"{old.context}\n{old.text}")) & there <= here

    def is_withdrawn(self, reading: Reading) -> bool:
        """Whether some text withdraws the value of a reading."""
        return any(say_the_same(reading.text, other.text) for other in self.retracted)

    def names_old(self, new: Reading, old: Reading) -> bool:
        """Whether the sentence of ``new`` names the value of ``old`` as the former one: "up from 12"."""
        passage = self.passages[new.passage]
        for start, end in find_touched(passage.text, new.start, new.end):
            for match in _REPLACES.finditer(passage.text, start, end):
                words = passage.text[match.end() : end].split()[:MOST_WORDS_BEHIND]
                if any(say_the_same(" ".join(words[: n + 1]).rstrip(".,;:"), old.text) for n in range(len(words))):
                    return True
        return False

    def _tells_change(self, reading: Reading) -> bool:
        """Whether a reading's sentence, or the title or heading above it, says that the value has changed."""
        passage = self.passages[reading.passage]
        near = " ".join(passage.text[a:b] for a, b in find_touched(passage.text, reading.start, reading.end))
        cues = _TAKES_OFFICE if read_value(reading.text).kind == "words" else _CHANGES
        return any(cues.search(text) for text in (near, passage.title, passage.heading))


@dataclass(frozen=True, slots=True)
class Current:
    """The answers that hold now, and those that they replace.

    :param confidence: that ``best`` is right, 0 to 1.
    """

    best: Candidate
    confidence: float
    stances: tuple[Stance, ...]
    superseded: tuple[Reading, ...]


def drop_superseded(
    best: Candidate, confidence: float, stances: Sequence[Stance], succession: Succession, calibration: Calibration
) -> Current:
    """Separates the answers that are out of date. If ``best`` is, the answer that replaces it takes its place.

    It is at least as sure as the old one, because its text says the same of a later time.
    """
    question, passages, first = succession.question, succession.passages, best.readings[0]
    home = find_report(passages[first.passage])
    able = [
        stance
        for stance in stances
        if stance.confidence >= calibration.possible
        # The article of the best answer, read alone, is no rival.
        and find_report(passages[stance.readings[0].passage]) != home
        and opposes(question, first, stance, passages)
    ]
    values = [first, *(stance.readings[0] for stance in able)]
    old = [stance for stance in able if any(succession.replaces(value, stance.readings[0]) for value in values)]
    newer = [stance for stance in able if stance not in old and outdates(stance.readings[0], best, succession)]
    if newer:
        top = max(newer, key=lambda stance: stance.confidence)
        old += [s for s in stances if s not in old and succession.replaces(top.readings[0], s.readings[0])]
        best = Candidate(top.readings[:1], top.readings[0].probability)
        confidence = max(confidence, top.confidence)
    replaced = [stance.readings[0] for stance in old] + ([first] if newer else [])
    kept = tuple(stance for stance in stances if stance not in old)
    return Current(best, confidence, kept, tuple(replaced))


def outdates(new: Reading, best: Candidate, succession: Succession) -> bool:
    """Whether a reading replaces the best answer of each other article that gives it."""
    passages = succession.passages
    report = find_report(passages[new.passage])
    firsts = {find_report(passages[reading.passage]): reading for reading in reversed(best.readings)}
    others = [reading for name, reading in firsts.items() if name != report]
    return bool(others) and all(succession.replaces(new, reading) for reading in others)


def list_superseded(succession: Succession, values: Sequence[Backed], superseded: Sequence[Reading]) -> list[Backed]:
    """The values that the first of ``values`` replaces, latest first: those found and those withdrawn by a text."""
    question, passages, best = succession.question, succession.passages, values[0].candidate.readings[0]
    groups: list[list[Reading]] = []
    found = [
        reading for reading in (*superseded, *succession.retracted) if is_same_event(question, best, reading, passages)
    ]
    for reading in sorted(found, key=succession.order, reverse=True):
        same = next((group for group in groups if say_the_same(group[0].text, reading.text)), None)
        if same is not None:
            same.append(reading)
        elif not any(say_the_same(value.candidate.text, reading.text) for value in values) and contradicts(
            question, best.text, reading.text
        ):
            groups.append([reading])
    return [
        Backed(
            Candidate(tuple(group), min(1.0, sum(reading.probability for reading in group))),
            tuple(dict.fromkeys(passages[reading.passage].document_id for reading in group)),
            0.0,
            superseded=True,
        )
        for group in groups
    ]
