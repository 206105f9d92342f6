"""The commands of ``ask`` about ratings: ``ask feedback``, ``ask review``, ``ask quality``."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rag.answers.rendering import printable
from rag.errors import CorpusError, IndexFolderError
from rag.index.meter import write_error
from rag.options import add_folders, make_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from rag.review.judging import Judging
    from rag.review.store import ReviewStore
    from rag.types import Corrections, Document


def build_feedback_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ask feedback", description="Ratings and corrections given on the page.")
    export = parser.add_subparsers(dest="what", required=True).add_parser(
        "export", help="write them as candidate gold questions for eval"
    )
    export.add_argument("folder", nargs="?", default="feedback", metavar="DIR", help="to write to (default: feedback/)")
    export.add_argument("--data", type=Path, metavar="DIR", help="the page's --data (default: in your user data)")
    export.set_defaults(run=lambda given: export_feedback(given.folder, given.data))
    return parser


def build_review_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ask review",
        description="Reviews answers in the terminal, most useful first (docs/review.md).",
    )
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="folder of articles (default: as the page's)")
    parser.add_argument("--index", type=Path, metavar="DIR", help="folder of the index, if it was named for ask too")
    add_shared(parser, None)
    parser.set_defaults(run=review)
    commands = parser.add_subparsers(dest="what")
    add = commands.add_parser("add", help="add a reviewer, or change one")
    add.add_argument("person", metavar="NAME")
    add.add_argument("--role", choices=("reviewer", "expert"), default="reviewer", help="default: %(default)s")
    add.add_argument("--topic", action="append", default=[], metavar="FOLDER",
        help="only articles in this folder of the corpus; may be repeated (default: all)")  # fmt: skip
    add_shared(add)
    add.set_defaults(run=add_reviewer)
    compare = commands.add_parser("compare", help="add two outputs of ask --batch to be compared")
    compare.add_argument("first", type=Path, metavar="FILE", help="its name is the name of the reader")
    compare.add_argument("second", type=Path, metavar="FILE")
    add_shared(compare)
    compare.set_defaults(run=compare_answers)
    better = commands.add_parser("prefer", help="say which of two answers is better")
    add_shared(better)
    better.set_defaults(run=prefer)
    for what, run in (("export", export_reviews), ("import", import_reviews)):
        other = commands.add_parser(what, help=f"{what} what was reviewed")
        formats = ("squad", "label-studio", "argilla", "preferences")
        said = "SQuAD 2.0, tasks of Label Studio, records of Argilla 2, or pairs as JSON Lines"
        other.add_argument("format", choices=formats, help=said)
        other.add_argument("file", type=Path, metavar="FILE")
        add_shared(other)
        other.set_defaults(run=run)
    return parser


def add_shared(parser: argparse.ArgumentParser, missing: str | None = argparse.SUPPRESS) -> None:
    """Options that may stand before a subcommand or behind it; the one that is given counts."""
    parser.add_argument(
        "--as", dest="name", metavar="NAME", default=missing, help="who reviews (default: your user name)"
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", default=missing, help="the page's --data (default: in your user data)"
    )


def build_quality_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ask quality", description="How good the answers are, from ratings and reviews (docs/review.md)."
    )
    parser.add_argument("--json", action="store_true", help="all figures as one line of JSON")
    parser.add_argument("--data", type=Path, metavar="DIR", help="the page's --data (default: in your user data)")
    parser.set_defaults(run=show_quality)
    return parser


def build_gold_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ask gold", description="Writes questions for your articles, as a first evaluation set (docs/review.md)."
    )
    parser.add_argument("--synthetic", type=Path, metavar="DIR", required=True, help="folder to write facts.jsonl to")
    parser.add_argument("--most", type=int, default=100, metavar="N", help="questions at most (default: %(default)s)")
    parser.add_argument("--review", action="store_true", help="also add their answers to the review queue")
    add_folders(parser)
    parser.add_argument("--data", type=Path, metavar="DIR", help="the page's --data (default: in your user data)")
    parser.set_defaults(run=write_gold)
    return parser


def write_gold(given: argparse.Namespace) -> int:
    """Writes synthetic questions and says what they are worth."""
    from rag import __version__
    from rag.page.synthetic import BIAS, describe_fact, write_line, write_questions
    from rag.pipeline import Pipeline
    from rag.review.items import Provenance, make_item, read_clock

    path = given.synthetic / "facts.jsonl"
    pipeline = Pipeline.open(make_config(given), progress=True)
    written = list(write_questions(pipeline, max(0, given.most)))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.writelines(write_line(describe_fact(one)) for one in written)
    except FileExistsError:
        raise CorpusError(f"{path} already exists: move it away or name another folder.") from None
    except OSError as error:
        raise CorpusError(f"{path} cannot be written ({error.strerror}): name another folder.") from None
    if given.review:
        source = Provenance(__version__, pipeline.models.reader.name, pipeline.models.encoder.fingerprint)
        open_reviews(given.data).keep(
            make_item(one.name, one.answer, source, created=read_clock(), origin="imported") for one in written
        )
    pipeline.close()
    print(f"{printable(str(path))}: {len(written)} questions. {BIAS}", file=sys.stderr)
    return 0


def find_feedback(data: Path | None) -> Path:
    """The file of ratings and reviews."""
    from rag.page.userdata import UserData, default_folder

    return UserData(data or default_folder()).feedback


def open_reviews(data: Path | None) -> ReviewStore:
    from rag.review.store import ReviewStore

    return ReviewStore(find_feedback(data))


def open_corrections(data: Path | None, tell: Callable[[str], None] = write_error) -> Corrections:
    """What was decided in the page's data folder. Nothing is opened before the first question.

    :param tell: writes a line if they cannot be read.
    """
    from rag.review.corrections import StoredCorrections

    return StoredCorrections(find_feedback(data), lambda said: tell(f"ask: {printable(said)}\n"))


def export_feedback(folder: str, data: Path | None) -> int:
    """Writes the candidate gold questions and reports each file written."""
    from rag.page.candidates import write_candidates
    from rag.page.feedback import FeedbackStore

    place = Path(folder).expanduser()
    written = write_candidates(FeedbackStore(find_feedback(data)), place)
    for name, lines in written.items():
        print(f"{printable(str(place / name))}: {lines} to review", file=sys.stderr)
    if not written:
        print("No feedback yet that could become a gold question.", file=sys.stderr)
    return 0


def add_reviewer(given: argparse.Namespace) -> int:
    from rag.review.store import Reviewer

    open_reviews(given.data).add_reviewer(Reviewer(given.person, given.role, tuple(given.topic)))
    return 0


def review(given: argparse.Namespace) -> int:
    """Reviews in the terminal until there is nothing left."""
    from rag.review.judging import name_reviewer
    from rag.review.terminal import Terminal

    judging = open_judging(given)
    width = max(40, min(100, shutil.get_terminal_size((100, 24)).columns))
    done = Terminal(judging, name_reviewer(given.name), input, print, width).run()
    print(f"\nReviewed: {done}.", file=sys.stderr)
    return 0


def show_quality(given: argparse.Namespace) -> int:
    from rag.review.quality import format_quality, measure_quality

    found = measure_quality(open_reviews(given.data))
    print(json.dumps(found, ensure_ascii=False) if given.json else printable_lines(format_quality(found)))
    return 0


def printable_lines(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))


def compare_answers(given: argparse.Namespace) -> int:
    from rag.review.preferences import add_comparisons, pair_answers

    new = add_comparisons(open_reviews(given.data), pair_answers(given.first, given.second))
    print(f"{new} new pairs of different answers: compare them with ask review prefer.", file=sys.stderr)
    return 0


def prefer(given: argparse.Namespace) -> int:
    from rag.review.judging import name_reviewer
    from rag.review.sides import compare_sides

    done = compare_sides(open_reviews(given.data), name_reviewer(given.name), input, print)
    print(f"\nCompared: {done}.", file=sys.stderr)
    return 0


def export_reviews(given: argparse.Namespace) -> int:
    """Writes what was reviewed to a new file."""
    from rag.review.argilla import write_records
    from rag.review.label_studio import write_tasks
    from rag.review.preferences import iterate_pairs
    from rag.review.squad import write_squad
    from rag.review.store import ReviewError

    store, path = open_reviews(given.data), given.file
    if given.format == "squad":
        squad = write_squad(store)
        text, number = json.dumps(squad, ensure_ascii=False, indent=1) + "\n", len(squad["data"])
    elif given.format in ("label-studio", "argilla"):
        tasks = write_tasks(store) if given.format == "label-studio" else write_records(store)
        text, number = json.dumps(tasks, ensure_ascii=False, indent=1) + "\n", len(tasks)
    else:
        lines = [json.dumps(pair, ensure_ascii=False) + "\n" for pair in iterate_pairs(store)]
        text, number = "".join(lines), len(lines)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ReviewError(f"{path} already exists: move it away or name another file.") from None
    except OSError as error:
        raise ReviewError(f"{path} cannot be written ({error.strerror}): name another file.") from None
    print(f"{printable(str(path))}: {number} written", file=sys.stderr)
    return 0


def import_reviews(given: argparse.Namespace) -> int:
    from rag.review.argilla import read_records
    from rag.review.judging import name_reviewer
    from rag.review.label_studio import read_tasks
    from rag.review.preferences import read_pairs
    from rag.review.squad import read_squad

    readers = {"squad": read_squad, "label-studio": read_tasks, "argilla": read_records, "preferences": read_pairs}
    new = readers[given.format](open_reviews(given.data), given.file, name_reviewer(given.name))
    print(f"{new} new reviews.", file=sys.stderr)
    return 0


def open_judging(given: argparse.Namespace) -> Judging:
    """:raises CorpusError: if the articles have no index yet."""
    from rag.index.update import open_index
    from rag.page.userdata import UserData, default_folder
    from rag.pipeline import Config, locate_folders
    from rag.review.judging import Judging

    data = UserData(given.data or default_folder())
    # Without --corpus, the page answers from the copy of the examples in its data folder.
    folder = data.index if given.corpus is None and data.index.is_dir() else None
    try:
        index = open_index(given.index or folder or locate_folders(Config(given.corpus))[1])
    except IndexFolderError:
        raise CorpusError("These articles have no index yet: ask a question about them first.") from None

    def read(document_id: str) -> Document | None:
        return index.document(document_id)

    return Judging(open_reviews(given.data), read)
