"""Writes the report of a run: figures with intervals and changes, curves, latency, and all failures by stage."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.operating import COSTS, describe_points, state_proof
from eval.plots import plot_calibration, plot_risk
from eval.results import list_sets
from eval.summary import METRICS, is_mixed, measure_changes
from rag.answers.rendering import printable
from rag.errors import RagError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from eval.judging import Record

TEMPLATES = Path(__file__).parent / "templates"
SECTIONS = {
    "facts": "Facts",
    "unanswerable": "Unanswerable questions",
    "possible": "Possible answers, over facts and unanswerable questions",
    "abstention": "Abstention, over facts and unanswerable questions",
    "confidence": "Confidence, over facts and unanswerable questions",
    "citations": "Citations, over all that was answered",
    "disagreements": "Disagreements",
    "conversations": "Conversations",
    "explanations": "Explanations",
}
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~&])")


def check_packages() -> None:
    """:raises RagError: if a package that the report needs is not installed."""
    if find_spec("matplotlib") is None:
        raise RagError("The report needs matplotlib: pip install '.[eval]'.")


def write_report(records: Sequence[Record], result: dict[str, Any], last: dict[str, Any] | None, folder: Path) -> None:
    """Writes report.html, report.md and the curves of the latter into a folder.

    :param last: the earlier result, for changes; None if there is none.
    :raises RagError: if they cannot be written.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(("html.jinja",), default_for_string=True, default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["markdown"] = escape_markdown
    sets = list_sets(result)
    curves = draw_curves(next(iter(sets.values())))
    context = {
        "result": result,
        "sets": sets,
        "last": last,
        "sections": list_rows(result, last),
        "proofs": {name: state_proof(found["metrics"].get("all", {})) for name, found in sets.items()},
        "points": {name: describe_points(found) for name, found in sets.items()},
        "costs": COSTS,
        "failures": list_failures(records),
        "curves": curves,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, curve in curves.items():
            (folder / f"{name}.svg").write_text(curve, encoding="utf-8")
        for name in ("report.html", "report.md"):
            text = environment.get_template(f"{name}.jinja").render(context)
            (folder / name).write_text(text.rstrip() + "\n", encoding="utf-8")
    except OSError as error:
        raise RagError(f"The report cannot be written ({error.strerror}): name another folder with --out.") from None


def draw_curves(found: Mapping[str, Any]) -> dict[str, str]:
    """The curves of the first set, by file name. The first set is the news if they were asked."""
    single = [r for r in found["records"] if r["kind"] in ("facts", "unanswerable")]
    if not is_mixed(single):
        return {}
    parts = {part: [r for r in single if r["part"] == part] for part in ("dev", "test")}
    return {
        "risk-coverage": plot_risk(parts, found["settings"]["threshold"]),
        "calibration": plot_calibration(parts),
    }


def list_rows(result: dict[str, Any], last: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The sections of the table, with a row for each metric and columns for each set and part."""
    sets, before = list_sets(result), list_sets(last) if last else {}
    changes = {
        name: measure_changes(found["records"], before[name]["records"]) if name in before else {}
        for name, found in sets.items()
    }
    columns = [(name, part) for name, found in sets.items() for part in found["metrics"]]
    titles = [f"{name} {part}" if len(sets) > 1 else part for name, part in columns]
    sections: dict[str, dict[str, Any]] = {}
    for metric in METRICS:
        counts = [found["metrics"].get("all", {}).get(metric.name, {}).get("count") for found in sets.values()]
        if not any(counts):
            continue
        prefix = metric.name.split(".")[0]
        section = sections.setdefault(prefix, {"title": SECTIONS[prefix], "parts": titles, "rows": []})
        section["rows"].append(
            {
                "label": metric.label,
                "figures": [format_figure(sets[name]["metrics"][part].get(metric.name)) for name, part in columns],
                "count": ", ".join(str(count or "–") for count in counts),
                "change": ", ".join(filter(None, (format_change(changes[name].get(metric.name)) for name in sets))),
                "lower": not metric.higher_is_better,
            }
        )
    return list(sections.values())


def format_figure(figure: Mapping[str, Any] | None) -> str:
    """``81.2 (76.0–86.1)``: per cent with the 95 % interval."""
    if figure is None:
        return "–"
    return f"{100 * figure['value']:.1f} ({100 * figure['low']:.1f}–{100 * figure['high']:.1f})"


def format_change(change: float | None) -> str:
    return "" if change is None else f"{100 * change:+.1f}"


def list_failures(records: Sequence[Record]) -> list[dict[str, Any]]:
    """The failed questions, grouped by the first failed stage, largest group first."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        if record.failure:
            groups.setdefault(record.failure, []).append(describe_failure(record))
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    return [{"stage": stage, "questions": questions} for stage, questions in ordered]


def describe_failure(record: Record) -> dict[str, Any]:
    gold, answer = record.gold, record.answer
    shown = answer.passages if answer else ()
    return {
        "name": gold.name,
        "kind": gold.kind,
        "type": gold.type,
        "part": gold.part,
        "question": printable(gold.question),
        "standalone": printable(answer.standalone) if answer and answer.standalone != gold.question else "",
        "wanted": describe_wanted(record),
        "got": printable(answer.text) if answer else "",
        "withheld": printable(answer.withheld.text) if answer and answer.withheld else "",
        "others": [printable(other.text) for other in answer.alternatives] if answer else [],
        "confidence": f"{record.confidence:.0%}",
        "passages": [
            {
                "name": s.passage.passage_id,
                "text": " ".join(printable(s.passage.text).split()),
                "relevant": s.passage.passage_id in record.located.relevant,
            }
            for s in shown
        ],
    }


def describe_wanted(record: Record) -> str:
    gold = record.gold
    if gold.facts:
        return "; ".join(fact.fact for fact in gold.facts)
    if not gold.values:
        return "to decline"
    return " / ".join(value.answers[0] for value in gold.values)


def escape_markdown(text: str) -> str:
    """Escapes Markdown marks, and puts the text on one line."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))
