"""The ``ask`` command. Answers go to stdout, all other messages to stderr."""

from __future__ import annotations

import io
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rag.answers.rendering import View, printable, render_answer
from rag.commands import is_terminal, parse_command, report_changes
from rag.errors import CorpusError, RagError
from rag.json_lines import answer_lines
from rag.machine.streams import replace_unprintable
from rag.options import build_parser, choose_config, choose_scope, find_command, read_arguments
from rag.pipeline import Pipeline
from rag.question.text import clean_question
from rag.review_commands import export_feedback, open_corrections
from rag.types import Answer, Turn

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from rag.index.scope import Scope
    from rag.pipeline import Config
    from rag.types import Corrections


def main(argv: Sequence[str] | None = None) -> int:
    """Runs ``ask``; returns its exit status."""
    words = sys.argv[1:] if argv is None else list(argv)
    if find_command(words):
        return guard(parse_command(words))
    arguments = read_arguments(build_parser(), words)
    return guard(lambda: run(arguments))


def guard(work: Callable[[], int]) -> int:
    """Runs ``work`` and returns the exit status. A :class:`RagError` is printed as one line."""
    replace_unprintable()
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


def leave_output(error: OSError) -> int:
    """Returns the exit status after a failed write. Redirects stdout so that the interpreter's final flush succeeds."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return 0
    print(f"ask: Cannot write the answer ({error.strerror}): free disk space or redirect the output.", file=sys.stderr)
    return 1


def run(arguments: argparse.Namespace) -> int:
    config, scope = choose_config(arguments), choose_scope(arguments)
    if arguments.feedback:
        print("--feedback export will be removed in the next version: use ask feedback export.", file=sys.stderr)
        return export_feedback((*arguments.feedback, "feedback")[1], arguments.data)
    if arguments.web:
        from rag.page.hosts import LOOPBACK
        from rag.page.start import Serving, serve

        host, names = arguments.host or LOOPBACK[0], tuple(arguments.allow_host)
        more = (arguments.port, tuple(arguments.auth), arguments.mcp, arguments.data, arguments.keep_answers)
        serve(config, Serving(host, names, *more, corrects=not arguments.no_corrections))
        return 0
    corrections = None if arguments.no_corrections else open_corrections(arguments.data)
    if arguments.batch is not None:
        with open_lines(arguments.batch) as lines:
            answer_lines(
                open_pipeline(config, scope, corrections),
                read_lines(lines, arguments.batch),
                sys.stdout,
                arriving=arguments.batch == "-",
            )
        return 0
    talks = not arguments.question and is_terminal(sys.stdin)
    if talks:
        converse(open_pipeline(config, scope, corrections), as_json=arguments.json)
        return 0
    # Reject an invalid question before the index is built or models are loaded.
    question = clean_question(read_question(arguments.question))
    show(open_pipeline(config, scope, corrections).ask(question), as_json=arguments.json)
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


def open_pipeline(config: Config, scope: Scope, corrections: Corrections | None = None) -> Pipeline:
    """Opens the pipeline and reports what changed in the index."""
    pipeline = Pipeline.open(config, progress=True, corrections=corrections)
    report_changes(pipeline.changes)
    return pipeline.within(scope)


def show(answer: Answer, *, as_json: bool) -> None:
    colour = is_terminal(sys.stdout) and "NO_COLOR" not in os.environ
    view = View(as_json, shutil.get_terminal_size((100, 24)).columns, colour)
    print(render_answer(answer, view))


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
