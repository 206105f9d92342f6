"""Compares two runs over the same questions, with tests of significance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eval.floors import FEWEST, HEADLINES, compare_metric, hold_result, refuse_falls
from eval.results import find_results, list_sets, load_result
from eval.statistics import compare_means, measure_mcnemar
from eval.summary import BY_NAME
from rag.answers.rendering import printable
from rag.errors import RagError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from pathlib import Path

    Records = dict[str, Mapping[str, Any]]

MEASURES = ("F1", "success@10", "nDCG@10", "citation_precision", "value_recall", "rewriting", "key_facts")


def run(arguments: argparse.Namespace) -> None:
    """Compares two results, or one result with the best committed ones."""
    if arguments.second is not None:
        print(compare_results(arguments.first, arguments.second, arguments.side))
        return
    result = load_result(arguments.first)
    standings = hold_result(result, find_results(before=result["made"]["commit"]))
    print("\n".join(standing.describe() for standing in standings))
    refuse_falls(standings)


def compare_results(first: Path, second: Path, part: str = "all") -> str:
    """The comparison as text, over the questions that both runs asked, set by set, news first.

    Binary measures are tested with McNemar's exact test, graded ones with a paired bootstrap. McNemar's test counts a
    conversation once: it is better if more of its turns are right. There is no correction for multiple tests. The
    headline measures over the dev part come last (:mod:`eval.floors`).

    :raises RagError: if a file is not a result, or the two have no question in common.
    """
    a, b = load_result(first), load_result(second)
    title = f"{printable(a['made']['commit'])} → {printable(b['made']['commit'])}"
    old, new = list_sets(a), list_sets(b)
    texts = [compare_set(f"{title}, {name}", old[name], new[name], part) for name in new if name in old]
    if not any(texts):
        raise RagError("The two results have no question in common: compare runs over the same gold questions.")
    held = compare_headlines(a, b)
    return "\n\n".join([*filter(None, texts), "\n".join(["headline measures, dev part", *held])] if held else texts)


def compare_headlines(a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    sets, earlier = list_sets(b), list_sets(a)
    standings = [
        compare_metric(name, BY_NAME[metric], a["made"]["commit"], earlier[name]["records"], found["records"])
        for name, found in sets.items()
        if name in earlier
        for metric in HEADLINES
    ]
    return [standing.describe() for standing in standings if standing is not None]


def compare_set(title: str, a: Mapping[str, Any], b: Mapping[str, Any], part: str) -> str:
    """The comparison of one set; empty if the two have no question in common."""
    before, after = (index_records(result, part) for result in (a, b))
    shared = [name for name in before if name in after and before[name]["question"] == after[name]["question"]]
    if not shared:
        return ""
    lines = [f"{title}: {len(shared)} questions in both"]
    if left := len(before) + len(after) - 2 * len(shared):
        lines[0] += f" ({left} that are in only one of them or changed are left out)"
    kinds = list(dict.fromkeys(str(before[name]["kind"]) for name in shared))
    for kind in [*kinds, *(["all"] if len(kinds) > 1 else [])]:
        some = [name for name in shared if kind in ("all", before[name]["kind"])]
        lines.append(compare_right(kind, some, before, after))
    for measure in MEASURES:
        lines += compare_measure(measure, shared, before, after)
    for heading, better in (("better", True), ("worse", False)):
        changed = [n for n in shared if before[n]["right"] != after[n]["right"] and after[n]["right"] is better]
        lines += ["", f"{heading}: {len(changed)}"]
        lines += [describe_change(before[name], after[name]) for name in changed]
    return "\n".join(lines)


def index_records(result: Mapping[str, Any], part: str) -> Records:
    return {record["id"]: record for record in result["records"] if part in ("all", record["part"])}


def compare_right(label: str, names: list[str], before: Records, after: Records) -> str:
    old, new = (sum(records[n]["right"] for n in names) / len(names) for records in (before, after))
    balance: dict[tuple[str, str], int] = {}
    for n in names:
        line = (before[n]["kind"], before[n]["line"])
        balance[line] = balance.get(line, 0) + after[n]["right"] - before[n]["right"]
    won, lost = (sum(sign * change > 0 for change in balance.values()) for sign in (1, -1))
    p = measure_mcnemar(lost, won)
    return f"right, {printable(label)}: {old:.1%} → {new:.1%}, {won} better, {lost} worse, McNemar p = {p:.3f}"


def compare_measure(measure: str, names: list[str], before: Records, after: Records) -> list[str]:
    pairs = [
        (before[n]["measures"][measure], after[n]["measures"][measure])
        for n in names
        if measure in before[n]["measures"] and measure in after[n]["measures"]
    ]
    if len(pairs) < FEWEST:
        return []
    change, low, high = compare_means([x for x, _ in pairs], [y for _, y in pairs])
    verdict = "no clear change" if low <= 0 <= high else "better" if change > 0 else "worse"
    return [
        f"{measure}: {100 * change:+.1f} ({100 * low:+.1f} to {100 * high:+.1f}) over {len(pairs)} questions, {verdict}"
    ]


def describe_change(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    said = [printable(str(record.get("answer") or "declined")) for record in (before, after)]
    stage = printable(after["failure"] or before["failure"])
    return f"  {printable(after['id'])} {printable(after['question'])}\n      {said[0]} → {said[1]} ({stage})"
