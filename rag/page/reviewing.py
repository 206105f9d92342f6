"""Handlers for the tabs Review and Quality: who may see them, what they show, and what a key does.

The sender of each event is looked up in the file of reviews, because a browser can send any event of the page.
"""

from __future__ import annotations

from collections.abc import Iterator  # noqa: TC003 (Gradio evaluates the annotations of handlers)
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

import gradio as gr  # noqa: TID253 (as in rag.page.handlers)

from rag.errors import RagError
from rag.page.events import read_word
from rag.page.figures import render_quality
from rag.page.reviews import (
    NAMES,
    NOTHING,
    Notice,
    read_chosen,
    render_nothing,
    render_review,
    render_sides,
)
from rag.review.judging import LEAST
from rag.review.preferences import find_comparison, next_comparison, prefer
from rag.review.quality import measure_quality
from rag.review.store import Reviewer, ReviewError

if TYPE_CHECKING:
    from rag.review.judging import Judging
    from rag.review.preferences import Better

STRANGER = "You are not a reviewer here: ask whoever runs this page to add you with ask review add."
NOT_EXPERT = "Only experts can see these figures."
MOST_WHY = 2000
"""Characters kept of a reason."""


@dataclass(frozen=True, slots=True)
class ReviewHandlers:
    """The handlers of one page.

    :param local: who reviews on a page without a login; None if people log in.
    :param keeps: whether every answer is kept for review.
    :param turn: held while an item is given out, so that two people do not get the same one in the same moment.
    """

    judging: Judging
    local: str | None = None
    keeps: bool = False
    turn: Lock = field(default_factory=Lock)

    def show_tabs(self, request: gr.Request) -> tuple[Any, Any]:
        """Shows the tab Review to reviewers and Quality to experts, if there is or will be something to review."""
        with refusing():
            reviewer = self._know(request)
            useful = reviewer is not None and (self.keeps or not self.judging.store.is_empty())
        expert = reviewer is not None and reviewer.role == "expert"
        return gr.Tab(visible=useful), gr.Tab(visible=useful and expert)

    def show_quality(self, request: gr.Request) -> str:
        """The figures of ``ask quality``, for experts alone.

        Reviewers who saw the number of their gold items grow would know which items were gold.
        """
        with refusing():
            if self._admit(request).role != "expert":
                raise ReviewError(NOT_EXPERT)
            return render_quality(measure_quality(self.judging.store))

    def show(self, request: gr.Request) -> str:
        """The item that this person has open."""
        with refusing():
            return self._show_next(self._admit(request).name)

    def act(self, event: gr.EventData, request: gr.Request) -> str:
        """Does what a key asks for, and shows the next item. Any other event only shows the open item."""
        action = read_word(event, "action")
        with refusing():
            name = self._admit(request).name
            if action == "compare":
                return render_sides(next_comparison(self.judging.store))
            if action == "prefer":
                notice = self._prefer(name, event)
                return render_sides(next_comparison(self.judging.store), notice)
            notice = NOTHING
            try:
                if action == "judge":
                    notice = self._judge(name, event)
                elif action == "undo":
                    notice = self._undo(name)
            except ReviewError as error:
                notice = Notice(str(error), "error")
            return self._show_next(name, notice, read_word(event, "document") if action == "read" else "")

    def _judge(self, name: str, event: gr.EventData) -> Notice:
        decision = next((known for known in NAMES if known == read_word(event, "decision")), None)
        if decision is None:
            return NOTHING
        spans = read_chosen(event._data.get("spans"), self.judging.read) if decision in LEAST else []
        self.judging.judge(name, read_word(event, "item"), decision, spans)
        return Notice("Skipped." if decision == "skip" else f"Saved: {NAMES[decision]}.")

    def _undo(self, name: str) -> Notice:
        undone = self.judging.undo(name)
        return Notice(f"Undone: {NAMES[undone.decision]}. Decide again." if undone else "Nothing to undo.")

    def _prefer(self, name: str, event: gr.EventData) -> Notice:
        comparison = find_comparison(self.judging.store, read_word(event, "item"))
        if comparison is None:
            return NOTHING
        (one, _), (two, _) = comparison.sides
        keys: dict[str, Better] = {"1": one, "2": two, "0": "same"}
        better = keys.get(read_word(event, "better"))
        if better is None:
            return NOTHING
        why = read_word(event, "why")[:MOST_WHY].strip().encode("utf-8", "replace").decode()
        prefer(self.judging.store, comparison, name, better, why)
        return Notice("Saved.")

    def _show_next(self, name: str, notice: Notice = NOTHING, document_id: str = "") -> str:
        with self.turn:
            found = self.judging.show_next(name)
        compares = next_comparison(self.judging.store) is not None
        if found is None:
            return render_nothing(notice, keeps=self.keeps, compares=compares)
        item, way = found
        article = self.judging.read(document_id) if document_id else None
        if document_id and article is None:
            notice = Notice("This article was removed: choose a text from another one, or skip.", "error")
        return render_review(item, way, notice, article, compares=compares)

    def _know(self, request: gr.Request) -> Reviewer | None:
        """Who sent an event, if they may review. Without a login, the user on this machine becomes a reviewer."""
        people = self.judging.store.list_reviewers()
        if self.local is None:
            return people.get(request.username or "")
        return people.get(self.local) or Reviewer(self.local, "reviewer" if people else "expert")

    def _admit(self, request: gr.Request) -> Reviewer:
        """:raises ReviewError: if whoever sent the event may not review."""
        reviewer = self._know(request)
        if reviewer is None:
            raise ReviewError(STRANGER)
        return reviewer


@contextmanager
def refusing() -> Iterator[None]:
    """Shows errors that the user can fix as Gradio's error messages."""
    try:
        yield
    except RagError as error:
        raise gr.Error(str(error), print_exception=False) from None
