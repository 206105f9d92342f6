"""``python -m eval``: benchmarks that are run by hand, with their results committed in eval/results/."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from eval import retrieval, squad
from rag.errors import RagError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    reading = commands.add_parser("squad", help="the reader alone, gold paragraph given: EM and F1")
    reading.add_argument("path", type=Path, help="a SQuAD 1.1 development set")
    reading.add_argument(
        "--distractors",
        type=int,
        default=0,
        metavar="N",
        help="hide the gold paragraph among the N most similar others (default: %(default)s)",
    )
    reading.add_argument(
        "--weights", type=Path, default=squad.WEIGHTS, help="the reader's weights (default: the package's)"
    )
    searching = commands.add_parser("retrieval", help="its paragraphs as a corpus: success@k of hybrid, BM25 and dense")
    searching.add_argument("path", type=Path, help="a SQuAD 1.1 development set")
    searching.add_argument(
        "--folder",
        type=Path,
        required=True,
        metavar="DIR",
        help="where the corpus and its index are written; used again where they are there",
    )
    for command in (reading, searching):
        command.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth question (default: all)")
        command.add_argument("--out", type=Path, metavar="FILE", help="also write the result there, as JSON")
    arguments = parser.parse_args(argv)
    try:
        (squad if arguments.command == "squad" else retrieval).run(arguments)
    except RagError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
