"""What a reader found becomes an answer: grouped, judged, cited, or withheld."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.calibration import Calibration, Evidence, measure_features
from rag.question import find_topic_words
from rag.sentences import find_touched
from rag.types import Alternative, Answer, Citation, Passage, Reading, ScoredPassage

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_CITATIONS = 3
MOST_ALTERNATIVES = 3
ALTERNATIVE_SHARE = 0.25
"""Another answer is shown where its probability is at least this share of the best one's."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Readings that say the same, most probable first, and their summed probability."""

    readings: tuple[Reading, ...]
    probability: float


def compose_answer(
    question: str, found: Sequence[ScoredPassage], readings: Sequence[Reading], calibration: Calibration
) -> Answer:
    """The most probable answer with its citations, or an abstention; not yet timed."""
    passages = [scored.passage for scored in found]
    candidates = group_readings(readings)
    if not candidates:
        return abstain(question, found)
    best, rest = candidates[0], candidates[1:]
    features = measure_features(question, weigh_best(candidates, passages))
    confidence = 0.0 if shares_nothing(question, passages) else calibration.confide(features)
    chosen = Alternative(best.readings[0].text, confidence, cite_all(best, passages))
    if confidence < calibration.threshold:
        return abstain(question, found, chosen)
    alternatives = tuple(
        Alternative(
            other.readings[0].text,
            confidence * other.probability / best.probability,
            cite_all(other, passages),
        )
        for other in rest[:MOST_ALTERNATIVES]
        if other.probability >= ALTERNATIVE_SHARE * best.probability
    )
    return Answer(
        question=question,
        standalone=question,
        status="answered",
        text=chosen.text,
        reason="",
        confidence=confidence,
        citations=chosen.citations,
        alternatives=alternatives,
        passages=tuple(found),
    )


def shares_nothing(question: str, passages: Sequence[Passage]) -> bool:
    """Whether none of a question's topic words, two or more, stands in any passage: gibberish, another language."""
    asked = find_topic_words(question)
    return len(asked) > 1 and all(asked.isdisjoint(find_topic_words(f"{p.context} {p.text}")) for p in passages)


def weigh_best(candidates: Sequence[Candidate], passages: Sequence[Passage]) -> Evidence:
    """What speaks for the most probable of the candidates, of which there is at least one."""
    best = candidates[0]
    rival = candidates[1].probability if len(candidates) > 1 else 0.0
    return Evidence(best.readings[0], best.probability, rival, passages)


def abstain(question: str, found: Sequence[ScoredPassage], withheld: Alternative | None = None) -> Answer:
    """The plain statement that the articles hold no answer; ``withheld`` is what was not trusted enough."""
    return Answer(
        question=question,
        standalone=question,
        status="abstained",
        text="",
        reason="The articles don't say.",
        confidence=withheld.confidence if withheld else 0.0,
        citations=(),
        alternatives=(),
        passages=tuple(found),
        withheld=withheld,
    )


def group_readings(readings: Sequence[Reading]) -> list[Candidate]:
    """Readings that differ in case, article or quotes only together, most probable group first."""
    groups: dict[str, list[Reading]] = {}
    for reading in readings:
        if reading.text:
            groups.setdefault(fold_answer(reading.text), []).append(reading)
    candidates = [Candidate(tuple(group), min(1.0, sum(r.probability for r in group))) for group in groups.values()]
    return sorted(candidates, key=lambda c: -c.probability)


def fold_answer(text: str) -> str:
    """What two wordings of one answer share. Signs stay: 1.5% is not 15%, and $49 not 49%."""
    bare = " ".join(text.casefold().split()).strip("“”‘’\"' ").rstrip(".")
    return re.sub(r"^(?:an?|the) (?=\S)", "", bare) or text


def cite_all(candidate: Candidate, passages: Sequence[Passage]) -> tuple[Citation, ...]:
    """The sentences an answer stands in, each once, most probable first."""
    citations: dict[tuple[str, int, int], Citation] = {}
    for reading in candidate.readings:
        made = cite(reading, passages[reading.passage])
        citations.setdefault((made.document_id, made.start, made.end), made)
    return tuple(citations.values())[:MOST_CITATIONS]


def cite(reading: Reading, passage: Passage) -> Citation:
    """The whole sentence or sentences of the passage that a reading stands in."""
    touched = find_touched(passage.text, reading.start, reading.end)
    start = min([a for a, _ in touched] + [reading.start])
    end = max([b for _, b in touched] + [reading.end])
    return Citation(
        document_id=passage.document_id,
        title=passage.title,
        date=passage.date,
        passage_id=passage.passage_id,
        quote=passage.text[start:end],
        start=passage.start + start,
        end=passage.start + end,
        answer_start=passage.start + reading.start,
        answer_end=passage.start + reading.end,
        origin=reading.origin,
    )
