"""A run over gold questions from command line to result, report and README."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.asking import ask_gold
from eval.evidence import check_quotes
from eval.gold import KINDS, GoldError, load_gold
from eval.latency import measure_cold_start
from eval.readme import write_table
from eval.report import format_change, format_figure, write_report
from eval.results import RESULTS, ROOT, describe_run, find_last, name_result, save_result
from eval.summary import BY_NAME
from rag.pipeline import Config, Pipeline

if TYPE_CHECKING:
    import argparse

    from eval.gold import GoldQuestion

SEEDS, GOLD = ROOT / "seeds", ROOT / "eval" / "gold"


def run(arguments: argparse.Namespace) -> None:
    """Asks, judges, and writes what :func:`choose_folder` says.

    :raises RagError: for what a user can mend.
    """
    corpus, gold = choose_corpus(arguments)
    questions = choose_questions(load_gold(gold), arguments)
    check_quotes(corpus, questions)
    index = ROOT / "index" if corpus == SEEDS else None
    config = Config(corpus, index, arguments.encoder, arguments.reader, arguments.k)
    pipeline = Pipeline.open(config, progress=sys.stderr.isatty())
    # Before the models are loaded: a process starts with the memory of the one that started it on its account.
    cold = None if arguments.no_cold_start else measure_cold_start(questions[0].question, list_flags(config))
    records = ask_gold(pipeline, questions, progress=True)
    result = describe_run(records, describe_settings(arguments, pipeline, corpus), cold)
    pipeline.close()
    folder = choose_folder(arguments)
    last = find_last(before=result["made"]["commit"]) if corpus == SEEDS else None
    print(format_result(result, last))
    if folder is None:
        print("A run over a part of the questions is not kept: name a folder with --out to keep it.", file=sys.stderr)
        return
    path = (RESULTS if folder == ROOT / "eval" else folder) / name_result(result)
    save_result(result, path)
    write_report(records, result, last, folder)
    print(f"{path}\n{folder / 'report.html'}\n{folder / 'report.md'}", file=sys.stderr)
    if folder == ROOT / "eval" and not result["made"]["changed_since"]:
        write_table()


def choose_corpus(arguments: argparse.Namespace) -> tuple[Path, Path]:
    """(corpus, gold). :raises GoldError: where only one of the two is the user's own."""
    if (arguments.corpus is None) != (arguments.gold is None):
        raise GoldError("Articles and gold questions belong together: name both --corpus and --gold, or neither.")
    if arguments.corpus is None:
        return SEEDS, GOLD
    return arguments.corpus, arguments.gold


def choose_questions(questions: list[GoldQuestion], arguments: argparse.Namespace) -> list[GoldQuestion]:
    """Those of the kinds and the part asked for. :raises GoldError: where none is left."""
    kinds, part = arguments.only or KINDS, arguments.part
    chosen = [q for q in questions if q.kind in kinds and part in ("all", q.part)]
    if not chosen:
        raise GoldError("No gold question is of that kind and part: choose another with --only or --part.")
    return chosen


def choose_folder(arguments: argparse.Namespace) -> Path | None:
    """Where results go: as named; else eval/ for all gold questions over the seeds with the product's own models,
    ./evaluation for a user's own articles, and nowhere for a part of the questions or with other models."""
    if arguments.out is not None:
        return Path(arguments.out)
    if arguments.only or arguments.part != "all":
        return None
    if arguments.corpus is not None:
        return Path("evaluation")
    usual = (arguments.encoder, arguments.reader, arguments.k) == (None, None, Config().k)
    return ROOT / "eval" if usual else None


def list_flags(config: Config) -> list[str]:
    """The flags of ``ask`` that ask the same pipeline."""
    flags = {"--corpus": config.corpus, "--index": config.index, "--encoder": config.encoder, "--reader": config.reader}
    return [text for flag, value in flags.items() if value is not None for text in (flag, str(value))]


def describe_settings(arguments: argparse.Namespace, pipeline: Pipeline, corpus: Path) -> dict[str, Any]:
    """What was chosen; folders by their last name, since a result file may be published."""
    own = " --corpus DIR --gold DIR" if arguments.corpus is not None else ""
    only = f" --only {' '.join(arguments.only)}" if arguments.only else ""
    part = "" if arguments.part == "all" else f" --part {arguments.part}"
    return {
        "command": f"python -m eval{own}{only}{part}",
        "corpus": corpus.resolve().name,
        "documents": len(pipeline.index.documents()),
        "passages": pipeline.index.passage_count,
        "encoder": pipeline.index.state.encoder,
        "reader": Path(pipeline.reader.name).name,
        "k": pipeline.k,
        "chunking": pipeline.index.state.chunking,
        "threshold": round(pipeline.calibration.threshold, 4),
    }


def format_result(result: dict[str, Any], last: dict[str, Any] | None) -> str:
    """The figures and the failed stages as plain text."""
    lines = [f"{len(result['records'])} questions over {result['settings']['corpus']}"]
    for name, figure in result["metrics"]["all"].items():
        change = format_change(name, figure, last)
        lines.append(
            f"  {BY_NAME[name].label:50} {format_figure(figure):>20}  n={figure['count']:<4} {change}".rstrip()
        )
    lines += [f"  failed: {stage:42} {count}" for stage, count in result["failures"].items()]
    for stage, times in result["latency_ms"].items():
        lines.append(f"  milliseconds, {stage:35} p50 {times['p50']}, p95 {times['p95']}")
    if result["cold"]:
        lines.append(f"  cold start {result['cold']['seconds']} s, at most {result['cold']['peak_MiB']} MiB")
    return "\n".join(lines)
