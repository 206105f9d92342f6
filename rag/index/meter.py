"""Shows how far an update of the index is: a line that changes on a terminal, and a line a minute elsewhere."""

from __future__ import annotations

import sys
import time

SECONDS = 60.0
"""Between two lines where no person waits, such as in a log."""


class Meter:
    """Called with the numbers of passages encoded and to be encoded, it writes to stderr."""

    def __init__(self) -> None:
        self._began = self._wrote = time.monotonic()
        self._terminal = sys.stderr is not None and sys.stderr.isatty()

    def __call__(self, done: int, passages: int) -> None:
        now = time.monotonic()
        said = describe_pace(done, passages, done / max(now - self._began, 1e-9))
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K{said if done < passages else ''}")
            sys.stderr.flush()
        elif now - self._wrote >= SECONDS and sys.stderr is not None:
            self._wrote = now
            sys.stderr.write(f"index: {said}\n")
            sys.stderr.flush()


def describe_pace(done: int, passages: int, pace: float) -> str:
    """How far it is, the rate and the time left: ``1,200 of 9,000 passages, 31 a second, 4 min left``."""
    said = f"{done:,} of {passages:,} passages"
    if not done or not pace:
        return said
    left = (passages - done) / pace
    return f"{said}, {pace:,.0f} a second, {f'{left / 60:.0f} min' if left >= 90 else f'{left:.0f} s'} left"
