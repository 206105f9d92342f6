"""What the articles give for an answer, each read by itself: who supports it, and who gives another value.

A value contradicts another only where both could answer the question: two amounts of money, two shares, two dates,
two names. Two different things with numbers are kept apart by the confidence with which each article's own answer
is judged; from which confidence on it counts was chosen on held-out articles (rag.reader.calibrate).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.calibration import Evidence, measure_features
from rag.grouping import Candidate, group_readings, is_telling, list_articles, say_the_same
from rag.values import comparable, read_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.calibration import Calibration
    from rag.types import Passage, Reading


@dataclass(frozen=True, slots=True)
class Stance:
    """What one article answers by itself.

    :param confidence: that it is right, 0 to 1, judged on that article's passages.
    """

    reading: Reading
    confidence: float


@dataclass(frozen=True, slots=True)
class Backed:
    """A value, the readings it is found in, and the articles these stand in.

    :param confidence: of the surest of its articles.
    """

    candidate: Candidate
    articles: tuple[str, ...]
    confidence: float


def judge_articles(
    question: str, apart: Sequence[Sequence[Reading]], passages: Sequence[Passage], calibration: Calibration
) -> list[Stance]:
    """Each article's own best answer, of those that have one."""
    stances = []
    for readings in apart:
        candidates = group_readings(question, readings)
        if not candidates:
            continue
        best = candidates[0].readings[0]
        document = passages[best.passage].document_id
        places = [i for i, p in enumerate(passages) if p.document_id == document]
        alone = replace(best, passage=places.index(best.passage))
        rival = candidates[1].probability if len(candidates) > 1 else 0.0
        evidence = Evidence(alone, candidates[0].probability, rival, [passages[i] for i in places])
        stances.append(Stance(best, calibration.short.confide(measure_features(question, evidence))))
    return stances


def weigh_values(
    best: Candidate, confidence: float, stances: Sequence[Stance], passages: Sequence[Passage], least: float
) -> list[Backed]:
    """The best supported value first, and behind it those that contradict it.

    Supported best is the value of most articles; of as many, the one that was found best in all passages at once.

    :param best: what was found in all passages at once, with its confidence.
    :param least: confidence from which an article's own answer counts against another.
    """
    documents = [passage.document_id for passage in passages]
    groups: list[list[Stance]] = [[]]
    heads = [best.text]
    for stance in sorted(stances, key=lambda s: -s.confidence):
        text = stance.reading.text
        mine = next((i for i, head in enumerate(heads) if say_the_same(head, text)), None)
        if mine is not None:
            groups[mine].append(stance)
        elif stance.confidence >= least and contradicts(best.text, text):
            heads.append(text)
            groups.append([stance])
    backed = []
    for number, group in enumerate(groups):
        known = best.readings if number == 0 else ()
        readings = (*known, *(s.reading for s in group if s.reading not in known))
        surest = confidence if number == 0 else group[0].confidence
        total = best.probability if number == 0 else sum(s.reading.probability for s in group)
        articles = tuple(list_articles(readings, documents))
        backed.append(Backed(Candidate(readings, min(1.0, total)), articles, surest))
    return sorted(backed, key=lambda b: -len(b.articles))


def contradicts(one: str, other: str) -> bool:
    """Whether two answers are values of one kind that differ."""
    values = read_value(one), read_value(other)
    telling = all(is_telling(text, value) for text, value in zip((one, other), values, strict=True))
    return telling and comparable(*values) and not say_the_same(one, other)
