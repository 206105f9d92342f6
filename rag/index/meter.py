"""Shows how far an update of the index is: a line that changes on a terminal, and a line a minute elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 60.0
"""Between two lines where no person waits, such as in a log."""


class Meter:
    """Called with the numbers of passages encoded and to be encoded, or with 0 and 0 while articles are read.

    :param write: writes a text for the user; None for stderr.
    :param terminal: whether a terminal shows it; None to ask stderr.
    """

    def __init__(self, write: Callable[[str], object] | None = None, *, terminal: bool | None = None) -> None:
        self._began = self._wrote = time.monotonic()
        self._write = write or write_error
        self._terminal = sys.stderr is not None and sys.stderr.isatty() if terminal is None else terminal

    def __call__(self, done: int, passages: int) -> None:
        now = time.monotonic()
        said = describe_pace(done, passages, done / max(now - self._began, 1e-9)) if passages else "reading articles"
        if self._terminal:
            self._write(f"\r\x1b[K{said if done < passages or not passages else ''}")
        elif now - self._wrote >= SECONDS:
            self._wrote = now
            self._write(f"index: {said}\n")


def write_error(text: str) -> None:
    """Writes a text to stderr at once, if there is a stderr."""
    if sys.stderr is not None:
        sys.stderr.write(text)
        sys.stderr.flush()


class Pace:
    """Makes one account of the parts of an update, whose passages are known only when they are read.

    :param tell: called with the numbers of passages encoded and to be encoded, as far as they can be told.
    :param files: of all parts.
    """

    def __init__(self, tell: Callable[[int, int], None] | None, files: int) -> None:
        self._tell = tell
        self._left = files
        self._before = self._current = 0

    def tell_part(self, files: int) -> Callable[[int, int], None] | None:
        """What a part of so many files calls."""
        tell = self._tell
        if tell is None:
            return None

        def tell_all(done: int, passages: int) -> None:
            self._current = passages
            tell(self._before + done, self._before + round(passages * self._left / max(files, 1)))

        return tell_all

    def end_part(self, files: int) -> None:
        """A part of so many files is done."""
        self._left -= files
        self._before, self._current = self._before + self._current, 0


def describe_pace(done: int, passages: int, pace: float) -> str:
    """How far it is, the rate and the time left: ``1,200 of 9,000 passages, 31 a second, 4 min left``."""
    said = f"{done:,} of {passages:,} passages"
    if not done or not pace:
        return said
    left = (passages - done) / pace
    return f"{said}, {pace:,.0f} a second, {f'{left / 60:.0f} min' if left >= 90 else f'{left:.0f} s'} left"
