"""Notices that the folder of articles was changed by other hands: in a file manager, or by another page."""

from __future__ import annotations

import logging
import time
from threading import Event, Thread
from typing import TYPE_CHECKING

from rag.articles.folder import stamp_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECONDS = 0.8
"""Time between two looks at the folder. The second look that finds nothing new is within two seconds of a change."""
SHARE = 20
"""A look at a very large folder takes long. The time between two looks is at least this many times as long."""
RETRY = 60.0
"""Seconds until a change that could not be indexed, perhaps because the disk was full, is tried again."""
_LOG = logging.getLogger(__name__)


class FolderWatch:
    """Calls a function, in a thread of its own, when the articles of a folder have changed and lie still again."""

    def __init__(self, corpus: Path, on_change: Callable[[], object], seconds: float = SECONDS) -> None:
        """Starts to watch.

        :param on_change: its errors are logged, and it is called again after :data:`RETRY` seconds.
        """
        self._corpus = corpus
        self._on_change = on_change
        self._seconds = seconds
        self._ended = Event()
        self._known = stamp_folder(corpus)
        Thread(target=self._run, name="folder", daemon=True).start()

    def close(self) -> None:
        self._ended.set()

    def _run(self) -> None:
        last, pause, quiet_until = self._known, self._seconds, 0.0
        while not self._ended.wait(pause):
            began = time.monotonic()
            stamp = stamp_folder(self._corpus)
            pause = max(self._seconds, SHARE * (time.monotonic() - began))
            # A file that is still being copied changes from look to look.
            if stamp == last != self._known and began >= quiet_until:
                try:
                    self._on_change()
                    self._known = stamp
                except Exception as error:
                    quiet_until = began + RETRY
                    _LOG.warning("The changed articles cannot be indexed, which is tried again: %s", error)
            last = stamp
