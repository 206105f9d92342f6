"""``ask serve``: a process that keeps index and models loaded, and answers for ``ask`` on a local socket.

It answers only questions that it answers exactly as ``ask`` would: single questions over the same folders with the same
models. It refuses everything else, including errors, and ``ask`` then goes on by itself.
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import socket
import time
from concurrent import futures
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from rag.answers.rendering import View, printable, render_answer
from rag.errors import RagError
from rag.index.meter import Meter, write_error
from rag.index.scope import describe_undated
from rag.machine.folders import find_folder
from rag.machine.sockets import (
    PATIENCE,
    SUFFIX,
    check_peer,
    encode_message,
    is_private,
    locate_sockets,
    receive_request,
    stamp_code,
    stamp_files,
)
from rag.options import (
    add_folders,
    add_models,
    build_parser,
    choose_config,
    choose_scope,
    find_command,
    make_config,
    read_arguments,
)
from rag.pipeline import Config, Pipeline, locate_folders
from rag.question.text import clean_question
from rag.review_commands import open_corrections

if TYPE_CHECKING:
    from collections.abc import Callable

IDLE_MINUTES = 30.0
BEAT = 1.0
"""Seconds between two signs of life while an answer is awaited."""
MOST_CLIENTS = 32
"""Connections at a time. More are closed at once, and ``ask`` then answers by itself."""
_REFUSED = {"refused": True}


class ServeError(RagError):
    """The server cannot be started."""


class _Left(Exception):  # noqa: N818 (nothing went wrong)
    """Nobody waits for the answer any more."""


def build_serve_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ask serve",
        description="Keeps the index and the models loaded, so that ask answers at once. ask finds it by itself, but "
        "never needs it. It serves only the same user, version, folders and models.",
    )
    add_folders(parser)
    add_models(parser)
    parser.add_argument(
        "--idle",
        type=parse_minutes,
        default=IDLE_MINUTES,
        metavar="MINUTES",
        help="end after so many minutes without a question (default: %(default)g)",
    )
    parser.set_defaults(run=serve_questions)
    return parser


def parse_minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = math.nan
    if not 0 < minutes < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of minutes")
    return minutes


def serve_questions(given: argparse.Namespace) -> int:
    """Serves until Ctrl-C, or until nobody has asked for some time. Returns the exit status.

    :raises RagError: for anything the user can fix.
    """
    stamp = stamp_code()
    config = replace(make_config(given), encoder=given.encoder, reader=given.reader)
    try:
        home = Path.cwd()
    except OSError:
        raise ServeError("The current folder is gone: change to another one.") from None
    identity = identify(config, home)
    path = (
        open_folder() / f"{stamp}-{sha256(repr(identity).encode('utf-8', 'surrogateescape')).hexdigest()[:8]}{SUFFIX}"
    )
    if is_served(path):
        raise ServeError("ask serve already runs for these articles: end it with Ctrl-C, or go on using it.")
    pipeline = Pipeline.open(config, progress=True)
    for line in pipeline.changes.describe():
        write_error(f"{printable(line)}\n")
    pipeline.ask("Is everything loaded?")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    server = Server(pipeline, config, home)
    with listen(path) as listening:
        mine = path.stat().st_ino
        write_error(f"Ready: ask uses this process. It ends after {given.idle:g} minutes without a question; ")
        write_error("press Ctrl-C to end it now.\n")
        try:
            server.run(listening, given.idle * 60)
        finally:
            with suppress(OSError):  # another server may have taken its place
                if path.stat().st_ino == mine:
                    path.unlink()
            server.close()
    write_error(f"Ended after {given.idle:g} minutes without a question.\n")
    return 0


def open_folder() -> Path:
    """The folder for sockets, which is made if necessary.

    :raises ServeError: if this system has no such sockets, or the folder is open to other users.
    """
    name = locate_sockets()
    if name is None:
        raise ServeError("ask serve needs Unix sockets and a home folder: use ask without it.")
    folder = Path(name)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ServeError(f"{folder} cannot be made ({error.strerror}): set XDG_RUNTIME_DIR to a folder.") from None
    if not is_private(name):
        raise ServeError(f"{folder} is open to other users: remove it, or run chmod 700 on it.")
    return folder


def is_served(path: Path) -> bool:
    """Whether a server listens there."""
    with socket.socket(socket.AF_UNIX) as connection, suppress(OSError):
        connection.settimeout(PATIENCE)
        connection.connect(str(path))
        return True
    return False


def listen(path: Path) -> socket.socket:
    """Listens on a socket that takes the place of one that a killed server left.

    :raises ServeError: if it cannot be made.
    """
    made = socket.socket(socket.AF_UNIX)
    beside = path.with_suffix(f".{os.getpid()}")
    try:
        beside.unlink(missing_ok=True)
        made.bind(str(beside))
        made.listen(MOST_CLIENTS)
        beside.replace(path)
    except OSError as error:
        made.close()
        raise ServeError(f"The socket {path} cannot be made ({error}): set XDG_RUNTIME_DIR to a short path.") from None
    return made


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sends.

    :param words: its command line.
    :param here: its folder.
    :param stdin: the text on its standard input; None if it has not been read.
    :param typed: whether a person types there.
    :param columns: of its terminal.
    :param progress: whether it shows progress on a terminal.
    """

    words: list[str]
    here: str
    stdin: str | None
    typed: bool
    columns: int
    colour: bool
    progress: bool


def parse_request(values: Any) -> Request:
    """:raises ValueError: for anything that ``ask`` does not send."""
    try:
        request = Request(**values)
    except TypeError:
        raise ValueError("not a request") from None
    words, kinds = request.words, (request.typed, request.colour, request.progress)
    texts = isinstance(words, list) and all(isinstance(text, str) for text in (*words, request.here))
    if not texts or not isinstance(request.stdin, (str, type(None))) or not isinstance(request.columns, int):
        raise ValueError("not a request")
    if not all(isinstance(value, bool) for value in kinds) or not Path(request.here).is_absolute():
        raise ValueError("not a request")
    return request


def identify(config: Config, here: Path) -> tuple[Any, ...]:
    """All that must be the same for an answer to be the same, except the question, its filters and the articles.

    :param here: the folder in which ``ask`` was called.
    :raises RagError: if there is no such corpus.
    """
    corpus, index = (None if path is None else here / path.expanduser() for path in (config.corpus, config.index))
    only_read = config.store is not None and corpus is None
    folders = () if only_read else locate_folders(replace(config, corpus=corpus, index=index), here)
    models = [identify_model(name, here) for name in (config.encoder, config.reader)]
    return (*(str(folder.resolve()) for folder in folders), config.store, *models, config.columns)


def identify_model(name: str | None, here: Path) -> Any:
    """A model's folder with the times of its files, or its name on the hub."""
    folder = None if name is None else find_folder(str(here / Path(name).expanduser()))
    return name if folder is None else stamp_files(str(folder.resolve()))


class Talk:
    """What one client is told."""

    def __init__(self, connection: socket.socket, ended: Event) -> None:
        self._connection = connection
        self._ended = ended
        self._sending = Lock()
        self.left = False

    def send(self, message: dict[str, Any]) -> None:
        """:raises _Left: if the client is gone, or does not read."""
        try:
            with self._sending:
                self._connection.sendall(encode_message(message))
        except OSError:
            self.left = True
            raise _Left from None

    def say(self, text: str) -> None:
        """Writes to the client's stderr. :raises _Left: as in :meth:`send`."""
        self.send({"said": text})

    def check(self, *_: object) -> None:
        """:raises _Left: if nobody waits for the answer."""
        if self.left or self._ended.is_set():
            raise _Left


class Server:
    """Answers clients one after the other.

    :param config: what the pipeline was opened with.
    :param home: the folder in which it was.
    """

    def __init__(self, pipeline: Pipeline, config: Config, home: Path) -> None:
        self._pipeline = pipeline
        self._config = config
        self._home = home
        self._identity = identify(config, home)
        self._parser = build_parser()
        self._parser._print_message = lambda *_: None  # type: ignore[method-assign]
        self._worker = futures.ThreadPoolExecutor(1, thread_name_prefix="answer")
        self._ended = Event()
        self._counting = Lock()
        self._clients = 0
        self._asked = time.monotonic()

    def run(self, listening: socket.socket, idle: float) -> None:
        """Answers until it is closed, or nobody has asked for ``idle`` seconds."""
        self._asked = time.monotonic()
        while (left := self._asked + idle - time.monotonic()) > 0 or self._clients:
            if self._ended.is_set():
                return
            listening.settimeout(min(max(left, 0.05), 1.0))
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            except OSError:  # too many open files
                time.sleep(0.1)
                continue
            with self._counting:
                free = self._clients < MOST_CLIENTS
                self._clients += free
            if free:
                Thread(target=self._serve, args=(connection,), daemon=True).start()
            else:
                connection.close()

    def close(self) -> None:
        """Ends what is still being answered before its next stage."""
        self._ended.set()
        self._worker.shutdown(cancel_futures=True)
        self._pipeline.close()

    def _serve(self, connection: socket.socket) -> None:
        """Serves one client, in a thread of its own. Nothing that the client sends is an error of the server."""
        try:
            with connection, suppress(OSError, ValueError, _Left):
                check_peer(connection)
                request = parse_request(receive_request(connection))
                talk = Talk(connection, self._ended)
                answering = self._worker.submit(self._answer, request, talk)
                try:
                    talk.send(wait_for(answering, lambda: talk.send({"beat": True})))
                finally:
                    answering.cancel()
        finally:
            with self._counting:
                self._clients -= 1

    def _answer(self, request: Request, talk: Talk) -> dict[str, Any]:
        """Runs in the worker. The answer, or a refusal."""
        try:
            talk.check()
            return self._answer_words(request, talk)
        except (RagError, SystemExit, ValueError, RuntimeError, OSError):
            return _REFUSED  # ask says what is wrong
        finally:
            self._asked = time.monotonic()

    def _answer_words(self, request: Request, talk: Talk) -> dict[str, Any]:
        """Does what :func:`rag.cli.run` does for a question.

        :raises SystemExit: for a command line that is wrong, or asks for help.
        :raises RagError: for what ``ask`` reports as an error.
        """
        if find_command(request.words):
            return _REFUSED
        arguments = read_arguments(self._parser, request.words)
        config = choose_config(arguments)
        if arguments.web or arguments.batch is not None or arguments.feedback:
            return _REFUSED
        if not arguments.question and request.typed:
            return _REFUSED
        # The files of models may have changed since this process loaded them.
        if not self._identity == identify(self._config, self._home) == identify(config, Path(request.here)):
            return _REFUSED
        reads = not arguments.question or arguments.question == ["-"]
        if reads and request.stdin is None:
            return {"stdin": True}
        question = clean_question(request.stdin or "" if reads else " ".join(arguments.question))
        self._renew(Meter(talk.say, terminal=request.progress), talk)
        memory = None if config.fresh else self._pipeline.memory
        data = None if arguments.data is None else Path(request.here) / arguments.data
        corrections = None if arguments.no_corrections else open_corrections(data, talk.say)
        asked = replace(self._pipeline, k=config.k, memory=memory, corrections=corrections)
        asked = asked.within(choose_scope(arguments))
        if said := describe_undated(asked.index.undated):
            talk.say(f"{said}\n")
        answer = asked.ask(question, (), talk.check)
        return {"done": render_answer(answer, View(arguments.json, request.columns, request.colour)) + "\n"}

    def _renew(self, meter: Meter, talk: Talk) -> None:
        """Brings the index up to date, and says what changed."""

        def tell(done: int, passages: int) -> None:
            talk.check()
            meter(done, passages)

        before, after = self._pipeline, self._pipeline.renewed(tell)
        if after.index.state == before.index.state:
            after.index.close()
            after = replace(before, changes=after.changes)
        else:
            before.close()
        self._pipeline = after
        for line in after.changes.describe():
            talk.say(f"{printable(line)}\n")


def wait_for(answering: futures.Future[dict[str, Any]], beat: Callable[[], None]) -> dict[str, Any]:
    """The result, with a sign of life every :data:`BEAT` seconds until then. An exception of the work is a refusal."""
    while True:
        try:
            return answering.result(BEAT)
        except futures.TimeoutError:
            beat()
        except _Left:
            raise
        except futures.CancelledError:  # the server ends
            return _REFUSED
        except Exception as error:
            write_error(
                f"ask serve: a question could not be answered ({type(error).__name__}); ask answered it by itself.\n"
            )
            return _REFUSED
