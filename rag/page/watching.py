"""Notices that the folder of articles was changed by other hands: in a file manager, or by another page."""

from __future__ import annotations

import logging
import time
from pathlib import Path, PurePath
from threading import Event, Thread
from typing import TYPE_CHECKING

from rag.articles.folder import stamp_folder
from rag.articles.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from watchfiles import Change

QUIET = 0.8
"""Seconds without a change before an update. The update begins within two seconds of the last change."""
LOOK = 10
"""Seconds between two scans of a folder that reports nothing, such as a network folder."""
RETRY = 60.0
"""Seconds until a change that could not be indexed, perhaps because the disk was full, is tried again."""
_LOG = logging.getLogger(__name__)


class FolderWatch:
    """Calls a function, in a thread of its own, when the articles of a folder have changed and lie still again."""

    def __init__(self, corpus: Path, on_change: Callable[[], object], seconds: float = QUIET) -> None:
        """Starts to watch.

        :param on_change: its errors are logged, and it is called again after :data:`RETRY` seconds.
        :param seconds: how long the folder must be unchanged before ``on_change`` is called.
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
        quiet_until = 0.0
        for _ in self._wait():
            if time.monotonic() < quiet_until or stamp_folder(self._corpus) == self._known:
                continue
            stamp = self._settle()
            if self._ended.is_set():
                return
            try:
                self._on_change()
                self._known = stamp
            except Exception as error:
                quiet_until = time.monotonic() + RETRY
                _LOG.warning("The changed articles could not be indexed; this will be tried again: %s", error)

    def _settle(self) -> str:
        """Waits until two scans are the same: a file that is still being copied changes between scans."""
        stamp, last = stamp_folder(self._corpus), ""
        while stamp != last and not self._ended.wait(self._seconds):
            stamp, last = stamp_folder(self._corpus), stamp
        return stamp

    def _wait(self) -> Iterator[None]:
        """Yields whenever the folder should be scanned: when a change is reported, and from time to time."""
        from watchfiles import watch

        while not self._ended.is_set():
            yield  # for changes made before the system watches it
            try:
                watched = self._corpus.stat().st_ino
                for changes in watch(
                    self._corpus,
                    watch_filter=self._counts,
                    step=100,
                    stop_event=self._ended,
                    rust_timeout=1000 * LOOK,
                    yield_on_timeout=True,
                    raise_interrupt=False,
                    ignore_permission_denied=True,
                ):
                    yield
                    if not changes and self._corpus.stat().st_ino != watched:
                        break  # the folder was replaced by another of the same name
            except (OSError, RuntimeError):  # the folder is gone, or the system cannot watch more folders
                pass
            self._ended.wait(self._seconds)

    def _counts(self, change: Change, path: str) -> bool:
        """Whether a change may concern articles or a folder of them. Hidden files and logs may change all the time.

        A folder may have any name, such as "v1.2", and one that is gone cannot be told from a file. So what is new or
        gone always counts.
        """
        inside = PurePath(path).relative_to(self._corpus) if PurePath(path).is_relative_to(self._corpus) else PurePath()
        if any(part.startswith(".") for part in inside.parts):
            return False
        return change.name != "modified" or inside.suffix.lower() in FORMATS or Path(path).is_dir()
