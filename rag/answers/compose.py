"""Composes the answer from the readings: computes confidence, compares articles, cites, explains or abstains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.answers.confidence import Calibration, Support, find_evidence, find_near, liken_sentences, measure_features
from rag.answers.disagreement import LEAST_AGAINST, confide_apart, contradicts, judge_articles, weigh_values
from rag.answers.explaining import explain
from rag.answers.grouping import group_readings
from rag.answers.succession import Succession, drop_superseded, list_superseded, split_retracted
from rag.answers.unasked import drop_questions
from rag.answers.verdict import LEAST_VERDICT, give_verdicts, hear_reply, split_sides, weigh_verdict
from rag.articles.entries import format_time
from rag.articles.sentences import find_touched
from rag.question.references import DECLINED
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
"""Chosen by hand: as many as a user will check."""
MOST_ALTERNATIVES = 3
"""Chosen by hand, to fit on a screen."""
REPLIES = frozenset(("yes", "no", "nobody", "no one", "none", "nothing", "never"))
"""Copied answers that are enough for a yes/no question."""
LEAST_INSTEAD = 0.75
"""Minimum confidence of sentences for questions of form ``either``, which may need only a short answer."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A short answer, the values that contradict it, best supported first, and those that it supersedes.

    :param trusted: whether the confidence of the best answer reaches the threshold.
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
    """The best supported short answer, quoted sentences, or an abstention. Its timing is not yet set.

    :param encoder: compares sentences with the question.
    :param explained: whether sentences may be given; if not, only short answers are.
    """
    passages = [scored.passage for scored in found]
    readings = drop_questions(question, readings, passages)
    (asked,) = encoder.encode([question.text], query=True)
    judged = judge_short(question, asked, passages, readings, calibration, encoder)
    if shares_nothing(question, passages):
        return abstain(question, found, withhold(judged, sure=False))
    explanation = explain_form(question, passages, readings, judged, encoder) if explained else None
    if explanation is not None:
        form = "sentences" if question.term else question.form
        confidence = calibration.sentences.confide(explanation.features)
        if form == "whether" and readings.yes:
            confidence = weigh_verdict(readings.yes[explanation.best.passage], confidence)
            if confidence >= LEAST_VERDICT:
                return give_verdict(question, found, judged, readings.yes, (explanation, confidence))
        elif confidence >= max(calibration.sentences.threshold, LEAST_INSTEAD if form == "either" else 0.0):
            above = judged.values[0] if judged.trusted and form != "whether" else None
            return give_sentences(question, found, judged, above, (explanation, confidence))
    replied = judged.trusted and judged.values[0].text.casefold() in REPLIES
    if judged.trusted and (question.form != "whether" or replied or not readings.sentences):
        return give_short(question, found, judged)
    best = withhold(judged)
    likely = best is not None and question.form in ("short", "either") and best.confidence >= calibration.possible
    return abstain(question, found, best, possible=likely)


def explain_form(
    question: ParsedQuestion, passages: Sequence[Passage], readings: Readings, judged: Judged, encoder: Encoder
) -> Explanation | None:
    """The explanation, if the question asks for one; None otherwise.

    Definition questions ask for one, and questions of form ``either`` do if their short answer is not trusted.
    """
    form = question.form
    wanted = form in ("sentences", "whether") or (form == "either" and not judged.trusted)
    return explain(question, passages, readings, encoder) if wanted or question.term is not None else None


def judge_short(
    question: ParsedQuestion,
    asked: NDArray[np.float32],
    passages: Sequence[Passage],
    readings: Readings,
    calibration: Calibration,
    encoder: Encoder,
) -> Judged:
    """The best short answers, whatever the form of the question.

    :param asked: the question's vector, (dimension,), float32, unit length.
    """
    readings, retracted = split_retracted(question, readings, passages)
    candidates = group_readings(question, readings.together)
    if not candidates:
        return Judged((), trusted=False)
    best = candidates[0]
    likeness = liken_sentences(asked, best.readings[:1], passages, encoder)
    evidence = weigh_best(candidates, passages, likeness, readings)
    confidence = calibration.short.confide(measure_features(question, evidence))
    trusted = confidence >= calibration.short.threshold
    apart = [group_readings(question, found) for found in readings.apart]
    # Encoding sentences is the slowest step here, so encode only those that may contradict the answer.
    rivals = [c[0].readings[0] for c in apart if c and contradicts(question, best.text, c[0].text)]
    if not trusted:
        rivals = [rival for rival in rivals if rival.probability >= LEAST_AGAINST]
    likeness |= liken_sentences(asked, rivals, passages, encoder)
    stances = judge_articles(question, apart, passages, calibration, likeness, readings)
    if not trusted:
        confidence = confide_apart(question, best, confidence, stances, passages, calibration)
        trusted = confidence >= calibration.short.threshold
    succession = Succession(question, passages, retracted)
    if trusted:
        now = drop_superseded(best, confidence, stances, succession, calibration)
        values = weigh_values(question, now.best, now.confidence, now.stances, passages, calibration)
        values += list_superseded(succession, values, now.superseded)
        return Judged(tuple(show_value(value, passages) for value in values[: 1 + MOST_ALTERNATIVES]), trusted)
    # An answer that is not trusted has no alternatives.
    values = weigh_values(question, best, confidence, stances, passages, calibration)
    return Judged(tuple(show_value(v, passages) for v in values if v.candidate.text == best.text), trusted)


def show_value(value: Backed, passages: Sequence[Passage]) -> Alternative:
    citations = cite_all(value.candidate, passages)
    return Alternative(value.candidate.text, value.confidence, citations, len(value.articles), value.superseded)


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
    """An answer of whole sentences, below the short answer if its confidence is not low.

    :param above: the short answer; None to give only sentences.
    :param explained: the sentences, and the confidence that they contain the right answer.
    """
    explanation, confidence = explained
    passages = [scored.passage for scored in found]
    quotes = [quote(passages[s.passage], s.start, s.end) for s in explanation.sentences]
    short = above if above is not None and above.confidence >= LOW_CONFIDENCE else None
    if short is not None and question.term and not any(covers(quoted, short.citations[0]) for quoted in quotes):
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


def give_verdict(
    question: ParsedQuestion,
    found: Sequence[ScoredPassage],
    judged: Judged,
    yes: Mapping[int, float],
    explained: tuple[Explanation, float],
) -> Answer:
    """Yes or no, with the deciding sentences.

    :param yes: log-odds of "yes" by passage; see :class:`rag.types.Readings`.
    :param explained: the sentences, and the confidence of the verdict.
    """
    explanation, confidence = explained
    passages = [scored.passage for scored in found]
    yes = hear_reply(explanation, yes)
    verdict, opposite = give_verdicts(yes[explanation.best.passage])
    deciding, opposed = (
        tuple(quote(passages[s.passage], s.start, s.end) for s in side)
        for side in split_sides(explanation, yes, passages)
    )
    against = Alternative(opposite, confidence, opposed, len({quoted.document_id for quoted in opposed}))
    return Answer(
        question=question.original,
        standalone=question.text,
        status="answered",
        text=" ".join(quoted.quote for quoted in deciding),
        reason="",
        confidence=confidence,
        citations=deciding,
        alternatives=(against,) if opposed else (),
        passages=tuple(found),
        withheld=withhold(judged),
        short=verdict,
        articles=len({quoted.document_id for quoted in deciding}),
    )


def give_stances(
    question: ParsedQuestion,
    found: Sequence[ScoredPassage],
    judged: Judged,
    quotes: Sequence[Citation],
    confidence: float,
) -> Answer:
    """An answer of one sentence per article, so that the user sees whether the articles agree."""
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
    """Whether the quote of ``one`` contains the answer of ``other``."""
    return one.document_id == other.document_id and one.start <= other.answer_start and other.answer_end <= one.end


def abstain(
    question: ParsedQuestion,
    found: Sequence[ScoredPassage],
    withheld: Alternative | None = None,
    *,
    possible: bool = False,
    reason: str = DECLINED,
) -> Answer:
    """An abstention.

    :param withheld: the best short answer, whose confidence is too low to give it.
    :param possible: whether ``withheld`` is probable enough to show.
    :param reason: why there is no answer, in one sentence.
    """
    return Answer(
        question=question.original,
        standalone=question.text,
        status="possible" if possible else "abstained",
        text="",
        reason="The articles may say this; check the sentence." if possible else reason,
        confidence=withheld.confidence if withheld else 0.0,
        citations=(),
        alternatives=(),
        passages=tuple(found),
        withheld=withheld,
    )


def withhold(judged: Judged, *, sure: bool = True) -> Alternative | None:
    """The best short answer, if any. If ``sure`` is false, its confidence is set to 0."""
    best = judged.values[0] if judged.values else None
    if best is None or sure:
        return best
    return Alternative(best.text, 0.0, best.citations, best.articles)


def shares_nothing(question: ParsedQuestion, passages: Sequence[Passage]) -> bool:
    """Whether a question has several topic words but no passage has any of them: gibberish or another language."""
    asked = question.topic
    return len(asked) > 1 and all(asked.isdisjoint(find_topic_words(f"{p.context} {p.text}")) for p in passages)


def weigh_best(
    candidates: Sequence[Candidate],
    passages: Sequence[Passage],
    likeness: Mapping[str, float],
    readings: Readings,
) -> Support:
    """The evidence for the most probable candidate.

    :param candidates: most probable first, not empty.
    :param likeness: cosines from :func:`rag.answers.confidence.liken_sentences`.
    :param readings: all readings of the question. ``scan`` and ``sentences`` are used as features.
    """
    best, reading = candidates[0], candidates[0].readings[0]
    rival = candidates[1].probability if len(candidates) > 1 else 0.0
    near = likeness[find_near(reading, passages[reading.passage])]
    evidence = find_evidence(reading, readings.sentences)
    return Support(reading, best.probability, rival, passages, near, readings.scan, evidence)


def cite_all(candidate: Candidate, passages: Sequence[Passage]) -> tuple[Citation, ...]:
    """Citations of an answer without repeated sentences. The best of each article precedes any second ones."""
    citations: dict[tuple[str, int, int], Citation] = {}
    for reading in candidate.readings:
        made = cite(reading, passages[reading.passage])
        citations.setdefault((made.document_id, made.start, made.end), made)
    firsts = {citation.document_id: citation for citation in reversed(citations.values())}
    ordered = sorted(citations.values(), key=lambda c: firsts[c.document_id] is not c)
    return tuple(ordered[:MOST_CITATIONS])


def cite(reading: Reading, passage: Passage) -> Citation:
    """A citation of the whole sentence or sentences that contain a reading."""
    touched = find_touched(passage.text, reading.start, reading.end)
    start = min([a for a, _ in touched] + [reading.start])
    end = max([b for _, b in touched] + [reading.end])
    return quote(passage, start, end, (reading.start, reading.end), reading)


def quote(
    passage: Passage, start: int, end: int, answer: tuple[int, int] | None = None, reading: Reading | None = None
) -> Citation:
    """A citation of ``passage.text[start:end]``, all of which is the answer unless ``answer`` gives its offsets."""
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
        time=format_time(passage.heading),
    )
