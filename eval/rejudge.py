"""Judges stored results again by the current rules. Predictions stay, verdicts and figures are recomputed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from eval.asked import NEWS, SEEDS, hash_gold
from eval.gold import load_gold
from eval.readme import write_table
from eval.report import format_figure
from eval.results import RESULTS, describe_set, list_sets, load_result, save_result
from eval.said import read_record
from eval.summary import BY_NAME
from eval.verdicts import JUDGE, judge_said

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from pathlib import Path

    from eval.gold import GoldQuestion
    from eval.verdicts import Verdict

# Measures that depend on passages or offsets, not on the answer's words. They are kept.
KEPT = (
    "success@1", "success@5", "success@10", "recall@10", "MRR", "nDCG@10", "rewriting",
    "grounding", "citation_recall", "citation_precision",
)  # fmt: skip


def run(arguments: argparse.Namespace) -> None:
    """Rewrites each result file, and prints the figures that changed."""
    for path in arguments.files:
        before = load_result(path)
        after = rejudge_result(before, arguments.answers)
        save_result(after, path)
        print("\n".join([str(path), *describe_changes(before, after)]))
        if path.resolve().parent == RESULTS:
            write_table()


def rejudge_result(result: dict[str, Any], gold: Path | None = None) -> dict[str, Any]:
    """:param gold: folder of the user's own questions; None for those of this checkout."""
    made = {}
    for name, found in list_sets(result).items():
        folder = gold or (NEWS.gold if name == "news" else SEEDS.gold)
        questions = {question.name: question for question in load_gold(folder)}
        same = [r for r in found["records"] if r["id"] in questions and questions[r["id"]].question == r["question"]]
        if left := len(found["records"]) - len(same):
            print(f"Left out {left} questions that changed or are no longer in the gold.", file=sys.stderr)
        records = [rejudge_record(record, questions[record["id"]]) for record in same]
        settings = {**found["settings"], "gold_sha256": hash_gold(folder)}
        made[name] = describe_set(records, settings, found["latency_ms"])
    news = {"news": made.pop("news")} if "news" in result else {}
    (main,) = made.values()
    head = {"benchmark": "gold", "judge": JUDGE, "made": result["made"], "cold": result["cold"]}
    return {**head, **news, **main}


def rejudge_record(record: Mapping[str, Any], gold: GoldQuestion) -> dict[str, Any]:
    verdict = judge_said(gold, read_record({"answered": False, **record}))
    kept = {name: value for name, value in record["measures"].items() if name in KEPT}
    return {
        **record,
        "right": verdict.right,
        "could": verdict.could,
        "failure": find_failure(record, gold, verdict),
        "measures": {name: round(value, 4) for name, value in {**verdict.measures, **kept}.items()},
        **({"wording": gold.wording} if gold.wording else {}),
    }


def find_failure(record: Mapping[str, Any], gold: GoldQuestion, verdict: Verdict) -> str:
    """The failed stage: the stored one, unless the new verdict differs."""
    if verdict.right:
        return ""
    if record["failure"] and verdict.could == record["could"]:
        return str(record["failure"])
    if not gold.answerable:
        return "answered though the articles do not say"
    if verdict.could:
        return "incompletely answered" if record["answered"] else "read and not answered"
    if not record["measures"].get("success@10", 1.0):
        return "not retrieved"
    return "wrongly answered" if record["answered"] else "retrieved and not read"


def describe_changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    lines = []
    old = list_sets(before)
    for name, found in list_sets(after).items():
        for metric, figure in found["metrics"]["all"].items():
            was = old[name]["metrics"]["all"].get(metric)
            if was != figure:
                label = f"{name}, {BY_NAME[metric].label}"
                lines.append(f"  {label:70} {format_figure(was):>20} → {format_figure(figure)}")
    return lines
