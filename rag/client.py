"""The command ``ask``: a running ``ask serve`` answers, if there is one for these articles; otherwise ``ask`` does.

Everything else is imported only when no server answers.
"""

from __future__ import annotations

import io
import os
import socket
import sys

from rag.machine.sockets import (
    MOST_ASKED,
    PATIENCE,
    SUFFIX,
    check_peer,
    encode_message,
    is_private,
    locate_sockets,
    receive_messages,
    stamp_code,
)
from rag.machine.streams import replace_unprintable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def main(argv: Sequence[str] | None = None) -> int:
    """Runs ``ask``; returns its exit status."""
    words = sys.argv[1:] if argv is None else list(argv)
    sockets = find_servers()
    status = ask_servers(sockets, words) if sockets else None
    if status is not None:
        return status
    from rag.cli import main as run

    return run(words)


def find_servers() -> list[str]:
    """The sockets of this user's servers of this version."""
    folder = locate_sockets()
    if folder is None or not is_private(folder):
        return []
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(SUFFIX))
        stamp = stamp_code() if names else ""
    except OSError:
        return []
    return [os.path.join(folder, name) for name in names if name.startswith(stamp)]


def ask_servers(sockets: list[str], words: list[str]) -> int | None:
    """Asks one server after the other. Returns the exit status, or None if all refuse or fail.

    Text that was read from standard input is put back.
    """
    if sys.stdout is None:
        return None
    replace_unprintable()
    request = describe_request(words)
    try:
        for path in sockets:
            message = exchange(path, request)
            if "stdin" in message and request["stdin"] is None:
                read = sys.stdin.buffer.read() if sys.stdin else b""
                sys.stdin = io.TextIOWrapper(io.BytesIO(read))
                request["stdin"] = read.decode("utf-8", errors="replace")
                message = exchange(path, request)
            if isinstance(text := message.get("done"), str):
                return write_answer(text)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    return None


def describe_request(words: list[str]) -> dict[str, Any]:
    """The command line, and everything else that the output depends on."""
    terminals = [stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)]
    columns = 100
    if terminals[1] or "COLUMNS" in os.environ:
        import shutil  # takes as long as all other imports here

        columns = shutil.get_terminal_size((100, 24)).columns
    try:
        here = os.getcwd()
    except OSError:  # it was removed
        here = ""
    colour = terminals[1] and "NO_COLOR" not in os.environ
    shown = {"columns": columns, "colour": colour, "progress": terminals[2]}
    return {"words": words, "here": here, "stdin": None, "typed": terminals[0], **shown}


def exchange(path: str, request: dict[str, Any]) -> dict[str, Any]:
    """The last message of a server: "done" with the answer, "stdin" if it needs the input; empty if it does not answer.

    What it says before, such as the progress of an update, is written to stderr.
    """
    line = encode_message(request)
    if len(line) > MOST_ASKED:
        return {}
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(path)
            check_peer(connection)
            connection.sendall(line)
            for message in receive_messages(connection):
                if isinstance(said := message.get("said"), str) and sys.stderr:
                    sys.stderr.write(said)
                    sys.stderr.flush()
                if "done" in message or "stdin" in message or "refused" in message:
                    return message
    except (OSError, ValueError):
        pass
    return {}


def write_answer(text: str) -> int:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        from rag.cli import leave_output

        return leave_output(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
