"""Handlers for the page's events. Each returns what the page shows next.

The browser keeps the conversation and sends it with each event, so the server keeps none and they cannot mix.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator  # noqa: TC003 (Gradio evaluates the annotations of handlers)
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import gradio as gr  # noqa: TID253 (only the page imports this module; Gradio recognises event data by its annotation)

from rag.errors import RagError
from rag.index.scope import Scope  # noqa: TC001 (Gradio evaluates the annotations of handlers)
from rag.page.articles import describe_extent, read_spans, render_article, render_notice
from rag.page.asking import AskedQuestion, Work, cut_before, find_exchange, finish, list_quoted, list_said
from rag.page.conversation import Conversation, read_conversation, write_change
from rag.page.events import name_session, read_offset, read_word
from rag.page.exchange import (
    MOST_CORRECTION,
    MOST_EXCHANGES,
    RATINGS,
    Exchange,
    digest_turns,
    list_turns,
    read_records,
)
from rag.page.export import format_json, format_markdown
from rag.page.filtering import EVERYTHING, count_undated, drop_field, read_scope, render_filter
from rag.page.stages import Watch
from rag.page.suggestions import MOST_NEXT, MOST_NEXT_TRIED, Suggestion, make_suggestions
from rag.page.transcript import WAITING, render_starters, render_suggestions, render_transcript
from rag.page.uploads import make_name
from rag.review.items import read_clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.page.cards import Extent
    from rag.page.feedback import FeedbackStore
    from rag.page.shelf import Shelf
    from rag.page.signing import Signer
    from rag.types import Answer, Stage, Turn

UNCHANGED = (gr.skip(), gr.skip(), gr.skip(), gr.skip())
"""Leaves the four outputs as they are that :meth:`Handlers._show` fills."""
TYPING = "stopped while the next question is being typed"
_LOG = logging.getLogger(__name__)
ADDED = ("starter", "append")
"""Actions that add a question at the end of the conversation."""


@dataclass(frozen=True, slots=True)
class Handlers:
    """The handlers of one page.

    Of a conversation that they are given, ``kept`` is what the browser sent.

    :param running: the question being answered for each session, at most one.
    :param trying: the suggested question being tried for each session.
    :param keeps: whether every answer is kept for review.
    """

    shelf: Shelf
    feedback: FeedbackStore
    signer: Signer
    running: dict[str, Work] = field(default_factory=dict)
    trying: dict[str, Work] = field(default_factory=dict)
    keeps: bool = False

    async def restore(self, kept: object, request: gr.Request) -> tuple[Any, Any]:
        """Shows the conversation that the browser opened, without suggestions.

        Async, so that it runs before a question that is asked at once. A question of this conversation that is being
        answered shows it by itself. One of another conversation shows nothing more until that is opened again.
        """
        conversation, session = read_conversation(kept), name_session(request)
        if (trial := self.trying.get(session)) and trial.conversation != conversation.name:
            trial.watch.stop()
        work = self.running.get(session)
        if work is None or work.ended:
            return render_transcript(conversation.exchanges), ""
        was_away, work.away = work.away, work.conversation != conversation.name
        if not was_away and not work.away:
            return gr.skip(), gr.skip()
        return render_transcript(conversation.exchanges, progress="" if work.away else WAITING), ""

    def adopt(self, records: object) -> str:
        """Takes over the conversation that earlier versions kept, in another form, before there could be several."""
        exchanges = read_records(records)
        return write_change(exchanges[0].key if exchanges else "", exchanges, put=exchanges)

    async def invite(self) -> AsyncIterator[str]:
        """Shows how many articles there are and then, once they are chosen, the starter questions."""
        extent = describe_extent(self.shelf.list_rows())
        if not extent:
            yield render_notice("There are no articles yet. Add some under “Articles”.")
            return
        yield render_starters(extent)
        yield render_starters(extent, await self.shelf.wait_for_starters())

    async def ask(
        self, question: str, kept: object, request: gr.Request, scope: Scope = EVERYTHING
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Answers the typed question."""
        conversation = read_conversation(kept)
        if not question.strip():
            yield UNCHANGED
            return
        exchanges = conversation.exchanges
        asked = AskedQuestion(conversation.name, question, exchanges, exchanges, typed=True, scope=scope)
        async for shown in self._answer(name_session(request), asked):
            yield shown

    async def ask_again(
        self, kept: object, event: gr.EventData, request: gr.Request, scope: Scope = EVERYTHING
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Answers a suggested question, or an earlier one again: edited, as it was written, or unchanged."""
        conversation = read_conversation(kept)
        exchanges = conversation.exchanges
        action, key = read_word(event, "action"), read_word(event, "key")
        question, before = read_word(event, "value"), exchanges
        if action not in ADDED:
            found = find_exchange(exchanges, key)
            before = cut_before(exchanges, key)
            if found and found.answer is None:
                # Later questions did not build on one without an answer, so they stay.
                before = [exchange for exchange in exchanges if exchange.key != key]
            if action != "replace":
                question = found.question if found else ""
        if not question.strip():
            yield UNCHANGED
            return
        alone = action == "as-written"
        asked = AskedQuestion(conversation.name, question, before, exchanges, alone=alone, scope=scope)
        async for shown in self._answer(name_session(request), asked):
            yield shown

    async def suggest(self, kept: object, request: gr.Request) -> AsyncIterator[str]:
        """Suggests questions that the passages read for the last one answer. After a refusal without any: starters.

        Each was tried. Nobody waits for them: trying ends as soon as anybody asks, or opens another conversation.
        """
        yield ""
        conversation, session = read_conversation(kept), name_session(request)
        exchanges = conversation.exchanges
        if not exchanges or exchanges[-1].scope:  # suggestions are tried on all articles
            return
        passages = [scored.passage for scored in self.shelf.find_passages(exchanges[-1].read)]
        found: list[str] = []
        candidates = make_suggestions(passages, [e.question for e in exchanges], list_quoted(exchanges))
        for suggestion in candidates[:MOST_NEXT_TRIED]:
            if self.running or session in self.trying or len(found) == MOST_NEXT:
                break
            met = await self._is_met(session, conversation, suggestion)
            if met is None:
                break
            if met:
                found.append(suggestion.question)
                yield render_suggestions(found)
        else:
            last = exchanges[-1].answer
            if not found and last is not None and not last.answered:
                asked = {exchange.question for exchange in exchanges}
                others = [question for question in self.shelf.list_starters() if question not in asked]
                yield render_suggestions(others[:MOST_NEXT])

    async def _is_met(self, session: str, conversation: Conversation, suggestion: Suggestion) -> bool | None:
        """Whether a suggestion gets the answer that it was made for, and a new one; None if it was stopped."""
        turns = list_turns(conversation.exchanges)
        watch: Watch[Stage, Answer] = Watch(lambda on_stage: self.shelf.submit(suggestion.question, turns, on_stage))
        self.trying[session] = Work(conversation.name, watch)
        try:
            async for _ in watch.stages():
                pass
            if watch.why:
                return None
            answer = watch.result()
            return suggestion.is_met(answer) and answer.short.casefold() not in list_said(conversation.exchanges)
        except RagError:
            return False
        finally:
            watch.stop()
            del self.trying[session]

    def narrow(self, scope: Scope, event: gr.EventData) -> tuple[Any, Scope]:
        """Sets the filter, or removes one of its limits, and shows it."""
        if read_word(event, "action") == "drop":
            scope = drop_field(scope, read_word(event, "field"))
        else:
            try:
                scope = read_scope(*(read_word(event, name) for name in ("since", "until", "source")))
            except RagError as error:
                raise gr.Error(str(error), print_exception=False) from None
        return render_filter(scope, count_undated(scope, self.shelf.list_rows())), scope

    async def stop(self, typed: str, request: gr.Request) -> None:
        """Stops the running question. Its own event shows the result, so that no late update can follow it.

        :param typed: the text field, which the stopped question returns to only if it is empty.
        """
        if work := self.running.get(name_session(request)):
            work.watch.stop(TYPING if typed.strip() else "stopped")

    def rate(self, kept: object, event: gr.EventData, request: gr.Request) -> tuple[Any, Any]:
        """Saves a thumb or a correction. The same thumb again withdraws the rating."""
        if name_session(request) in self.running:
            gr.Info("Wait for the current answer before you rate one.")
            return gr.skip(), gr.skip()
        conversation = read_conversation(kept)
        exchanges = conversation.exchanges
        key, action = read_word(event, "key"), read_word(event, "action")
        found = find_exchange(exchanges, key)
        if found is None or found.answer is None or found.scope:  # other articles may say more
            return gr.skip(), gr.skip()
        if action == "correct":
            rated = replace(found, correction=read_word(event, "value")[:MOST_CORRECTION].strip())
        elif action in RATINGS:
            rated = replace(found, rating="" if action == found.rating else action)  # type: ignore[arg-type]
        else:
            return gr.skip(), gr.skip()
        if not self.signer.is_genuine(found):
            raise gr.Error("This answer cannot be rated. Ask again and rate the new answer.", print_exception=False)
        try:
            self.feedback.save(*self._complete(rated, cut_before(exchanges, key)), self.shelf.source())
        except RagError as error:
            raise gr.Error(str(error), print_exception=False) from None
        exchanges = [rated if e.key == key else e for e in exchanges]
        return render_transcript(exchanges), write_change(conversation.name, exchanges, put=[rated])

    def _complete(self, exchange: Exchange, before: Sequence[Exchange]) -> tuple[Exchange, tuple[Turn, ...]]:
        """An answer with all passages read for it, and the conversation before it if that is unchanged."""
        turns = list_turns(before)
        if exchange.answer is not None and (found := self.shelf.find_passages(exchange.read)):
            exchange = replace(exchange, answer=replace(exchange.answer, passages=found))
        return exchange, turns if digest_turns(turns) == exchange.before else ()

    def export_markdown(self, kept: object) -> Any:
        conversation = read_conversation(kept)
        text = format_markdown(conversation, read_clock())
        return gr.HTML(payload={"name": make_name(f"{conversation.title}.md"), "type": "text/markdown", "text": text})

    def export_json(self, kept: object) -> Any:
        conversation = read_conversation(kept)
        name, text = make_name(f"{conversation.title}.json"), format_json(conversation, read_clock())
        return gr.HTML(payload={"name": name, "type": "application/json", "text": text})

    def open_article(self, event: gr.EventData) -> str:
        """Shows a whole article, with the quotes marked that the event names."""
        document = self.shelf.read(read_word(event, "document"))
        if document is None:
            raise gr.Error("This article has been removed.", print_exception=False)
        return render_article(document, read_spans(read_word(event, "quotes")), read_offset(event, "start"))

    async def _answer(self, session: str, asked: AskedQuestion) -> AsyncIterator[tuple[Any, ...]]:
        if refusal := self._refuse(session, asked):
            gr.Info(refusal)
            yield UNCHANGED
            return
        for trial in self.trying.values():
            trial.watch.stop()
        turns = () if asked.alone else list_turns(asked.before)
        question = asked.question.encode("utf-8", "replace").decode("utf-8")  # lone surrogates cannot be sent
        asked_at = read_clock("milliseconds")  # the browser sorts by it
        key, told, scope = secrets.token_hex(8), digest_turns(turns), asked.scope
        exchange = Exchange(key, question, asked=asked_at, before=told, scope=scope.describe())
        watch: Watch[Stage, Answer] = Watch(lambda said: self.shelf.submit(asked.question, turns, said, scope))
        work = Work(asked.conversation, watch)
        self.running[session] = work
        try:
            async for shown in self._follow(work, asked, exchange):
                yield (gr.skip(), shown[1], gr.skip(), shown[3]) if work.away else shown
        finally:
            # Also when the question is stopped or the browser has gone.
            work.watch.stop()
            del self.running[session]

    def _refuse(self, session: str, asked: AskedQuestion) -> str:
        """Why a question cannot be asked now; empty if it can."""
        if session in self.running:
            # Two simultaneous answers to one conversation would overwrite each other.
            return "One question at a time: wait for the current answer or stop it."
        if len(asked.before) >= MOST_EXCHANGES:
            return f"This conversation has {MOST_EXCHANGES} questions: start a new one."
        return ""

    async def _follow(self, work: Work, asked: AskedQuestion, exchange: Exchange) -> AsyncIterator[tuple[Any, ...]]:
        """What the page shows of a question that is being answered, until it has an answer or is stopped."""
        name, exchanges, watch = asked.conversation, [*asked.before, exchange], work.watch
        # Kept at once, so that the question is not lost if the server is.
        put = write_change(name, [*asked.kept, exchange], put=[exchange])
        yield self._show(exchanges, put, progress=WAITING, box="" if asked.typed else None)
        async for stage in watch.stages():
            talk = render_transcript(exchanges, progress=self.shelf.describe_work(stage))
            yield talk, *UNCHANGED[1:]
        work.ended = bool(watch.why)
        if watch.why:
            left = write_change(name, asked.kept, drop=[exchange.key])
            back = asked.question if asked.typed and watch.why != TYPING else None
            yield self._show(asked.kept, left, box=back)
            return
        exchange = self.signer.sign(finish(exchange, watch))
        await asyncio.to_thread(self._keep, exchange)  # another process may be writing
        exchanges = [*asked.before, exchange]
        if exchange.answer is not None:
            yield self._show(exchanges, progress=WAITING, extent="short")
        work.ended = True
        replaced = {e.key for e in asked.kept} - {e.key for e in exchanges}
        yield self._show(exchanges, write_change(name, exchanges, put=[exchange], drop=replaced))

    def _keep(self, exchange: Exchange) -> None:
        """Keeps an answer for review, unless it was corrected there. If that fails, it is still given."""
        answer = exchange.answer
        if self.keeps and not exchange.scope and answer is not None and answer.passages and not answer.corrected:
            try:
                self.feedback.keep(exchange, self.shelf.source())
            except RagError as error:
                _LOG.warning("an answer was not kept for review: %s", error)

    def _show(
        self,
        exchanges: Sequence[Exchange],
        kept: str | None = None,
        *,
        progress: str = "",
        extent: Extent = "full",
        box: str | None = None,
    ) -> tuple[Any, ...]:
        """Values for conversation, what the browser keeps, text field and stop button.

        :param kept: a change from :func:`write_change`; None for none.
        :param progress: the current step of the last question; empty if none is being answered.
        :param box: what to put into the text field; None leaves what is being typed there.
        """
        talk, button = render_transcript(exchanges, extent, progress), gr.Button(interactive=bool(progress))
        return talk, gr.skip() if kept is None else kept, gr.skip() if box is None else box, button
