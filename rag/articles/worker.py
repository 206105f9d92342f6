"""The other side of :mod:`rag.articles.confined`: reads files from standard input and writes their articles."""

from __future__ import annotations

import json
import os
import sys
import threading
from contextlib import suppress
from dataclasses import asdict

from rag.articles.columns import Columns
from rag.articles.converters import convert
from rag.articles.raw import FormatError

IDLE_SECONDS = 60
MOST_MEMORY = 2_000_000_000
"""Bytes of address space."""
MOST_TEXT = 20_000_000
"""Characters of one file's articles. Chosen by hand; a few megabytes of an archive can hold gigabytes of spaces."""


def serve() -> None:
    """Answer requests until standard input ends or none comes for a while.

    A request is a line of JSON, ``[suffix, size, columns]``, and as many bytes. The reply is a line of JSON.
    """
    _limit_resources()
    while line := _read_line():
        suffix, size, columns = json.loads(line)
        reply = _convert(suffix, sys.stdin.buffer.read(size), Columns(**columns))
        sys.stdout.buffer.write(json.dumps(reply).encode() + b"\n")
        sys.stdout.buffer.flush()


def _read_line() -> bytes:
    timer = threading.Timer(IDLE_SECONDS, os._exit, [0])
    timer.start()
    try:
        return sys.stdin.buffer.readline()
    finally:
        timer.cancel()


def _convert(suffix: str, data: bytes, columns: Columns) -> dict[str, object]:
    """The articles and the note, or the error; an empty error if a library failed in a way of its own."""
    try:
        converted = convert(suffix, data, columns)
    except FormatError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": "It needs too much memory to read: split it."}
    except Exception:  # the libraries raise anything on damaged files
        return {"error": ""}
    if sum(len(one.text) + len(one.title) + len(one.author) for one in converted.articles) > MOST_TEXT:
        return {"error": f"It holds more than {MOST_TEXT // 1_000_000} MB of text: split it."}
    return {"articles": [asdict(article) for article in converted.articles], "note": converted.note}


def _limit_resources() -> None:
    """Limit memory, and forbid writing files, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    limits = {resource.RLIMIT_AS: MOST_MEMORY, resource.RLIMIT_FSIZE: 0, resource.RLIMIT_CORE: 0}
    for name, limit in limits.items():
        with suppress(OSError, ValueError):  # macOS has no limit on memory
            resource.setrlimit(name, (limit, limit))
