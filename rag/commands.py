"""The commands of ``ask`` that work on articles: list, add, watch, index."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from itertools import chain
from threading import Event
from typing import TYPE_CHECKING, TextIO

from rag.answers.rendering import printable
from rag.articles.folder import check_folder
from rag.errors import CorpusError
from rag.index.meter import Meter
from rag.json_lines import write_record
from rag.machine.folders import find_folder
from rag.options import add_folders, make_config
from rag.pipeline import Pipeline, locate_folders
from rag.review_commands import build_feedback_parser, build_gold_parser, build_quality_parser, build_review_parser
from rag.server import build_serve_parser

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rag.index.base import DocumentSummary
    from rag.index.changes import Changes


def parse_command(words: Sequence[str]) -> Callable[[], int]:
    """What to run for these words, whose first is a command. Exits with a usage error if they are invalid."""
    given = COMMANDS[words[0]]().parse_args(words[1:])
    run: Callable[[argparse.Namespace], int] = given.run
    return lambda: run(given)


def _build_list_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ask list", description="Lists the articles, and the files that could not be read."
    )
    add_folders(parser)
    parser.add_argument("--json", action="store_true", help="print each article as a line of JSON")
    parser.set_defaults(run=list_articles)
    return parser


def _build_add_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ask add",
        description="Fetches articles from the web into the folder web/ of the corpus; nothing else uses the network.",
    )
    parser.add_argument("address", nargs="*", metavar="URL", help="of an article")
    parser.add_argument(
        "--feed", action="append", default=[], metavar="URL", help="of a feed, whose new articles are added; repeatable"
    )
    add_folders(parser)
    parser.set_defaults(run=add_articles)
    return parser


def _build_watch_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ask watch",
        description="Keeps the index in step with the folder until Ctrl-C, and says what changed. "
        "Questions can be asked meanwhile; they are answered from the last complete index.",
    )
    add_folders(parser)
    parser.set_defaults(run=watch_articles)
    return parser


def _build_index_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ask index", description="Commands on whole indexes.")
    copying = parser.add_subparsers(required=True).add_parser(
        "copy",
        help="make an index the same as another",
        description="Makes the index TO the same as the index FROM; articles are neither read nor encoded again. "
        "Each is a folder, or a server's address such as qdrant://HOST:PORT/NAME.",
    )
    copying.add_argument("source", metavar="FROM", help="folder or address")
    copying.add_argument("target", metavar="TO", help="folder or address; loses the articles that are not in FROM")
    copying.set_defaults(run=copy_articles)
    return parser


def list_articles(given: argparse.Namespace) -> int:
    """Prints the articles on stdout and the files without one on stderr."""
    pipeline = Pipeline.open(make_config(given), progress=True)
    report_changes(pipeline.changes)
    # Near-duplicates stand below the article that they repeat.
    for summary in sorted(pipeline.index.documents(), key=_name_family):
        if given.json:
            write_record(asdict(summary), sys.stdout)
        else:
            print(format_summary(summary))
    reported = {skipped.document_id for skipped in pipeline.changes.skipped}
    for skipped in pipeline.list_skipped():
        if skipped.document_id not in reported:
            print(f"skipped {printable(skipped.document_id)}: {printable(skipped.reason)}", file=sys.stderr)
    pipeline.close()
    return 0


def add_articles(given: argparse.Namespace) -> int:
    """Fetches articles into the folder and brings the index up to date. Returns 1 if one of them could not be added."""
    from rag.fetch.adding import add_feed, add_page
    from rag.fetch.fetching import Fetcher

    if not given.address and not given.feed:
        raise CorpusError("Nothing to add: name an article's address, or a feed's with --feed.")
    if given.corpus is None:
        raise CorpusError("No folder to add to: name it with --corpus.")
    corpus = find_folder(str(given.corpus)) or given.corpus
    check_folder(corpus)
    fetcher, made = Fetcher(), []
    for addition in chain(
        (add_page(corpus, address, fetcher) for address in given.address),
        chain.from_iterable(add_feed(corpus, address, fetcher) for address in given.feed),
    ):
        said = f"added {addition.file}: {addition.address}" if addition.file else addition.address
        print(printable(f"{said}: {addition.note}" if addition.note else said), file=sys.stderr, flush=True)
        made.append(addition)
    if any(addition.file for addition in made):
        report_changes(Pipeline.open(make_config(given), progress=True).changes)
    return 1 if any(addition.failed for addition in made) else 0


def watch_articles(given: argparse.Namespace) -> int:
    """Updates the index whenever files changed and lie still again, until it is interrupted."""
    from rag.page.watching import FolderWatch

    if given.store is not None and given.corpus is None:
        raise CorpusError("There is no folder to watch: name one with --corpus.")
    config = make_config(given)
    corpus, opened, ready = locate_folders(config)[0], list[Pipeline](), Event()

    def refresh() -> None:
        ready.wait()
        before = opened[0]
        opened[0] = before.renewed(Meter())
        before.close()
        report_changes(opened[0].changes, named=True)

    watch = FolderWatch(corpus, refresh)  # before the folder is read, so that no change is missed
    try:
        opened.append(Pipeline.open(config, progress=True))
        report_changes(opened[0].changes)
        print(f"Watching {printable(str(corpus))}; press Ctrl-C to end.", file=sys.stderr, flush=True)
        ready.set()
        Event().wait()
    finally:
        watch.close()
    return 0


def copy_articles(given: argparse.Namespace) -> int:
    """Copies an index and reports on stderr what changed in the copy."""
    from rag.index.copying import copy_index
    from rag.index.places import open_place

    changes = copy_index(open_place(given.source), open_place(given.target))
    report_changes(changes)
    if not changes.summary():
        print("index: nothing to copy", file=sys.stderr)
    return 0


def _name_family(summary: DocumentSummary) -> tuple[str, bool]:
    return summary.duplicate_of or summary.document_id, summary.duplicate_of is not None


def format_summary(summary: DocumentSummary) -> str:
    """An article in two lines: date and title, then what is known about it."""
    address = summary.source if "://" in summary.source else ""
    repeats = f"nearly repeats {summary.duplicate_of}" if summary.duplicate_of else ""
    words = f"{summary.words:,} words"
    where = "when the PDF was made" if summary.dated == "PDF creation" else f"from {summary.dated}"
    dated = f"date {where}" if summary.date else f"file of {summary.saved}" if summary.saved else ""
    said = [
        summary.document_id,
        words,
        dated,
        summary.publication,
        summary.language,
        address,
        summary.extractor,
        repeats,
    ]
    head = f"{summary.date or '–':<10}  {printable(summary.title)}"
    return f"{head}\n{'':<12}{' · '.join(printable(part) for part in said if part)}"


def report_changes(changes: Changes, *, named: bool = False) -> None:
    """Reports changes to the index, skipped files and near-duplicates on stderr.

    :param named: whether each article is named, and only near-duplicates among those that are new or changed.
    """
    for line in changes.describe(named=named):
        print(printable(line), file=sys.stderr, flush=True)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person reads or writes there."""
    return stream is not None and stream.isatty()


COMMANDS: Mapping[str, Callable[[], argparse.ArgumentParser]] = {
    "list": _build_list_parser,
    "add": _build_add_parser,
    "watch": _build_watch_parser,
    "index": _build_index_parser,
    "feedback": build_feedback_parser,
    "review": build_review_parser,
    "serve": build_serve_parser,
    "quality": build_quality_parser,
    "gold": build_gold_parser,
}
"""Words that are commands if they come first, and their parsers. Anything else is a question."""
