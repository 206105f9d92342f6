"""Converts files of complicated formats in a process of its own.

The libraries for them are large, partly written in C, and read what strangers wrote. The process has limits on time and
memory and cannot write files. If it hangs or crashes, one file is skipped, and the next one gets a new process.
"""

from __future__ import annotations

import atexit
import json
import sys
import threading
import time
from concurrent import futures
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.articles.raw import Converted, FormatError, RawArticle

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from rag.articles.columns import Columns

    Check = Callable[[], object]

SECONDS = 25
"""Time for one file. Chosen by hand: a page takes about 0.1 s, a book of 1,000 pages a few."""
STEP = 0.1
"""Seconds between two checks whether the file is still wanted."""
_LONGEST_REPLY = 200_000_000
_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from rag.articles.worker import serve; serve()"
_TOO_SLOW = f"It takes longer than {SECONDS} seconds to read: split it, or save its articles as text."
_CRASHED = "It is damaged or not what its name says: open it with the program that made it and save it again."


def ignore() -> None:
    """A check that never ends a conversion."""


class _Worker:
    """A process that runs :func:`rag.articles.worker.serve`, started for the first file. It ends when it is idle."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # PDFium must not be used by several threads
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.stop)

    def ask(self, head: list[object], data: bytes, check: Check) -> bytes:
        """The reply to one file, a line of JSON; empty if the process crashed.

        :param head: of the request: suffix, size and columns.
        :param check: as in :func:`convert_confined`.
        :raises FormatError: if it takes too long.
        """
        request = json.dumps(head).encode() + b"\n" + data
        with self._lock:
            for _ in range(2):  # twice, because an idle process may just have ended
                if reply := self._ask_once(request, check):
                    return reply
        return b""

    def _ask_once(self, request: bytes, check: Check) -> bytes:
        process, reply = self._process or self._start(), b""
        # Another thread waits, because not all systems can read a pipe with a time limit.
        found: futures.Future[bytes] = futures.Future()
        threading.Thread(target=_exchange, args=(process, request, found), daemon=True).start()
        try:
            reply = _wait(found, check)
        finally:
            if not reply.endswith(b"\n"):  # also if this thread is interrupted: the reply would answer the next file
                self.stop()
        return reply if reply.endswith(b"\n") else b""

    def _start(self) -> subprocess.Popen[bytes]:
        import subprocess

        # Isolated, so that no module is imported from the working directory, which may be the folder of articles.
        command = [sys.executable, "-I", "-c", _START, json.dumps(sys.path)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
        return self._process

    def stop(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):  # closing a pipe writes what is left
                    pipe.close()  # type: ignore[union-attr]


def _exchange(process: subprocess.Popen[bytes], request: bytes, found: futures.Future[bytes]) -> None:
    """Sends a request and reads the reply. The reply is empty or incomplete if the process has ended."""
    reply = b""
    with suppress(OSError, ValueError):  # the pipes are closed
        process.stdin.write(request)  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]
        reply = process.stdout.readline(_LONGEST_REPLY)  # type: ignore[union-attr]
    found.set_result(reply)


def _wait(found: futures.Future[bytes], check: Check) -> bytes:
    """:raises FormatError: if it takes too long."""
    end = time.monotonic() + SECONDS
    while (left := end - time.monotonic()) > 0:
        with suppress(futures.TimeoutError):
            return found.result(min(STEP, left))
        check()
    raise FormatError(_TOO_SLOW)


_WORKER = _Worker()


def convert_confined(suffix: str, data: bytes, columns: Columns, check: Check = ignore) -> Converted:
    """Convert a file in the other process.

    :param suffix: of the file's name, in lower case.
    :param check: called every :data:`STEP` seconds until then. An exception from it ends the process.
    :raises FormatError: if it cannot be converted, takes too long or crashes the process.
    """
    try:
        reply = _WORKER.ask([suffix, len(data), columns.named()], data, check)
    except OSError as error:
        raise FormatError(f"It cannot be converted ({error.strerror}): free memory and try again.") from error
    if not reply:
        raise FormatError(_CRASHED)
    said = json.loads(reply)
    if "error" in said:
        raise FormatError(said["error"] or _CRASHED)
    articles = (RawArticle(**article) for article in said["articles"])
    pages = ((one, tuple((start, number) for start, number in one.pages)) for one in articles)
    return Converted(tuple(replace(one, pages=found) for one, found in pages), said["note"])
