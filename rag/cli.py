"""The ``ask`` command. Answers go to stdout, all other messages to stderr."""

from __future__ import annotations

import argparse
import io
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rag import __version__
from rag.answers.rendering import describe_answer, format_answer, printable
from rag.commands import add_folders, find_command, is_terminal, parse_command, report_changes
from rag.errors import CorpusError, RagError
from rag.index.scope import Scope, parse_period
from rag.json_lines import answer_lines, write_record
from rag.pipeline import MOST_PASSAGES, USUAL_PASSAGES, Config, Pipeline
from rag.question.text import clean_question
from rag.review_commands import export_feedback
from rag.types import Answer, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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
    what = parser.add_argument_group("what to ask")
    add_folders(what)
    what.add_argument(
        "-k",
        type=parse_count,
        default=USUAL_PASSAGES,
        metavar="N",
        help=f"passages to read for each question, 1 to {MOST_PASSAGES} (default: %(default)s)",
    )
    what.add_argument("--since", type=parse_day, metavar="DATE", help="only articles of this day or later")
    what.add_argument("--until", type=parse_day, metavar="DATE", help="only articles of this day or earlier")
    what.add_argument(
        "--source",
        default="",
        metavar="GLOB",
        help="only articles whose publication, address or file matches, as *echo*",
    )
    models = parser.add_argument_group(
        "models (the only options that can use the network, and only if given a Hugging Face hub name)"
    )
    models.add_argument(
        "--reader",
        metavar="NAME_OR_PATH",
        help="a Hugging Face seq2seq model to use instead of the built-in reader",
    )
    models.add_argument(
        "--encoder",
        metavar="NAME_OR_PATH",
        help="a sentence-transformers model to use instead of the installed encoder",
    )
    add_page_options(parser.add_argument_group("the page"))
    parser.add_argument("--version", action="version", version=f"ask {__version__}")
    return parser


def add_page_options(page: argparse._ArgumentGroup) -> None:
    page.add_argument("--web", action="store_true", help="start the web page and print its address")
    page.add_argument("--host", metavar="ADDRESS", help="address to listen on (default: 127.0.0.1, this machine only)")
    page.add_argument(
        "--allow-host", metavar="NAME", action="append", default=[],
        help="a further name under which the page may be called, such as a proxy's; may be repeated",
    )  # fmt: skip
    page.add_argument("--port", type=parse_port, metavar="N", help="port (default: the first free port from 7860)")
    page.add_argument("--auth", metavar="USER:FILE", help="require a login; the password is the first line of FILE")
    page.add_argument("--mcp", action="store_true", help="also offer the page's endpoints to MCP clients")
    page.add_argument(
        "--data", type=Path, metavar="DIR", help="folder for feedback, key, examples (default: in your user data)"
    )
    page.add_argument(
        "--keep-answers", action="store_true", help="keep every answer for ask review, not only rated ones"
    )
    page.add_argument("--feedback", nargs="+", metavar=("export", "DIR"), help="deprecated; use: ask feedback export")


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


def main(argv: Sequence[str] | None = None) -> int:
    """Runs ``ask``; returns its exit status."""
    words = sys.argv[1:] if argv is None else list(argv)
    if find_command(words):
        return guard(parse_command(words))
    parser = build_parser()
    arguments = parser.parse_args(words)
    if arguments.batch is not None and (arguments.question or arguments.json):
        parser.error("--batch reads its questions from a file and always writes JSON: drop the question and --json")
    check_page_options(parser, arguments)
    return guard(lambda: run(arguments))


def guard(work: Callable[[], int]) -> int:
    """Runs ``work`` and returns the exit status. A :class:`RagError` is printed as one line."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        if sys.stdout is None:
            raise RagError("Standard output is closed: redirect it to a file or a terminal.")
        status = work()
        sys.stdout.flush()
    except RagError as error:
        print(f"ask: {printable(str(error))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    except OSError as error:
        return leave_output(error)
    return status


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


def leave_output(error: OSError) -> int:
    """Returns the exit status after a failed write. Redirects stdout so that the interpreter's final flush succeeds."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return 0
    print(f"ask: Cannot write the answer ({error.strerror}): free disk space or redirect the output.", file=sys.stderr)
    return 1


def run(arguments: argparse.Namespace) -> int:
    config = Config(
        arguments.corpus, arguments.index, arguments.encoder, arguments.reader, arguments.k, arguments.columns,
        arguments.store,
    )  # fmt: skip
    scope = Scope(arguments.since or "", arguments.until or "", arguments.source)
    if arguments.feedback:
        print("--feedback export will be removed in the next version: use ask feedback export.", file=sys.stderr)
        return export_feedback((*arguments.feedback, "feedback")[1], arguments.data)
    if arguments.web:
        from rag.page.hosts import LOOPBACK
        from rag.page.start import Serving, serve

        host, names = arguments.host or LOOPBACK[0], tuple(arguments.allow_host)
        more = (arguments.port, arguments.auth, arguments.mcp, arguments.data, arguments.keep_answers)
        serve(config, Serving(host, names, *more))
        return 0
    if arguments.batch is not None:
        with open_lines(arguments.batch) as lines:
            answer_lines(
                open_pipeline(config, scope),
                read_lines(lines, arguments.batch),
                sys.stdout,
                arriving=arguments.batch == "-",
            )
        return 0
    talks = not arguments.question and is_terminal(sys.stdin)
    if talks:
        converse(open_pipeline(config, scope), as_json=arguments.json)
        return 0
    # Reject an invalid question before the index is built or models are loaded.
    question = clean_question(read_question(arguments.question))
    show(open_pipeline(config, scope).ask(question), as_json=arguments.json)
    return 0


def read_question(words: Sequence[str]) -> str:
    """The question from the command line, or from standard input if there are no words or only a dash."""
    if words and list(words) != ["-"]:
        return " ".join(words)
    if sys.stdin is None:
        return ""
    return sys.stdin.buffer.read().decode("utf-8", errors="replace")


def open_lines(name: str) -> TextIO:
    if name == "-":
        if sys.stdin is None:
            raise CorpusError("Standard input is closed: give --batch a file.")
        return io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", errors="replace")
    try:
        return Path(name).open(encoding="utf-8-sig", errors="replace")
    except (OSError, ValueError) as error:
        raise CorpusError(
            f"Cannot read the batch file {name} ({getattr(error, 'strerror', None) or error}): give another file."
        ) from None


def read_lines(lines: TextIO, name: str) -> Iterator[str]:
    """Yields the lines. :raises CorpusError: if reading fails part-way."""
    try:
        yield from lines
    except OSError as error:
        raise CorpusError(f"Cannot read all of the batch file {name} ({error.strerror}): give another file.") from None


def open_pipeline(config: Config, scope: Scope) -> Pipeline:
    """Opens the pipeline and reports what changed in the index."""
    pipeline = Pipeline.open(config, progress=True)
    report_changes(pipeline.changes)
    return pipeline if scope.is_open else pipeline.within(scope)


def show(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        write_record(describe_answer(answer), sys.stdout)
        return
    colour = is_terminal(sys.stdout) and "NO_COLOR" not in os.environ
    width = min(100, shutil.get_terminal_size((100, 24)).columns)
    print(format_answer(answer, width=max(40, width), colour=colour))


def converse(pipeline: Pipeline, *, as_json: bool) -> None:
    """Runs a conversation on the terminal until Ctrl-D. An invalid question does not end it."""
    with suppress(ImportError):
        import readline  # noqa: F401 (adds line editing and history to input(), if available)

    print("Ask about the articles; follow-up questions are understood. Press Ctrl-D to quit.", file=sys.stderr)
    history: list[Turn] = []
    while True:
        try:
            print("\n> ", end="", file=sys.stderr, flush=True)
            question = input()
        except EOFError:
            print(file=sys.stderr)
            return
        if not question.strip():
            continue
        try:
            answer = pipeline.ask(question, history)
        except RagError as error:
            print(printable(str(error)), file=sys.stderr)
            continue
        if answer.standalone != answer.question:
            print(f"understood as: {printable(answer.standalone)}", file=sys.stderr)
        show(answer, as_json=as_json)
        history += [Turn("user", answer.standalone), Turn("assistant", answer.said)]


if __name__ == "__main__":
    sys.exit(main())
