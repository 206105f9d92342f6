"""Evaluates the product on questions with known answers.

Without a command, it asks the gold questions and writes a result file, a report and the table in the README.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from eval import (
    agreement,
    cases,
    compare,
    exchanged,
    extraction,
    followups,
    queries,
    ramdocs,
    rejudge,
    retrieval,
    squad,
    timely,
)
from eval.gold import KINDS, PARTS
from eval.run import run
from rag.answers.rendering import printable
from rag.errors import RagError
from rag.options import parse_count
from rag.pipeline import USUAL_PASSAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m eval", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_asking(parser)
    parser.set_defaults(run=run)
    commands = parser.add_subparsers(title="other commands", metavar="COMMAND")
    add_judging(commands)
    for command in (*add_squad(commands), *add_benchmarks(commands)):
        command.add_argument(
            "--every", type=parse_step, default=1, metavar="N", help="ask only every Nth question (default: 1)"
        )
        command.add_argument("--save", type=parse_path, metavar="FILE", help="also write the result to FILE, as JSON")
    return parser


def add_asking(parser: argparse.ArgumentParser) -> None:
    """Adds the options of a run over the gold questions."""
    parser.add_argument("--only", nargs="+", choices=KINDS, metavar="KIND", help=f"only kinds: {', '.join(KINDS)}")
    parser.add_argument(
        "--part",
        choices=(*PARTS, "all"),
        default="all",
        help="use dev to make choices, and test only to report (default: %(default)s)",
    )
    parser.add_argument("--corpus", type=parse_path, metavar="DIR", help="your own articles (default: seeds/)")
    parser.add_argument("--gold", type=parse_path, metavar="DIR", help="your own gold questions (default: eval/gold/)")
    parser.add_argument(
        "--out",
        type=parse_path,
        metavar="DIR",
        help="folder for result and report (default: eval/ for all gold questions, ./evaluation for your own)",
    )
    parser.add_argument(
        "-k", type=parse_count, default=USUAL_PASSAGES, metavar="N", help="passages to read (default: %(default)s)"
    )
    parser.add_argument("--reader", metavar="NAME_OR_PATH", help="a Hugging Face seq2seq model")
    parser.add_argument("--encoder", metavar="NAME_OR_PATH", help="a sentence-transformers model")
    parser.add_argument(
        "--store", metavar="URL", help="server that keeps an index of each set of articles, as qdrant://localhost"
    )
    parser.add_argument("--no-cold-start", action="store_true", help="do not time one ask in a new process")


def add_judging(commands: Commands) -> None:
    """Adds the commands that read stored results, and that of small cases."""
    comparing = commands.add_parser(
        "compare", help="compare two result files, or one with the best committed ones, question by question"
    )
    comparing.add_argument("first", type=parse_path, help="result file of the earlier run, or the only file")
    comparing.add_argument("second", type=parse_path, nargs="?", help="result file of the later run")
    # A different dest than the main command's option of the same name, whose default would win.
    comparing.add_argument("--part", dest="side", choices=(*PARTS, "all"), default="all", help="compare only this part")
    comparing.set_defaults(run=compare.run)
    judging = commands.add_parser("rejudge", help="judge stored results again by the current rules; predictions stay")
    judging.add_argument("files", type=parse_path, nargs="+", metavar="FILE", help="result files, which are rewritten")
    judging.add_argument("--gold", dest="answers", type=parse_path, metavar="DIR", help="your own gold questions")
    judging.set_defaults(run=rejudge.run)
    agreeing = commands.add_parser("agreement", help="compare the judge with human verdicts, eval/verdicts.jsonl")
    agreeing.set_defaults(run=agreement.run)
    asking = commands.add_parser(
        "cases", help="folders of a few articles with questions: what fails, and how many are right"
    )
    asking.add_argument("path", type=parse_path, metavar="DIR", help="folder with such folders, or one of them")
    asking.set_defaults(run=cases.run)
    extracting = commands.add_parser(
        "extraction", help="compare the text found in saved web pages with the text that other projects expect"
    )
    extracting.add_argument("pages", type=parse_path, metavar="DIR", help="their unpacked test files")
    extracting.set_defaults(run=extraction.run)


def add_squad(commands: Commands) -> list[argparse.ArgumentParser]:
    reading = commands.add_parser("squad", help="EM and F1 of the reader on SQuAD 1.1 or 2.0")
    reading.add_argument("path", type=parse_path, help="a SQuAD development set, 1.1 or 2.0")
    given = reading.add_mutually_exclusive_group()
    given.add_argument(
        "--distractors",
        type=parse_distractors,
        default=0,
        metavar="N",
        help="add N other paragraphs retrieved for the question (default: %(default)s)",
    )
    given.add_argument(
        "--open",
        type=parse_path,
        metavar="DIR",
        help="give no paragraph: run the whole product over all of them; DIR holds corpus and index",
    )
    reading.add_argument(
        "--separately", action="store_true", help="read each passage alone, and take the most probable answer"
    )
    reading.add_argument("--weights", type=parse_path, default=squad.WEIGHTS, help="folder of the reader's weights")
    reading.set_defaults(run=squad.run)
    searching = commands.add_parser("retrieval", help="hybrid, BM25 and dense retrieval over SQuAD's paragraphs")
    searching.add_argument("path", type=parse_path, help="a SQuAD 1.1 development set")
    searching.add_argument(
        "--folder", type=parse_path, required=True, metavar="DIR", help="holds corpus and index, reused by later runs"
    )
    searching.set_defaults(run=retrieval.run)
    return [reading, searching]


def add_benchmarks(commands: Commands) -> list[argparse.ArgumentParser]:
    following = commands.add_parser("followups", help="rewriting of held-out follow-ups, against given rewrites")
    following.add_argument("path", type=parse_path, help="canard-dev.json, cast-rewrites.json or mtrag-rewrites.json")
    following.add_argument("--weights", type=parse_path, default=squad.WEIGHTS, help="folder of the reader's weights")
    following.set_defaults(run=followups.run)
    added = [following]
    for name, told, file, function in (
        ("ramdocs", "RAMDocs: each question over its own documents, which may conflict", "ramdocs.jsonl", ramdocs.run),
        ("queries", "held-out search queries with short answers", "qed-train.json.gz", queries.run_short),
        ("yesno", "held-out search queries answered yes or no", "boolq.json.gz", queries.run_yes_no),
        (
            "timely",
            "questions that name a time, over events of several months",
            "news-current-events.jsonl.gz",
            timely.run,
        ),
    ):
        asking = commands.add_parser(name, help=told)
        asking.add_argument("path", type=parse_path, help=file)
        asking.set_defaults(run=function)
        added.append(asking)
    exchanging = commands.add_parser(
        "exchanged", help="held-out questions, then about another name, number or role that no passage answers"
    )
    exchanging.add_argument("path", type=parse_path, help="folder of the training data")
    exchanging.add_argument("--exclude", type=parse_path, nargs="*", default=[], metavar="FILE", help="as in training")
    exchanging.add_argument("--questions", type=parse_step, default=500, metavar="N", help="default: %(default)s")
    exchanging.set_defaults(run=exchanged.run)
    return [*added, exchanging]


def parse_path(text: str) -> Path:
    return Path(text).expanduser()


def parse_step(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def parse_distractors(text: str) -> int:
    return 0 if text == "0" else parse_step(text)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = build_parser().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        arguments.run(arguments)
    except RagError as error:
        print(f"eval: {printable(str(error))}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"eval: {printable(str(error))}: change its permissions, or name another.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
