"""Handlers for the page's events. Each returns what the page shows next.

The browser keeps the conversation and sends it with each event, so the server keeps none and they cannot mix.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import AsyncIterator, Iterator  # noqa: TC003 (Gradio evaluates the annotations of handlers)
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import gradio as gr  # noqa: TID253 (only the page imports this module; Gradio recognises event data by its annotation)

from rag.errors import RagError
from rag.page.articles import describe_extent, render_article, render_notice
from rag.page.endpoints import BROKEN
from rag.page.events import name_session, read_offset, read_word
from rag.page.exchange import (
    MOST_CORRECTION,
    RATINGS,
    Exchange,
    digest_turns,
    list_turns,
    read_clock,
    read_records,
    write_change,
)
from rag.page.export import format_json, format_markdown
from rag.page.stages import Watch
from rag.page.transcript import WAITING, render_panel, render_starters, render_transcript

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.page.cards import Extent
    from rag.page.feedback import FeedbackStore
    from rag.page.shelf import Shelf
    from rag.page.signing import Signer
    from rag.types import Answer, Stage, Turn

PATIENCE = 60.0
"""Seconds to wait for the starter questions. The rest of the page is shown before that."""
SHOWN = 6
"""Number of outputs that :meth:`Handlers._show` fills."""
CLEARED = "cleared"
QUESTION = "Your question"
EDITING = "Edit your question (this answer and all later ones will be replaced)"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question to be answered.

    :param before: the conversation that it continues.
    :param kept: the conversation to go back to if it is stopped; longer if an earlier question is asked again.
    :param alone: whether to ask it as written, without the conversation.
    """

    question: str
    before: list[Exchange]
    kept: list[Exchange]
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Handlers:
    """The handlers of one page.

    :param running: the question being answered for each session, at most one.
    """

    shelf: Shelf
    feedback: FeedbackStore
    signer: Signer
    running: dict[str, Watch[Stage, Answer]] = field(default_factory=dict)

    async def restore(self, records: object, request: gr.Request) -> tuple[Any, Any]:
        """Shows the conversation the browser kept. Async, so that it runs before a question that is asked at once.

        A running answer shows it at its end, as it may by then be longer.
        """
        if name_session(request) in self.running:
            return gr.skip(), gr.skip()
        exchanges = read_records(records)
        return render_transcript(exchanges), render_panel(exchanges)

    def invite(self) -> Iterator[str]:
        """Shows how many articles there are and then, once they are chosen, the starter questions."""
        extent = describe_extent(self.shelf.list_rows())
        if not extent:
            yield render_notice("There are no articles yet: add some under “Articles”.")
            return
        yield render_starters(extent)
        yield render_starters(extent, self.shelf.list_starters(PATIENCE))

    async def ask(
        self, question: str, records: object, editing: str, request: gr.Request
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Answers the typed question, in place of an earlier one if that is being edited."""
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
        """Answers a starter question, or the last question again, perhaps as it was written."""
        exchanges = read_records(records)
        action, key = read_word(event, "action"), read_word(event, "key")
        if action == "starter":
            question, before = read_word(event, "value"), exchanges
        elif found := find_exchange(exchanges, key):
            # Later questions did not build on one without an answer, so they stay.
            before = [e for e in exchanges if e.key != key] if found.answer is None else cut_before(exchanges, key)
            question = found.question
        else:
            yield self._show(exchanges)
            return
        asked = AskedQuestion(question, before, exchanges, alone=action == "as-written")
        async for shown in self._answer(name_session(request), asked):
            yield shown

    async def stop(self, request: gr.Request) -> None:
        """Stops the running question. Its own event shows the result, so that no late update can follow it."""
        if watch := self.running.get(name_session(request)):
            watch.stop()

    async def clear(self, request: gr.Request) -> tuple[Any, ...]:
        if watch := self.running.get(name_session(request)):
            watch.stop(CLEARED)
        return self._show([], write_change((), clear=True))

    def edit(self, records: object, event: gr.EventData) -> tuple[Any, str]:
        """Puts a question back into the text field."""
        found = find_exchange(read_records(records), read_word(event, "key"))
        if found is None:
            return gr.skip(), ""
        return gr.Textbox(value=found.question, label=EDITING), found.key

    def rate(self, records: object, event: gr.EventData, request: gr.Request) -> tuple[Any, Any]:
        """Saves a thumb or a correction. The same thumb again withdraws the rating."""
        if name_session(request) in self.running:
            gr.Info("Wait for the current answer before you rate one.")
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
            raise gr.Error("This answer cannot be rated: ask again and rate the new one.", print_exception=False)
        try:
            self.feedback.save(*self._complete(rated, cut_before(exchanges, key)), self.shelf.source())
        except RagError as error:
            raise gr.Error(str(error), print_exception=False) from None
        exchanges = [rated if e.key == key else e for e in exchanges]
        return render_transcript(exchanges), write_change(exchanges, put=[rated])

    def _complete(self, exchange: Exchange, before: Sequence[Exchange]) -> tuple[Exchange, tuple[Turn, ...]]:
        """An answer with all passages read for it, and the conversation before it if that is unchanged."""
        turns = list_turns(before)
        if exchange.answer is not None and (found := self.shelf.find_passages(exchange.read)):
            exchange = replace(exchange, answer=replace(exchange.answer, passages=found))
        return exchange, turns if digest_turns(turns) == exchange.before else ()

    def export_markdown(self, records: object) -> Any:
        text = format_markdown(read_records(records), read_clock())
        return gr.HTML(payload={"name": "conversation.md", "type": "text/markdown", "text": text})

    def export_json(self, records: object) -> Any:
        text = format_json(read_records(records), read_clock())
        return gr.HTML(payload={"name": "conversation.json", "type": "application/json", "text": text})

    def open_article(self, event: gr.EventData) -> str:
        """Shows a whole article, with a quote marked if the event names one."""
        document = self.shelf.read(read_word(event, "document"))
        if document is None:
            raise gr.Error("This article has been removed.", print_exception=False)
        return render_article(document, read_offset(event, "start"), read_offset(event, "end"))

    async def _answer(self, session: str, asked: AskedQuestion) -> AsyncIterator[tuple[Any, ...]]:
        if session in self.running:
            # Two simultaneous answers to one conversation would overwrite each other.
            gr.Info("One question at a time: wait for the current answer or stop it.")
            yield tuple(gr.skip() for _ in range(SHOWN))
            return
        turns = () if asked.alone else list_turns(asked.before)
        question = asked.question.encode("utf-8", "replace").decode("utf-8")  # lone surrogates cannot be sent
        exchange = Exchange(secrets.token_hex(8), question, asked=read_clock(), before=digest_turns(turns))
        watch: Watch[Stage, Answer] = Watch(lambda on_stage: self.shelf.submit(asked.question, turns, on_stage))
        self.running[session] = watch
        try:
            exchanges = [*asked.before, exchange]
            # Kept at once, so that the question is not lost if the server is.
            yield self._show(exchanges, write_change([*asked.kept, exchange], put=[exchange]), progress=WAITING)
            async for stage in watch.stages():
                talk = render_transcript(exchanges, progress=self.shelf.describe_work(stage))
                yield talk, *(gr.skip() for _ in range(SHOWN - 1))
            if watch.why:
                if watch.why == CLEARED:
                    yield self._show([], write_change((), clear=True))
                else:
                    left = write_change(asked.kept, drop=[exchange.key])
                    yield self._show(asked.kept, left, typed=asked.question)
                return
            exchange = self.signer.sign(finish(exchange, watch))
            exchanges = [*asked.before, exchange]
            if exchange.answer is not None:
                yield self._show(exchanges, progress=WAITING, extent="short")
            replaced = {e.key for e in asked.kept} - {e.key for e in exchanges}
            yield self._show(exchanges, write_change(exchanges, put=[exchange], drop=replaced))
        finally:
            # Also when the question is stopped or the browser has gone.
            watch.stop()
            del self.running[session]

    def _show(
        self,
        exchanges: Sequence[Exchange],
        kept: Any = None,
        *,
        progress: str = "",
        extent: Extent = "full",
        typed: str = "",
    ) -> tuple[Any, ...]:
        """Values for conversation, panel, what the browser keeps, text field, edited key and stop button.

        :param kept: a change from :func:`write_change`; None for none.
        :param progress: the current step of the last question; empty if none is being answered.
        """
        talk = render_transcript(exchanges, extent, progress)
        box, button = gr.Textbox(value=typed, label=QUESTION), gr.Button(interactive=bool(progress))
        panel = gr.skip() if progress else render_panel(exchanges)
        return talk, panel, gr.skip() if kept is None else kept, box, "", button


def finish(exchange: Exchange, watch: Watch[Stage, Answer]) -> Exchange:
    """The exchange with its answer or, if there is none, the reason."""
    try:
        answer = watch.result()
    except RagError as error:
        return replace(exchange, error=str(error))
    except Exception:
        _LOG.exception("a question could not be answered")
        return replace(exchange, error=BROKEN)
    return replace(exchange, answer=answer, read=tuple((s.passage.passage_id, s.score) for s in answer.passages))


def find_exchange(exchanges: Sequence[Exchange], key: str) -> Exchange | None:
    return next((exchange for exchange in exchanges if exchange.key == key), None)


def cut_before(exchanges: list[Exchange], key: str) -> list[Exchange]:
    """The exchanges before the one with this key; all if there is none."""
    keys = [exchange.key for exchange in exchanges]
    return exchanges[: keys.index(key)] if key in keys else exchanges
