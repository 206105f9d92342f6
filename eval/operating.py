"""The operating point: what other thresholds would give, by a stated utility, and what so many questions can prove."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eval.statistics import score_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from eval.summary import Described

COSTS = (0.5, 1.0, 2.0)
"""What a wrong answer costs where a right one is worth 1 and a declined question nothing."""
STEPS = tuple(step / 20 for step in range(2, 20))


@dataclass(frozen=True, slots=True)
class Point:
    """A threshold and what facts and unanswerable questions get there.

    :param utilities: for each of ``COSTS``, (right − cost · wrong) a question.
    """

    threshold: float
    right: int
    wrong: int
    declined: int
    utilities: tuple[float, ...]


def list_points(records: Sequence[Described], current: float) -> list[Point]:
    """What each threshold would have given over the dev part, the product's own among them.

    The threshold is that of short answers. Sentence answers have one of their own and stay as they are.
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
    """Whether something would be given there: the short answer found, or sentences as they were given."""
    sentences = record["answered"] and record.get("short", record["answer"]) != record["answer"]
    return bool(sentences or (record["confidence"] > 0 and record["confidence"] >= threshold))


def describe_points(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows for the report: the best point by each utility is marked."""
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
    """What the answers given can prove of precision, in a sentence; none where nothing was given."""
    if "abstention.given" not in figures or "abstention.answered" not in figures:
        return []
    n = round(figures["abstention.answered"]["value"] * figures["abstention.answered"]["count"])
    low, high = (100 * bound for bound in score_interval(0.95, n))
    share = figures["abstention.given"]["value"]
    now = [100 * bound for bound in score_interval(share, n)]
    return [
        f"{n} answers were given, {100 * share:.1f} % of them right ({now[0]:.1f} to {now[1]:.1f}); if 95 % were, "
        f"that many would show no more than that it lies between {low:.1f} and {high:.1f}."
    ]
