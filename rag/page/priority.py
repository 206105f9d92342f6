"""Lets long work give way to people who are waiting for an answer."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Condition
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 3.0
"""Seconds that long work gives way at a time, so that it goes on, slowly, even if somebody always asks."""


class Priority:
    """Counts the questions that are being answered."""

    def __init__(self) -> None:
        self._running = 0
        self._changed = Condition()

    @contextmanager
    def first(self) -> Iterator[None]:
        """Around work that somebody is waiting for."""
        with self._changed:
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def give_way(self, patience: float = PATIENCE) -> None:
        """Waits until nobody is waiting for an answer, at most so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: not self._running, patience)
