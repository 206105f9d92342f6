"""Handlers for the events of the second tab: what the articles are, and adding and removing them."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator, Sequence  # noqa: TC003 (Gradio evaluates the annotations of handlers)
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr  # noqa: TID253 (as in rag.page.handlers)

from rag.page.articles import (
    describe_adding,
    render_articles,
    render_changes,
    render_notice,
    render_skipped,
)
from rag.page.endpoints import BROKEN
from rag.page.events import name_session, read_word, read_words
from rag.page.stages import Watch
from rag.page.transcript import WAITING
from rag.page.uploads import MOST_KEPT

if TYPE_CHECKING:
    from rag.page.shelf import Shelf
    from rag.page.uploads import Added, Adding

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CorpusHandlers:
    """The handlers of one page.

    :param adding: the upload of each session, at most one.
    """

    shelf: Shelf
    adding: dict[str, Watch[Adding, Added]] = field(default_factory=dict)

    def list_articles(self, wanted: str, order: str) -> str:
        """Shows the articles whose title or file name contains a text, and the files that could not be read."""
        return render_skipped(self.shelf.list_skipped()) + render_articles(self.shelf.list_rows(), wanted, order)

    async def add_articles(
        self, files: Sequence[str] | None, wanted: str, order: str, request: gr.Request
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Adds uploaded files to the corpus, and shows the progress and then the result file by file.

        Values for upload button, cancel button, list and summary. If the page is closed, the files are still added.
        """
        session, paths = name_session(request), [Path(file) for file in files or ()]
        watch: Watch[Adding, Added] = Watch(lambda tell: self.shelf.submit_files(paths, tell))
        self.adding[session] = watch
        try:
            yield self._show_progress(WAITING)
            async for now in watch.stages():
                yield self._show_progress(describe_adding(now))
            said = describe_result(watch)
        finally:
            self.adding.pop(session, None)
        listed = self.list_articles(wanted, order)
        yield gr.UploadButton(value=None, interactive=True), gr.Button(visible=False), listed, said

    async def cancel(self, request: gr.Request) -> None:
        """Cancels the upload. Its own event shows the result."""
        if watch := self.adding.get(name_session(request)):
            watch.cancel()

    def remove_articles(self, wanted: str, order: str, event: gr.EventData) -> Iterator[tuple[Any, ...]]:
        """Removes one uploaded article, or those that were chosen."""
        yield gr.skip(), render_notice("Removing …")
        names = read_words(event, "documents")[:MOST_KEPT] or [read_word(event, "document")]
        said = render_changes(*self.shelf.remove(names), kept="not removed")
        yield self.list_articles(wanted, order), said

    def _show_progress(self, said: str) -> tuple[Any, ...]:
        return gr.UploadButton(interactive=False), gr.Button(visible=True), gr.skip(), render_notice(said)


def describe_result(watch: Watch[Adding, Added]) -> str:
    """The result of an upload that has ended."""
    try:
        added = watch.result()
    except CancelledError:
        return render_notice("The upload was cancelled.")
    except Exception:
        _LOG.exception("files could not be added")
        return render_notice(BROKEN, kind="error")
    return render_changes(added.changes, added.refused)
