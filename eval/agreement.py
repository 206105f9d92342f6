"""Agreement of the automatic judge with human verdicts on stored answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eval.fields import GoldError, read_records
from eval.gold import load_gold
from eval.results import RESULTS, ROOT, load_result
from eval.said import read_record
from eval.verdicts import judge_said

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

VERDICTS = ROOT / "eval" / "verdicts.jsonl"
GOLD = ROOT / "eval" / "gold"


def run(_: argparse.Namespace) -> None:
    """Prints the agreement, and every verdict on which judge and human differ."""
    print(describe_agreement(judge_again()))


def judge_again(path: Path = VERDICTS) -> list[dict[str, Any]]:
    """The human verdicts, each with the question's ``kind`` and the judge's verdict, ``judged``.

    :raises GoldError: for a verdict on an answer that is in no result.
    """
    questions = {question.name: question for question in load_gold(GOLD)}
    results: dict[str, dict[str, Any]] = {}
    verdicts = []
    for place, verdict in read_records(path):
        name = str(verdict["result"])
        if name not in results:
            results[name] = {record["id"]: record for record in load_result(RESULTS / f"{name}.json")["records"]}
        if verdict["id"] not in results[name] or verdict["id"] not in questions:
            raise GoldError(f"{place} names {verdict['id']}, which is not in {name}.json or the gold: correct the id.")
        gold, record = questions[verdict["id"]], results[name][verdict["id"]]
        judged = judge_said(gold, read_record(record)).right
        verdicts.append({**verdict, "kind": gold.kind, "question": gold.question, "judged": judged})
    return verdicts


def measure_agreement(verdicts: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """(agreement of judge and human, 0 to 1; Cohen's kappa, -1 to 1)."""
    n = len(verdicts)
    agreed = sum(v["judged"] == v["right"] for v in verdicts) / n
    judged, right = (sum(v[name] for v in verdicts) / n for name in ("judged", "right"))
    chance = judged * right + (1 - judged) * (1 - right)
    return agreed, (agreed - chance) / (1 - chance) if chance < 1 else 1.0


def describe_agreement(verdicts: Sequence[dict[str, Any]]) -> str:
    agreed, kappa = measure_agreement(verdicts)
    right = sum(v["right"] for v in verdicts)
    lines = [
        f"{len(verdicts)} human verdicts, {right} of them right: the judge agrees on {agreed:.0%}, kappa {kappa:.2f}"
    ]
    for kind in dict.fromkeys(v["kind"] for v in verdicts):
        some = [v for v in verdicts if v["kind"] == kind]
        lines.append(f"  {kind}: {sum(v['judged'] == v['right'] for v in some)} of {len(some)}")
    for v in verdicts:
        if v["judged"] != v["right"]:
            said = "right" if v["judged"] else "wrong"
            lines.append(f"  {v['result']} {v['id']} {v['question']}\n      judged {said}; human: {v['reason']}")
    return "\n".join(lines)
