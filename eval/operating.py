"""The operating point: outcomes and utility at other thresholds, and the statistical power of the questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.review.statistics import score_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from eval.summary import Described

COSTS = (0.5, 1.0, 2.0)
"""Costs of a wrong answer, if a right one is worth 1 and a declined question 0."""
STEPS = tuple(step / 20 for step in range(2, 20))


@dataclass(frozen=True, slots=True)
class Point:
    """A threshold, with the outcomes of facts and unanswerable questions.

    :param utilities: for each of ``COSTS``, (right − cost · wrong) per question.
    """

    threshold: float
    right: int
    wrong: int
    declined: int
    utilities: tuple[float, ...]


def list_points(records: Sequence[Described], current: float) -> list[Point]:
    """The outcomes at each threshold over the dev part, including the product's threshold.

    Only the threshold of short answers is varied. Sentence answers have their own and do not change.
    """
    single = [r for r in records if r["kind"] in ("facts", "unanswerable") and r["part"] == "dev"]
    if not single:
        return []
    return [weigh_point(single, step) for step in sorted({*STEPS, round(current, 4)})]


def weigh_point(records: Sequence[Described], threshold: float) -> Point:
    right = wrong = 0
    for record in records:
        if not is_answered(record, threshold):
            continue
        hit = record["could"] if record["answerable"] else record["answered"] and record["right"]
        right, wrong = right + bool(hit), wrong + (not hit)
    n = len(records)
    return Point(threshold, right, wrong, n - right - wrong, tuple((right - cost * wrong) / n for cost in COSTS))


def is_answered(record: Described, threshold: float) -> bool:
    """Whether the question would be answered at a threshold: with the short answer found, or with sentences."""
    sentences = record["answered"] and record.get("short", record["answer"]) != record["answer"]
    return bool(sentences or (record["confidence"] > 0 and record["confidence"] >= threshold))


def describe_points(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows for the report. The best point by each utility is marked."""
    current = found["settings"]["threshold"]
    points = list_points(found["records"], current)
    best = [max((p.utilities[i] for p in points), default=0.0) for i in range(len(COSTS))]
    return [
        {
            "threshold": f"{p.threshold:.2f}",
            "current": p.threshold == round(current, 4),
            "counts": [p.right, p.wrong, p.declined],
            "utilities": [f"{u:+.3f}{' *' if u == b else ''}" for u, b in zip(p.utilities, best, strict=True)],
        }
        for p in points
    ]


def state_proof(figures: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """One sentence on the precision that the number of answers can prove; empty if there are no answers."""
    if "abstention.given" not in figures or "abstention.answered" not in figures:
        return []
    n = round(figures["abstention.answered"]["value"] * figures["abstention.answered"]["count"])
    low, high = (100 * bound for bound in score_interval(0.95, n))
    share = figures["abstention.given"]["value"]
    now = [100 * bound for bound in score_interval(share, n)]
    return [
        f"{n} answers were given, {100 * share:.1f} % of them right ({now[0]:.1f} to {now[1]:.1f}). If 95 % were, the "
        f"interval for that many answers would be {low:.1f} to {high:.1f}."
    ]
