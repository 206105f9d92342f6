"""The local sockets on which ``ask serve`` listens: where they are, whose they are, and lines of JSON over them.

``ask`` imports this before it knows that there is a server. So only modules that are quick to import are used here.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import stat
import struct
import sys
import time

from rag import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

SUFFIX = ".sock"
MOST_ASKED = 1 << 16
"""Bytes of a request. A question has at most 2,000 characters."""
MOST_TOLD = 1 << 24
"""Bytes of one message of the server."""
PATIENCE = 5.0
"""Seconds without a message after which the other side is given up."""
SETTINGS = (
    "HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "OMP_NUM_THREADS", "TZ",
    "ASK_STORE_KEY",
)  # fmt: skip
"""Environment variables on which an answer, its date, its corrections or the access to its index may depend."""


def locate_sockets() -> str | None:
    """The folder for sockets: the user's runtime folder, otherwise the cache. None if this system has no such sockets.

    The path is short, because a socket's path has at most about 100 bytes.
    """
    if not hasattr(socket, "AF_UNIX"):
        return None
    home = os.environ.get("XDG_RUNTIME_DIR") or os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(home, "ask-articles", "serve") if os.path.isabs(home) else None


def is_private(folder: str) -> bool:
    """Whether a folder is this user's and closed to all others."""
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077


def stamp_code() -> str:
    """A hash, in hex, of the product's files, the other installed packages, Python and :data:`SETTINGS`."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    # A set, because the folder in which Python was started is on the path too.
    installed = sorted({path for path in sys.path if path.endswith(("site-packages", "dist-packages"))})
    told = (
        (__version__, sys.version, sys.prefix, [os.environ.get(name) for name in SETTINGS]),
        [(path, os.stat(path).st_mtime_ns) for path in installed if os.path.isdir(path)],
        stamp_files(package),
    )
    return hashlib.sha256(repr(told).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def stamp_files(folder: str) -> list[tuple[str, int, int]]:
    """(path, time of the last change, size) of each file in a folder and its subfolders, except compiled modules."""
    found, folders = [], [folder]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    folders += [entry.path] if entry.name != "__pycache__" else []
                else:
                    known = entry.stat()
                    found.append((entry.path, known.st_mtime_ns, known.st_size))
    return sorted(found)


def check_peer(connection: socket.socket) -> None:
    """:raises OSError: if the other side is another user's process, on systems that tell."""
    if hasattr(socket, "SO_PEERCRED"):
        told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        if struct.unpack("3i", told)[1] != os.getuid():
            raise PermissionError("another user's process")


def encode_message(message: dict[str, Any]) -> bytes:
    """A message as one line of JSON."""
    return json.dumps(message).encode("ascii") + b"\n"


def receive_request(connection: socket.socket) -> Any:
    """The first line, as JSON.

    :raises OSError: if it does not come within :data:`PATIENCE` seconds.
    :raises ValueError: if it is too long or not JSON.
    """
    until, data = time.monotonic() + PATIENCE, b""
    while b"\n" not in data:
        connection.settimeout(max(until - time.monotonic(), 0.001))
        part = connection.recv(MOST_ASKED)
        data += part
        if not part or len(data) > MOST_ASKED:
            raise ValueError("not one line")
    connection.settimeout(PATIENCE)
    return parse_line(data.partition(b"\n")[0])


def receive_messages(connection: socket.socket) -> Iterator[dict[str, Any]]:
    """The messages of a server, one line of JSON each, until it ends.

    :raises OSError: if none comes within the connection's time limit.
    :raises ValueError: if one is too long or not an object.
    """
    with connection.makefile("rb") as lines:
        while line := lines.readline(MOST_TOLD):
            message = parse_line(line)
            if not isinstance(message, dict):
                raise ValueError("not an object")
            yield message


def parse_line(line: bytes) -> Any:
    """:raises ValueError: if it is not JSON."""
    try:
        return json.loads(line)
    except RecursionError as error:
        raise ValueError("too deep") from error
