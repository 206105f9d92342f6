"""``python -m eval``: the product against questions with known answers.

Without a command it asks the gold questions and writes a result file, a report and the README's table.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from eval import followups, retrieval, squad
from eval.compare import compare_results
from eval.gold import KINDS, PARTS
from eval.run import run
from rag.cli import parse_count
from rag.errors import RagError
from rag.rendering import printable

if TYPE_CHECKING:
    from collections.abc import Sequence


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m eval", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=KINDS, metavar="KIND", help=f"some kinds only: {', '.join(KINDS)}")
    parser.add_argument(
        "--part",
        choices=(*PARTS, "all"),
        default="all",
        help="dev to choose by, test only to report (default: %(default)s)",
    )
    parser.add_argument("--corpus", type=parse_path, metavar="DIR", help="your own articles; default: seeds/")
    parser.add_argument("--gold", type=parse_path, metavar="DIR", help="your own gold questions; default: eval/gold/")
    parser.add_argument(
        "--out",
        type=parse_path,
        metavar="DIR",
        help="where result and report go; default: eval/ for all the gold questions, ./evaluation for your own",
    )
    parser.add_argument("-k", type=parse_count, default=10, metavar="N", help="passages to read (default: %(default)s)")
    parser.add_argument("--reader", metavar="NAME_OR_PATH", help="a Hugging Face seq2seq model")
    parser.add_argument("--encoder", metavar="NAME_OR_PATH", help="a sentence-transformers model")
    parser.add_argument("--no-cold-start", action="store_true", help="do not time one ask in a process of its own")
    parser.set_defaults(run=run)
    commands = parser.add_subparsers(title="other commands", metavar="COMMAND")
    comparing = commands.add_parser("compare", help="two result files, question by question, with a paired test")
    comparing.add_argument("first", type=parse_path, help="result file of the run before")
    comparing.add_argument("second", type=parse_path, help="result file of the run after")
    # Names of their own where the main command has an option of that name: its default would win.
    comparing.add_argument("--part", dest="side", choices=(*PARTS, "all"), default="all", help="one part only")
    comparing.set_defaults(run=lambda a: print(compare_results(a.first, a.second, a.side)))
    reading = commands.add_parser("squad", help="the reader on SQuAD 1.1 or 2.0: EM and F1")
    reading.add_argument("path", type=parse_path, help="a SQuAD development set, 1.1 or 2.0")
    given = reading.add_mutually_exclusive_group()
    given.add_argument(
        "--distractors",
        type=parse_distractors,
        default=0,
        metavar="N",
        help="hide the gold paragraph among N others that the question retrieves (default: %(default)s)",
    )
    given.add_argument(
        "--open",
        type=parse_path,
        metavar="DIR",
        help="give no paragraph: the whole product over all of them; DIR keeps corpus and index",
    )
    reading.add_argument(
        "--separately", action="store_true", help="read each passage by itself; the surest answer counts"
    )
    reading.add_argument("--weights", type=parse_path, default=squad.WEIGHTS, help="the reader's weights")
    reading.set_defaults(run=squad.run)
    searching = commands.add_parser("retrieval", help="retrieval over SQuAD's paragraphs: hybrid, BM25 and dense")
    searching.add_argument("path", type=parse_path, help="a SQuAD 1.1 development set")
    searching.add_argument(
        "--folder",
        type=parse_path,
        required=True,
        metavar="DIR",
        help="keeps corpus and index from run to run",
    )
    searching.set_defaults(run=retrieval.run)
    following = commands.add_parser("followups", help="follow-ups of dialogues held out of training, against rewrites")
    following.add_argument("path", type=parse_path, help="canard-dev.json")
    following.add_argument("--weights", type=parse_path, default=squad.WEIGHTS, help="the reader's weights")
    following.set_defaults(run=followups.run)
    for command in (reading, searching, following):
        command.add_argument(
            "--every", type=parse_step, default=1, metavar="N", help="every Nth question only (default: 1)"
        )
        command.add_argument("--save", type=parse_path, metavar="FILE", help="also write the result there, as JSON")
    return parser


def parse_path(text: str) -> Path:
    return Path(text).expanduser()


def parse_step(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
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
        print(f"eval: {printable(str(error))}: make it readable and writable, or name another.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
