"""``ask``: questions in, answers on stdout, everything else on stderr."""

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
from rag.errors import CorpusError, RagError
from rag.json_lines import answer_lines, write_record
from rag.pipeline import MOST_PASSAGES, Config, Pipeline
from rag.question.text import clean_question
from rag.types import Answer, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

DESCRIPTION = """\
Answers questions from a folder of articles: the short answer, the sentence it was copied from, and the article
that sentence stands in. Where the articles hold no answer it says so. Everything runs on this machine.
"""

EXAMPLES = """\
examples:
  ask "what stake did Meta buy?"            the example articles in seeds/, from a checkout
  ask --corpus ~/articles who runs Acme     your own folder of .txt and .md files
  ask                                       a conversation; follow-up questions are understood
  echo "who founded Scale AI?" | ask -      the question comes from standard input
  ask --web                                 the same on a page in your browser, on this machine alone
  ask --json "what stake did Meta buy?"     one line of JSON with every offset
  ask --batch questions.jsonl > answers.jsonl
  ask feedback export my-gold               a command; "ask -- feedback" asks about the word

batch lines:
  in   {"id": "q1", "question": "…", "history": [{"role": "user", "content": "…"}, …]}   (history is optional)
  out  what --json prints, one line for each, in order; {"id", "error"} where a line cannot be asked

The first question about a folder builds its index; later ones bring in only the files that changed.

exit status:
  0  answered, or said that the articles hold no answer
  1  an error; the message names the fix
  2  the command line was wrong
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
        "question", nargs="*", help="the question; - reads it from standard input; none starts a conversation"
    )
    how = parser.add_argument_group("how to ask")
    how.add_argument("--json", action="store_true", help="print the answer as one line of JSON")
    how.add_argument("--batch", metavar="FILE", help="answer every line of a JSON Lines file; - is standard input")
    what = parser.add_argument_group("what to ask")
    what.add_argument(
        "--corpus", type=Path, metavar="DIR", help="folder of articles; in a checkout its seeds/ unless given"
    )
    what.add_argument(
        "--index",
        type=Path,
        metavar="DIR",
        help="folder of the index; unless given, index/ for a checkout's seeds/, else the user's cache",
    )
    what.add_argument(
        "-k",
        type=parse_count,
        default=10,
        metavar="N",
        help=f"passages to read for each question, 1 to {MOST_PASSAGES} (default: %(default)s)",
    )
    models = parser.add_argument_group(
        "models (the only options that may use the network, and only where a hub's name is given)"
    )
    models.add_argument(
        "--reader",
        metavar="NAME_OR_PATH",
        help="a Hugging Face seq2seq model in place of the built-in reader",
    )
    models.add_argument(
        "--encoder",
        metavar="NAME_OR_PATH",
        help="a sentence-transformers model in place of the installed one",
    )
    add_page_options(parser.add_argument_group("the page"))
    parser.add_argument("--version", action="version", version=f"ask {__version__}")
    return parser


def add_page_options(page: argparse._ArgumentGroup) -> None:
    page.add_argument("--web", action="store_true", help="start the page for the browser, and print its address")
    page.add_argument("--host", metavar="ADDRESS", help="where it listens (default: 127.0.0.1, this machine alone)")
    page.add_argument(
        "--port", type=parse_port, metavar="N", help="its port (default: the first that is free from 7860 on)"
    )
    page.add_argument("--auth", metavar="USER:FILE", help="who may come in; the password is FILE's first line")
    page.add_argument("--mcp", action="store_true", help="offer its endpoints to MCP clients as well")
    page.add_argument(
        "--data", type=Path, metavar="DIR", help="what it keeps: feedback, key, examples; else in the user's data"
    )
    page.add_argument("--feedback", nargs="+", metavar=("export", "DIR"), help="the old form of: ask feedback export")


def build_feedback_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ask feedback", description="What people thought of answers on the page.")
    export = parser.add_subparsers(dest="what", required=True).add_parser(
        "export", help="write it as gold candidates for eval"
    )
    export.add_argument("folder", nargs="?", default="feedback", metavar="DIR", help="where (default: feedback/)")
    export.add_argument("--data", type=Path, metavar="DIR", help="what the page keeps; else in the user's data")
    return parser


COMMANDS = {"feedback": ("export",)}
"""First words that are commands, and what may follow them. All else is a question."""


def find_command(words: Sequence[str]) -> str | None:
    """The command that a command line begins with: "feedback" alone or before "export", not "feedback was good?"."""
    if not words or words[0] not in COMMANDS:
        return None
    follows = words[1:2]
    return words[0] if not follows or follows[0] in (*COMMANDS[words[0]], "-h", "--help") else None


def parse_count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_PASSAGES:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {MOST_PASSAGES}")
    return int(text)


def parse_port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 65535")
    return int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs ``ask``; returns its exit status."""
    words = sys.argv[1:] if argv is None else list(argv)
    if find_command(words):
        given = build_feedback_parser().parse_args(words[1:])
        return guard(lambda: export_feedback(given.folder, given.data))
    parser = build_parser()
    arguments = parser.parse_args(words)
    if arguments.batch is not None and (arguments.question or arguments.json):
        parser.error("--batch takes its questions from the file and always writes JSON: leave the rest out")
    check_page_options(parser, arguments)
    return guard(lambda: run(arguments))


def guard(work: Callable[[], int]) -> int:
    """The exit status of some work; an error that a user can mend is one sentence."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        if sys.stdout is None:
            raise RagError("Standard output is closed: give ask somewhere to write to.")
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
    """Ends with a usage error for options that do not go together."""
    asks = arguments.question or arguments.json or arguments.batch is not None
    if asks and (arguments.web or arguments.feedback):
        parser.error("--web and --feedback take no question: leave it out")
    if not arguments.web and (arguments.host or arguments.port or arguments.auth or arguments.mcp):
        parser.error("--host, --port, --auth and --mcp belong to --web: add it")
    if arguments.feedback and (arguments.feedback[0] != "export" or len(arguments.feedback) > 2):
        parser.error("--feedback wants: export, and perhaps a folder")


def leave_output(error: OSError) -> int:
    """Standard output takes no more; the interpreter must not try to flush into it on its way out."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return 0
    print(f"ask: The answer cannot be written ({error.strerror}): make room, or name another place.", file=sys.stderr)
    return 1


def run(arguments: argparse.Namespace) -> int:
    config = Config(arguments.corpus, arguments.index, arguments.encoder, arguments.reader, arguments.k)
    if arguments.feedback:
        print("--feedback export is now: ask feedback export; this form goes with the next version.", file=sys.stderr)
        return export_feedback((*arguments.feedback, "feedback")[1], arguments.data)
    if arguments.web:
        from rag.page.start import LOOPBACK, Serving, serve

        host = arguments.host or LOOPBACK[0]
        serve(config, Serving(host, arguments.port, arguments.auth, arguments.mcp, arguments.data))
        return 0
    if arguments.batch is not None:
        with open_lines(arguments.batch) as lines:
            answer_lines(open_pipeline(config), read_lines(lines, arguments.batch), sys.stdout)
        return 0
    talks = not arguments.question and is_terminal(sys.stdin)
    if talks:
        converse(open_pipeline(config), as_json=arguments.json)
        return 0
    # What cannot be asked is said before anything is built or loaded.
    question = clean_question(read_question(arguments.question))
    show(open_pipeline(config).ask(question), as_json=arguments.json)
    return 0


def export_feedback(folder: str, data: Path | None) -> int:
    """Writes the gold candidates, and says what was written where."""
    from rag.page.candidates import write_candidates
    from rag.page.feedback import FeedbackStore
    from rag.page.userdata import UserData, default_folder

    place = Path(folder).expanduser()
    written = write_candidates(FeedbackStore(UserData(data or default_folder()).feedback), place)
    for name, lines in written.items():
        print(f"{printable(str(place / name))}: {lines} to read over", file=sys.stderr)
    if not written:
        print("Nobody has said anything yet that could become a gold question.", file=sys.stderr)
    return 0


def is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def read_question(words: Sequence[str]) -> str:
    """The words of the command line, or standard input for none or a dash."""
    if words and list(words) != ["-"]:
        return " ".join(words)
    if sys.stdin is None:
        return ""
    return sys.stdin.buffer.read().decode("utf-8", errors="replace")


def open_lines(name: str) -> TextIO:
    if name == "-":
        if sys.stdin is None:
            raise CorpusError("Standard input is closed: name a file with --batch.")
        return io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", errors="replace")
    try:
        return Path(name).open(encoding="utf-8-sig", errors="replace")
    except (OSError, ValueError) as error:
        raise CorpusError(
            f"The batch file {name} cannot be read ({getattr(error, 'strerror', None) or error}): name another."
        ) from None


def read_lines(lines: TextIO, name: str) -> Iterator[str]:
    """The lines, with a clear word where the file stops being readable."""
    try:
        yield from lines
    except OSError as error:
        raise CorpusError(f"The batch file {name} cannot be read on ({error.strerror}): name another.") from None


def open_pipeline(config: Config) -> Pipeline:
    """Opens the pipeline and says in one line what changed in the index."""
    pipeline = Pipeline.open(config, progress=is_terminal(sys.stderr))
    changes = pipeline.changes
    if summary := changes.summary():
        print(f"index: {printable(summary)}", file=sys.stderr)
    for skipped in changes.skipped:
        print(f"skipped {printable(skipped.document_id)}: {printable(skipped.reason)}", file=sys.stderr)
    for repeated, original in sorted(changes.duplicates.items()):
        print(f"{printable(repeated)} nearly repeats {printable(original)}", file=sys.stderr)
    return pipeline


def show(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        write_record(describe_answer(answer), sys.stdout)
        return
    colour = is_terminal(sys.stdout) and "NO_COLOR" not in os.environ
    width = min(100, shutil.get_terminal_size((100, 24)).columns)
    print(format_answer(answer, width=max(40, width), colour=colour))


def converse(pipeline: Pipeline, *, as_json: bool) -> None:
    """A conversation on the terminal until Ctrl-D; an error in one question does not end it."""
    with suppress(ImportError):
        import readline  # noqa: F401 (gives input() line editing and recall, where there is one)

    print("Ask about the articles; follow-up questions are understood. Ctrl-D ends.", file=sys.stderr)
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
