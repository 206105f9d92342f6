"""The options of ``ask``, and how its command line is read."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rag import __version__
from rag.articles.columns import USUAL, Columns, parse_columns
from rag.index.scope import Scope, parse_period
from rag.pipeline import MOST_PASSAGES, USUAL_PASSAGES, Config

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DESCRIPTION = """\
Answers questions from a folder of articles. Each answer comes with the sentence it was copied from and the article
that contains it. If the articles do not answer the question, ask says so. Everything runs on this machine.
"""

EXAMPLES = """\
examples:
  ask "what stake did Meta buy?"            the example articles in seeds/, from a checkout
  ask --corpus ~/articles who runs Acme     articles from your own folder
  ask                                       a conversation; follow-up questions are understood
  echo "who founded Scale AI?" | ask -      a question from standard input
  ask --web                                 a page in your browser, served to this machine only
  ask --json "what stake did Meta buy?"     the answer as one line of JSON, with every offset
  ask --batch questions.jsonl > answers.jsonl
  ask add https://… --corpus ~/articles     fetches an article from the web into your folder
  ask watch --corpus ~/articles             keeps the index in step with your folder
  ask serve --corpus ~/articles             keeps everything loaded, so that ask answers at once
  ask --store qdrant://host who runs Acme   from an index on a server, which several machines share
  ask list --corpus ~/articles              the articles, with their dates, sources and files
  ask feedback export my-gold               exports ratings; to ask about the word, use: ask -- feedback
  ask review                                answers to review, one after the other

batch lines:
  in   {"id": "q1", "question": "…", "history": [{"role": "user", "content": "…"}, …]}   (history is optional)
  out  one line in the format of --json for each input line, in order; {"id", "error"} for an invalid line

The first question about a folder builds its index. Later questions update only the files that changed.

exit status:
  0  answered, or reported that the articles do not answer the question
  1  an error; the message says how to fix it
  2  invalid command line
130  stopped with Ctrl-C
"""


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ask",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "question", nargs="*", help="the question; - reads it from standard input; without one, a conversation starts"
    )
    how = parser.add_argument_group("how to ask")
    how.add_argument("--json", action="store_true", help="print the answer as one line of JSON")
    how.add_argument("--batch", metavar="FILE", help="answer every line of a JSON Lines file; - is standard input")
    how.add_argument("--fresh", action="store_true", help="read the articles again for a question asked before")
    what = parser.add_argument_group("what to ask")
    add_folders(what)
    what.add_argument(
        "-k",
        type=parse_count,
        default=USUAL_PASSAGES,
        metavar="N",
        help=f"passages to read for each question, 1 to {MOST_PASSAGES} (default: %(default)s)",
    )
    what.add_argument(
        "--no-corrections", action="store_true", help="ignore the corrections that people made in reviews"
    )
    what.add_argument("--since", type=parse_day, metavar="DATE", help="only articles from this day, month or year on")
    what.add_argument("--until", type=parse_day, metavar="DATE", help="only articles up to this day, month or year")
    what.add_argument(
        "--source",
        default="",
        metavar="GLOB",
        help="only articles whose publication, address or file matches, such as *echo*",
    )
    add_models(parser.add_argument_group("models (the network is used only if one is a Hugging Face hub name)"))
    add_page_options(parser.add_argument_group("the page"))
    parser.add_argument("--version", action="version", version=f"ask {__version__}")
    return parser


def add_models(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Adds --reader and --encoder."""
    parser.add_argument(
        "--reader",
        metavar="NAME_OR_PATH",
        help="a Hugging Face seq2seq model to use instead of the built-in reader",
    )
    parser.add_argument(
        "--encoder",
        metavar="NAME_OR_PATH",
        help="a sentence-transformers model to use instead of the installed encoder",
    )


def add_page_options(page: argparse._ArgumentGroup) -> None:
    page.add_argument("--web", action="store_true", help="start the web page and print its address")
    page.add_argument("--host", metavar="ADDRESS", help="address to listen on (default: 127.0.0.1, this machine only)")
    page.add_argument(
        "--allow-host", metavar="NAME", action="append", default=[],
        help="a further name under which the page may be called, such as a proxy's; may be repeated",
    )  # fmt: skip
    page.add_argument("--port", type=parse_port, metavar="N", help="port (default: the first free port from 7860)")
    page.add_argument(
        "--auth", metavar="USER:FILE", action="append", default=[],
        help="require a login; the password is the first line of FILE; may be repeated for several users",
    )  # fmt: skip
    page.add_argument("--mcp", action="store_true", help="also offer the page's endpoints to MCP clients")
    page.add_argument(
        "--data", type=Path, metavar="DIR", help="folder for reviews, key, examples (default: in your user data)"
    )
    page.add_argument(
        "--keep-answers", action="store_true", help="keep every answer for ask review, not only rated ones"
    )
    page.add_argument("--feedback", nargs="+", metavar=("export", "DIR"), help="deprecated; use: ask feedback export")


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
        help="keep the index on this server, as qdrant://HOST:PORT/NAME or https://…; without --corpus it is only read",
    )
    parser.add_argument(
        "--columns",
        type=parse_names,
        default=USUAL,
        metavar="title=NAME,…",
        help="which columns of .csv, .tsv and .jsonl files hold title, text, date, author, publication, language, url",
    )


def parse_count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_PASSAGES:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST_PASSAGES}")
    return int(text)


def parse_day(text: str) -> str:
    try:
        return parse_period(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date: {error}") from None


def parse_port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 65535")
    return int(text)


def parse_names(text: str) -> Columns:
    try:
        return parse_columns(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} names no columns: {error}") from None


def check_page_options(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    """Exits with a usage error if options contradict each other."""
    asks = arguments.question or arguments.json or arguments.batch is not None
    if asks and (arguments.web or arguments.feedback):
        parser.error("--web and --feedback cannot be combined with a question, --json or --batch: drop one of them")
    if arguments.web and (arguments.since or arguments.until or arguments.source):
        parser.error("--since, --until and --source restrict questions asked here: drop them or --web")
    own = (arguments.host, arguments.allow_host, arguments.port, arguments.auth, arguments.mcp, arguments.keep_answers)
    if not arguments.web and any(own):
        parser.error("--host, --allow-host, --port, --auth, --mcp and --keep-answers require --web: add it")
    if arguments.feedback and (arguments.feedback[0] != "export" or len(arguments.feedback) > 2):
        parser.error("--feedback must be followed by export and, optionally, a folder")


def read_arguments(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    """The arguments of a question. Exits with a usage error if they are invalid or contradict each other."""
    arguments = parser.parse_args(words)
    if arguments.batch is not None and (arguments.question or arguments.json):
        parser.error("--batch reads its questions from a file and always writes JSON: drop the question and --json")
    check_page_options(parser, arguments)
    return arguments


def choose_config(arguments: argparse.Namespace) -> Config:
    return Config(
        arguments.corpus,
        arguments.index,
        arguments.encoder,
        arguments.reader,
        arguments.k,
        arguments.columns,
        arguments.fresh,
        arguments.store,
    )


def make_config(given: argparse.Namespace) -> Config:
    """The folders and the store that :func:`add_folders` asks for."""
    return Config(given.corpus, given.index, columns=given.columns, store=given.store)


def choose_scope(arguments: argparse.Namespace) -> Scope:
    return Scope(arguments.since or "", arguments.until or "", arguments.source)


def find_command(words: Sequence[str]) -> str | None:
    """The command named by the first word, or None if the words are a question, as in "feedback was good?"."""
    if not words or words[0] not in COMMANDS:
        return None
    follows = words[1:2]
    return words[0] if not follows or follows[0] in ("-h", "--help") or COMMANDS[words[0]](follows[0]) else None


def _is_option(word: str) -> bool:
    return word.startswith("--") and word != "--"


COMMANDS: Mapping[str, Callable[[str], bool]] = {
    "list": lambda word: word.startswith("-"),
    "watch": lambda word: word.startswith("-"),
    "serve": lambda word: word.startswith("-"),
    "add": lambda word: word.startswith("-") or "://" in word,
    "index": lambda word: word == "copy",
    "feedback": lambda word: word == "export",
    "review": lambda word: word in ("add", "compare", "prefer", "export", "import") or _is_option(word),
    "quality": lambda word: _is_option(word),
    "gold": lambda word: _is_option(word),
}
"""Words that are commands if they come first, and whether the next word may be this one. Otherwise all words are a
question, as in "list the companies"."""
