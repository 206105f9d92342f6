"""Groups lines as they arrive, so that a line that comes alone is not kept waiting for others."""

from __future__ import annotations

import time
from queue import Empty, Queue
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PATIENCE = 0.1
"""Seconds to wait for more lines after the first of a group. Lines of a file come within microseconds."""
_WAITING = 10_000
"""Lines read ahead."""


class _End:
    """The end of the lines.

    :param error: which ended them, if one did.
    """

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def group_lines(lines: Iterable[str], most: int, patience: float = PATIENCE) -> Iterator[list[str]]:
    """Yields groups of at most ``most`` lines, each as soon as no further line comes within ``patience`` seconds.

    An error of the lines is raised after the lines before it.
    """
    queue: Queue[str | _End] = Queue(_WAITING)
    Thread(target=_read, args=(lines, queue), name="lines", daemon=True).start()
    end: _End | None = None
    while end is None:
        group: list[str] = []
        until = None
        while end is None and len(group) < most:
            try:
                item = queue.get(timeout=None if until is None else max(0.0, until - time.monotonic()))
            except Empty:
                break
            if isinstance(item, _End):
                end = item
            else:
                group.append(item)
                until = until or time.monotonic() + patience
        if group:
            yield group
    if end.error is not None:
        raise end.error


def _read(lines: Iterable[str], queue: Queue[str | _End]) -> None:
    try:
        for line in lines:
            queue.put(line)
    except BaseException as error:  # it is raised where the lines are used
        queue.put(_End(error))
    else:
        queue.put(_End())
