"""What a reader found becomes an answer: judged, counted over the articles, cited, explained, or withheld."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.answers.confidence import Calibration, Support, find_near, liken_sentences, measure_features
from rag.answers.disagreement import contradicts, judge_articles, weigh_values
from rag.answers.explaining import explain
from rag.answers.grouping import group_readings
from rag.articles.sentences import find_touched
from rag.question.text import find_topic_words
from rag.types import LOW_CONFIDENCE, Alternative, Answer, Citation, Passage, Reading, Readings, ScoredPassage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rag.answers.disagreement import Backed
    from rag.answers.explaining import Explanation
    from rag.answers.grouping import Candidate
    from rag.question.parsed import ParsedQuestion
    from rag.types import Encoder

MOST_CITATIONS = 3
"""Set: what a reader checks; one article seldom says it more often."""
MOST_ALTERNATIVES = 3
"""Set: values beside the answer that still fit on a screen."""
LEAST_INSTEAD = {"either": 0.75, "whether": 0.5}
"""Confidence from which sentences are given to a question that may well have wanted a short answer or a plain no."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A short answer and the values that contradict it, best supported first.

    :param trusted: whether its confidence reaches the threshold.
    """

    values: tuple[Alternative, ...]
    trusted: bool


def compose_answer(
    question: ParsedQuestion,
    found: Sequence[ScoredPassage],
    readings: Readings,
    calibration: Calibration,
    encoder: Encoder,
    *,
    explained: bool = True,
) -> Answer:
    """The best supported short answer, or quoted sentences, or an abstention; not yet timed.

    :param encoder: compares sentences with the question.
    :param explained: whether sentences may be given; else there are short answers only.
    """
    passages = [scored.passage for scored in found]
    (asked,) = encoder.encode([question.text], query=True)
    judged = judge_short(question, asked, passages, readings, calibration, encoder)
    if shares_nothing(question, passages):
        return abstain(question, found, withhold(judged, sure=False))
    explanation = explain_form(question, asked, passages, readings, judged, encoder) if explained else None
    if explanation is not None:
        form = "sentences" if explanation.defining else question.form
        confidence = calibration.sentences.confide(explanation.features)
        if confidence >= max(calibration.sentences.threshold, LEAST_INSTEAD.get(form, 0.0)):
            above = judged.values[0] if judged.trusted and form != "whether" else None
            return give_sentences(question, found, judged, above, (explanation, confidence))
    return give_short(question, found, judged) if judged.trusted else abstain(question, found, withhold(judged))


def explain_form(
    question: ParsedQuestion,
    asked: NDArray[np.float32],
    passages: Sequence[Passage],
    readings: Readings,
    judged: Judged,
    encoder: Encoder,
) -> Explanation | None:
    """Sentences, where the form of the question wants them, or may and its short answer is not trusted.

    What something is wants them too, where one of them says so.

    :param asked: the question's vector, (dimension,), float32, unit length.
    """
    form = question.form
    wanted = form in ("sentences", "whether") or (form == "either" and not judged.trusted)
    if not wanted and question.term is None:
        return None
    explanation = explain(question, asked, passages, readings.together, encoder)
    return explanation if explanation is not None and (wanted or explanation.defining) else None


def judge_short(
    question: ParsedQuestion,
    asked: NDArray[np.float32],
    passages: Sequence[Passage],
    readings: Readings,
    calibration: Calibration,
    encoder: Encoder,
) -> Judged:
    """The short answers found, whatever the question wants.

    :param asked: the question's vector, (dimension,), float32, unit length.
    """
    candidates = group_readings(question, readings.together)
    if not candidates:
        return Judged((), trusted=False)
    best = candidates[0]
    likeness = liken_sentences(asked, best.readings[:1], passages, encoder)
    evidence = weigh_best(candidates, passages, likeness, readings.scan)
    confidence = calibration.short.confide(measure_features(question, evidence))
    trusted = confidence >= calibration.short.threshold
    apart = [group_readings(question, found) for found in readings.apart]
    # Encoding sentences takes longer than all else here: only what may contradict a trusted answer is worth it.
    rivals = [c[0].readings[0] for c in apart if trusted and c and contradicts(question, best.text, c[0].text)]
    likeness |= liken_sentences(asked, rivals, passages, encoder)
    stances = judge_articles(question, apart, passages, calibration, likeness, readings.scan)
    values = weigh_values(question, best, confidence, stances, passages, calibration)
    # What is not trusted contradicts nothing.
    shown = values[: 1 + MOST_ALTERNATIVES] if trusted else [v for v in values if v.candidate.text == best.text]
    return Judged(tuple(show_value(value, passages) for value in shown), trusted)


def show_value(value: Backed, passages: Sequence[Passage]) -> Alternative:
    citations = cite_all(value.candidate, passages)
    return Alternative(value.candidate.text, value.confidence, citations, len(value.articles))


def give_short(question: ParsedQuestion, found: Sequence[ScoredPassage], judged: Judged) -> Answer:
    best = judged.values[0]
    return Answer(
        question=question.original,
        standalone=question.text,
        status="answered",
        text=best.text,
        reason="",
        confidence=best.confidence,
        citations=best.citations,
        alternatives=judged.values[1:],
        passages=tuple(found),
        short=best.text,
        articles=best.articles,
    )


def give_sentences(
    question: ParsedQuestion,
    found: Sequence[ScoredPassage],
    judged: Judged,
    above: Alternative | None,
    explained: tuple[Explanation, float],
) -> Answer:
    """Whole sentences, under the short answer where that is trusted without reserve.

    :param above: the short answer, where one may stand there.
    :param explained: the sentences, with the confidence that they hold what is right.
    """
    explanation, confidence = explained
    passages = [scored.passage for scored in found]
    quotes = [quote(passages[s.passage], s.start, s.end) for s in explanation.sentences]
    short = above if above is not None and above.confidence >= LOW_CONFIDENCE else None
    defining = [quote(passages[s.passage], s.start, s.end) for s in explanation.defining]
    if short is not None and defining and not any(covers(quoted, short.citations[0]) for quoted in defining):
        short = None
    if explanation.apart and short is None:
        return give_stances(question, found, judged, quotes, confidence)
    citations = list(quotes)
    if short is not None and not any(covers(quoted, short.citations[0]) for quoted in quotes):
        citations.append(short.citations[0])
    return Answer(
        question=question.original,
        standalone=question.text,
        status="answered",
        text=" ".join(quoted.quote for quoted in quotes),
        reason="",
        confidence=confidence,
        citations=tuple(citations),
        alternatives=judged.values[1:] if short else (),
        passages=tuple(found),
        withheld=None if short else withhold(judged),
        short=short.text if short else "",
        articles=short.articles if short else len({quoted.document_id for quoted in quotes}),
    )


def give_stances(
    question: ParsedQuestion,
    found: Sequence[ScoredPassage],
    judged: Judged,
    quotes: Sequence[Citation],
    confidence: float,
) -> Answer:
    """A sentence of each article by itself, so that who reads them sees whether the articles agree."""
    best, *others = quotes
    return Answer(
        question=question.original,
        standalone=question.text,
        status="answered",
        text=best.quote,
        reason="",
        confidence=confidence,
        citations=(best,),
        alternatives=tuple(Alternative(other.quote, confidence, (other,), 1) for other in others),
        passages=tuple(found),
        withheld=withhold(judged),
        articles=len(quotes),
    )


def covers(one: Citation, other: Citation) -> bool:
    """Whether a quote holds another's answer."""
    return one.document_id == other.document_id and one.start <= other.answer_start and other.answer_end <= one.end


def abstain(question: ParsedQuestion, found: Sequence[ScoredPassage], withheld: Alternative | None = None) -> Answer:
    """The plain statement that the articles hold no answer; ``withheld`` is what was not trusted enough."""
    return Answer(
        question=question.original,
        standalone=question.text,
        status="abstained",
        text="",
        reason="The articles don't say.",
        confidence=withheld.confidence if withheld else 0.0,
        citations=(),
        alternatives=(),
        passages=tuple(found),
        withheld=withheld,
    )


def withhold(judged: Judged, *, sure: bool = True) -> Alternative | None:
    """The best short answer found, if any; its confidence is none where nothing asked for stands in the passages."""
    best = judged.values[0] if judged.values else None
    if best is None or sure:
        return best
    return Alternative(best.text, 0.0, best.citations, best.articles)


def shares_nothing(question: ParsedQuestion, passages: Sequence[Passage]) -> bool:
    """Whether none of a question's topic words, two or more, stands in any passage: gibberish, another language."""
    asked = question.topic
    return len(asked) > 1 and all(asked.isdisjoint(find_topic_words(f"{p.context} {p.text}")) for p in passages)


def weigh_best(
    candidates: Sequence[Candidate],
    passages: Sequence[Passage],
    likeness: Mapping[str, float],
    scan: Sequence[Reading] = (),
) -> Support:
    """What speaks for the most probable of the candidates, of which there is at least one.

    :param likeness: of the sentences that it stands in.
    :param scan: as in :class:`rag.types.Readings`.
    """
    best, reading = candidates[0], candidates[0].readings[0]
    rival = candidates[1].probability if len(candidates) > 1 else 0.0
    near = likeness[find_near(reading, passages[reading.passage])]
    return Support(reading, best.probability, rival, passages, near, scan)


def cite_all(candidate: Candidate, passages: Sequence[Passage]) -> tuple[Citation, ...]:
    """The sentences an answer stands in, each once; of each article its most probable one before any second one."""
    citations: dict[tuple[str, int, int], Citation] = {}
    for reading in candidate.readings:
        made = cite(reading, passages[reading.passage])
        citations.setdefault((made.document_id, made.start, made.end), made)
    firsts = {citation.document_id: citation for citation in reversed(citations.values())}
    ordered = sorted(citations.values(), key=lambda c: firsts[c.document_id] is not c)
    return tuple(ordered[:MOST_CITATIONS])


def cite(reading: Reading, passage: Passage) -> Citation:
    """The whole sentence or sentences of the passage that a reading stands in."""
    touched = find_touched(passage.text, reading.start, reading.end)
    start = min([a for a, _ in touched] + [reading.start])
    end = max([b for _, b in touched] + [reading.end])
    return quote(passage, start, end, (reading.start, reading.end), reading)


def quote(
    passage: Passage, start: int, end: int, answer: tuple[int, int] | None = None, reading: Reading | None = None
) -> Citation:
    """Characters of a passage; all of them are the answer unless it is named."""
    first, last = answer or (start, end)
    return Citation(
        document_id=passage.document_id,
        title=passage.title,
        date=passage.date,
        passage_id=passage.passage_id,
        quote=passage.text[start:end],
        start=passage.start + start,
        end=passage.start + end,
        answer_start=passage.start + first,
        answer_end=passage.start + last,
        origin=reading.origin if reading else "copied",
    )
