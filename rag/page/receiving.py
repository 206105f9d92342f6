"""What is left of uploads that ended early: the browser went away, or the disk of the temporary folder is full.

Gradio writes what it receives to temporary files, and deletes them after some errors only.
"""

from __future__ import annotations

import errno
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.requests import Request

FULL = "The disk of the machine that runs this page is full: make room there, then add the files again."


@dataclass(slots=True)
class Receiving:
    """Counts the uploads that are being received.

    :param folder: Gradio's folder for them, which no other process uses.
    """

    folder: Path
    running: int = 0

    @contextmanager
    def receive(self) -> Iterator[None]:
        """Around one upload. When none is running, a temporary file that still has its first name is a leftover."""
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1
            if not self.running:
                self._clean()

    def _clean(self) -> None:
        with suppress(OSError):
            for path in self.folder.glob(f"{tempfile.gettempprefix()}*"):
                if path.is_file() and not path.is_symlink():
                    path.unlink(missing_ok=True)


async def refuse_write(_request: Request, error: Exception) -> PlainTextResponse:
    """The response to a request whose data finds no room on the disk.

    :raises Exception: the given one, if that is not the reason.
    """
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return PlainTextResponse(FULL, 507)
    raise error
