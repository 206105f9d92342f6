"""Judges an answer against its gold question: computes measures, a verdict and the stage that failed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from eval.answers import measure_citation_precision, measure_citation_recall, measure_grounding
from eval.evidence import holds_span
from eval.ranking import score_ndcg, score_recall, score_reciprocal_rank, score_success
from eval.said import read_answer
from eval.verdicts import ENOUGH, judge_said
from rag.metrics import score_token_f1

if TYPE_CHECKING:
    from collections.abc import Mapping

    from eval.evidence import Located
    from eval.gold import GoldQuestion
    from rag.types import Alternative, Answer

Failure = Literal[
    "",
    "could not be asked",
    "not understood",
    "not retrieved",
    "retrieved and not read",
    "read and not answered",
    "wrongly answered",
    "incompletely answered",
    "answered though the articles do not say",
]
DEPTH = 10


@dataclass(frozen=True, slots=True)
class Record:
    """A question with its answer and verdict.

    :param answer: None if the question was invalid, which counts as declined.
    :param confidence: of the answer given or withheld; 0 if there was none.
    :param right: whether the product gave a right answer, or declined an unanswerable question.
    :param could: whether the best answer found was right, given or withheld.
    :param measures: by name, 0 to 1; only those that apply to the question and its answer.
    :param failure: the first stage that failed; empty if ``right``.
    :param probability: the reader's uncalibrated probability of its best reading; None if unknown.
    """

    gold: GoldQuestion
    answer: Answer | None
    located: Located
    confidence: float
    right: bool
    could: bool
    measures: Mapping[str, float]
    failure: Failure
    probability: float | None = None

    @property
    def answered(self) -> bool:
        return self.answer is not None and self.answer.answered


def judge_answer(gold: GoldQuestion, answer: Answer | None, located: Located) -> Record:
    """Computes measures, verdict and the failed stage (:func:`find_failure`)."""
    verdict = judge_said(gold, read_answer(answer))
    measures = dict(verdict.measures)
    if answer is not None:
        if gold.evidence:
            measures |= measure_retrieval(answer, located)
        if answer.answered:
            measures |= measure_citations(answer, located, judged=bool(gold.evidence))
    if answer is not None and gold.standalone != gold.question:
        measures["rewriting"] = score_token_f1(answer.standalone, [gold.standalone])
    confidence = answer.confidence if answer is not None else 0.0
    record = Record(gold, answer, located, confidence, verdict.right, verdict.could, measures, "")
    return record if record.right else replace(record, failure=find_failure(record))


def measure_retrieval(answer: Answer, located: Located) -> dict[str, float]:
    """Measures of the passages that were read, against those that contain evidence."""
    ranked = [scored.passage.passage_id for scored in answer.passages]
    return {
        **{f"success@{k}": score_success(ranked, located.relevant, k) for k in (1, 5, DEPTH)},
        "recall@10": score_recall(ranked, located.relevant, DEPTH),
        "MRR": score_reciprocal_rank(ranked, located.relevant, DEPTH),
        "nDCG@10": score_ndcg(ranked, located.relevant, DEPTH),
    }


def measure_citations(answer: Answer, located: Located, *, judged: bool) -> dict[str, float]:
    """:param judged: whether the gold has evidence. Without it, citation precision is left out."""
    quotes = [citation.quote for citation in answer.citations]
    measures = {
        "grounding": measure_grounding(answer.text, quotes),
        "citation_recall": measure_citation_recall(answer.text, quotes),
    }
    if judged:
        cited = [(c.document_id, c.start, c.end) for c in answer.citations]
        gold = [(span.document_id, span.start, span.end) for span in located.spans]
        measures["citation_precision"] = measure_citation_precision(cited, gold)
    return measures


def find_failure(record: Record) -> Failure:
    """The first stage that failed for a question that is not ``right``.

    Read and not answered: the best answer found is right but was withheld. Not retrieved: no passage that was read
    contains the evidence (for a disagreement, of two values; for an explanation, of half of its key facts). Retrieved
    and not read: the best answer found is wrong and was withheld. Wrongly answered: it is wrong and was given. "Not
    understood" is set by :func:`eval.asking.ask_turns`, which asks a failed follow-up again in its standalone form.
    """
    gold, answer = record.gold, record.answer
    if not gold.answerable:
        return "answered though the articles do not say"
    if answer is None:
        return "could not be asked"
    if not answer.answered and record.could:
        return "read and not answered"
    if not record.could and not retrieved_enough(record, answer):
        return "not retrieved"
    if not answer.answered:
        return "retrieved and not read"
    held = record.measures["key_facts"] > 0 and not record.measures["claims"] if gold.facts else record.could
    return "incompletely answered" if held else "wrongly answered"


def retrieved_enough(record: Record, answer: Answer) -> bool:
    """Whether enough evidence was retrieved. Values and key facts without gold evidence are ignored."""
    pairs = zip(record.located.groups, record.gold.evidence_groups, strict=True)
    groups = [spans for spans, evidence in pairs if evidence]
    passages = [scored.passage for scored in answer.passages]
    found = sum(any(holds_span(p, span) for p in passages for span in group) for group in groups)
    wanted = len(groups) * ENOUGH if record.gold.facts else min(len(groups), 2)
    return found >= wanted


def describe_record(record: Record) -> dict[str, Any]:
    """The record as JSON-ready values: the whole trace except the text of passages, which is in the index."""
    gold, answer = record.gold, record.answer
    described: dict[str, Any] = {
        "id": gold.name,
        "kind": gold.kind,
        "type": gold.type,
        "part": gold.part,
        "line": gold.line,
        "turn": gold.turn,
        "question": gold.question,
        "answerable": gold.answerable,
        "right": record.right,
        "could": record.could,
        "answered": record.answered,
        "possible": record.answer is not None and record.answer.status == "possible",
        "confidence": round(record.confidence, 4),
        "failure": record.failure,
        "measures": {name: round(value, 4) for name, value in record.measures.items()},
        **({"wording": gold.wording} if gold.wording else {}),
        **({"probability": round(record.probability, 4)} if record.probability is not None else {}),
    }
    if answer is None:
        return described
    return {
        **described,
        "standalone": answer.standalone,
        "answer": answer.text,
        "short": answer.short,
        "citations": list_places(answer),
        "alternatives": [describe_other(other) for other in answer.alternatives],
        "withheld": describe_other(answer.withheld) if answer.withheld else None,
        "passages": [
            [s.passage.passage_id, round(s.score, 5), s.passage.passage_id in record.located.relevant]
            for s in answer.passages
        ],
        "milliseconds": {
            stage: round(1000 * getattr(answer.timing, stage), 2)
            for stage in ("rewrite", "retrieve", "read", "compose")
        },
    }


def describe_other(other: Alternative) -> dict[str, Any]:
    """An alternative or a withheld answer, with its citations."""
    old = {"superseded": True} if other.superseded else {}
    return {"answer": other.text, "confidence": round(other.confidence, 4), **old, "citations": list_places(other)}


def list_places(cited: Answer | Alternative) -> list[list[Any]]:
    return [[c.document_id, c.start, c.end, c.quote] for c in cited.citations]
