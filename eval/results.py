"""Result files: the figures and records of a run, with its origin."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from dataclasses import asdict
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.gold import PARTS
from eval.judging import describe_record
from eval.latency import summarize_latency
from eval.summary import count_failures, count_types, summarize
from eval.verdicts import JUDGE
from rag.errors import RagError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eval.judging import Record

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "eval" / "results"
PACKAGES = ("torch", "transformers", "sentence-transformers", "onnxruntime", "faiss-cpu", "numpy")
# Files that a run writes. Changes to them do not count as changes to the product.
WRITTEN = (":!eval/results", ":!eval/report.md", ":!eval/report.html", ":!eval/*.svg")
MEASURED = ("rag", "eval", "seeds", "pyproject.toml", *WRITTEN)


def describe_origin() -> dict[str, Any]:
    """Commit, time, versions and processor. Call it before measuring.

    ``changed_since`` is true if the measured files differ from the commit, or there is no commit.
    """
    commit = _run_git("rev-parse", "--short", "HEAD")
    return {
        "commit": commit,
        "changed_since": not commit
        or bool(_run_git("status", "--porcelain", "--untracked-files=normal", "--", *MEASURED)),
        "at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "processor": _name_processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
    }


def describe_run(
    records: Sequence[Record],
    origin: dict[str, Any],
    settings: dict[str, Any],
    cold: dict[str, float] | None,
    news: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A run as JSON-ready values.

    :param origin: from :func:`describe_origin`.
    :param settings: corpus, models and other options.
    :param cold: time and peak memory of a cold start, if measured.
    :param news: the same run over eval/news, from :func:`describe_set`, if it was asked.
    """
    asked = describe_set([describe_record(r) for r in records], settings, summarize_latency(records))
    beside = {"news": news} if news is not None else {}
    return {"benchmark": "gold", "judge": JUDGE, "made": origin, "cold": cold, **beside, **asked}


def describe_set(
    described: Sequence[dict[str, Any]], settings: dict[str, Any], latency: dict[str, dict[str, float]]
) -> dict[str, Any]:
    """One set of questions: settings, figures and records."""
    parts = {part: [r for r in described if r["part"] == part] for part in PARTS} | {"all": list(described)}
    return {
        "settings": settings,
        "metrics": {
            part: {
                name: {key: round(x, 4) for key, x in asdict(figure).items()}
                for name, figure in summarize(some).items()
            }
            for part, some in parts.items()
            if some
        },
        "types": count_types(described),
        "failures": count_failures(described),
        "latency_ms": latency,
        "records": list(described),
    }


def list_sets(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The sets of a result by name, news first. Older results have only the seeds."""
    name = str(result.get("settings", {}).get("corpus", "seeds"))
    return ({"news": result["news"]} if "news" in result else {}) | {name: result}


def name_result(result: dict[str, Any]) -> str:
    """The file name: the commit, with "-changed" if the working tree differed from it."""
    made = result["made"]
    return f"{made['commit'] or 'no-commit'}{'-changed' if made['changed_since'] else ''}.json"


def save_result(result: dict[str, Any], path: Path) -> None:
    """Writes a result with one record per line, so that two results can be compared with diff.

    :raises RagError: if the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(format_json(result) + "\n", encoding="utf-8")
    except OSError as error:
        raise RagError(f"{path} cannot be written ({error.strerror}): name another folder with --out.") from None


def format_json(result: dict[str, Any]) -> str:
    """A result as JSON text, with the news and then the records at the end."""
    nested = {name: result[name] for name in ("news", "records") if result.get(name)}
    text = json.dumps({name: x for name, x in result.items() if name not in nested}, indent=1, ensure_ascii=False)
    for name, value in nested.items():
        lines = ",\n  ".join(json.dumps(record, ensure_ascii=False) for record in value)
        inner = format_json(value) if name == "news" else f"[\n  {lines}\n ]"
        text = f'{text[: -len("}")].rstrip()},\n "{name}": {inner}\n}}'
    return text


def load_result(path: Path) -> dict[str, Any]:
    """:raises RagError: if the file is missing or is not a result of a run over gold questions."""
    needed = {"id", "kind", "line", "part", "question", "right", "failure", "measures"}
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        records = result["records"]
        if isinstance(result["made"]["commit"], str) and records and all(needed <= set(r) for r in records):
            return dict(result)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    raise RagError(f"{path} is not a result of `python -m eval`: name a result file, such as eval/results/….json.")


def find_last(folder: Path = RESULTS, *, before: str = "") -> dict[str, Any] | None:
    """The newest of :func:`find_results`; None if there is none."""
    return max(find_results(folder, before=before), key=lambda result: str(result["made"]["at"]), default=None)


def find_results(folder: Path = RESULTS, *, before: str = "") -> list[dict[str, Any]]:
    """The results over the gold questions in a folder that were made from an unchanged commit.

    :param before: a commit whose result is left out, because it is about to be replaced.
    """
    found = []
    for path in sorted(folder.glob("*.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        made = result["made"]
        if result.get("benchmark") == "gold" and not made["changed_since"] and made["commit"] != before:
            found.append(result)
    return found


def write_benchmark(result: dict[str, Any], origin: dict[str, Any], out: Path | None) -> None:
    """Prints a benchmark's figures, and writes them with their origin to ``out`` if it is given."""
    if out is not None:
        save_result({**result, "made": origin}, out)
    print(json.dumps(result, indent=1))


def _run_git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, cwd=ROOT)
    except OSError:
        return ""
    return done.stdout.strip()


def _name_processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
