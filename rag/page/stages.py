"""Reports progress from a worker, which answers a question or adds articles, to the page.

The page can stop the work at any time; it then ends before its next stage.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from concurrent.futures import Future

Told = TypeVar("Told")
Result = TypeVar("Result")


class Stopped(Exception):  # noqa: N818 (nothing went wrong)
    """Nobody is waiting for the answer any more."""


class Watch(Generic[Told, Result]):
    """Work in another thread, watched from an event loop."""

    def __init__(self, begin: Callable[[Callable[[Told], None]], Future[Result]]) -> None:
        """Starts the work. Must be called in the event loop.

        :param begin: starts the work in a thread, and is given the function to call before each stage.
        """
        self._loop = asyncio.get_running_loop()
        self._stages: asyncio.Queue[Any] = asyncio.Queue()
        self._left = Event()
        self._last: Told | None = None
        self.why = ""
        self._future = begin(self._tell)
        self._future.add_done_callback(lambda _: self._post(None))

    async def stages(self) -> AsyncIterator[Told]:
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

    def cancel(self) -> None:
        """As :meth:`stop`, but the watch goes on until the work has ended."""
        self._left.set()
        self._future.cancel()

    def result(self) -> Result:
        """The result, or the exception that the work raised. Call it after the last stage."""
        return self._future.result()

    def _tell(self, stage: Told) -> None:
        """Runs in the worker's thread. :raises Stopped: if nobody is watching any more."""
        if self._left.is_set():
            raise Stopped
        if stage != self._last:
            self._last = stage
            self._post(stage)

    def _post(self, stage: Told | None) -> None:
        with suppress(RuntimeError):  # the loop is closed: the page ends
            self._loop.call_soon_threadsafe(self._stages.put_nowait, stage)
