"""Reports progress from the worker that answers a question to the page.

The page can stop the work at any time; it then ends before its next stage.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from concurrent.futures import Future

    from rag.types import Stage

Result = TypeVar("Result")


class Stopped(Exception):  # noqa: N818 (nothing went wrong)
    """Nobody is waiting for the answer any more."""


class Watch(Generic[Result]):
    """Work in another thread, watched from an event loop."""

    def __init__(self, begin: Callable[[Callable[[Stage], None]], Future[Result]]) -> None:
        """Starts the work. Must be called in the event loop.

        :param begin: starts the work in a thread, and is given the function to call before each stage.
        """
        self._loop = asyncio.get_running_loop()
        self._stages: asyncio.Queue[Stage | None] = asyncio.Queue()
        self._left = Event()
        self.why = ""
        self._future = begin(self._tell)
        self._future.add_done_callback(lambda _: self._post(None))

    async def stages(self) -> AsyncIterator[Stage]:
        """The stages as they begin, until the work is done or stopped."""
        while (stage := await self._stages.get()) is not None:
            yield stage

    def stop(self, why: str = "stopped") -> None:
        """Ends the watch at once. Queued work is dropped; running work ends before its next stage.

        :param why: stored in :attr:`why`, which is empty until the work is stopped.
        """
        self.why = self.why or why
        self._left.set()
        self._future.cancel()
        self._post(None)

    def result(self) -> Result:
        """The result, or the exception that the work raised. Call it after the last stage."""
        return self._future.result()

    def _tell(self, stage: Stage) -> None:
        """Runs in the worker's thread. :raises Stopped: if nobody is watching any more."""
        if self._left.is_set():
            raise Stopped
        self._post(stage)

    def _post(self, stage: Stage | None) -> None:
        with suppress(RuntimeError):  # the loop is closed: the page ends
            self._loop.call_soon_threadsafe(self._stages.put_nowait, stage)
