"""What happens on the page: each event to what it shows.

The conversation lives in the browser and comes along with each event, so nothing of anybody's is kept here and
conversations cannot mix.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence  # noqa: TC003 (Gradio evaluates the annotations of handlers)
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr  # noqa: TID253 (whoever imports this shows the page; event data is recognised by its annotation)

from rag.errors import RagError
from rag.page.articles import (
    describe_extent,
    render_article,
    render_articles,
    render_changes,
    render_notice,
    render_skipped,
)
from rag.page.endpoints import BROKEN
from rag.page.exchange import (
    MOST_CORRECTION,
    RATINGS,
    Exchange,
    digest_turns,
    list_turns,
    read_records,
    write_records,
)
from rag.page.export import format_json, format_markdown
from rag.page.rendering import count
from rag.page.stages import Watch
from rag.page.transcript import render_panel, render_starters, render_transcript

if TYPE_CHECKING:
    from rag.page.cards import Extent
    from rag.page.feedback import FeedbackStore
    from rag.page.shelf import Shelf
    from rag.page.signing import Signer
    from rag.types import Answer, Turn

PATIENCE = 60.0
"""Seconds that a page waits for its starters; everything else of it is there before."""
SHOWN = 6
"""Outputs of whatever shows the conversation, in the order of :meth:`Handlers._show`."""
CLEARED = "cleared"
QUESTION = "Your question"
EDITING = "Your question, to be changed; what came after it goes"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question on its way.

    :param before: the conversation it is asked in, and joins.
    :param kept: the conversation as it was, for when it is stopped; longer, where an earlier question is asked anew.
    :param alone: whether it is asked as written, whatever came before.
    """

    question: str
    before: list[Exchange]
    kept: list[Exchange]
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Handlers:
    """The events of the page.

    :param running: what is being answered now, by the session of the page that asked; one question each.
    """

    shelf: Shelf
    feedback: FeedbackStore
    signer: Signer
    running: dict[str, Watch[Answer]] = field(default_factory=dict)

    async def restore(self, records: object) -> tuple[str, str]:
        """The conversation that the browser kept; in the loop, so that it comes before a question asked right away."""
        exchanges = read_records(records)
        return render_transcript(exchanges), render_panel(exchanges)

    def invite(self) -> Iterator[str]:
        """What there is to ask and, once it is known, what could be asked first."""
        extent = describe_extent(self.shelf.list_rows())
        if not extent:
            yield render_notice("There are no articles yet: add some under “Articles”.")
            return
        yield render_starters(extent)
        yield render_starters(extent, self.shelf.list_starters(PATIENCE))

    async def ask(
        self, question: str, records: object, editing: str, request: gr.Request
    ) -> AsyncIterator[tuple[Any, ...]]:
        """What was typed; where an earlier question was edited, in its place."""
        exchanges = read_records(records)
        if not question.strip():
            yield self._show(exchanges)
            return
        asked = AskedQuestion(question, cut_before(exchanges, editing), exchanges)
        async for shown in self._answer(name_session(request), asked):
            yield shown

    async def ask_again(
        self, records: object, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[tuple[Any, ...]]:
        """A starter, the last question once more, or as it was written."""
        exchanges = read_records(records)
        action, key = read_word(event, "action"), read_word(event, "key")
        if action == "starter":
            question, before = read_word(event, "value"), exchanges
        else:
            found = find_exchange(exchanges, key)
            if found is None:
                yield self._show(exchanges)
                return
            question, before = found.question, cut_before(exchanges, key)
        asked = AskedQuestion(question, before, exchanges, alone=action == "as-written")
        async for shown in self._answer(name_session(request), asked):
            yield shown

    async def stop(self, request: gr.Request) -> None:
        """Only tells: what is seen then is the last word of the event that is stopped, which nothing can overtake."""
        if watch := self.running.get(name_session(request)):
            watch.stop()

    async def clear(self, request: gr.Request) -> tuple[Any, ...]:
        if watch := self.running.get(name_session(request)):
            watch.stop(CLEARED)
        return self._show([])

    def edit(self, records: object, event: gr.EventData) -> tuple[Any, str]:
        """The question into its field."""
        found = find_exchange(read_records(records), read_word(event, "key"))
        if found is None:
            return gr.skip(), ""
        return gr.Textbox(value=found.question, label=EDITING), found.key

    def rate(self, records: object, event: gr.EventData, request: gr.Request) -> tuple[Any, Any]:
        """Keeps a thumb, or a correction; the same thumb again takes it back."""
        if name_session(request) in self.running:
            gr.Info("An answer is on its way: rate once it is there.")
            return gr.skip(), gr.skip()
        exchanges = read_records(records)
        key, action = read_word(event, "key"), read_word(event, "action")
        found = find_exchange(exchanges, key)
        if found is None or found.answer is None:
            return gr.skip(), gr.skip()
        if action == "correct":
            rated = replace(found, correction=read_word(event, "value")[:MOST_CORRECTION].strip())
        elif action in RATINGS:
            rated = replace(found, rating="" if action == found.rating else action)  # type: ignore[arg-type]
        else:
            return gr.skip(), gr.skip()
        if not self.signer.is_genuine(found):
            raise gr.Error("This answer cannot be rated: ask again, and rate the new one.", print_exception=False)
        try:
            self.feedback.save(*self._complete(rated, cut_before(exchanges, key)), self.shelf.source())
        except RagError as error:
            raise gr.Error(str(error), print_exception=False) from None
        exchanges = [rated if e.key == key else e for e in exchanges]
        return render_transcript(exchanges), write_records(exchanges)

    def _complete(self, exchange: Exchange, before: Sequence[Exchange]) -> tuple[Exchange, tuple[Turn, ...]]:
        """An answer with all that was read for it, and the conversation it was given in, where that is still known."""
        turns = list_turns(before)
        if exchange.answer is not None and (found := self.shelf.find_passages(exchange.read)):
            exchange = replace(exchange, answer=replace(exchange.answer, passages=found))
        return exchange, turns if digest_turns(turns) == exchange.before else ()

    def export_markdown(self, records: object) -> Any:
        text = format_markdown(read_records(records), now())
        return gr.HTML(payload={"name": "conversation.md", "type": "text/markdown", "text": text})

    def export_json(self, records: object) -> Any:
        text = format_json(read_records(records), now())
        return gr.HTML(payload={"name": "conversation.json", "type": "application/json", "text": text})

    def open_article(self, event: gr.EventData) -> str:
        """A whole article, at a quote where one is named."""
        document = self.shelf.read(read_word(event, "document"))
        if document is None:
            raise gr.Error("This article is no longer there.", print_exception=False)
        return render_article(document, read_offset(event, "start"), read_offset(event, "end"))

    def list_articles(self, wanted: str) -> str:
        """The articles whose title or file name holds what is wanted, and what is none."""
        return render_skipped(self.shelf.list_skipped()) + render_articles(self.shelf.list_rows(), wanted)

    def add_articles(self, files: Sequence[str] | None, wanted: str) -> Iterator[tuple[Any, ...]]:
        """Uploaded files into the corpus; what was done, file by file."""
        paths = [Path(file) for file in files or ()]
        yield None, gr.skip(), render_notice(f"Reading and indexing {count(len(paths), 'file')} …")
        try:
            changes, refused = self.shelf.add(paths)
            said = render_changes(changes, refused)
        except RagError as error:
            said = render_notice(str(error), kind="error")
        finally:
            for path in paths:
                path.unlink(missing_ok=True)
        yield None, self.list_articles(wanted), said

    def remove_article(self, wanted: str, event: gr.EventData) -> Iterator[tuple[Any, ...]]:
        """An uploaded article away again."""
        yield gr.skip(), render_notice("Removing …")
        try:
            said = render_changes(self.shelf.remove(read_word(event, "document")))
        except RagError as error:
            said = render_notice(str(error), kind="error")
        yield self.list_articles(wanted), said

    async def _answer(self, session: str, asked: AskedQuestion) -> AsyncIterator[tuple[Any, ...]]:
        if session in self.running:
            # Of two answers at once to one conversation, one would be lost.
            gr.Info("One question at a time: wait for this answer, or stop it.")
            yield tuple(gr.skip() for _ in range(SHOWN))
            return
        turns = () if asked.alone else list_turns(asked.before)
        exchange = Exchange(secrets.token_hex(8), whole(asked.question), asked=now(), before=digest_turns(turns))
        watch = Watch(lambda on_stage: self.shelf.submit(asked.question, turns, on_stage))
        self.running[session] = watch
        try:
            yield self._show([*asked.before, exchange], asking=True)
            async for stage in watch.stages():
                talk = render_transcript([*asked.before, exchange], progress=self.shelf.describe_work(stage))
                yield talk, *(gr.skip() for _ in range(SHOWN - 1))
            if watch.why:
                yield self._show([]) if watch.why == CLEARED else self._show(asked.kept, typed=asked.question)
                return
            exchange = self.signer.sign(finish(exchange, watch))
            exchanges = [*asked.before, exchange]
            if exchange.answer is not None:
                yield self._show(exchanges, asking=True, extent="short")
            yield self._show(exchanges)
        finally:
            # However it ends: stopped, or the browser gone.
            watch.stop()
            del self.running[session]

    def _show(
        self, exchanges: Sequence[Exchange], *, asking: bool = False, extent: Extent = "full", typed: str = ""
    ) -> tuple[Any, ...]:
        """Conversation, panel, what the browser keeps, the question's field, what is edited, the stop button."""
        talk = render_transcript(exchanges, extent)
        box, button = gr.Textbox(value=typed, label=QUESTION), gr.Button(interactive=asking)
        if asking:
            return talk, gr.skip(), gr.skip(), box, "", button
        return talk, render_panel(exchanges), write_records(exchanges), box, "", button


def finish(exchange: Exchange, watch: Watch[Answer]) -> Exchange:
    """With the answer that came out, or why there is none."""
    try:
        answer = watch.result()
    except RagError as error:
        return replace(exchange, error=str(error))
    except Exception:
        _LOG.exception("a question could not be answered")
        return replace(exchange, error=BROKEN)
    return replace(exchange, answer=answer, read=tuple((s.passage.passage_id, s.score) for s in answer.passages))


def name_session(request: gr.Request) -> str:
    """Of one page in one browser, from its opening to its reload."""
    return request.session_hash or ""


def find_exchange(exchanges: Sequence[Exchange], key: str) -> Exchange | None:
    return next((exchange for exchange in exchanges if exchange.key == key), None)


def cut_before(exchanges: list[Exchange], key: str) -> list[Exchange]:
    """Those before the one of this key; all, where there is none."""
    keys = [exchange.key for exchange in exchanges]
    return exchanges[: keys.index(key)] if key in keys else exchanges


def read_word(event: gr.EventData, name: str) -> str:
    """What an event says of itself: a stranger's word, of any form."""
    data = event._data
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, str) else ""


def read_offset(event: gr.EventData, name: str) -> int:
    value = read_word(event, name)
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else 0


def whole(text: str) -> str:
    """Without halves of characters, which no file and no browser can be sent."""
    return text.encode("utf-8", "replace").decode("utf-8")


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
