"""Writes the README's results table from the result files."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from eval.report import format_figure
from eval.results import RESULTS, ROOT, find_last, list_sets

if TYPE_CHECKING:
    from pathlib import Path

README = ROOT / "README.md"
BEGIN, END = "<!-- results: written by python -m eval -->", "<!-- end of results -->"
SHOWN = {
    "facts.right": "facts answered correctly",
    "facts.right_article": "of these, asked in the article's words",
    "facts.right_other": "of these, asked in other words",
    "facts.precision": "of the facts answered at all, those answered correctly",
    "facts.success@10": "facts whose evidence is among the first ten passages found",
    "unanswerable.declined": "unanswerable questions declined, or their false premise corrected",
    "disagreements.shown": "questions on which the articles differ, answered with two or more of the values",
    "disagreements.alarms": "false alarms: answers to facts shown with another value",
    "conversations.first": "first questions of a conversation answered correctly",
    "conversations.followups": "follow-ups answered correctly",
    "explanations.key_facts": "key facts in answers to why, how, compare, summarise",
    "explanations.right": "of these answers, those with half of the key facts and half of the sentences relevant",
    "citations.precision": "citations that overlap the gold evidence",
    "citations.grounding": "words of the answers that are in a cited quote",
}
"""The metrics in the README, with labels that need no section heading."""


def write_table(readme: Path = README, results: Path = RESULTS) -> None:
    """Writes the newest results between the two marks in the README."""
    text = readme.read_text(encoding="utf-8")
    block = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    readme.write_text(block.sub(lambda _: f"{BEGIN}\n{make_table(results)}\n{END}", text), encoding="utf-8")


def make_table(results: Path = RESULTS) -> str:
    """Markdown tables: the newest run over the gold questions, news first, then the benchmarks."""
    last = find_last(results)
    lines = [] if last is None else list_figures(last)
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(results.glob("*.json"))]
    kept = [result for result in found if result["benchmark"] != "gold" and not result["made"]["changed_since"]]
    if kept:
        lines += ["", "| benchmark | figure | command, commit |", "|---|---|---|", *map(describe_benchmark, kept)]
    return "\n".join(lines)


def list_figures(last: dict[str, Any]) -> list[str]:
    made, sets = last["made"], list_sets(last)
    first = next(iter(sets.values()))
    warm = first["latency_ms"]["total"]["p50"] / 1000
    cold = f"; cold `ask` {last['cold']['seconds']:.1f} s" if last["cold"] else ""
    asked = " and ".join(
        f"{len(found['records'])} gold questions over {describe_set(n, found)}" for n, found in sets.items()
    )
    columns = [(name, part) for name in sets for part in ("all", "test") if part in sets[name]["metrics"]]
    titles = [
        f"{name + ', ' if len(sets) > 1 else ''}{'test part' if part == 'test' else part}" for name, part in columns
    ]
    lines = [
        f"`{last['settings']['command']}` on commit {made['commit']}: {asked},",
        "per cent with 95 % intervals; the test part is never used to choose anything. Median",
        f"time to an answer {warm:.2f} s{cold} ({made['processor']}, {made['cores']} cores).",
        "",
        f"| | {' | '.join(titles)} | questions |",
        f"|---|{'---|' * len(titles)}---|",
    ]
    for metric, label in SHOWN.items():
        counts = [found["metrics"]["all"].get(metric, {}).get("count") for found in sets.values()]
        if any(counts):
            figures = [format_figure(sets[name]["metrics"][part].get(metric)) for name, part in columns]
            told = ", ".join(str(count or "–") for count in counts)
            lines.append(f"| {label} | {' | '.join(figures)} | {told} |")
    return lines


def describe_set(name: str, found: dict[str, Any]) -> str:
    return "the five articles" if name == "seeds" else f"{found['settings']['documents']} articles of ordinary news"


def describe_benchmark(found: dict[str, Any]) -> str:
    return f"| {found['title']} | {found['figure']} | `{found['command']}`, {found['made']['commit']} |"
