"""The commands of ``ask`` beside asking; those about articles are here: list, add, watch, index."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, TextIO

from rag.answers.rendering import printable
from rag.articles.columns import USUAL, Columns, parse_columns
from rag.articles.folder import check_folder
from rag.errors import CorpusError
from rag.index.meter import Meter
from rag.json_lines import write_record
from rag.machine.folders import find_folder
from rag.pipeline import Config, Pipeline, locate_folders
from rag.review_commands import build_feedback_parser, build_quality_parser, build_review_parser

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rag.index.base import DocumentSummary
    from rag.index.changes import Changes


def find_command(words: Sequence[str]) -> str | None:
    """The command named by the first word, or None if the words are a question, as in "feedback was good?"."""
    if not words or words[0] not in COMMANDS:
        return None
    follows = words[1:2]
    return words[0] if not follows or follows[0] in ("-h", "--help") or _FOLLOWS[words[0]](follows[0]) else None


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
    parser = argparse.ArgumentParser(prog="ask index", description="Works on whole indexes.")
    copying = parser.add_subparsers(required=True).add_parser(
        "copy",
        help="make an index the same as another",
        description="Makes the index TO the same as the index FROM; articles are neither read nor encoded again. "
        "Each is a folder, or a server's address such as qdrant://HOST:PORT/NAME.",
    )
    copying.add_argument("source", metavar="FROM", help="folder or address")
    copying.add_argument("target", metavar="TO", help="folder or address; what it holds and FROM does not is removed")
    copying.set_defaults(run=copy_articles)
    return parser


def add_folders(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Adds --corpus, --index, --store and --columns."""
    parser.add_argument(
        "--corpus", type=Path, metavar="DIR", help="folder of articles (default: seeds/, in a checkout)"
    )
    parser.add_argument(
        "--index",
        type=Path,
        metavar="DIR",
        help="folder of the index (default: index/ for a checkout's seeds/, otherwise a folder in your user cache)",
    )
    parser.add_argument(
        "--store",
        metavar="URL",
        help="server that keeps the index instead, as qdrant://HOST:PORT/NAME or https://…; read only without --corpus",
    )
    parser.add_argument(
        "--columns",
        type=_parse_columns,
        default=USUAL,
        metavar="title=NAME,…",
        help="which columns of .csv, .tsv and .jsonl files hold title, text, date, author, publication, language, url",
    )


def make_config(given: argparse.Namespace) -> Config:
    """The folders and the store that :func:`add_folders` asks for."""
    return Config(given.corpus, given.index, columns=given.columns, store=given.store)


def _is_option(word: str) -> bool:
    return word.startswith("--") and word != "--"


def _parse_columns(text: str) -> Columns:
    try:
        return parse_columns(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} names no columns: {error}") from None


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
        raise CorpusError("No folder to watch: name it with --corpus.")
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
    dated = f"date from {summary.dated}" if summary.date else f"file of {summary.saved}" if summary.saved else ""
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
    lines = [f"index: {summary}"] if (summary := changes.summary()) else []
    if named:
        lines += [f"added {name}" for name in changes.added]
        lines += [f"changed {name}" for name in changes.changed]
        lines += [f"renamed {old} to {new}" for old, new in changes.renamed]
        lines += [f"removed {name}" for name in changes.removed]
    lines += [f"skipped {skipped.document_id}: {skipped.reason}" for skipped in changes.skipped]
    lines += [f"{note.file}: {note.text}" for note in changes.notes]
    new = {*changes.added, *changes.changed}
    for repeated, original in sorted(changes.duplicates.items()):
        if not named or repeated in new:
            lines.append(f"{repeated} nearly repeats {original}")
    for line in lines:
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
    "quality": build_quality_parser,
}
"""Words that are commands if they come first, and their parsers. Anything else is a question."""
_FOLLOWS: Mapping[str, Callable[[str], bool]] = {
    "list": lambda word: word.startswith("-"),
    "watch": lambda word: word.startswith("-"),
    "add": lambda word: word.startswith("-") or "://" in word,
    "index": lambda word: word == "copy",
    "feedback": lambda word: word == "export",
    "review": lambda word: word in ("add", "compare", "prefer", "export", "import") or _is_option(word),
    "quality": lambda word: _is_option(word),
}
"""Whether a command's next word may be this one. Otherwise all words are a question, as in "list the companies"."""
