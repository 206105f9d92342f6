"""Runs the gold questions, and writes the result, the report and the README's table."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.asked import NEWS, SEEDS, Series, hash_gold
from eval.asking import ask_gold
from eval.fields import GoldError
from eval.floors import hold_result, refuse_falls
from eval.gold import KINDS, load_gold
from eval.judging import describe_record
from eval.latency import measure_cold_start, summarize_latency
from eval.operating import state_proof
from eval.readme import write_table
from eval.report import check_packages, format_change, format_figure, write_report
from eval.results import (
    RESULTS,
    ROOT,
    describe_origin,
    describe_run,
    describe_set,
    find_results,
    list_sets,
    name_result,
    save_result,
)
from eval.summary import BY_NAME, measure_changes
from rag.pipeline import Config, Pipeline, locate_folders

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from eval.gold import GoldQuestion
    from eval.judging import Record


def run(arguments: argparse.Namespace) -> None:
    """Asks and judges the questions, and writes to the folder from :func:`choose_folder`.

    :raises RagError: for errors that a user can fix, and if a measure fell below the best committed result.
    """
    sets = choose_sets(arguments)
    folder = choose_folder(arguments)
    if folder is None:
        print("Partial run or other models, so nothing is saved: name a folder with --out to save it.", file=sys.stderr)
    else:
        check_packages()
    origin = describe_origin()
    records, result = ask_all(arguments, sets, origin)
    earlier = find_results(before="" if origin["changed_since"] else origin["commit"]) if is_own(arguments) else []
    last = max(earlier, key=lambda one: str(one["made"]["at"]), default=None)
    if folder is not None:
        keep_result(records, result, last, folder)
    print(format_result(result, last))
    if earlier:
        standings = hold_result(result, earlier)
        print("\n".join(standing.describe() for standing in standings))
        refuse_falls(standings)


def choose_sets(arguments: argparse.Namespace) -> dict[str, tuple[Series, list[GoldQuestion]]]:
    """The articles and questions by name: the user's own, or the seeds and, if the checkout has them, the news.

    :raises GoldError: if only one of --corpus and --gold is given, or no question is left.
    """
    if (arguments.corpus is None) != (arguments.gold is None):
        raise GoldError("--corpus and --gold belong together: give both or neither.")
    if arguments.corpus is not None:
        own = Series(arguments.corpus, arguments.gold)
        return {"own": (own, choose_questions(load_gold(own.gold), arguments))}
    sets = {"seeds": (SEEDS, choose_questions(load_gold(SEEDS.gold), arguments))}
    if NEWS.corpus.is_dir():
        sets["news"] = (NEWS, choose_questions(load_gold(NEWS.gold), arguments))
    return sets


def is_own(arguments: argparse.Namespace) -> bool:
    """Whether the run asks the product's own questions with the default options."""
    usual = (arguments.encoder, arguments.reader, arguments.k) == (None, None, Config().k)
    return arguments.corpus is None and arguments.store is None and usual


def ask_all(
    arguments: argparse.Namespace, sets: dict[str, tuple[Series, list[GoldQuestion]]], origin: dict[str, Any]
) -> tuple[list[Record], dict[str, Any]]:
    """Asks all sets. Returns all records, news first, and the result."""
    found: dict[str, tuple[list[Record], dict[str, Any]]] = {}
    cold = None
    for name, (asked, questions) in sets.items():
        config = Config(asked.corpus, asked.index, arguments.encoder, arguments.reader, arguments.k, fresh=True)
        if arguments.store is not None:
            config = replace(config, index=None, store=f"{arguments.store.rstrip('/')}/{name}")
        pipeline = Pipeline.open(config, progress=True)
        corpus, _ = locate_folders(config)
        if not found and not arguments.no_cold_start:
            cold = measure_cold_start(questions[0].question, list_flags(config))
        records = ask_gold(pipeline, corpus, questions, progress=True)
        found[name] = records, describe_settings(arguments, pipeline, corpus, asked.gold)
        pipeline.close()
    news: list[Record] = []
    beside = None
    if "news" in found:
        news, settings = found.pop("news")
        beside = describe_set([describe_record(r) for r in news], settings, summarize_latency(news))
    ((records, settings),) = found.values()
    return [*news, *records], describe_run(records, origin, settings, cold, beside)


def keep_result(records: Sequence[Record], result: dict[str, Any], last: dict[str, Any] | None, folder: Path) -> None:
    """Writes result and report. For the product's own run in eval/, also updates the README."""
    own = folder == ROOT / "eval"
    name = name_result(result) if own else f"result-{datetime.now():%Y%m%d-%H%M%S}.json"
    path = (RESULTS if own else folder) / name
    save_result(result, path)
    write_report(records, result, last, folder)
    if own and not result["made"]["changed_since"]:
        write_table()
    print(f"{path}\n{folder / 'report.html'}\n{folder / 'report.md'}", file=sys.stderr)


def choose_questions(questions: list[GoldQuestion], arguments: argparse.Namespace) -> list[GoldQuestion]:
    """The questions of the chosen kinds and part. :raises GoldError: if there is none."""
    kinds, part = arguments.only or KINDS, arguments.part
    chosen = [q for q in questions if q.kind in kinds and part in ("all", q.part)]
    if not chosen:
        raise GoldError("No gold question has that kind and part: choose another with --only or --part.")
    return chosen


def choose_folder(arguments: argparse.Namespace) -> Path | None:
    """The folder for results: --out if given; eval/ for a full run over the product's own questions with default
    options; ./evaluation for a user's own articles; None for a partial run or other options.

    :raises GoldError: if --out is eval/, which holds only full runs.
    """
    if arguments.out is not None:
        if arguments.out.resolve() in (ROOT / "eval", RESULTS):
            raise GoldError("eval/ is only for full runs over the gold questions: omit --out or name another folder.")
        return Path(arguments.out)
    if arguments.only or arguments.part != "all":
        return None
    if arguments.corpus is not None:
        return Path("evaluation")
    return ROOT / "eval" if is_own(arguments) else None


def list_flags(config: Config) -> list[str]:
    """The ``ask`` options for the same pipeline."""
    flags = {
        "--corpus": config.corpus,
        "--index": config.index,
        "--store": config.store,
        "--encoder": config.encoder,
        "--reader": config.reader,
        "-k": config.k,
    }
    return [text for flag, value in flags.items() if value is not None for text in (flag, str(value))]


def describe_settings(arguments: argparse.Namespace, pipeline: Pipeline, corpus: Path, gold: Path) -> dict[str, Any]:
    """The options of the run. Paths are cut to their last part, since a result file may be published."""
    command = ["python -m eval", *(["--corpus DIR --gold DIR"] if arguments.corpus is not None else [])]
    command += [f"--only {' '.join(arguments.only)}"] if arguments.only else []
    command += [f"--part {arguments.part}"] if arguments.part != "all" else []
    command += [f"-k {arguments.k}"] if arguments.k != Config().k else []
    command += [f"--{name} {hide_path(value)}" for name in ("encoder", "reader") if (value := getattr(arguments, name))]
    command += ["--store URL"] if arguments.store is not None else []
    return {
        "command": " ".join(command),
        "corpus": corpus.resolve().name,
        "documents": len(pipeline.index.documents()),
        "passages": pipeline.index.passage_count,
        "encoder": hide_path(pipeline.index.state.encoder),
        "reader": hide_path(pipeline.models.reader.name),
        "k": pipeline.k,
        "chunking": pipeline.index.state.chunking,
        "threshold": round(pipeline.models.calibration.short.threshold, 4),
        "gold_sha256": hash_gold(gold),
    }


def hide_path(name: str) -> str:
    """A model's hub name unchanged; a folder cut to the last part of its path."""
    path = Path(name).expanduser()
    return path.name if path.is_absolute() or path.exists() else name


def format_result(result: dict[str, Any], last: dict[str, Any] | None) -> str:
    """The figures and failed stages of each set, as plain text."""
    lines = []
    before = list_sets(last) if last else {}
    for name, found in list_sets(result).items():
        lines += format_set(name, found, before.get(name))
    if result["cold"]:
        lines.append(f"  cold start {result['cold']['seconds']} s, at most {result['cold']['peak_MiB']} MiB")
    return "\n".join(lines)


def format_set(name: str, found: dict[str, Any], before: dict[str, Any] | None) -> list[str]:
    lines = [f"{len(found['records'])} questions over {name}"]
    changes = measure_changes(found["records"], before["records"]) if before else {}
    for metric, figure in found["metrics"]["all"].items():
        change = format_change(changes.get(metric))
        lines.append(
            f"  {BY_NAME[metric].label:60} {format_figure(figure):>20}  n={figure['count']:<4} {change}".rstrip()
        )
    lines += [f"  {sentence}" for sentence in state_proof(found["metrics"]["all"])]
    lines += [f"  failed: {stage:52} {count}" for stage, count in found["failures"].items()]
    for stage, times in found["latency_ms"].items():
        lines.append(f"  milliseconds, {stage:45} p50 {times['p50']}, p95 {times['p95']}")
    return lines
