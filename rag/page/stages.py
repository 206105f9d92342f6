"""How far the answer to a question has come: told by the worker that answers it, watched by the page.

The watcher may leave at any time; then the work ends before its next stage.
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
    """Nobody waits for the answer any more."""


class Watch(Generic[Result]):
    """One piece of work in another thread, seen from an event loop."""

    def __init__(self, begin: Callable[[Callable[[Stage], None]], Future[Result]]) -> None:
        """Begins the work; to be called in the loop.

        :param begin: hands the work to a thread, which calls what it is given before each stage.
        """
        self._loop = asyncio.get_running_loop()
        self._stages: asyncio.Queue[Stage | None] = asyncio.Queue()
        self._left = Event()
        self.why = ""
        self._future = begin(self._tell)
        self._future.add_done_callback(lambda _: self._post(None))

    async def stages(self) -> AsyncIterator[Stage]:
        """The stages as they begin, until the work is done, or stopped."""
        while (stage := await self._stages.get()) is not None:
            yield stage

    def stop(self, why: str = "stopped") -> None:
        """Work that waits is never begun, work that has begun ends before its next stage; the watch ends at once.

        :param why: kept as :attr:`why`, which is empty while nobody stopped it.
        """
        self.why = self.why or why
        self._left.set()
        self._future.cancel()
        self._post(None)

    def result(self) -> Result:
        """What came out, or was raised; to be asked once the stages are over."""
        return self._future.result()

    def _tell(self, stage: Stage) -> None:
        """:raises Stopped: where nobody watches any more. In the worker's thread."""
        if self._left.is_set():
            raise Stopped
        self._post(stage)

    def _post(self, stage: Stage | None) -> None:
        with suppress(RuntimeError):  # the loop is closed: the page ends
            self._loop.call_soon_threadsafe(self._stages.put_nowait, stage)
