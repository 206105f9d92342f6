"""One person's review of one item after another, for the terminal and the page."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.review.items import Place
from rag.review.queue import choose_next
from rag.review.store import Review, ReviewError
from rag.review.verdicts import read_desk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rag.review.items import Item
    from rag.review.store import Decision, Reviewer, ReviewStore, Way
    from rag.types import Document

GUIDELINES = (Path(__file__).parent / "guidelines.md").read_text(encoding="utf-8")
GUIDELINES_VERSION = int(GUIDELINES.partition("\n")[0].rpartition(" ")[2])
KEYS: dict[str, Decision] = {
    "r": "right", "w": "wrong", "u": "unanswerable", "d": "differ", "b": "bad", "s": "skip",
}  # fmt: skip
"""The key for each decision, in the terminal and on the page."""
LEAST = {"wrong": 1, "differ": 2}
"""How many texts a decision needs."""


@dataclass(frozen=True, slots=True)
class Span:
    """A text that a reviewer chose: what they saw at these offsets of an article."""

    document_id: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Judging:
    """:param read: the article with an id; None if there is none."""

    store: ReviewStore
    read: Callable[[str], Document | None]

    def show_next(self, name: str) -> tuple[Item, Way] | None:
        """The item that this person has before them from now on, with its sources; None if there is none."""
        found = choose_next(self._find(name), read_desk(self.store))
        if found is None:
            return None
        item = self.store.find_item(found[0].item_id)
        if item is None:
            return None
        self.store.open_item(name, item.item_id, found[1])
        return item, found[1]

    def judge(self, name: str, item_id: str, decision: Decision, spans: Sequence[Span] = ()) -> Review:
        """Stores what this person decided about the item before them.

        :raises ReviewError: if it is another item, or the decision needs texts that were not chosen or have changed.
        """
        opened = next((o for o in self.store.list_opened() if o.reviewer == name), None)
        if opened is None or opened.item_id != item_id:
            raise ReviewError("This question is no longer open: review the one that is shown now.")
        least = LEAST.get(decision, 0)
        if least and not {span.document_id for span in spans} <= self._list_articles(item_id):
            raise ReviewError("This article was not read for this question: choose a text from one that was.")
        if len(spans) < least:
            needed = "the right text" if least == 1 else "at least two different texts"
            raise ReviewError(f"Choose {needed} in the passages or their articles first.")
        places = tuple(self.locate(span) for span in spans) if least else ()
        if least > 1 and len({(place.document_id, place.start, place.end) for place in places}) < least:
            raise ReviewError("These are the same text: choose two different ones.")
        review = Review(item_id, name, opened.way, decision, places, GUIDELINES_VERSION)
        self.store.record(review)
        return review

    def locate(self, span: Span) -> Place:
        """The place of a chosen text. :raises ReviewError: if the article does not have it there."""
        document = self.read(span.document_id)
        if document is None:
            raise ReviewError(f"The article {span.document_id} was removed: choose a text from another one, or skip.")
        if not 0 <= span.start < span.end or document.text[span.start : span.end] != span.text:
            raise ReviewError(f"The article {span.document_id} has changed: open it and choose the text there.")
        return Place(span.document_id, document.title, span.start, span.end, span.text, document.text_sha256)

    def undo(self, name: str) -> Review | None:
        """Takes back this person's last review and gives them its item again; None if there is none."""
        return self.store.undo(name)

    def _list_articles(self, item_id: str) -> set[str]:
        """The ids of the articles that an answer was based on."""
        item = self.store.find_item(item_id)
        sources = item.sources if item else None
        return {place.document_id for place in (*sources.passages, *sources.quotes)} if sources else set()

    def _find(self, name: str) -> Reviewer:
        return self.store.list_reviewers().get(name) or self.store.join(name)


def name_reviewer(name: str | None = None) -> str:
    """The name given, or that of the user on this machine."""
    if name:
        return name
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a user without a name
        return "me"


def find_spans(document: Document, text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """All places at which an article, or a part of it, has a text that somebody typed; the typist chooses one."""
    spans, at = [], start
    stop = len(document.text) if end is None else end
    while text and (at := document.text.find(text, at, stop)) >= 0:
        spans.append(Span(document.document_id, at, at + len(text), text))
        at += 1
    return spans
