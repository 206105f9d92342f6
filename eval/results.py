"""Result files: what a run found, with all that is needed to say how it was made."""

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
# What a run itself writes is no change to what it measures.
WRITTEN = (":!eval/results", ":!eval/report.md", ":!eval/report.html", ":!eval/*.svg")
MEASURED = ("rag", "eval", "seeds", "pyproject.toml", *WRITTEN)


def describe_origin() -> dict[str, Any]:
    """Commit, time, versions and processor, to be asked for before anything is measured.

    ``changed_since`` is true where what is measured differs from the commit, or where there is no commit to name.
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

    :param origin: of :func:`describe_origin`.
    :param settings: corpus, models and whatever else was chosen.
    :param cold: cold start and peak memory, where they were measured.
    :param news: the same questions' product over eval/news, of :func:`describe_set`, where that was asked too.
    """
    asked = describe_set([describe_record(r) for r in records], settings, summarize_latency(records))
    beside = {"news": news} if news is not None else {}
    return {"benchmark": "gold", "judge": JUDGE, "made": origin, "cold": cold, **beside, **asked}


def describe_set(
    described: Sequence[dict[str, Any]], settings: dict[str, Any], latency: dict[str, dict[str, float]]
) -> dict[str, Any]:
    """One set of questions over its articles: figures, and the records that they are made of."""
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
    """The sets of questions of a result by name, news first; older results hold the seeds alone."""
    name = str(result.get("settings", {}).get("corpus", "seeds"))
    return ({"news": result["news"]} if "news" in result else {}) | {name: result}


def name_result(result: dict[str, Any]) -> str:
    """File name: the commit, marked where the tree was not that of the commit."""
    made = result["made"]
    return f"{made['commit'] or 'no-commit'}{'-changed' if made['changed_since'] else ''}.json"


def save_result(result: dict[str, Any], path: Path) -> None:
    """One record a line, so that two results can be compared as text.

    :raises RagError: where the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(format_json(result) + "\n", encoding="utf-8")
    except OSError as error:
        raise RagError(f"{path} cannot be written ({error.strerror}): name another place with --out.") from None


def format_json(result: dict[str, Any]) -> str:
    """The news and then the records come last."""
    nested = {name: result[name] for name in ("news", "records") if result.get(name)}
    text = json.dumps({name: x for name, x in result.items() if name not in nested}, indent=1, ensure_ascii=False)
    for name, value in nested.items():
        lines = ",\n  ".join(json.dumps(record, ensure_ascii=False) for record in value)
        inner = format_json(value) if name == "news" else f"[\n  {lines}\n ]"
        text = f'{text[: -len("}")].rstrip()},\n "{name}": {inner}\n}}'
    return text


def load_result(path: Path) -> dict[str, Any]:
    """:raises RagError: where the file is missing or no result of a run over gold questions."""
    needed = {"id", "kind", "line", "part", "question", "right", "failure", "measures"}
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        records = result["records"]
        if isinstance(result["made"]["commit"], str) and records and all(needed <= set(r) for r in records):
            return dict(result)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    raise RagError(f"{path} is no result of `python -m eval`: name a file that it wrote, such as eval/results/….json.")


def find_last(folder: Path = RESULTS, *, before: str = "") -> dict[str, Any] | None:
    """The newest of :func:`find_results`; None without one."""
    return max(find_results(folder, before=before), key=lambda result: str(result["made"]["at"]), default=None)


def find_results(folder: Path = RESULTS, *, before: str = "") -> list[dict[str, Any]]:
    """The results over the gold questions in a folder that were made on a committed tree.

    :param before: a commit whose own result is left out, which is about to be replaced.
    """
    found = []
    for path in sorted(folder.glob("*.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        made = result["made"]
        if result.get("benchmark") == "gold" and not made["changed_since"] and made["commit"] != before:
            found.append(result)
    return found


def write_benchmark(result: dict[str, Any], origin: dict[str, Any], out: Path | None) -> None:
    """Writes a benchmark's figures with their origin where ``out`` is given, and prints them."""
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
