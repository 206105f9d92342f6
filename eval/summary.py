"""Records to figures: every metric of the suite, its interval, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from eval.selective import measure_aurc, measure_calibration_error, score_abstention
from eval.statistics import bootstrap_interval, bootstrap_statistic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from eval.judging import Record


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure over some of the records.

    :param name: ``facts.right``; unique, as it stands in result files.
    :param label: what the reports call it.
    :param takes: which records it is over.
    :param measure: name of the measure it is the mean of, or empty.
    :param statistic: what else it is of those records; one of the two is given.
    """

    name: str
    label: str
    takes: Callable[[Record], bool]
    measure: str = ""
    statistic: Callable[[Sequence[Record]], float] | None = None
    higher_is_better: bool = True


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric's value with its 95 % bootstrap interval over ``count`` questions; all between 0 and 1."""

    value: float
    low: float
    high: float
    count: int


def _is(*kinds: str) -> Callable[[Record], bool]:
    return lambda record: record.gold.kind in kinds


def _single(record: Record) -> bool:
    """A question by itself that has one answer or none: what abstention and confidence are measured on."""
    return record.gold.kind in ("facts", "unanswerable")


def _turn(record: Record) -> bool:
    return record.gold.kind == "conversations"


def _followup(record: Record) -> bool:
    return _turn(record) and record.gold.turn > 1


def _every(record: Record) -> bool:
    return bool(record.measures)


def _abstention(part: int) -> Callable[[Sequence[Record]], float]:
    return lambda records: score_abstention([r.gold.answerable for r in records], [r.answered for r in records])[part]


def _aurc(records: Sequence[Record]) -> float:
    return measure_aurc([r.confidence for r in records], list_hits(records))


def _calibration(records: Sequence[Record]) -> float:
    return measure_calibration_error([r.confidence for r in records], list_hits(records))


def list_hits(records: Sequence[Record]) -> list[bool]:
    """Whether the best answer found, given or withheld, is right; for what has no answer, none is."""
    return [r.gold.answerable and r.could for r in records]


def _right(records: Sequence[Record]) -> float:
    return float(np.mean([r.right for r in records]))


METRICS = (
    Metric("facts.right", "facts answered rightly", _is("facts"), "right"),
    Metric("facts.precision", "answers given that are right", _is("facts"), "precision"),
    Metric("facts.answered", "facts answered at all", _is("facts"), "answered"),
    Metric("facts.could", "best answer found is right, given or withheld", _is("facts"), "could"),
    Metric("facts.EM", "exact match (HasAns)", _is("facts"), "EM"),
    Metric("facts.F1", "token F1 (HasAns)", _is("facts"), "F1"),
    Metric("facts.item_recall", "list items given", _is("facts"), "item_recall"),
    Metric("facts.item_precision", "of the list's parts, those that are items", _is("facts"), "item_precision"),
    Metric("facts.success@1", "evidence in the first passage", _is("facts"), "success@1"),
    Metric("facts.success@5", "evidence in the first 5", _is("facts"), "success@5"),
    Metric("facts.success@10", "evidence in the first 10", _is("facts"), "success@10"),
    Metric("facts.recall@10", "recall@10 of passages with evidence", _is("facts"), "recall@10"),
    Metric("facts.MRR", "MRR@10", _is("facts"), "MRR"),
    Metric("facts.nDCG@10", "nDCG@10", _is("facts"), "nDCG@10"),
    Metric("unanswerable.declined", "unanswerable declined (NoAns)", _is("unanswerable"), "declined"),
    Metric("abstention.precision", "of the declined, those without an answer", _single, statistic=_abstention(0)),
    Metric("abstention.recall", "of those without an answer, the declined", _single, statistic=_abstention(1)),
    Metric("abstention.F1", "abstention F1", _single, statistic=_abstention(2)),
    Metric("confidence.AURC", "area under risk–coverage", _single, statistic=_aurc, higher_is_better=False),
    Metric("confidence.ECE", "expected calibration error", _single, statistic=_calibration, higher_is_better=False),
    Metric("citations.precision", "citations that overlap gold evidence", _every, "citation_precision"),
    Metric("citations.recall", "answer sentences covered by their quotes", _every, "citation_recall"),
    Metric("citations.grounding", "answer words that stand in a cited quote", _every, "grounding"),
    Metric("disagreements.recall", "differing values shown", _is("disagreements"), "value_recall"),
    Metric(
        "disagreements.precision", "of the values shown, those in the gold", _is("disagreements"), "value_precision"
    ),
    Metric("disagreements.shown", "two or more of the differing values shown", _is("disagreements"), "differing"),
    Metric("conversations.right", "turns that went right", _turn, statistic=_right),
    Metric("conversations.first", "first turns", lambda r: _turn(r) and r.gold.turn == 1, statistic=_right),
    Metric("conversations.followups", "follow-ups", _followup, statistic=_right),
    Metric("conversations.rewriting", "token F1 of the rewritten follow-up", _followup, "rewriting"),
    Metric("explanations.key_facts", "key facts held", _is("explanations"), "key_facts"),
    Metric("explanations.right", "half of the key facts, no forbidden claim", _is("explanations"), "right"),
    Metric("explanations.claims", "with a forbidden claim", _is("explanations"), "claims", higher_is_better=False),
)
BY_NAME = {metric.name: metric for metric in METRICS}


def summarize(records: Sequence[Record]) -> dict[str, Figure]:
    """Each metric that has something to be measured on, by name."""
    figures = {}
    for metric in METRICS:
        taken = [r for r in records if metric.takes(r) and (not metric.measure or metric.measure in r.measures)]
        if not taken:
            continue
        if metric.statistic is None:
            values = [r.measures[metric.measure] for r in taken]
            low, high = bootstrap_interval(values)
            value = float(np.mean(values))
        else:
            value = metric.statistic(taken)
            low, high = bootstrap_statistic(taken, metric.statistic)
        figures[metric.name] = Figure(value, low, high, len(taken))
    return figures


def count_types(records: Sequence[Record]) -> dict[str, dict[str, int]]:
    """Questions of each kind and type, and how many of them went right."""
    counts: dict[str, dict[str, int]] = {}
    for record in records:
        at = counts.setdefault(f"{record.gold.kind}, {record.gold.type}", {"questions": 0, "right": 0})
        at["questions"] += 1
        at["right"] += record.right
    return counts


def count_failures(records: Sequence[Record]) -> dict[str, int]:
    """How many questions failed at each stage, most first."""
    counts: dict[str, int] = {}
    for record in records:
        if record.failure:
            counts[record.failure] = counts.get(record.failure, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: -item[1]))
