"""Computes all metrics from records, with their intervals.

Records have the format of result files (:func:`eval.judging.describe_record`), so that an earlier result can be
measured again over the questions that two runs share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from eval.selective import (
    measure_aurc,
    measure_calibration_error,
    measure_coverage,
    measure_macro_error,
    score_abstention,
)
from eval.statistics import bootstrap_interval, bootstrap_statistic

Described = Mapping[str, Any]
Statistic = Callable[[Sequence[Described]], "float | None"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric over some of the records. Either ``measure`` or ``statistic`` is given.

    :param name: its unique name in result files, such as ``facts.right``.
    :param label: its name in reports.
    :param takes: selects the records.
    :param measure: the metric is the mean of this measure.
    :param statistic: computes the metric from the records; returns None if it is undefined.
    """

    name: str
    label: str
    takes: Callable[[Described], bool]
    measure: str = ""
    statistic: Statistic | None = None
    higher_is_better: bool = True

    def choose(self, records: Sequence[Described]) -> list[Described]:
        """The records that the metric is computed over."""
        return [r for r in records if self.takes(r) and (not self.measure or self.measure in r["measures"])]

    def compute(self, records: Sequence[Described]) -> float | None:
        """The metric over chosen records, 0 to 1; None if it is undefined."""
        if not records:
            return None
        if self.statistic is not None:
            return self.statistic(records)
        return float(np.mean([r["measures"][self.measure] for r in records]))


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric's value, 0 to 1, with its 95 % bootstrap interval over ``count`` questions."""

    value: float
    low: float
    high: float
    count: int


def _is(kind: str) -> Callable[[Described], bool]:
    return lambda record: bool(record["kind"] == kind)


def _worded(wording: str) -> Callable[[Described], bool]:
    return lambda record: bool(record["kind"] == "facts" and record.get("wording") == wording)


def _probable(record: Described) -> bool:
    """Whether the record has the reader's probability, which older results lack."""
    return _single(record) and "probability" in record


def _single(record: Described) -> bool:
    """Whether it is a fact or unanswerable question, over which abstention and confidence are measured."""
    return record["kind"] in ("facts", "unanswerable")


def _turn(record: Described) -> bool:
    return bool(record["kind"] == "conversations")


def _first(record: Described) -> bool:
    return _turn(record) and record["turn"] == 1


def _followup(record: Described) -> bool:
    return _turn(record) and record["turn"] > 1


def _every(_: Described) -> bool:
    return True


def is_mixed(records: Sequence[Described]) -> bool:
    """Whether there are both answerable and unanswerable questions, which measures of abstention need."""
    return len({r["answerable"] for r in records}) == 2


def _abstention(part: int) -> Statistic:
    def compute(records: Sequence[Described]) -> float | None:
        given = [is_given(r) for r in records]
        if not is_mixed(records) or (part == 0 and all(given)):
            return None
        return score_abstention([r["answerable"] for r in records], given)[part]

    return compute


def is_given(record: Described) -> bool:
    """Whether an answer was given. The correction of a false premise counts as declining."""
    return bool(record["answered"] and (record["answerable"] or not record["right"]))


def _answered(records: Sequence[Described]) -> float:
    return float(np.mean([r["answered"] for r in records]))


def _is_possible(record: Described) -> bool:
    """Whether it has a possible answer. Older results have none."""
    return _single(record) and bool(record.get("possible"))


def _possible(records: Sequence[Described]) -> float | None:
    known = [r["possible"] for r in records if "possible" in r]
    return float(np.mean(known)) if known else None


def _could(records: Sequence[Described]) -> float:
    """The share of right possible answers. One to an unanswerable question is wrong."""
    return float(np.mean([r["answerable"] and r["could"] for r in records]))


def _precision(records: Sequence[Described]) -> float | None:
    given = [r["right"] for r in records if r["answered"]]
    return float(np.mean(given)) if given else None


def _aurc(confidence: str) -> Statistic:
    return lambda records: (
        measure_aurc([r[confidence] for r in records], list_hits(records)) if is_mixed(records) else None
    )


def _coverage(precision: float) -> Statistic:
    def compute(records: Sequence[Described]) -> float | None:
        return measure_coverage([r["confidence"] for r in records], list_hits(records), precision)

    return compute


def _calibration(measure: Callable[[Sequence[float], Sequence[bool]], float | None]) -> Statistic:
    """Only over questions with a best answer, since the others have no confidence."""

    def compute(records: Sequence[Described]) -> float | None:
        found = [r for r in records if r["confidence"] > 0]
        return measure([r["confidence"] for r in found], list_hits(found)) if found else None

    return compute


def list_hits(records: Sequence[Described]) -> list[bool]:
    """Whether each best answer, given or withheld, is right. For an unanswerable question, only a correction is."""
    return [bool(r["could"] if r["answerable"] else r["answered"] and r["right"]) for r in records]


def _right(records: Sequence[Described]) -> float:
    return float(np.mean([r["right"] for r in records]))


METRICS = (
    Metric("facts.right", "facts answered correctly", _is("facts"), "right"),
    Metric("facts.right_article", "of those asked in the article's words", _worded("article"), "right"),
    Metric("facts.right_other", "of those asked in other words", _worded("other"), "right"),
    Metric("facts.wrong", "facts answered incorrectly", _is("facts"), "wrong", higher_is_better=False),
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
    Metric("unanswerable.declined", "unanswerable declined, or the premise corrected", _is("unanswerable"), "declined"),
    Metric("abstention.answered", "questions answered", _single, statistic=_answered),
    Metric("abstention.given", "of the answers given, those that are right", _single, statistic=_precision),
    Metric("possible.share", "questions with a possible answer", _single, statistic=_possible),
    Metric("possible.precision", "of the possible answers, those that are right", _is_possible, statistic=_could),
    Metric("abstention.precision", "of the declined, those without an answer", _single, statistic=_abstention(0)),
    Metric("abstention.recall", "of those without an answer, the declined", _single, statistic=_abstention(1)),
    Metric("abstention.F1", "abstention F1", _single, statistic=_abstention(2)),
    Metric(
        "confidence.AURC", "area under risk–coverage", _single, statistic=_aurc("confidence"), higher_is_better=False
    ),
    Metric(
        "confidence.AURC_MaxProb",
        "the same by the reader's probability",
        _probable,
        statistic=_aurc("probability"),
        higher_is_better=False,
    ),
    Metric("confidence.coverage@80", "coverage at 80 % precision", _single, statistic=_coverage(0.8)),
    Metric("confidence.coverage@90", "coverage at 90 % precision", _single, statistic=_coverage(0.9)),
    Metric(
        "confidence.ECE",
        "expected calibration error",
        _single,
        statistic=_calibration(measure_calibration_error),
        higher_is_better=False,
    ),
    Metric(
        "confidence.MacroCE",
        "MacroCE, right and wrong weighted equally",
        _single,
        statistic=_calibration(measure_macro_error),
        higher_is_better=False,
    ),
    Metric("citations.precision", "citations that overlap gold evidence", _every, "citation_precision"),
    Metric("citations.recall", "answer sentences covered by their quotes", _every, "citation_recall"),
    Metric("citations.grounding", "answer words that are in a cited quote", _every, "grounding"),
    Metric("citations.on_point", "relevant sentences of sentence answers", _every, "on_point"),
    Metric("disagreements.recall", "differing values shown", _is("disagreements"), "value_recall"),
    Metric(
        "disagreements.precision", "of the values shown, those in the gold", _is("disagreements"), "value_precision"
    ),
    Metric("disagreements.shown", "two or more of the differing values shown", _is("disagreements"), "differing"),
    Metric(
        "disagreements.alarms",
        "answers to facts shown with another value",
        _is("facts"),
        "alarm",
        higher_is_better=False,
    ),
    Metric("conversations.right", "turns answered correctly", _turn, statistic=_right),
    Metric("conversations.first", "first turns", _first, statistic=_right),
    Metric("conversations.followups", "follow-ups", _followup, statistic=_right),
    Metric("conversations.rewriting", "token F1 of the rewritten follow-up", _followup, "rewriting"),
    Metric("explanations.key_facts", "key facts given", _is("explanations"), "key_facts"),
    Metric("explanations.right", "half of the key facts, half relevant, nothing false", _is("explanations"), "right"),
    Metric("explanations.claims", "with a forbidden claim", _is("explanations"), "claims", higher_is_better=False),
)
BY_NAME = {metric.name: metric for metric in METRICS}


def summarize(records: Sequence[Described]) -> dict[str, Estimate]:
    """All metrics that are defined for the records, by name."""
    figures = {}
    for metric in METRICS:
        chosen = metric.choose(records)
        value = metric.compute(chosen)
        if value is not None:
            figures[metric.name] = Estimate(value, *find_interval(metric, chosen), len(chosen))
    return figures


def find_interval(metric: Metric, chosen: Sequence[Described]) -> tuple[float, float]:
    """The 95 % bootstrap interval. The turns of a conversation depend on each other, so they are resampled together."""
    lines = [list(turns) for _, turns in groupby(chosen, key=lambda r: (r["kind"], r["line"]))]
    if metric.measure and len(lines) == len(chosen):
        return bootstrap_interval([r["measures"][metric.measure] for r in chosen])
    return bootstrap_statistic(lines, lambda drawn: metric.compute([r for line in drawn for r in line]))


def measure_changes(now: Sequence[Described], before: Sequence[Described]) -> dict[str, float]:
    """The change of each metric, over the questions that are the same in both."""
    asked = {r["id"]: r["question"] for r in now}
    shared = {r["id"] for r in before if asked.get(r["id"]) == r["question"]}
    changes = {}
    for metric in METRICS:
        new, old = (metric.compute(metric.choose([r for r in some if r["id"] in shared])) for some in (now, before))
        if new is not None and old is not None:
            changes[metric.name] = new - old
    return changes


def count_types(records: Sequence[Described]) -> dict[str, dict[str, int]]:
    """The numbers of questions and of right answers of each kind and type."""
    counts: dict[str, dict[str, int]] = {}
    for record in records:
        at = counts.setdefault(f"{record['kind']}, {record['type']}", {"questions": 0, "right": 0})
        at["questions"] += 1
        at["right"] += record["right"]
    return counts


def count_failures(records: Sequence[Described]) -> dict[str, int]:
    """The number of questions that failed at each stage, largest first."""
    counts: dict[str, int] = {}
    for record in records:
        if record["failure"]:
            counts[record["failure"]] = counts.get(record["failure"], 0) + 1
    return dict(sorted(counts.items(), key=lambda item: -item[1]))
