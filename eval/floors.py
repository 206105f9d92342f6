"""Regression checks: compares each headline measure with the best committed result, question by question."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eval.results import ROOT, list_sets
from eval.statistics import compare_means, measure_mcnemar
from eval.summary import BY_NAME, Metric
from eval.verdicts import JUDGE
from rag.errors import RagError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from eval.summary import Described

    Pairs = list[tuple[tuple[str, str], float, float]]

HEADLINES = (
    "facts.right",
    "facts.wrong",
    "facts.success@10",
    "unanswerable.declined",
    "disagreements.shown",
    "conversations.right",
    "explanations.right",
    "explanations.key_facts",
    "citations.precision",
)
FEWEST = 10
"""Minimum number of pairs to test a difference."""
ALPHA = 0.05
DECISIONS = ROOT / "docs" / "decisions"
_ACCEPTED = re.compile(r"^Accepted: `([\w.@]+)` below ([0-9a-f]{7,})", re.MULTILINE)


class FloorError(RagError):
    """A headline measure is significantly worse than in the best committed result."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A headline measure compared with an earlier result, over the same questions of the dev part.

    :param name: set and metric.
    :param before: mean in the earlier result.
    :param after: mean in this result.
    :param count: number of questions.
    :param chance: outcome of the test: ``p = 0.003``, or the interval of the change.
    :param verdict: ``better``, ``worse`` or ``no clear change``.
    """

    name: str
    metric: Metric
    commit: str
    before: float
    after: float
    count: int
    chance: str
    verdict: str

    def describe(self) -> str:
        return (
            f"{self.name} ({self.metric.label}): {self.before:.1%} in {self.commit} → {self.after:.1%}, "
            f"n = {self.count}, {self.chance}, {self.verdict}"
        )


def hold_result(
    result: dict[str, Any], earlier: Sequence[dict[str, Any]], decisions: Path = DECISIONS
) -> list[Standing]:
    """Compares each headline measure of each set with the best of the earlier results, over the dev part.

    Results of another judge version are left out, and for each measure the results below which a decision record
    accepts it to fall.
    """
    accepted = read_accepted(decisions)
    judged = [one for one in earlier if one.get("judge") == JUDGE]
    standings = []
    for name, found in list_sets(result).items():
        for metric in (BY_NAME[headline] for headline in HEADLINES):
            held = [one for one in judged if (metric.name, one["made"]["commit"]) not in accepted]
            against = [
                compare_metric(name, metric, one["made"]["commit"], list_sets(one)[name]["records"], found["records"])
                for one in held
                if name in list_sets(one)
            ]
            known = [standing for standing in against if standing is not None]
            if known:
                standings.append(max(known, key=lambda s: s.before if s.metric.higher_is_better else -s.before))
    return standings


def read_accepted(decisions: Path = DECISIONS) -> set[tuple[str, str]]:
    """(metric, commit) of each line ``Accepted: `facts.right` below 93a16ca`` in the decision records."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(decisions.glob("*.md"))]
    return {(metric, commit) for text in texts for metric, commit in _ACCEPTED.findall(text)}


def refuse_falls(standings: Sequence[Standing]) -> None:
    """:raises FloorError: if a measure is significantly worse than in the best result. The message names each."""
    if falls := [standing for standing in standings if standing.verdict == "worse"]:
        told = "; ".join(
            f"{s.name} {'fell' if s.metric.higher_is_better else 'rose'} from {s.before:.1%} in {s.commit} "
            f"to {s.after:.1%} ({s.chance})"
            for s in falls
        )
        first = falls[0]
        raise FloorError(
            f"{told}: fix it, or justify it in a decision record with the line "
            f"“Accepted: `{first.metric.name}` below {first.commit}”."
        )


def compare_metric(
    name: str, metric: Metric, commit: str, before: Sequence[Described], after: Sequence[Described]
) -> Standing | None:
    """Compares a measure over the dev questions that are the same in both; None if there are too few."""
    pairs = pair_values(metric, before, after)
    if len(pairs) < FEWEST:
        return None
    old, new = [before for _, before, _ in pairs], [after for _, _, after in pairs]
    if set(old) | set(new) <= {0.0, 1.0}:
        gain, chance, clear = weigh_verdicts(pairs)
    else:
        gain, low, high = compare_means(old, new)
        chance, clear = f"change {100 * low:+.1f} to {100 * high:+.1f}", not low <= 0 <= high
    if not metric.higher_is_better:
        gain = -gain
    verdict = "no clear change" if not clear else "better" if gain > 0 else "worse"
    return Standing(
        f"{name} {metric.name}", metric, commit, sum(old) / len(old), sum(new) / len(new), len(pairs), chance, verdict
    )


def pair_values(metric: Metric, before: Sequence[Described], after: Sequence[Described]) -> Pairs:
    """((kind, line), value before, value after) of each question."""
    known = {r["id"]: r for r in metric.choose(before) if r["part"] == "dev"}
    pairs = []
    for record in metric.choose(after):
        old = known.get(record["id"])
        if old is not None and old["question"] == record["question"]:
            pairs.append(((record["kind"], record["line"]), read_value(metric, old), read_value(metric, record)))
    return pairs


def read_value(metric: Metric, record: Mapping[str, Any]) -> float:
    return float(record["measures"][metric.measure] if metric.measure else record["right"])


def weigh_verdicts(pairs: Pairs) -> tuple[float, str, bool]:
    """(gain, description, whether it is significant) by McNemar's exact test. A conversation counts once."""
    balance: dict[tuple[str, str], float] = {}
    for line, old, new in pairs:
        balance[line] = balance.get(line, 0.0) + new - old
    won, lost = (sum(sign * change > 0 for change in balance.values()) for sign in (1, -1))
    p = measure_mcnemar(lost, won)
    return won - lost, f"{won} more, {lost} fewer, p = {p:.3f}", p < ALPHA
